//! A JSON schema as Converse takes it for a tool: definitions written out where they are used, the outermost object told
//! by its properties alone.

use crate::api::members::{Members, raw};
use crate::api::object::ObjectWriter;
use crate::providers::schema_references::{Definitions, ReferenceBudget, TooManyReferences};
use memchr::memmem;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Deepest nesting that is written out. Schemas that refer to themselves end there.
const DEPTH_MAX: usize = 32;
/// Words of the outermost object that are left out: what they say is said elsewhere.
const OUTERMOST_DROPPED: [&str; 4] = ["$defs", "definitions", "$schema", "title"];
const CLOSED: &str = "additionalProperties";

/// Why a schema cannot be told.
#[derive(Debug, thiserror::Error)]
pub(super) enum Untold {
    #[error("a schema is no object: {0}")]
    NoObject(#[from] serde_json::Error),
    #[error(transparent)]
    TooManyReferences(#[from] TooManyReferences),
}

/// The schema of a tool's arguments. `keeps_closed`: the model knows objects that have no other properties.
///
/// # Errors
/// [`Untold`]: it is no object, or its definitions are too much to be written out.
pub(super) fn for_tool(
    schema: &RawValue,
    keeps_closed: bool,
    budget: &mut ReferenceBudget,
) -> Result<Box<RawValue>, Untold> {
    let members = Members::parse(schema.get().as_bytes())?;
    let lists: Vec<Map<String, Value>> = Definitions::LISTS.iter().filter_map(|name| members.read(name)).collect();
    let mut definitions = Definitions::of_lists(lists.iter().collect(), budget);
    let mut told = ObjectWriter::default();
    if !members.has("type") {
        told.add("type", "object")?;
    }
    for (name, value) in members.iter() {
        if OUTERMOST_DROPPED.contains(&name) || (name == CLOSED && !keeps_closed) || value.get() == "null" {
            continue;
        }
        told.add_raw(name, &tidied(value, &mut definitions)?)?;
    }
    if !members.has("properties") {
        told.add("properties", &Map::new())?;
    }
    Ok(serde_json::from_slice(&told.finish())?)
}

/// The arguments of a function that has none.
pub(super) fn nothing() -> Result<Box<RawValue>, serde_json::Error> {
    RawValue::from_string(r#"{"type":"object","properties":{},"required":[]}"#.to_owned())
}

/// Most schemas are plain, and stay the bytes that the client wrote.
fn tidied<'v>(value: &'v RawValue, definitions: &mut Definitions<'_, '_>) -> Result<Cow<'v, RawValue>, Untold> {
    let holds = |words: &str| memmem::find(value.get().as_bytes(), words.as_bytes()).is_some();
    if !holds("\"$ref\"") && !holds("null") {
        return Ok(Cow::Borrowed(value));
    }
    let parsed: Value = serde_json::from_str(value.get())?;
    Ok(Cow::Owned(raw(&tidy(&parsed, definitions, 0)?)?))
}

/// Writes out what is referred to, and leaves out what is null.
fn tidy(schema: &Value, definitions: &mut Definitions<'_, '_>, depth: usize) -> Result<Value, TooManyReferences> {
    match schema {
        Value::Object(members) if depth < DEPTH_MAX => match definitions.referred(members)? {
            Some(definition) => tidy(definition, definitions, depth + 1),
            None => {
                let said = members.iter().filter(|(_, value)| !value.is_null());
                let each = said.map(|(name, value)| Ok((name.clone(), tidy(value, definitions, depth + 1)?)));
                Ok(Value::Object(each.collect::<Result<_, _>>()?))
            }
        },
        Value::Array(list) => list.iter().map(|item| tidy(item, definitions, depth + 1)).collect(),
        other => Ok(other.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(schema: &Value, keeps_closed: bool) -> Value {
        let told = for_tool(&raw(schema).unwrap(), keeps_closed, &mut ReferenceBudget::default()).unwrap();
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
        assert!(for_tool(&raw(&json!([])).unwrap(), false, &mut ReferenceBudget::default()).is_err());
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema = json!({
            "$defs": {"A": {"properties": {"a": {"$ref": "#/$defs/A"}}}},
            "properties": {"a": {"$ref": "#/$defs/A"}},
        });
        assert!(told(&schema, false).is_object());
    }

    #[test]
    fn a_schema_that_refers_to_itself_in_many_places_is_refused() {
        let properties: Map<_, _> = ('a'..='h').map(|name| (name.into(), json!({"$ref": "#/$defs/A"}))).collect();
        let schema = raw(&json!({"$defs": {"A": {"properties": &properties}}, "properties": &properties})).unwrap();
        let refused = for_tool(&schema, false, &mut ReferenceBudget::default()).unwrap_err();
        assert!(refused.to_string().contains("without so many `$ref`s"), "{refused}");
    }

    #[test]
    fn many_schemas_of_a_request_refer_no_more_often_than_one() {
        let list: Vec<_> = (0..1000).map(|_| json!({"$ref": "#/$defs/A"})).collect();
        let schema = raw(&json!({"$defs": {"A": {"type": "string"}}, "properties": {"a": {"anyOf": list}}})).unwrap();
        let mut budget = ReferenceBudget::default();
        assert!(for_tool(&schema, false, &mut budget).is_ok());
        assert!((0..1000).any(|_| for_tool(&schema, false, &mut budget).is_err()));
    }
}
