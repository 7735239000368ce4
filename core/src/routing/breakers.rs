//! The breakers of all deployments, by name: they outlive a table of models that is replaced, and other instances know
//! them by the same names.

use super::breaker::Breaker;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Breakers kept that no deployment has any more, or from which on they are let go of. Callers choose the names that a
/// wildcard stands for, so their number must be bounded.
const KEPT_MAX: usize = 4_096;

/// The breakers of all deployments.
#[derive(Debug, Default)]
pub(super) struct Breakers {
    by_name: Mutex<HashMap<String, Arc<Breaker>>>,
}

impl Breakers {
    /// The breaker of this name.
    pub(super) fn get(&self, name: String) -> Arc<Breaker> {
        let mut by_name = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        if by_name.len() >= KEPT_MAX {
            by_name.retain(|_, breaker| Arc::strong_count(breaker) > 1);
        }
        Arc::clone(by_name.entry(name).or_default())
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<(String, Arc<Breaker>)> {
        let by_name = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        by_name.iter().map(|(name, breaker)| (name.clone(), Arc::clone(breaker))).collect()
    }

    /// The one of this name, where there is one.
    pub(super) fn find(&self, name: &str) -> Option<Arc<Breaker>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_breaker_and_those_that_nobody_has_are_let_go_of() {
        let breakers = Breakers::default();
        let held = breakers.get("held".to_owned());
        for number in 0..2 * KEPT_MAX {
            breakers.get(number.to_string());
        }
        assert!(Arc::ptr_eq(&held, &breakers.get("held".to_owned())));
        assert!(breakers.all().len() <= KEPT_MAX && breakers.find("0").is_none());
    }
}
