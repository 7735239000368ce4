//! A container: serves one call after the other, through the real ledger and the real spend log, in the order of the
//! flow: begin a due period, reserve, dispatch, settle; void what was never sent.

use crate::audited::Audited;
use crate::call::{Call, Ending};
use crate::keys;
use crate::scenario::{COST_MAX, Scenario, TOKENS_MAX};
use postern_core::accounting::release::Release;
use postern_core::accounting::spend_log::{SpendLog, totals_key};
use postern_core::accounting::spend_row::{Outcome, SpendDetails, SpendRow};
use postern_core::admission::hold::Hold;
use postern_core::admission::ledger::Ledger;
use postern_core::admission::limits::{Counter, Demand, ScopeLimits, Tokens};
use postern_core::admission::refusal::Refusal;
use postern_core::auth::budget_period::{BudgetPeriods, Budgeted};
use postern_core::auth::key_record::KeyRecord;
use postern_core::auth::key_store::KeyStore;
use postern_core::clock::{Clock, Timestamp};
use postern_core::id::RequestId;
use postern_core::money::NanoDollars;
use postern_core::store::item::Key;
use postern_core::store::table::Table;
use postern_core::usage::Usage;
use postern_tests::chance::Chance;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// One container.
pub(crate) struct Container {
    audited: Arc<Audited>,
    scenario: Arc<Scenario>,
    keys: KeyStore,
    periods: BudgetPeriods,
    ledger: Ledger,
    spend: SpendLog,
    clock: Arc<dyn Clock>,
    chance: Chance,
    remembered: Option<KeyRecord>,
}

/// What a call will be.
struct Plan {
    id: RequestId,
    record: KeyRecord,
    scopes: Vec<ScopeLimits>,
    cost: i64,
    tokens: Tokens,
    is_bound: bool,
    /// Running totals that it is charged to beside its key's.
    totals: Vec<Key>,
}

impl Container {
    pub(crate) fn new(
        audited: Arc<Audited>,
        scenario: Arc<Scenario>,
        table: Arc<dyn Table>,
        clock: Arc<dyn Clock>,
        chance: Chance,
    ) -> Self {
        Self {
            audited,
            scenario,
            keys: KeyStore::new(Arc::clone(&table)),
            periods: BudgetPeriods::new(Arc::clone(&table)),
            ledger: Ledger::new(Arc::clone(&table)),
            spend: SpendLog::new(table, None),
            clock,
            chance,
            remembered: None,
        }
    }

    /// Serves its calls.
    pub(crate) async fn serve(mut self) {
        for _ in 0..self.scenario.calls_each {
            self.pause(self.scenario.pause_millis_max).await;
            self.call().await;
        }
    }

    async fn pause(&mut self, millis_max: i64) {
        let millis = self.chance.between(0, millis_max).unsigned_abs();
        sleep(Duration::from_millis(millis)).await;
    }

    async fn call(&mut self) {
        let Some(record) = self.record().await else { return };
        if record.is_blocked() {
            return;
        }
        let key = Budgeted::Key(record.hash.clone());
        if keys::is_due(&record, self.clock.now()) && self.periods.begin(&key, self.clock.now()).await.is_err() {
            return;
        }
        let plan = self.plan(record);
        if plan.scopes.is_empty() {
            return;
        }
        let Some(hold) = self.reserve(&plan).await else { return };
        if self.chance.of_thousand(80) {
            // The client has gone meanwhile, which is noticed at once, or about when the sweep comes.
            let millis = if self.chance.of_thousand(300) { 0 } else { (self.scenario.lasts_millis - 100).max(0) };
            sleep(Duration::from_millis(millis.unsigned_abs())).await;
            self.pause(self.scenario.maintenance_every_millis).await;
            self.void(plan.id).await;
            return;
        }
        self.dispatch(&plan, hold).await;
    }

    /// The key's record; now and then an old one, as a cache gives it.
    async fn record(&mut self) -> Option<KeyRecord> {
        let number = usize::try_from(self.chance.between(0, self.scenario.keys.len() as i64 - 1)).expect("a few keys");
        let hash = keys::hash(number);
        if let Some(record) =
            self.remembered.take().filter(|record| record.hash == hash && self.chance.of_thousand(300))
        {
            return Some(record);
        }
        let record = self.keys.get(&hash).await.ok()??.record;
        self.remembered = Some(record.clone());
        Some(record)
    }

    fn plan(&mut self, record: KeyRecord) -> Plan {
        let chance = &mut self.chance;
        let mut random = [0; 10];
        random.fill_with(|| u8::try_from(chance.between(0, 255)).expect("a byte"));
        let mut scopes = vec![keys::scope(&record)];
        scopes.extend(self.scenario.shared.iter().filter(|_| chance.of_thousand(800)).cloned());
        scopes.retain(ScopeLimits::is_limited);
        let unlimited = chance.of_thousand(300).then(|| Key::new("SHARED#unlimited", "SPEND"));
        let budgets = scopes.iter().filter_map(|scope| scope.budget.as_ref());
        let totals = budgets.filter_map(|budget| match &budget.counter {
            Counter::Totals(key) => Some(key.clone()),
            Counter::Period { .. } => None,
        });
        let totals = totals.chain(unlimited).collect();
        Plan {
            id: RequestId::at(self.clock.now(), &random),
            record,
            scopes,
            cost: chance.between(0, COST_MAX),
            tokens: Tokens {
                input: chance.between(1, TOKENS_MAX / 2),
                output: chance.between(1, TOKENS_MAX / 2),
                is_bounded: chance.of_thousand(500),
            },
            is_bound: chance.of_thousand(300),
            totals,
        }
    }

