//! A JSON schema as Converse takes it for a tool: definitions written out where they are used, the outermost object told
//! by its properties alone.

use crate::api::members::{Members, raw};
use memchr::memmem;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Deepest nesting that is written out. Schemas that refer to themselves end there.
const DEPTH_MAX: usize = 32;
/// Words of the outermost object that are left out: what they say is said elsewhere.
const OUTERMOST_DROPPED: [&str; 4] = ["$defs", "definitions", "$schema", "title"];
const CLOSED: &str = "additionalProperties";

/// The schema of a tool's arguments. `keeps_closed`: the model knows objects that have no other properties.
///
/// # Errors
/// The parser's, for a schema that is no object.
pub(super) fn for_tool(schema: &RawValue, keeps_closed: bool) -> Result<Box<RawValue>, serde_json::Error> {
    let members = Members::parse(schema.get().as_bytes())?;
    let definitions: Vec<Map<String, Value>> =
        ["$defs", "definitions"].iter().filter_map(|name| members.read(name)).collect();
    let mut told = Members::default();
    if !members.has("type") {
        told.set("type", raw(&"object")?);
    }
    for (name, value) in members.iter() {
        if OUTERMOST_DROPPED.contains(&name) || (name == CLOSED && !keeps_closed) || value.get() == "null" {
            continue;
        }
        told.set(name.to_owned(), tidied(value, &definitions)?.into_owned());
    }
    if !members.has("properties") {
        told.set("properties", raw(&Map::new())?);
    }
    raw(&Written(&told))
}

/// The arguments of a function that has none.
pub(super) fn nothing() -> Result<Box<RawValue>, serde_json::Error> {
    RawValue::from_string(r#"{"type":"object","properties":{},"required":[]}"#.to_owned())
}

/// Most schemas are plain, and stay the bytes that the client wrote.
fn tidied<'v>(value: &'v RawValue, definitions: &[Map<String, Value>]) -> Result<Cow<'v, RawValue>, serde_json::Error> {
    let holds = |words: &str| memmem::find(value.get().as_bytes(), words.as_bytes()).is_some();
    if !holds("\"$ref\"") && !holds("null") {
        return Ok(Cow::Borrowed(value));
    }
    let parsed: Value = serde_json::from_str(value.get())?;
    Ok(Cow::Owned(raw(&tidy(&parsed, definitions, 0))?))
}

/// Writes out what is referred to, and leaves out what is null.
fn tidy(schema: &Value, definitions: &[Map<String, Value>], depth: usize) -> Value {
    match schema {
        Value::Object(members) if depth < DEPTH_MAX => match referred(members, definitions) {
            Some(definition) => tidy(definition, definitions, depth + 1),
            None => {
                let said = members.iter().filter(|(_, value)| !value.is_null());
                said.map(|(name, value)| (name.clone(), tidy(value, definitions, depth + 1))).collect()
            }
        },
        Value::Array(list) => list.iter().map(|item| tidy(item, definitions, depth + 1)).collect(),
        other => other.clone(),
    }
}

fn referred<'d>(members: &Map<String, Value>, definitions: &'d [Map<String, Value>]) -> Option<&'d Value> {
    let (_, name) = members.get("$ref")?.as_str()?.rsplit_once('/')?;
    definitions.iter().find_map(|definitions| definitions.get(name))
}

struct Written<'w>(&'w Members<'w>);

impl serde::Serialize for Written<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(schema: &Value, keeps_closed: bool) -> Value {
        let told = for_tool(&raw(schema).unwrap(), keeps_closed).unwrap();
        serde_json::from_str(told.get()).unwrap()
    }

    #[test]
    fn definitions_are_written_out_and_the_outermost_object_is_told_by_its_properties() {
        let leg = json!({"type": "object", "title": "Leg", "additionalProperties": false});
        let schema = json!({
            "title": "Trip", "$defs": {"Leg": leg}, "additionalProperties": false,
            "properties": {"legs": {"items": {"$ref": "#/$defs/Leg"}}, "note": {"type": "string", "default": null}},
        });
        let properties = json!({"legs": {"items": leg}, "note": {"type": "string"}});
        assert_eq!(told(&schema, false), json!({"type": "object", "properties": properties}));
        assert_eq!(told(&schema, true)["additionalProperties"], json!(false));
    }

    #[test]
    fn a_schema_that_says_nothing_is_an_object_without_properties() {
        assert_eq!(told(&json!({}), false), json!({"type": "object", "properties": {}}));
        assert!(for_tool(&raw(&json!([])).unwrap(), false).is_err());
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema = json!({
            "$defs": {"A": {"properties": {"a": {"$ref": "#/$defs/A"}}}},
            "properties": {"a": {"$ref": "#/$defs/A"}},
        });
        assert!(told(&schema, false).is_object());
    }
}
