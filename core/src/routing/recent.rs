//! The wildcard matches of late, so that the hot path builds a deployment once and not per request.

use super::group::Group;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// Most names kept. Callers choose the names, so their number must be bounded; each takes a few kilobytes.
const NAMES_MAX: usize = 512;
/// Longer names are resolved anew each time: no provider has such names.
const NAME_BYTES_MAX: usize = 256;

/// A bounded map that forgets what was asked for longest ago.
#[derive(Debug, Default)]
pub(super) struct Recent {
    slots: RwLock<HashMap<String, Slot>>,
    uses: AtomicU64,
}

#[derive(Debug)]
struct Slot {
    group: Arc<Group>,
    last_use: AtomicU64,
}

impl Recent {
    /// The group that this name led to.
    pub(super) fn get(&self, name: &str) -> Option<Arc<Group>> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.get(name)?;
        slot.last_use.store(self.uses.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        Some(slot.group.clone())
    }

    /// Remembers where a name led to.
    pub(super) fn put(&self, name: &str, group: Arc<Group>) {
        if name.len() > NAME_BYTES_MAX {
            return;
        }
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= NAMES_MAX && !slots.contains_key(name) {
            let oldest = slots.iter().min_by_key(|(_, slot)| slot.last_use.load(Ordering::Relaxed));
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                slots.remove(&oldest);
            }
        }
        let last_use = AtomicU64::new(self.uses.fetch_add(1, Ordering::Relaxed));
        slots.insert(name.to_owned(), Slot { group, last_use });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::tests::group;
    use serde_json::json;

    #[test]
    fn the_name_used_longest_ago_is_forgotten_first() {
        let recent = Recent::default();
        let group = Arc::new(group(&[json!({})]));
        for number in 0..NAMES_MAX {
            recent.put(&number.to_string(), group.clone());
        }
        assert!(recent.get("0").is_some());
        recent.put("new", group.clone());
        assert!(recent.get("0").is_some() && recent.get("new").is_some());
        assert!(recent.get("1").is_none());
        assert_eq!(recent.slots.read().unwrap().len(), NAMES_MAX);
    }

    #[test]
    fn an_absurd_name_is_not_kept() {
        let recent = Recent::default();
        let name = "x".repeat(NAME_BYTES_MAX + 1);
        recent.put(&name, Arc::new(group(&[json!({})])));
        assert!(recent.get(&name).is_none());
    }
}
