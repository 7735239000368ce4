//! An administrator who changes keys while their calls are under way.

use crate::keys;
use crate::scenario::{self, COST_MAX, Scenario};
use postern_core::auth::key_store::KeyStore;
use postern_core::clock::Clock;
use postern_core::money::NanoDollars;
use postern_core::store::table::Table;
use postern_tests::chance::Chance;
use std::sync::Arc;

/// Does one thing to one key.
pub(crate) async fn meddle(table: Arc<dyn Table>, clock: Arc<dyn Clock>, mut chance: Chance, scenario: &Scenario) {
    let store = KeyStore::new(table);
    let most = i64::try_from(scenario.keys.len()).expect("a few keys") - 1;
    let hash = keys::hash(usize::try_from(chance.between(0, most)).expect("a key"));
    let Ok(Some(stored)) = store.get(&hash).await else { return };
    let (before, now) = (stored.record, clock.now());
    let mut after = before.clone();
    // Whoever works when periods end mostly changes periods.
    match chance.between(if scenario.administrator_at_ends { -4 } else { 0 }, 4) {
        0 => keys::set_budget(&mut after, scenario::budget(&mut chance)),
        ..2 => {
            let period = scenario::period(&mut chance);
            if keys::period(&before) != Some(period) {
                keys::set_period(&mut after, Some(period), now);
            }
        }
        2 => after.limits.rpm_limit = before.limits.rpm_limit.map(|_| chance.between(0, 12)),
        3 => {
            let amount = NanoDollars::new(chance.between(1, COST_MAX));
            // Whether it happened is the administrator's to find out.
            drop(store.adjust_spend(&hash, amount).await);
            return;
        }
        _ => {
            drop(store.set_blocked(&hash, chance.of_thousand(300), None, now).await);
            return;
        }
    }
    if after != before {
        drop(store.update(&before, &after).await);
    }
}
