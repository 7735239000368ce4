//! One record of the log, and how it stands in the table.
//!
//! | partition | sort | holds |
//! |---|---|---|
//! | `AUDIT` | `HEAD` | `number` and `hash` of the last record, and `at`, when it was made |
//! | `AUDIT` | `E#<number>` | `at` (ms), `user`, `key`, `address`, `route`, `action`, `kind`, `object`, `before`, `after` (JSON), `previous` and `hash` |
//!
//! A record's hash is the SHA-256 of the hash before it and of every field, each with its length, so that no two records
//! have the same bytes; the head names the last one, so that a missing end shows too.

use super::change::Shown;
use super::object::Object;
use crate::author::{self, Author};
use crate::clock::Timestamp;
use crate::store::item::{Item, Key};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Where the log stands.
pub(super) const PARTITION: &str = "AUDIT";
/// The end of the chain.
pub(super) const HEAD: &str = "HEAD";
/// Before the number of a record.
pub(super) const PREFIX: &str = "E#";

/// What the first record has before it.
const BEGINNING: &str = "";

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its number: the first has 1, and none is left out.
    pub number: i64,
    /// When it was made; never before the one before it.
    pub at: Timestamp,
    /// Who did it, by the user's id.
    pub user: String,
    /// The hash of the key that was presented.
    pub key: String,
    /// From which address, where that is known.
    pub address: String,
    /// What was asked for, as `METHOD /pattern`.
    pub route: String,
    /// What was done.
    pub action: String,
    /// The kind of the object.
    pub kind: String,
    /// Which one.
    pub object: String,
    /// What changed, as it was: JSON.
    pub before: String,
    /// What changed, as it is: JSON.
    pub after: String,
    /// The hash of the record before.
    pub previous: String,
    /// The record's own.
    pub hash: String,
}

/// The end of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) number: i64,
    pub(super) hash: String,
    pub(super) at: Timestamp,
}

impl Head {
    /// Of a log without a record.
    pub(super) fn beginning() -> Self {
        Self { number: 0, hash: BEGINNING.to_owned(), at: Timestamp::default() }
    }

    /// The head as it is stored. `None`: an item that is none.
    pub(super) fn of_item(item: &Item) -> Option<Self> {
        let (number, at) = (item.number("number")?, Timestamp::from_millis(item.number("at")?));
        Some(Self { number, hash: item.text("hash")?.to_owned(), at })
    }

    pub(super) fn to_item(&self) -> Item {
        let item = Item::new(head_key()).with("number", self.number).with("hash", self.hash.as_str());
        item.with("at", self.at.millis())
    }

    /// The record that follows.
    pub(super) fn next(&self, object: Object, shown: &Shown, now: Timestamp) -> Entry {
        let Author { user, key, address, route } = author::present();
        let text = |members: &Map<String, Value>| Value::from(members.clone()).to_string();
        let mut entry = Entry {
            number: self.number.saturating_add(1),
            at: now.max(self.at),
            user,
            key,
            address: address.map_or_else(String::new, |address| address.to_string()),
            route,
            action: shown.action.as_str().to_owned(),
            kind: object.kind.to_owned(),
            object: object.id,
            before: text(&shown.before),
            after: text(&shown.after),
            previous: self.hash.clone(),
            hash: String::new(),
        };
        entry.hash = entry.own_hash();
        entry
    }
}

/// Where the head stands.
pub(super) fn head_key() -> Key {
    Key::new(PARTITION, HEAD)
}

impl Entry {
    /// Where the record of this number stands.
    pub(super) fn place(number: i64) -> Key {
        Key::new(PARTITION, format!("{PREFIX}{number:016}"))
    }

    /// The chain, ended by this record.
    pub(super) fn head(&self) -> Head {
        Head { number: self.number, hash: self.hash.clone(), at: self.at }
    }

    /// Whether it is what it was when it was made.
    pub fn is_unaltered(&self) -> bool {
        self.hash == self.own_hash()
    }

    fn own_hash(&self) -> String {
        let mut hash = Sha256::new();
        let (number, at) = (self.number.to_string(), self.at.millis().to_string());
        let fields = [&self.previous, &number, &at].into_iter().chain(self.texts().map(|(_, text)| text));
        for field in fields {
            hash.update(u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(field.as_bytes());
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn texts(&self) -> impl Iterator<Item = (&'static str, &String)> {
        [
            ("user", &self.user),
            ("key", &self.key),
            ("address", &self.address),
            ("route", &self.route),
            ("action", &self.action),
            ("kind", &self.kind),
            ("object", &self.object),
            ("before", &self.before),
            ("after", &self.after),
        ]
        .into_iter()
    }

    pub(super) fn to_item(&self) -> Item {
        let item = Item::new(Self::place(self.number)).with("at", self.at.millis());
        let item = item.with("previous", self.previous.as_str()).with("hash", self.hash.as_str());
        self.texts().fold(item, |item, (name, text)| item.with(name, text.as_str()))
    }

    /// The record as it is stored. `None`: an item that is none.
    pub(super) fn of_item(item: &Item) -> Option<Self> {
        let number = item.key.sort.strip_prefix(PREFIX)?.parse().ok()?;
        let text = |name: &str| item.text(name).map(str::to_owned);
        Some(Self {
            number,
            at: Timestamp::from_millis(item.number("at")?),
            user: text("user")?,
            key: text("key")?,
            address: text("address")?,
            route: text("route")?,
            action: text("action")?,
            kind: text("kind")?,
            object: text("object")?,
            before: text("before")?,
            after: text("after")?,
            previous: text("previous")?,
            hash: text("hash")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::object::Action;

    fn entry() -> Entry {
        let shown = Shown { action: Action::Created, before: Map::new(), after: Map::new() };
        let object = Object { kind: "keys", id: "k".to_owned() };
        Head::beginning().next(object, &shown, Timestamp::from_seconds(7))
    }

    #[test]
    fn a_record_comes_back_as_it_was_stored_and_an_altered_one_shows() {
        let entry = entry();
        assert_eq!(Entry::of_item(&entry.to_item()).as_ref(), Some(&entry));
        assert_eq!(Head::of_item(&entry.head().to_item()), Some(entry.head()));
        assert!(entry.is_unaltered());
        for name in ["user", "key", "address", "route", "action", "kind", "object", "before", "after", "previous"] {
            let altered = Entry::of_item(&entry.to_item().with(name, "other")).unwrap();
            assert!(!altered.is_unaltered(), "{name}");
        }
        assert!(!Entry { at: Timestamp::from_seconds(8), ..entry.clone() }.is_unaltered());
        // What is moved from one field to the next shows too.
        let moved = Entry { kind: "key".to_owned(), object: "sk".to_owned(), ..entry };
        assert!(!moved.is_unaltered());
    }

    #[test]
    fn a_clock_that_goes_back_does_not_turn_the_order_around() {
        let shown = Shown { action: Action::Updated, before: Map::new(), after: Map::new() };
        let object = Object { kind: "keys", id: "k".to_owned() };
        let second = entry().head().next(object, &shown, Timestamp::from_seconds(3));
        assert_eq!((second.number, second.at), (2, Timestamp::from_seconds(7)));
    }
}
