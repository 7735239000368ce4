//! One call of the simulation: what it asked for, what the provider billed for it, and what the table says of it.

use postern_core::admission::hold::Hold;
use postern_core::admission::limits::{ScopeLimits, Tokens};
use postern_core::clock::Timestamp;
use postern_core::store::item::Key;

/// What is known of a call by everybody but the code under test.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) scopes: Vec<ScopeLimits>,
    /// What it asked to reserve, in nano-dollars.
    pub(crate) cost: i64,
    pub(crate) tokens: Tokens,
    /// When its container thought that it asked.
    pub(crate) asked_at: Timestamp,
    /// Every item that its row counts in: running totals, and counters of budgets.
    pub(crate) counts_in: Vec<Key>,
    /// Whether its cost cannot be passed, so that no budget holds less.
    pub(crate) is_bound: bool,
    /// What it holds beyond what it asked for at first, in each of its budgets.
    pub(crate) extended: i64,
    /// What the provider wants for it so far; `None`: it was never dispatched.
    pub(crate) billed: Option<i64>,
    pub(crate) ending: Ending,
    /// Its hold, as it stands in the table.
    pub(crate) hold: Option<Hold>,
    /// How many times its reservation was written.
    pub(crate) admissions: u32,
    /// How many times its hold ended without a row.
    pub(crate) given_back: u32,
    pub(crate) row: Option<Row>,
}

/// How a call ended, as far as its container knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Not at all: it is under way, or its container died.
    Open,
    /// A limit refused it.
    Refused,
    /// Nothing is held any more, says the table.
    Void,
    /// It may hold something; nobody knows.
    Unknown,
    /// The table has confirmed its row.
    Settled,
}

/// A call's row in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) cost: i64,
    pub(crate) tokens: i64,
    /// Whether it is the true cost, rather than the reservation of a call that nobody settled.
    pub(crate) is_final: bool,
}

impl Call {
    /// What a scope's window counts for the call: the rule, written down a second time.
    pub(crate) fn counted(&self, limit: Option<i64>) -> i64 {
        // Tokens that nobody limits are not counted.
        let Some(limit) = limit else { return 0 };
        let output = if self.tokens.is_bounded { self.tokens.output } else { self.tokens.output.min(limit / 10) };
        (self.tokens.input + output).min(limit).max(1)
    }

    /// The budgets that it counts in: where, the limit, and what it holds.
    pub(crate) fn budgets(&self) -> impl Iterator<Item = (Key, i64, i64)> {
        self.scopes.iter().filter_map(|scope| scope.budget.as_ref()).map(|budget| {
            let limit = budget.limit.nanos();
            (budget.counter.key().clone(), limit, self.held_of(limit) + self.extended)
        })
    }

    /// What is held for the call in the budget that is counted at `key`; nothing where it has none.
    pub(crate) fn held_at(&self, key: &Key) -> i64 {
        self.budgets().find(|(counter, ..)| counter == key).map_or(0, |(_, _, held)| held)
    }

    /// What a budget of `limit` holds for the call.
    fn held_of(&self, limit: i64) -> i64 {
        if self.is_bound { self.cost.max(1) } else { self.cost.min(limit).max(1) }
    }

    /// What it is charged where nobody settles it.
    pub(crate) fn charged_unsettled(&self) -> i64 {
        let least = self.budgets().map(|(_, limit, _)| limit).min().filter(|_| !self.is_bound);
        least.map_or(self.cost, |limit| limit.min(self.cost)) + self.extended
    }
}

/// Where the window of a scope stands.
pub(crate) fn window_key(scope: &ScopeLimits) -> Key {
    Key::new(format!("RATE#{}#{}", scope.kind, scope.id), "WINDOW")
}

/// Where the requests in flight of a scope stand.
pub(crate) fn parallel_key(scope: &ScopeLimits) -> Key {
    Key::new(format!("RATE#{}#{}", scope.kind, scope.id), "PARALLEL")
}

/// Whether a scope has a window.
pub(crate) fn has_window(scope: &ScopeLimits) -> bool {
    scope.requests.is_some() || scope.tokens.is_some()
}
