//! Whether the store's transactions have room for a call: for the one that counts it in all its limits, and for the one
//! that charges it and ends its hold. One without room would never be settled, so it is told before anything is held.

use super::error::CallError;
use crate::accounting::release::Release;
use crate::accounting::spend_log::totals_key;
use crate::admission::hold::Hold;
use crate::admission::limits::Demand;
use crate::clock::Timestamp;
use crate::id::KeyHash;
use crate::money::NanoDollars;
use crate::store::item::Key;
use crate::store::table::TRANSACTION_WRITES_MAX;

/// Most writes of one scope: its budget, its window, its requests in flight.
const SCOPE_WRITES_MAX: usize = 3;

/// Writes of a settlement that are of no limit: the row, the key's totals, the end of the hold.
const OWN_WRITES: usize = 3;

/// Checks that a call of this key can be reserved and settled.
///
/// # Errors
/// [`CallError::TooManyLimits`].
pub(super) fn check(demand: &Demand, key: &KeyHash, now: Timestamp) -> Result<(), CallError> {
    // Nearly every call has so few that nothing is to be counted.
    if demand.scopes.len() * SCOPE_WRITES_MAX + demand.totals.len() + OWN_WRITES <= TRANSACTION_WRITES_MAX {
        return Ok(());
    }
    let (hold, reserving) = Hold::reserved_by(demand, now);
    let settling = release(&hold).writes(&totals_key(key));
    let too_many = |writes: usize, own: usize, what| {
        let (count, most) = (writes - own, TRANSACTION_WRITES_MAX - own);
        if count > most { Err(CallError::TooManyLimits { count, what, most }) } else { Ok(()) }
    };
    too_many(reserving, 1, "limits")?;
    too_many(settling, OWN_WRITES, "totals, budgets and limits of requests in flight")
}

/// Checks that a call that nothing limits can be charged to `totals`.
///
/// # Errors
/// [`CallError::TooManyLimits`].
pub(super) fn check_unlimited(totals: &[Key]) -> Result<(), CallError> {
    let (count, most) = (totals.len(), TRANSACTION_WRITES_MAX - OWN_WRITES);
    if count > most { Err(CallError::TooManyLimits { count, what: "totals", most }) } else { Ok(()) }
}

/// Where the call of a hold is charged, and what ends it.
pub(super) fn release(hold: &Hold) -> Release {
    let owned = |(key, nanos): (&Key, i64)| (key.clone(), NanoDollars::new(nanos));
    Release {
        totals: hold.totals().map(owned).collect(),
        counters: hold.counters().map(owned).collect(),
        ended: hold.ended(),
        ..Release::default()
    }
}
