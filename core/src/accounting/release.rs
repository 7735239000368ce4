//! What a settlement gives back of what its call held. Plain writes: this room does not know what they count.

use crate::money::NanoDollars;
use crate::store::item::Key;
use crate::store::write::Write;

/// What a call held until it is settled. Empty for a call without limits.
#[derive(Clone, Debug, Default)]
pub struct Release {
    /// Amounts held of budgets, and the totals that they are held in.
    pub budgets: Vec<(Key, NanoDollars)>,
    /// What ends the hold. Fails where it has ended before.
    pub ended: Vec<Write>,
    /// Corrections that are left out where they come too late.
    pub corrected: Vec<Write>,
}

impl Release {
    /// Whether nothing was held.
    pub fn is_empty(&self) -> bool {
        self.ended.is_empty()
    }

    /// Leaves out the correction that is write `index` of a transaction where `before` writes stand before the
    /// release's own. Says whether it is one.
    pub(super) fn leave_out(&mut self, index: usize, before: usize) -> bool {
        let correction = index.checked_sub(before + self.ended.len()).filter(|at| *at < self.corrected.len());
        correction.map(|at| self.corrected.remove(at)).is_some()
    }

    /// What was held of the budget whose totals stand at `totals`.
    pub(super) fn held_at(&self, totals: &Key) -> NanoDollars {
        self.budgets.iter().filter(|(key, _)| key == totals).map(|(_, amount)| *amount).sum()
    }
}
