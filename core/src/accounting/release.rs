//! Where a call is charged beside its key, and what its settlement gives back of what it held. Plain keys and writes: this
//! room does not know whose they are.

use crate::money::NanoDollars;
use crate::store::item::Key;
use crate::store::table::TRANSACTION_WRITES_MAX;
use crate::store::write::{Preferred, Write};

/// Where a call is charged, and what it held. Empty for a call of a key that stands alone and has no limits.
#[derive(Clone, Debug, Default)]
pub struct Release {
    /// The running totals of records that the call is charged to beside its key's, and what is held there. The key's
    /// may be among them.
    pub totals: Vec<(Key, NanoDollars)>,
    /// Counters of budgets, and what is held there.
    pub counters: Vec<(Key, NanoDollars)>,
    /// What ends the hold. Fails where it has ended before.
    pub ended: Vec<Write>,
    /// Corrections that are left out, or made otherwise, where they come too late.
    pub corrected: Vec<Preferred>,
    /// What removes the trace of a call that held nothing, where it may have left one. It never fails for that.
    pub trace: Option<Write>,
}

impl Release {
    /// Whether nothing was held.
    pub fn held_nothing(&self) -> bool {
        self.ended.is_empty()
    }

    /// How many writes settle a call of the key whose totals are `own`, corrections aside: its row, the charge of `own` and
    /// of all else, and the end of its hold.
    pub fn writes(&self, own: &Key) -> usize {
        let others = self.totals.iter().filter(|(key, _)| key != own).count();
        2 + others + self.counters.len() + self.ended.len()
    }

    /// Takes out the corrections that have no room in one transaction with the settlement itself: all or none.
    pub(super) fn split_corrections(&mut self, own: &Key) -> Vec<Preferred> {
        match self.writes(own) + self.corrected.len() > TRANSACTION_WRITES_MAX {
            true => std::mem::take(&mut self.corrected),
            false => Vec::new(),
        }
    }

    /// Makes the correction otherwise that is write `index` of a settlement, or leaves it out. Says whether it is one.
    pub(super) fn correct_otherwise(&mut self, index: usize, own: &Key) -> bool {
        let correction = index.checked_sub(self.writes(own)).filter(|at| *at < self.corrected.len());
        correction.map(|at| make_otherwise(&mut self.corrected, at)).is_some()
    }

    /// The same without what ends the hold: it has ended, and what it held has been given back.
    pub(super) fn without_hold(mut self) -> Self {
        for (_, held) in self.totals.iter_mut().chain(&mut self.counters) {
            *held = NanoDollars::ZERO;
        }
        Self { ended: Vec::new(), corrected: Vec::new(), ..self }
    }

    /// What was held of the budget whose totals stand at `totals`.
    pub(super) fn held_at(&self, totals: &Key) -> NanoDollars {
        self.totals.iter().filter(|(key, _)| key == totals).map(|(_, amount)| *amount).sum()
    }
}

/// Puts what is written otherwise in the place of write `at`, or leaves it out where there is no such thing.
pub(super) fn make_otherwise(writes: &mut Vec<Preferred>, at: usize) {
    match writes.get_mut(at).map(|preferred| (preferred.otherwise.take(), preferred)) {
        Some((Some(otherwise), preferred)) => preferred.write = otherwise,
        Some((None, _)) => drop(writes.remove(at)),
        None => {}
    }
}
