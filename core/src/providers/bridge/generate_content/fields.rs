//! An object of a request, field by field. Google takes names in `camelCase` and in `snake_case`, and lists of one without
//! their brackets. What nobody reads is reported as dropped, by its path.

use crate::providers::bridge::member::{note, unfit};
use crate::providers::provider::TransformError;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// The fields of an object that stands at a path.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    path: &'static str,
    list: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Fields<'a> {
    /// Reads an object.
    pub(super) fn read(path: &'static str, value: &'a RawValue) -> Result<Self, TransformError> {
        let Pairs(mut list) = serde_json::from_str(value.get()).map_err(|error| wrong(path, &error))?;
        list.retain(|(_, value)| value.get() != "null");
        list.iter_mut().for_each(|(name, _)| in_camel_case(name));
        Ok(Self { path, list })
    }

    /// Reads a list of objects, or one of them that stands for such a list.
    pub(super) fn read_list(path: &'static str, value: &'a RawValue) -> Result<Vec<Self>, TransformError> {
        if !value.get().starts_with('[') {
            return Ok(vec![Self::read(path, value)?]);
        }
        let list: Vec<&RawValue> = serde_json::from_str(value.get()).map_err(|error| wrong(path, &error))?;
        list.into_iter().map(|value| Self::read(path, value)).collect()
    }

    /// Takes a field as it came.
    pub(super) fn raw(&mut self, name: &str) -> Option<&'a RawValue> {
        let at = self.list.iter().position(|(known, _)| known == name)?;
        Some(self.list.remove(at).1)
    }

    /// Takes a field.
    pub(super) fn take<T: Deserialize<'a>>(&mut self, name: &'static str) -> Result<Option<T>, TransformError> {
        let Some(value) = self.raw(name) else { return Ok(None) };
        let unreadable = |error: serde_json::Error| {
            unfit(root(self.path), &format!("'{}.{name}' cannot be used: {error}", self.path))
        };
        serde_json::from_str(value.get()).map(Some).map_err(unreadable)
    }

    /// Takes an object.
    pub(super) fn object(&mut self, name: &'static str, path: &'static str) -> Result<Option<Self>, TransformError> {
        self.raw(name).map(|value| Self::read(path, value)).transpose()
    }

    /// Reports what nobody has read.
    pub(super) fn leave_out(self, dropped: &mut Vec<Cow<'static, str>>) {
        for (name, _) in self.list {
            note(dropped, format!("{}.{name}", self.path));
        }
    }

    /// The names of fields that nobody has read.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|(name, _)| name.as_ref())
    }

    /// What is wrong with the object.
    pub(super) fn unfit(&self, reason: &str) -> TransformError {
        unfit(root(self.path), reason)
    }
}

/// Errors name the request's own members.
fn root(path: &'static str) -> &'static str {
    path.split('.').next().unwrap_or(path)
}

fn wrong(path: &'static str, error: &serde_json::Error) -> TransformError {
    unfit(root(path), &format!("'{path}' cannot be used: {error}"))
}

fn in_camel_case(name: &mut Cow<'_, str>) {
    if !name.contains('_') {
        return;
    }
    let mut camel = String::with_capacity(name.len());
    for (at, word) in name.split('_').enumerate() {
        let mut letters = word.chars();
        match letters.next() {
            Some(first) if at > 0 => camel.push(first.to_ascii_uppercase()),
            Some(first) => camel.push(first),
            None => {}
        }
        camel.extend(letters);
    }
    *name = Cow::Owned(camel);
}

/// Names and values, in order.
struct Pairs<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::with_capacity(8);
                while let Some((name, value)) = map.next_entry::<crate::api::chat::text::Text<'de>, &'de RawValue>()? {
                    list.push((name.0, value));
                }
                Ok(Pairs(list))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_read_and_what_is_left_is_reported() {
        let value = r#"{"max_output_tokens": 5, "topP": 0.50, "seed": null, "frob_x": 1}"#;
        let value: Box<RawValue> = RawValue::from_string(value.to_owned()).unwrap();
        let mut fields = Fields::read("generationConfig", &value).unwrap();
        assert_eq!(fields.take::<u64>("maxOutputTokens").unwrap(), Some(5));
        assert_eq!(fields.raw("topP").unwrap().get(), "0.50");
        let mut dropped = Vec::new();
        fields.leave_out(&mut dropped);
        assert_eq!(dropped, ["generationConfig.frobX"]);
    }

    #[test]
    fn a_list_of_one_may_stand_without_its_brackets() {
        let read = |text: &str| {
            let value: Box<RawValue> = RawValue::from_string(text.to_owned()).unwrap();
            Fields::read_list("contents", &value).map(|list| list.len()).ok()
        };
        assert_eq!([read("{}"), read("[{},{}]"), read("[1]"), read("\"x\"")], [Some(1), Some(2), None, None]);
    }
}
