//! Where what counts against a budget is kept, and when its period ends.

use crate::accounting::spend_log::totals_key;
use crate::admission::limits::Counter;
use crate::auth::budget_period::Budgeted;
use crate::calendar::DAY_MILLIS;
use crate::clock::Timestamp;
use crate::limits::{BudgetPeriod, Limits};
use crate::store::item::Key;

/// Of the budget that `limits` set on what `id` names: with the running totals of the record that has it, where the
/// period is that record's own.
pub(super) fn own(
    (kind, id): (&str, &str),
    record: Option<&Budgeted>,
    limits: &Limits,
    now: Timestamp,
) -> (Counter, Option<Timestamp>) {
    let totals = record.map(|record| match record {
        Budgeted::Key(hash) => totals_key(hash),
        Budgeted::Record(id) => id.totals_place(),
    });
    match (totals, &limits.budget_duration, limits.budget_reset_at) {
        // The record says when its budget begins anew, or it never does.
        (Some(totals), None, _) => (Counter::Totals(totals), None),
        (Some(totals), Some(period), Some(end)) => {
            // One that is over is begun anew before anything is reserved.
            (Counter::Totals(totals), Some(if end <= now { period.next_reset(now) } else { end }))
        }
        (_, period, _) => periodic((kind, id), period.as_ref(), limits.period_anchor, now),
    }
}

/// A counter of its own for the period that runs, which every process knows by the calendar, and by `anchor`, a moment at
/// which one ends, where the calendar does not say.
pub(super) fn periodic(
    (kind, id): (&str, &str),
    period: Option<&BudgetPeriod>,
    anchor: Option<Timestamp>,
    now: Timestamp,
) -> (Counter, Option<Timestamp>) {
    let partition = format!("USED#{kind}#{id}");
    match period.map(|period| period.at(anchor, now)) {
        None => (Counter::Period { key: Key::new(partition, "ALL"), expires_at: None }, None),
        Some(period) => {
            let key = Key::new(partition, period.start.millis().to_string());
            // Calls under way may outlast the period.
            (Counter::Period { key, expires_at: Some(period.end.plus_millis(2 * DAY_MILLIS)) }, Some(period.end))
        }
    }
}
