//! Numbers and words as vendors write them: null, `12.0`, `"12"`. What cannot be read is empty and fails nothing.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A count as vendors write it; empty where it is missing, null, or no number at all.
#[derive(Clone, Copy, Default)]
pub(super) enum Count {
    #[default]
    Untold,
    Negative,
    Told(u64),
}

impl Count {
    pub(super) fn get(self) -> u64 {
        if let Self::Told(count) = self { count } else { 0 }
    }

    pub(super) fn is_told(self) -> bool {
        matches!(self, Self::Told(_))
    }

    pub(super) fn is_negative(self) -> bool {
        matches!(self, Self::Negative)
    }

    /// This count, or the other where this one is missing or zero.
    pub(super) fn or(self, other: Self) -> Self {
        if self.get() > 0 || matches!(other, Self::Untold) { self } else { other }
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CountVisitor)
    }
}

struct CountVisitor;

impl<'de> Visitor<'de> for CountVisitor {
    type Value = Count;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a count")
    }

    fn visit_u64<E>(self, count: u64) -> Result<Count, E> {
        Ok(Count::Told(count))
    }

    fn visit_i64<E>(self, count: i64) -> Result<Count, E> {
        Ok(u64::try_from(count).map_or(Count::Negative, Count::Told))
    }

    fn visit_f64<E>(self, count: f64) -> Result<Count, E> {
        // A float-to-int cast saturates.
        Ok(if count >= 0.0 { Count::Told(count as u64) } else { Count::Negative })
    }

    fn visit_unit<E>(self) -> Result<Count, E> {
        Ok(Count::Untold)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Count, E> {
        Ok(Count::Untold)
    }

    fn visit_str<E>(self, text: &str) -> Result<Count, E> {
        Ok(text.parse().map_or(Count::Untold, Count::Told))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Count, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Count::Untold)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Count, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Count::Untold)
    }
}

/// The cost that a vendor states in dollars, as a number or as `{"total_cost": number}`; 0 for anything else.
#[derive(Clone, Copy, Default)]
pub(super) struct Dollars(pub(super) f64);

impl<'de> Deserialize<'de> for Dollars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Cost {
            Number(f64),
            Parts { total_cost: f64 },
            Other(IgnoredAny),
        }
        Ok(match Cost::deserialize(deserializer)? {
            Cost::Number(dollars) | Cost::Parts { total_cost: dollars } => Self(dollars),
            Cost::Other(_) => Self(0.0),
        })
    }
}

/// A flag; false for anything but `true`.
#[derive(Clone, Copy, Default)]
pub(super) struct Flag(pub(super) bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Value {
            Flag(bool),
            Other(IgnoredAny),
        }
        Ok(Self(matches!(Value::deserialize(deserializer)?, Value::Flag(true))))
    }
}

/// A word; empty for anything but a text.
#[derive(Clone, Default)]
pub(super) struct Word(pub(super) Option<String>);

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Name {
            Text(String),
            Other(IgnoredAny),
        }
        Ok(match Name::deserialize(deserializer)? {
            Name::Text(name) => Self(Some(name)),
            Name::Other(_) => Self(None),
        })
    }
}
