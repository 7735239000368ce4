//! Room within the minute: deployments whose `rpm` or `tpm` the call would pass are left for when there is no other. What
//! is counted here may be late by what others have not told yet; the ledger refuses what is really too much.

use super::super::seen::number_of;
use super::super::wish::Wish;
use super::circumstances::Circumstances;
use super::lane::Lane;
use super::least::class_of_health;
use crate::clock::Timestamp;
use std::cell::OnceCell;

/// The room that a call needs. Its tokens are counted where that decides.
pub(super) struct Room<'a> {
    wish: &'a Wish<'a>,
    now: Timestamp,
    minute: i64,
    input: OnceCell<u64>,
}

impl<'a> Room<'a> {
    pub(super) fn of(circumstances: &Circumstances<'a>) -> Self {
        let Circumstances { wish, now, .. } = *circumstances;
        Self { wish, now, minute: number_of(now), input: OnceCell::new() }
    }

    /// 0, and more for one without room, and still more for one that did not answer when it was last probed.
    pub(super) fn class(&self, lane: &Lane) -> u8 {
        class_of_health(lane, self.now) + u8::from(!self.is_in(lane))
    }

    fn is_in(&self, lane: &Lane) -> bool {
        const ANY: u64 = u64::MAX;
        if lane.rpm == ANY && lane.tpm == ANY {
            return true;
        }
        let used = lane.seen.used_in(self.minute);
        used.requests < lane.rpm
            && (lane.tpm == ANY || used.tokens + *self.input.get_or_init(|| self.wish.input_tokens()) <= lane.tpm)
    }
}
