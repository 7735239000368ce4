//! A JSON object as an ordered list of members whose values stay the bytes the client sent. Reading the few members
//! that decide and writing the object again loses nothing: number formats, unknown fields and order survive.

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;

/// Most members whose names are compared one by one, which is quickest for few. More are told apart by their hashes, so
/// that the work grows with the members and not with their square.
pub(super) const FEW: usize = 32;

/// The members of a JSON object, in order. Of members with one name the last counts, as in most parsers: it alone is
/// kept, at its own place.
#[derive(Debug, Default)]
pub struct Members<'a> {
    list: Vec<(Cow<'a, str>, Cow<'a, RawValue>)>,
}

impl<'a> Members<'a> {
    /// Reads a JSON object.
    ///
    /// # Errors
    /// The parser's error for anything that is not one JSON object in UTF-8, with line and column.
    pub fn parse(json: &'a [u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// Reads a JSON object of which one member is a list of objects, all in one pass. The list stands beside the others,
    /// which say `null` for it; there is none where it is `null` or absent.
    ///
    /// # Errors
    /// As [`Members::parse`], and where the member is no such list.
    pub fn parse_with_list(json: &'a [u8], name: &str) -> Result<(Self, Option<Vec<Self>>), serde_json::Error> {
        let mut parser = serde_json::Deserializer::from_slice(json);
        let read = WithList { name }.deserialize(&mut parser)?;
        parser.end().map(|()| read)
    }

    /// The raw value of a member.
    pub fn get(&self, name: &str) -> Option<&RawValue> {
        self.list.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_ref())
    }

    /// Reads a member's value. `None` where it is absent or not of that type.
    pub fn read<'s, T: Deserialize<'s>>(&'s self, name: &str) -> Option<T> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }

    /// Whether a member is there and not `null`.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.get() != "null")
    }

    /// Sets a member, in place where it is there, else at the end.
    pub fn set(&mut self, name: impl Into<Cow<'a, str>>, value: Box<RawValue>) {
        let name = name.into();
        match self.list.iter_mut().find(|(key, _)| *key == name) {
            Some((_, place)) => *place = Cow::Owned(value),
            None => self.list.push((name, Cow::Owned(value))),
        }
    }

    /// Sets all members of another object, as [`Members::set`] would one after the other.
    pub fn set_all(&mut self, others: &Members<'_>) {
        let places = self.places(others);
        for ((name, value), place) in others.iter().zip(places) {
            let value = Cow::Owned(value.to_owned());
            match place.and_then(|at| self.list.get_mut(at)) {
                Some((_, place)) => *place = value,
                None => self.list.push((Cow::Owned(name.to_owned()), value)),
            }
        }
    }

    /// Gives a member that is there another value. Whether it is there.
    pub fn replace(&mut self, name: &str, value: Box<RawValue>) -> bool {
        let place = self.list.iter_mut().find(|(key, _)| key == name);
        place.map(|(_, place)| *place = Cow::Owned(value)).is_some()
    }

    /// Gives a member another name, under which it takes the place of any other.
    pub fn rename(&mut self, name: &str, other: &'static str) {
        if let Some(value) = self.take(name) {
            self.take(other);
            self.list.push((Cow::Borrowed(other), value));
        }
    }

