//! Where a call is charged beside its key, and what its settlement gives back of what it held. Plain keys and writes: this
//! room does not know whose they are.

use crate::money::NanoDollars;
use crate::store::item::Key;
use crate::store::write::Write;

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
    /// Corrections that are left out where they come too late.
    pub corrected: Vec<Write>,
    /// What removes the trace of a call that held nothing, where it may have left one. It never fails for that.
    pub trace: Option<Write>,
}

impl Release {
    /// Whether nothing was held.
    pub fn held_nothing(&self) -> bool {
        self.ended.is_empty()
    }

    /// Leaves out the correction that is write `index` of a settlement: the row, the charge of `own` and of all else
    /// stand before the release's own writes. Says whether it is one.
    pub(super) fn leave_out(&mut self, index: usize, own: &Key) -> bool {
        let others = self.totals.iter().filter(|(key, _)| key != own).count();
        let before = 2 + others + self.counters.len() + self.ended.len();
        let correction = index.checked_sub(before).filter(|at| *at < self.corrected.len());
        correction.map(|at| self.corrected.remove(at)).is_some()
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
