//! What a change of a key's record may be: an administrator's, or the step from one period of its budget to the next.

use crate::book::{Book, Done};
use postern_core::clock::Timestamp;
use postern_core::limits::BudgetPeriod;
use postern_core::store::item::Item;
use postern_core::store::write::{Change, Write};

const RESET_AT: &str = "budget_reset_at";

/// How far a container's clock may be ahead.
pub(crate) const SKEW_MILLIS_MAX: i64 = 2_000;

impl Book {
    /// A key's record changed.
    pub(crate) fn record_changed(&mut self, write: &Write, before: Option<&Item>, done: &Done<'_>) {
        let Write::Update { key, changes, .. } = write else { return };
        let [Change::Set(name, _)] = changes.as_slice() else { return };
        if name != RESET_AT {
            return;
        }
        let (Some(before), Some(after)) = (before, done.table.stored(key)) else {
            self.complain(|| format!("a period begins for a key that is not there: {key:?}"));
            return;
        };
        let (old, new) = (before.number(RESET_AT).unwrap_or(0), after.number(RESET_AT).unwrap_or(0));
        self.check(new >= old, || format!("the period that ends at {old} is followed by one that ends at {new}"));
        self.check(old <= done.now.millis() + SKEW_MILLIS_MAX, || format!("the period that ends at {old} ends early"));
        let duration = after.text("budget_duration").and_then(|text| BudgetPeriod::parse(text).ok());
        let due = duration.map(|period| period.next_reset(Timestamp::from_millis(new - 1)));
        self.check(due.is_some_and(|due| due.millis() == new), || {
            format!("{new} is no end of a period of {:?}", after.text("budget_duration"))
        });
    }
}
