//! The items that the writer holds in memory: those of the open batch, and the ones it met lately. As one process owns
//! the file and one connection writes it, what is held here is what is stored.

use super::super::item::{Item, Key};
use std::collections::HashMap;
use std::sync::Arc;

/// Most items held between batches; beyond it all are let go. A budget that every request touches is back with the
/// next one, at the cost of one read.
const ITEMS_MAX: usize = 2048;

/// Most bytes of items held between batches: 8 MiB would double what an idle process takes.
const BYTES_MAX: usize = 2 * 1024 * 1024;

/// Items by key, and which of them are yet to be stored.
#[derive(Default)]
pub(super) struct WorkingSet {
    places: HashMap<Arc<Key>, usize>,
    slots: Vec<Slot>,
    dirty: Vec<usize>,
    bytes: usize,
}

struct Slot {
    key: Arc<Key>,
    item: Option<Item>,
    dirty: bool,
    /// There was no item when it was looked for.
    was_absent: bool,
}

impl WorkingSet {
    /// Where the key's item is held, if it is.
    pub(super) fn place(&self, key: &Key) -> Option<usize> {
        self.places.get(key).copied()
    }

    /// Holds what is stored under `key` (`None`: nothing) and says where.
    pub(super) fn hold(&mut self, key: Key, item: Option<Item>) -> usize {
        let place = self.slots.len();
        let key = Arc::new(key);
        self.bytes += item.as_ref().map_or(0, Item::size);
        self.places.insert(Arc::clone(&key), place);
        self.slots.push(Slot { key, was_absent: item.is_none(), item, dirty: false });
        place
    }

    /// The item held at `place`.
    pub(super) fn item(&self, place: usize) -> Option<&Item> {
        self.slots.get(place).and_then(|slot| slot.item.as_ref())
    }

    /// Replaces the item at `place`; it is to be stored with the batch.
    pub(super) fn replace(&mut self, place: usize, item: Option<Item>) {
        let Some(slot) = self.slots.get_mut(place) else { return };
        let bytes_before = slot.item.as_ref().map_or(0, Item::size);
        self.bytes = (self.bytes + item.as_ref().map_or(0, Item::size)).saturating_sub(bytes_before);
        slot.item = item;
        if !slot.dirty {
            slot.dirty = true;
            self.dirty.push(place);
        }
    }

    /// What is to be stored: each key once, with its last item.
    pub(super) fn dirty(&self) -> impl Iterator<Item = (&Key, Option<&Item>)> {
        self.dirty.iter().filter_map(|place| self.slots.get(*place)).map(|slot| (slot.key.as_ref(), slot.item.as_ref()))
    }

    /// All is stored. What was new with this batch is let go: most of it is log rows, which nobody asks for soon. What
    /// was there before is changed again and again, and stays. Lets everything go where too much is held.
    pub(super) fn stored(&mut self) {
        for place in &self.dirty {
            if let Some(slot) = self.slots.get_mut(*place) {
                slot.dirty = false;
            }
        }
        // From the highest place down: letting one go moves the last one into its place.
        self.dirty.sort_unstable();
        while let Some(place) = self.dirty.pop() {
            if self.slots.get(place).is_some_and(|slot| slot.was_absent) {
                self.let_go(place);
            }
        }
        if self.slots.len() > ITEMS_MAX || self.bytes > BYTES_MAX {
            self.forget();
        }
    }

    fn let_go(&mut self, place: usize) {
        let gone = self.slots.swap_remove(place);
        self.places.remove(&gone.key);
        self.bytes = self.bytes.saturating_sub(gone.item.as_ref().map_or(0, Item::size));
        if let Some(moved) = self.slots.get(place)
            && let Some(now_at) = self.places.get_mut(&moved.key)
        {
            *now_at = place;
        }
    }

    /// Lets everything go, stored or not.
    pub(super) fn forget(&mut self) {
        self.places.clear();
        self.slots.clear();
        self.dirty.clear();
        self.bytes = 0;
    }
}
