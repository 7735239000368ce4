//! What the provider knows, and what must be true in the end: nothing is held, and the ledger is the bill.

use crate::book::{Book, number};
use crate::call::{Call, Ending};
use postern_core::admission::hold::is_given_up;
use postern_core::id::RequestId;
use postern_tests::plain_table::PlainTable;

impl Book {
    /// A call goes to the provider: by then what it may cost is held, or charged already.
    pub(crate) fn dispatched(&mut self, id: RequestId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.billed = Some(0);
        let covered = call.hold.is_some() || call.row.is_some();
        self.check(covered, || format!("{id} is dispatched, and nothing is held for it"));
    }

    /// The provider's bill for a call grows.
    pub(crate) fn bill(&mut self, id: RequestId, nanos: i64) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.billed = Some(nanos);
        let covered = call.hold.is_some() || call.row.is_some();
        self.check(covered, || format!("{id} is billed {nanos}, and nothing is held or charged for it"));
    }

    /// The provider's bill for a call.
    pub(crate) fn billed(&self, id: RequestId) -> i64 {
        self.calls.get(&id).and_then(|call| call.billed).unwrap_or(0)
    }

    /// After the faults have stopped and maintenance has run.
    pub(crate) fn close(&mut self, table: &PlainTable) {
        let left = table.every("HOLD#").iter().filter(|item| !is_given_up(item)).count();
        self.check(left == 0, || format!("{left} holds are left"));
        for item in table.every("RATE#").iter().filter(|item| item.key.sort == "PARALLEL") {
            let count = item.number("count").unwrap_or(0);
            self.check(count == 0, || format!("{count} requests are in flight in the end: {:?}", item.key));
        }
        let charged: Vec<_> = self.budgets.iter().map(|(key, budget)| (key.clone(), budget.charged)).collect();
        for (key, charged) in charged {
            let used = number(table, &key, "used");
            let counts = charged + number(table, &key, "spend_adjustment");
            self.check(used == counts, || format!("{used} used in the end, {counts} charged: {key:?}"));
        }
        let calls: Vec<(RequestId, Call)> = self.calls.iter().map(|(id, call)| (*id, call.clone())).collect();
        for (id, call) in calls {
            self.check(is_closed(&call), || format!("{id} ends as {call:?}"));
        }
    }
}

/// Whether what a call was charged is what it was billed, or what it reserved where nobody could tell its bill.
fn is_closed(call: &Call) -> bool {
    match (call.billed, call.row, call.ending) {
        (Some(billed), Some(row), Ending::Settled) => row.is_final && row.cost == billed,
        (Some(billed), Some(row), _) => (row.is_final && row.cost == billed) || is_reservation(call),
        (Some(_), None, _) => false,
        (None, None, _) => true,
        // A reservation that arrives when nobody waits for it any more is charged: the table cannot tell it from a
        // call whose container died. What was given back is not.
        (None, Some(_), _) => call.admissions > call.given_back && is_reservation(call),
    }
}

/// What it reserved by then was compared when the row was stored.
fn is_reservation(call: &Call) -> bool {
    call.row.is_some_and(|row| !row.is_final)
}
