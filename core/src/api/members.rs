//! A JSON object as an ordered list of members whose values stay the bytes the client sent. Reading the few members
//! that decide and writing the object again loses nothing: number formats, unknown fields and order survive.

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// The members of a JSON object, in order. Of members with one name the last counts, as in most parsers.
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
        self.list.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_ref())
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
        match self.list.iter_mut().rev().find(|(key, _)| *key == name) {
            Some((_, place)) => *place = Cow::Owned(value),
            None => self.list.push((name, Cow::Owned(value))),
        }
    }

    /// Gives a member that is there another value. Whether it is there.
    pub fn replace(&mut self, name: &str, value: Box<RawValue>) -> bool {
        let place = self.list.iter_mut().rev().find(|(key, _)| key == name);
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
        let at = self.list.iter().rposition(|(key, _)| key == name)?;
        let (_, value) = self.list.remove(at);
        self.list.retain(|(key, _)| key != name);
        Some(value)
    }

    /// Takes over the members of another object that are not here under their names.
    pub fn take_over(&mut self, other: &mut Self) {
        for (name, value) in other.list.drain(..) {
            if !self.list.iter().any(|(key, _)| *key == name) {
                self.list.push((name, value));
            }
        }
    }

    /// Keeps only the members for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &RawValue) -> bool) {
        self.list.retain(|(key, value)| keep(key, value));
    }

    /// Names and values, in order. A name that came twice is given once, with its last value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.list.iter().enumerate().filter_map(|(at, (key, value))| {
            let said_again = self.list.iter().skip(at + 1).any(|(later, _)| later == key);
            (!said_again).then_some((key.as_ref(), value.as_ref()))
        })
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
        let (mut members, mut objects) = (Members { list: Vec::with_capacity(32) }, None);
        while let Some(Name(name)) = map.next_key::<Name<'de>>()? {
            let value = if name == self.name {
                objects = map.next_value()?;
                RawValue::NULL
            } else {
                map.next_value()?
            };
            members.list.push((name, Cow::Borrowed(value)));
        }
        Ok((members, objects))
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
                Ok(Members { list })
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
mod tests {
    use super::*;

    fn rewritten(json: &str, change: impl FnOnce(&mut Members<'_>)) -> String {
        let mut members = Members::parse(json.as_bytes()).unwrap();
        change(&mut members);
        String::from_utf8(members.to_json()).unwrap()
    }

    #[test]
    fn unknown_members_and_number_formats_survive() {
        let json = r#"{"model":"a","x":1.50e2,"y":{"b":[1, 2]},"z":null}"#;
        assert_eq!(rewritten(json, |_| {}), json);
    }

    #[test]
    fn a_member_is_replaced_in_its_place() {
        let json = rewritten(r#"{"model":"a","n":1}"#, |members| members.set("model", raw(&"b").unwrap()));
        assert_eq!(json, r#"{"model":"b","n":1}"#);
    }

    #[test]
    fn of_two_members_with_one_name_the_last_counts() {
        let json = r#"{"n":1,"m":2,"n":3}"#;
        let members = Members::parse(json.as_bytes()).unwrap();
        assert_eq!(members.read::<u8>("n"), Some(3));
        assert_eq!(rewritten(json, |_| {}), r#"{"m":2,"n":3}"#);
        assert_eq!(rewritten(json, |members| assert!(members.take("n").is_some())), r#"{"m":2}"#);
    }

    #[test]
    fn names_with_escapes_are_read_and_written() {
        assert_eq!(rewritten(r#"{"a\"b":1,"\u00e9":2}"#, |_| {}), "{\"a\\\"b\":1,\"é\":2}");
    }

    #[test]
    fn a_list_of_objects_is_read_beside_the_other_members_and_written_in_its_place() {
        let json = r#"{"a":1.50,"list":[{"x":"\u00e9"},{}],"b":[{}]}"#;
        let (members, list) = Members::parse_with_list(json.as_bytes(), "list").unwrap();
        let mut list = list.unwrap();
        assert_eq!(members.to_json_with_list("list", &list), json.as_bytes());
        list[1].set("y", raw(&1).unwrap());
        assert_eq!(members.to_json_with_list("list", &list), json.replace("{}],\"b", "{\"y\":1}],\"b").into_bytes());
        for (json, has_list) in [(r#"{"list":null}"#, false), (r#"{"a":1}"#, false), (r#"{"list":[]}"#, true)] {
            assert_eq!(Members::parse_with_list(json.as_bytes(), "list").unwrap().1.is_some(), has_list, "{json}");
        }
        for json in [r#"{"list":{}}"#, r#"{"list":[1]}"#, "[]", "{} x"] {
            assert!(Members::parse_with_list(json.as_bytes(), "list").is_err(), "{json}");
        }
    }

    #[test]
    fn anything_but_an_object_is_refused() {
        for json in ["[]", "1", "", "{", r#"{"a":1,}"#, "{} x"] {
            assert!(Members::parse(json.as_bytes()).is_err(), "{json}");
        }
    }
}