    /// Removes a member and gives its value back.
    pub fn take(&mut self, name: &str) -> Option<Cow<'a, RawValue>> {
        let at = self.list.iter().position(|(key, _)| key == name)?;
        let (_, value) = self.list.remove(at);
        Some(value)
    }

    /// Takes over the members of another object that are not here under their names.
    pub fn take_over(&mut self, other: &mut Self) {
        let places = self.places(other);
        let members = other.list.drain(..).zip(places);
        self.list.extend(members.filter_map(|(member, place)| place.is_none().then_some(member)));
    }

    /// Keeps only the members for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &RawValue) -> bool) {
        self.list.retain(|(key, value)| keep(key, value));
    }

    /// Names and values, in order, each name once.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.list.iter().map(|(key, value)| (key.as_ref(), value.as_ref()))
    }

    /// Writes the object.
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = Vec::with_capacity(self.bytes() + 64);
        self.write(&mut json, |_, _| false);
        json
    }

    /// Writes the object with such a list as one member's value.
    pub fn to_json_with_list(&self, name: &str, list: &[Self]) -> Vec<u8> {
        let bytes: usize = list.iter().map(|object| object.bytes() + 3).sum();
        let mut json = Vec::with_capacity(self.bytes() + bytes + 64);
        self.write(&mut json, |key, json| {
            if key == name {
                push_list(json, list);
            }
            key == name
        });
        json
    }

    /// Members that were just read. Of those with one name the last stays.
    fn of_read(mut list: Vec<(Cow<'a, str>, Cow<'a, RawValue>)>) -> Self {
        let said_again =
            |(at, (name, _)): (usize, &(Cow<'_, str>, _))| list.iter().skip(at + 1).any(|(later, _)| later == name);
        if list.len() > FEW || list.iter().enumerate().any(said_again) {
            let mut seen = HashSet::with_capacity(list.len());
            // From the last to the first, so that they are popped from the first to the last.
            let mut stays: Vec<bool> = list.iter().rev().map(|(name, _)| seen.insert(name.as_ref())).collect();
            list.retain(|_| stays.pop().unwrap_or(true));
        }
        Self { list }
    }

    /// For each of the other's members, where the one of its name stands here.
    fn places(&self, others: &Members<'_>) -> Vec<Option<usize>> {
        let others = others.iter().map(|(name, _)| name);
        if self.list.len() <= FEW {
            return others.map(|name| self.list.iter().position(|(key, _)| key == name)).collect();
        }
        let names = self.list.iter().enumerate();
        let places: HashMap<&str, usize> = names.map(|(at, (name, _))| (name.as_ref(), at)).collect();
        others.map(|name| places.get(name).copied()).collect()
    }

    fn bytes(&self) -> usize {
        self.list.iter().map(|(key, value)| key.len() + value.get().len() + 4).sum()
    }

    /// Writes the object. `other` writes a value of its own for a member, and says whether it has.
    fn write(&self, json: &mut Vec<u8>, other: impl Fn(&str, &mut Vec<u8>) -> bool) {
        json.push(b'{');
        for (at, (name, value)) in self.iter().enumerate() {
            if at > 0 {
                json.push(b',');
            }
            push_string(json, name);
            json.push(b':');
            if !other(name, json) {
                json.extend_from_slice(value.get().as_bytes());
            }
        }
        json.push(b'}');
    }
}

fn push_list(json: &mut Vec<u8>, list: &[Members<'_>]) {
    json.push(b'[');
    for (at, object) in list.iter().enumerate() {
        if at > 0 {
            json.push(b',');
        }
        object.write(json, |_, _| false);
    }
    json.push(b']');
}

/// Reads an object of which the member of this name is a list of objects.
struct WithList<'n> {
    name: &'n str,
}

impl<'de> DeserializeSeed<'de> for WithList<'_> {
    type Value = (Members<'de>, Option<Vec<Members<'de>>>);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for WithList<'_> {
    type Value = (Members<'de>, Option<Vec<Members<'de>>>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut list, mut objects) = (Vec::with_capacity(32), None);
        while let Some(Name(name)) = map.next_key::<Name<'de>>()? {
            let value = if name == self.name {
                objects = map.next_value()?;
                RawValue::NULL
            } else {
                map.next_value()?
            };
            list.push((name, Cow::Borrowed(value)));
        }
        Ok((Members::of_read(list), objects))
    }
}

/// Writes a JSON string. Names of members are nearly always plain, so those are copied as they are.
fn push_string(json: &mut Vec<u8>, text: &str) {
    let is_plain = text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
    if is_plain {
        json.push(b'"');
        json.extend_from_slice(text.as_bytes());
        json.push(b'"');
    } else {
        json.extend_from_slice(serde_json::Value::from(text).to_string().as_bytes());
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::with_capacity(16);
                while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    list.push((name, Cow::Borrowed(value)));
                }
                Ok(Members::of_read(list))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// A member's name, borrowed where it has no escapes (serde's own `Cow` always copies).
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// A raw value from anything that serialises.
///
/// # Errors
/// Those of the serialiser; none for values that were parsed from JSON.
pub fn raw(value: &impl serde::Serialize) -> Result<Box<RawValue>, serde_json::Error> {
    serde_json::value::to_raw_value(value)
}

#[cfg(test)]
#[path = "members_tests.rs"]
mod tests;
