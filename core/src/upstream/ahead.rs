//! Connections made ahead of the request that will use them, while the call is still being admitted. One at a time for
//! each origin: calls that are refused in great number must not knock at a provider's door as often.

use super::origin::Origin;
use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Origins to which a connection is being made ahead.
#[derive(Default)]
pub(super) struct Ahead {
    origins: Mutex<HashSet<Origin>>,
}

/// The right to connect to an origin ahead. Dropped, the next may.
pub(super) struct Turn<'a> {
    ahead: &'a Ahead,
    origin: &'a Origin,
}

impl Ahead {
    /// A turn, where nobody else has one.
    pub(super) fn turn<'a>(&'a self, origin: &'a Origin) -> Option<Turn<'a>> {
        let is_first = self.lock().insert(origin.clone());
        // Made only here: one that is dropped gives up its turn.
        is_first.then(|| Turn { ahead: self, origin })
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<Origin>> {
        self.origins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.ahead.lock().remove(self.origin);
    }
}
