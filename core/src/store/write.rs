//! What a table is asked to change: conditions and changes, as data, so that every store reads them the same way.

use super::item::{Item, Key, Value};
use crate::clock::Timestamp;

/// Something that must hold of the stored item for a write to happen. An item past its end counts as absent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// The item is there.
    Exists,
    /// The item is not there.
    Absent,
    /// The attribute is there and equal.
    Equals(String, Value),
    /// The attribute is missing or different (also true of an absent item).
    Differs(String, Value),
    /// The attribute is a number of at least this.
    AtLeast(String, i64),
    /// The attribute is a number of at most this.
    AtMost(String, i64),
    /// The attribute is missing (also of an absent item), or a number of at least this.
    AtLeastOrLacks(String, i64),
    /// The attribute is missing (also of an absent item), or a number of at most this.
    AtMostOrLacks(String, i64),
    /// The item has this attribute.
    Has(String),
    /// The item lacks this attribute (also true of an absent item).
    Lacks(String),
}

impl Condition {
    /// Whether it holds of `item`, as it stands (`None`: absent or ended). For stores that have the item in hand.
    pub fn holds(&self, item: Option<&Item>) -> bool {
        let value = |name: &String| item.and_then(|item| item.attributes.get(name));
        let number = |name: &String| value(name).and_then(Value::as_number);
        match self {
            Self::Exists => item.is_some(),
            Self::Absent => item.is_none(),
            Self::Equals(name, wanted) => value(name) == Some(wanted),
            Self::Differs(name, unwanted) => value(name) != Some(unwanted),
            Self::AtLeast(name, least) => number(name).is_some_and(|number| number >= *least),
            Self::AtMost(name, most) => number(name).is_some_and(|number| number <= *most),
            Self::AtLeastOrLacks(name, least) => {
                value(name).is_none_or(|value| value.as_number().is_some_and(|number| number >= *least))
            }
            Self::AtMostOrLacks(name, most) => {
                value(name).is_none_or(|value| value.as_number().is_some_and(|number| number <= *most))
            }
            Self::Has(name) => value(name).is_some(),
            Self::Lacks(name) => value(name).is_none(),
        }
    }
}

/// One change to an item's attributes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// Sets the attribute.
    Set(String, Value),
    /// Sets the attribute where it is missing.
    SetIfMissing(String, Value),
    /// Adds to a number; a missing one counts as 0. An attribute of another kind is refused as invalid. Keeping the sum
    /// within an `i64` is the caller's part: not every store can see it in time.
    Add(String, i64),
    /// Removes the attribute.
    Remove(String),
    /// Sets when the item ends; `None`: it does not.
    Expire(Option<Timestamp>),
}

impl Change {
    /// The attribute that it changes; `None`: the item's end.
    pub fn attribute(&self) -> Option<&str> {
        match self {
            Self::Set(name, _) | Self::SetIfMissing(name, _) | Self::Add(name, _) | Self::Remove(name) => Some(name),
            Self::Expire(_) => None,
        }
    }
}

/// One write. All its conditions must hold, or nothing happens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Write {
    /// Stores the item, in place of what stood there.
    Put {
        /// The whole item.
        item: Item,
        /// What must hold of the item that stood there.
        when: Vec<Condition>,
    },
    /// Changes the item's attributes; makes the item where it is absent. An item past its end counts as absent: nothing
    /// of it lives on.
    Update {
        /// Which item.
        key: Key,
        /// The changes: at least one, each attribute (and the end) named at most once.
        changes: Vec<Change>,
        /// What must hold of the item before.
        when: Vec<Condition>,
    },
    /// Removes the item; removing an absent one is no error.
    Delete {
        /// Which item.
        key: Key,
        /// What must hold of the item before.
        when: Vec<Condition>,
    },
    /// Changes nothing, and fails the transaction it stands in where its conditions do not hold.
    Check {
        /// Which item.
        key: Key,
        /// What must hold of it.
        when: Vec<Condition>,
    },
}

/// A write, and what is written in its place where its conditions do not hold; `None`: nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preferred {
    /// The write that is tried first.
    pub write: Write,
    /// What is tried next.
    pub otherwise: Option<Write>,
}

impl Write {
    /// The item that the write is about.
    pub fn key(&self) -> &Key {
        match self {
            Self::Put { item, .. } => &item.key,
            Self::Update { key, .. } | Self::Delete { key, .. } | Self::Check { key, .. } => key,
        }
    }

    /// What must hold for the write to happen.
    pub fn conditions(&self) -> &[Condition] {
        match self {
            Self::Put { when, .. }
            | Self::Update { when, .. }
            | Self::Delete { when, .. }
            | Self::Check { when, .. } => when,
        }
    }
}
