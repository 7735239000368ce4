//! What a table stores: items of named values under a two-part key.

use crate::clock::Timestamp;
use std::collections::BTreeMap;

/// The largest item a table takes, in bytes, names included. DynamoDB's own limit.
pub const ITEM_BYTES_MAX: usize = 400 * 1024;

/// The longest partition key, in bytes. DynamoDB's own limit.
pub const PARTITION_BYTES_MAX: usize = 2048;

/// The longest sort key, in bytes. DynamoDB's own limit.
pub const SORT_BYTES_MAX: usize = 1024;

/// Attribute names that a table keeps for itself.
pub const RESERVED_NAMES: [&str; 3] = ["pk", "sk", "expires_at"];

/// An item's place: items of one partition are stored together, ordered by `sort` (byte-wise).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Which partition. Never empty.
    pub partition: String,
    /// Which item of the partition. Never empty.
    pub sort: String,
}

impl Key {
    /// A key from its two parts.
    pub fn new(partition: impl Into<String>, sort: impl Into<String>) -> Self {
        Self { partition: partition.into(), sort: sort.into() }
    }
}

/// One attribute's value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// Text; may be empty.
    Text(String),
    /// A whole number: counts, milliseconds, nano-dollars.
    Number(i64),
    /// True or false.
    Bool(bool),
    /// Bytes: sealed values.
    Bytes(Vec<u8>),
}

impl Value {
    /// The text, if it is text.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The number, if it is a number.
    pub fn as_number(&self) -> Option<i64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    /// The truth value, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(truth) = self { Some(*truth) } else { None }
    }

    /// The bytes, if they are bytes.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Number(_) => 21,
            Self::Bool(_) => 1,
            Self::Bytes(bytes) => bytes.len(),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

/// An item: its key, its attributes, and when it ends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Item {
    /// Where it stands.
    pub key: Key,
    /// Its attributes by name. No name is empty or one of [`RESERVED_NAMES`].
    pub attributes: BTreeMap<String, Value>,
    /// When it ends. A table keeps whole seconds, rounded down. From then on no read returns it, whether or not it is
    /// removed yet.
    pub expires_at: Option<Timestamp>,
}

impl Item {
    /// An item without attributes that does not end.
    pub fn new(key: Key) -> Self {
        Self { key, attributes: BTreeMap::new(), expires_at: None }
    }

    /// The item with one more attribute.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.attributes.insert(name.to_owned(), value.into());
        self
    }

    /// The item with one more attribute, where there is a value.
    pub fn with_some(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The item, ending at `at`.
    pub fn expiring(mut self, at: Timestamp) -> Self {
        self.expires_at = Some(at);
        self
    }

    /// Whether the item has ended at `now`.
    pub fn ended(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end.seconds() <= now.seconds())
    }

    /// The text of an attribute, if it is there and is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).and_then(Value::as_text)
    }

    /// The number of an attribute, if it is there and is a number.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.attributes.get(name).and_then(Value::as_number)
    }

    /// Bytes the item takes, counted as DynamoDB counts: names and values.
    pub fn size(&self) -> usize {
        let attributes: usize = self.attributes.iter().map(|(name, value)| name.len() + value.size()).sum();
        // `pk`, `sk` and `expires_at` with their values.
        attributes + self.key.partition.len() + self.key.sort.len() + 4 + 10 + 21
    }
}