    async fn reserve(&mut self, plan: &Plan) -> Option<Hold> {
        let now = self.clock.now();
        let call = Call {
            scopes: plan.scopes.clone(),
            cost: plan.cost,
            tokens: plan.tokens,
            asked_at: now,
            counts_in: plan.counts_in(),
            is_bound: plan.is_bound,
            extended: 0,
            billed: None,
            ending: Ending::Open,
            hold: None,
            admissions: 0,
            given_back: 0,
            row: None,
        };
        let usage = Usage { prompt_tokens: plan.tokens.input.unsigned_abs(), ..Usage::default() };
        let unsettled = row(plan, call.charged_unsettled(), usage, now);
        self.audited.book().calls.insert(plan.id, call);
        let demand = Demand {
            id: plan.id,
            scopes: plan.scopes.clone(),
            totals: plan.totals.clone(),
            is_bound: plan.is_bound,
            cost: NanoDollars::new(plan.cost),
            tokens: plan.tokens,
            lasts_millis: self.scenario.lasts_millis,
            unsettled: unsettled.to_item(None, 1),
        };
        match self.ledger.reserve(demand, now).await {
            Ok(hold) => Some(hold),
            Err(Refusal::Unavailable(_)) => {
                self.void(plan.id).await;
                None
            }
            Err(_) => {
                self.end(plan.id, Ending::Refused);
                None
            }
        }
    }

    async fn void(&mut self, id: RequestId) {
        let voided = self.ledger.void_unanswered(id, self.clock.now()).await;
        self.end(id, if voided.is_ok() { Ending::Void } else { Ending::Unknown });
    }

    /// Sends the call, takes its answer, and settles it.
    async fn dispatch(&mut self, plan: &Plan, mut hold: Hold) {
        self.audited.book().dispatched(plan.id);
        let overshoot = self.chance.between(0, self.scenario.overshoot_percent_max);
        let (most, parts) = (plan.cost * (100 + overshoot) / 100, self.chance.between(1, 3));
        let most = self.chance.between(most / 3, most);
        let mut is_uncertain = false;
        for part in 1..=parts {
            if hold.least().is_some() && self.chance.of_thousand(250) {
                is_uncertain |= self.extend(plan, &mut hold).await;
            }
            self.pause(self.scenario.stays_millis_max / parts).await;
            self.audited.book().bill(plan.id, most * part / parts);
            // A client that leaves in the middle pays for what has passed.
            if self.chance.of_thousand(50) {
                break;
            }
        }
        if is_uncertain && let Ok(Some(found)) = self.ledger.find(plan.id).await {
            hold = found;
        }
        self.settle(plan, &hold).await;
    }

    /// The answer outgrows what is held for it. Says whether nobody knows what is held then.
    async fn extend(&mut self, plan: &Plan, hold: &mut Hold) -> bool {
        let more = NanoDollars::new(self.chance.between(1, COST_MAX / 3));
        let extended = self.ledger.extend(hold, &plan.scopes, more, self.clock.now()).await;
        matches!(extended, Err(Refusal::Unavailable(_)))
    }

    async fn settle(&mut self, plan: &Plan, hold: &Hold) {
        let tokens = self.chance.between(0, 2 * TOKENS_MAX);
        let usage = Usage { prompt_tokens: tokens.unsigned_abs(), ..Usage::default() };
        let now = self.clock.now();
        let row = row(plan, self.audited.book().billed(plan.id), usage, now);
        if self.chance.of_thousand(50) {
            // The client leaves while the call is settled; its settlement is begun anew.
            let patience = Duration::from_millis(self.chance.between(0, 20).unsigned_abs());
            drop(timeout(patience, self.spend.settle_held(&row, release(hold, &usage, now))).await);
        }
        let again = if self.chance.of_thousand(100) { 3 } else { 2 };
        for attempt in 1..=again {
            if self.spend.settle_held(&row, release(hold, &usage, now)).await.is_ok() {
                self.end(plan.id, Ending::Settled);
                if again == 2 {
                    return;
                }
            } else if attempt == again {
                return;
            }
        }
    }

    fn end(&self, id: RequestId, ending: Ending) {
        if let Some(call) = self.audited.book().calls.get_mut(&id) {
            call.ending = ending;
        }
    }
}

impl Plan {
    /// Every item that counts what the call costs.
    fn counts_in(&self) -> Vec<Key> {
        let apart = self.scopes.iter().filter_map(|scope| match &scope.budget.as_ref()?.counter {
            Counter::Period { key, .. } => Some(key.clone()),
            Counter::Totals(_) => None,
        });
        let own = totals_key(&self.record.hash);
        let others = self.totals.iter().filter(|key| **key != own).cloned();
        std::iter::once(own.clone()).chain(others).chain(apart).collect()
    }
}

fn row(plan: &Plan, cost: i64, usage: Usage, now: Timestamp) -> SpendRow {
    let details = SpendDetails {
        call_type: "acompletion".into(),
        model_group: "gpt".to_owned(),
        started_at: plan.id.arrived(),
        ended_at: now,
        usage,
        outcome: Outcome::Success,
        ..SpendDetails::default()
    };
    SpendRow { request_id: plan.id, key: plan.record.hash.clone(), cost: NanoDollars::new(cost), details }
}

/// As the flow makes it.
fn release(hold: &Hold, usage: &Usage, now: Timestamp) -> Release {
    let owned = |(key, nanos): (&Key, i64)| (key.clone(), NanoDollars::new(nanos));
    Release {
        totals: hold.totals().map(owned).collect(),
        counters: hold.counters().map(owned).collect(),
        ended: hold.ended(),
        corrected: hold.corrected(i64::try_from(usage.total()).unwrap_or(i64::MAX), now),
        trace: None,
    }
}
