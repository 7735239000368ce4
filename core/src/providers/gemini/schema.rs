//! A JSON schema in the words of OpenAPI 3.0 that Gemini knows: definitions written out where they are used, alternatives by
//! `anyOf`, nothing by `nullable`, constants by `enum`. Words that it does not know are left out: it refuses them.
//!
//! Wire format: <https://ai.google.dev/api/caching#Schema>

use crate::providers::schema_references::{Definitions, ReferenceBudget, TooManyReferences};
use serde_json::{Map, Value};

/// Deepest nesting that is written out. Schemas that refer to themselves end there.
const DEPTH_MAX: usize = 32;

/// Words that are passed on with their values.
const KEPT: [&str; 13] = [
    "title",
    "description",
    "nullable",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
    "minProperties",
    "maxProperties",
    "pattern",
    "example",
];

/// Formats that are known.
const FORMATS: [&str; 6] = ["enum", "date-time", "int32", "int64", "float", "double"];

/// The schema in those words.
///
/// # Errors
/// [`TooManyReferences`], where its definitions are too much to be written out.
pub(super) fn in_openapi(schema: &Value, budget: &mut ReferenceBudget) -> Result<Value, TooManyReferences> {
    said(schema, &mut Definitions::of(schema, budget), 0)
}

fn said(schema: &Value, definitions: &mut Definitions<'_, '_>, depth: usize) -> Result<Value, TooManyReferences> {
    let Some(members) = schema.as_object().filter(|_| depth < DEPTH_MAX) else { return Ok(Value::Object(Map::new())) };
    if let Some(definition) = definitions.referred(members)? {
        return said(definition, definitions, depth + 1);
    }
    let merged = with_all_of(members, definitions, depth)?;
    let members = merged.as_ref().unwrap_or(members);
    let mut out: Map<String, Value> = Map::new();
    for (name, value) in members.iter().filter(|(name, value)| KEPT.contains(&name.as_str()) && !value.is_null()) {
        out.insert(name.clone(), value.clone());
    }
    say_type(members, &mut out);
    say_values(members, &mut out);
    say_alternatives(members, definitions, depth, &mut out)?;
    say_parts(members, definitions, depth, &mut out)?;
    Ok(Value::Object(out))
}

/// The members with those of `allOf`, where there is one: members of the schema itself win, properties add up.
fn with_all_of(
    members: &Map<String, Value>,
    definitions: &mut Definitions<'_, '_>,
    depth: usize,
) -> Result<Option<Map<String, Value>>, TooManyReferences> {
    let Some(all) = members.get("allOf").and_then(Value::as_array) else { return Ok(None) };
    let mut merged = members.clone();
    merged.remove("allOf");
    for part in all.iter().filter_map(Value::as_object) {
        let part = definitions.referred(part)?.and_then(Value::as_object).unwrap_or(part);
        let inner = if depth < DEPTH_MAX { with_all_of(part, definitions, depth + 1)? } else { None };
        merge(&mut merged, inner.as_ref().unwrap_or(part));
    }
    Ok(Some(merged))
}

fn merge(merged: &mut Map<String, Value>, part: &Map<String, Value>) {
    for (name, value) in part {
        match (merged.get_mut(name), value) {
            (Some(Value::Object(ours)), Value::Object(theirs)) => {
                for (name, value) in theirs {
                    ours.entry(name).or_insert_with(|| value.clone());
                }
            }
            (Some(Value::Array(ours)), Value::Array(theirs)) if name == "required" => {
                ours.extend(theirs.iter().cloned());
            }
            (Some(_), _) => {}
            (None, _) => {
                merged.insert(name.clone(), value.clone());
            }
        }
    }
}

/// One type. Where there are several, `null` among them is said by `nullable`, and the others are alternatives.
fn say_type(members: &Map<String, Value>, out: &mut Map<String, Value>) {
    match members.get("type") {
        Some(Value::String(kind)) => {
            out.insert("type".to_owned(), kind.as_str().into());
        }
        Some(Value::Array(kinds)) => {
            let named: Vec<&Value> = kinds.iter().filter(|kind| *kind != "null").collect();
            if named.len() < kinds.len() {
                out.insert("nullable".to_owned(), true.into());
            }
            match named.as_slice() {
                [] => {}
                [kind] => {
                    out.insert("type".to_owned(), (*kind).clone());
                }
                several => {
                    let each = several.iter().map(|kind| serde_json::json!({"type": kind})).collect();
                    out.insert("anyOf".to_owned(), Value::Array(each));
                }
            }
        }
        _ if members.contains_key("properties") => {
            out.insert("type".to_owned(), "object".into());
        }
        _ => {}
    }
}

/// Values to choose from. Only texts can be listed; others are told in words.
fn say_values(members: &Map<String, Value>, out: &mut Map<String, Value>) {
    if let Some(format) = members.get("format").filter(|format| FORMATS.iter().any(|known| format == known)) {
        out.insert("format".to_owned(), format.clone());
    }
    let listed = members.get("enum").and_then(Value::as_array).cloned();
    let Some(values) = listed.or_else(|| members.get("const").map(|value| vec![value.clone()])) else { return };
    let named: Vec<Value> = values.iter().filter(|value| !value.is_null()).cloned().collect();
    if named.len() < values.len() {
        out.insert("nullable".to_owned(), true.into());
    }
    if named.iter().all(Value::is_string) {
        out.entry("type").or_insert_with(|| "string".into());
        out.insert("enum".to_owned(), Value::Array(named));
        return;
    }
    let words = named.iter().map(Value::to_string).collect::<Vec<_>>().join(", ");
    let described = out.get("description").and_then(Value::as_str).map(|text| format!("{text} One of: {words}."));
    out.insert("description".to_owned(), described.unwrap_or_else(|| format!("One of: {words}.")).into());
}

fn say_alternatives(
    members: &Map<String, Value>,
    definitions: &mut Definitions<'_, '_>,
    depth: usize,
    out: &mut Map<String, Value>,
) -> Result<(), TooManyReferences> {
    let alternatives = ["anyOf", "oneOf"].iter().find_map(|name| members.get(*name)?.as_array());
    let Some(alternatives) = alternatives else { return Ok(()) };
    let is_nothing = |schema: &&Value| schema.get("type").is_some_and(|kind| kind == "null");
    let may_be_nothing = alternatives.iter().any(|schema| is_nothing(&schema));
    let each = alternatives.iter().filter(|schema| !is_nothing(schema)).map(|schema| {
        let mut schema = said(schema, definitions, depth + 1)?;
        if let Some(members) = schema.as_object_mut().filter(|_| may_be_nothing) {
            members.insert("nullable".to_owned(), true.into());
        }
        Ok(schema)
    });
    out.insert("anyOf".to_owned(), each.collect::<Result<_, _>>()?);
    Ok(())
}

/// Members and items.
fn say_parts(
    members: &Map<String, Value>,
    definitions: &mut Definitions<'_, '_>,
    depth: usize,
    out: &mut Map<String, Value>,
) -> Result<(), TooManyReferences> {
    let known = members.get("properties").and_then(Value::as_object);
    if let Some(properties) = known {
        let each = properties.iter().map(|(name, schema)| Ok((name.clone(), said(schema, definitions, depth + 1)?)));
        out.insert("properties".to_owned(), Value::Object(each.collect::<Result<_, _>>()?));
    }
    if let Some(required) = members.get("required").and_then(Value::as_array) {
        // The API refuses a name that it has not been told of.
        let is_known =
            |name: &&Value| name.as_str().is_some_and(|name| known.is_some_and(|known| known.contains_key(name)));
        let required: Vec<Value> = required.iter().filter(is_known).cloned().collect();
        if !required.is_empty() {
            out.insert("required".to_owned(), required.into());
        }
    }
    if let Some(items) = members.get("items") {
        out.insert("items".to_owned(), said(items, definitions, depth + 1)?);
    } else if out.get("type").is_some_and(|kind| kind == "array") {
        out.insert("items".to_owned(), serde_json::json!({"type": "string"}));
    }
    if let Some(order) = members.get("propertyOrdering") {
        out.insert("propertyOrdering".to_owned(), order.clone());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_choice_of_a_schema_is_said_in_words_that_the_model_knows() {
        let schema = json!({
            "type": "object",
            "$defs": {"Leg": {"type": "object", "title": "Leg", "additionalProperties": false,
                "properties": {"from": {"type": "string"}, "km": {"type": "integer", "exclusiveMinimum": 0}}}},
            "properties": {
                "legs": {"type": "array", "items": {"$ref": "#/$defs/Leg"}, "minItems": 1},
                "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": null},
                "price": {"type": ["number", "null"]},
                "kind": {"oneOf": [{"type": "string", "const": "bus"}, {"const": "rail"}]},
                "day": {"type": "integer", "enum": [1, 2], "description": "Which."},
                "when": {"type": "string", "format": "date-time"},
                "mail": {"type": "string", "format": "email"},
                "list": {"type": "array"},
                "both": {"allOf": [{"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}],
                    "properties": {"b": {"type": "string"}}, "required": ["b", "c"]},
            },
            "required": ["legs"],
            "additionalProperties": false,
        });
        let wanted = json!({
            "type": "object",
            "properties": {
                "legs": {"type": "array", "minItems": 1, "items": {"type": "object", "title": "Leg",
                    "properties": {"from": {"type": "string"}, "km": {"type": "integer"}}}},
                "note": {"anyOf": [{"type": "string", "nullable": true}]},
                "price": {"type": "number", "nullable": true},
                "kind": {"anyOf": [{"type": "string", "enum": ["bus"]}, {"type": "string", "enum": ["rail"]}]},
                "day": {"type": "integer", "description": "Which. One of: 1, 2."},
                "when": {"type": "string", "format": "date-time"},
                "mail": {"type": "string"},
                "list": {"type": "array", "items": {"type": "string"}},
                "both": {"type": "object", "properties": {"b": {"type": "string"}, "a": {"type": "string"}},
                    "required": ["b", "a"]},
            },
            "required": ["legs"],
        });
        assert_eq!(in_openapi(&schema, &mut ReferenceBudget::default()).unwrap(), wanted);
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema = json!({"$defs": {"A": {"properties": {"a": {"$ref": "#/$defs/A"}}}}, "$ref": "#/$defs/A"});
        assert!(in_openapi(&schema, &mut ReferenceBudget::default()).unwrap().is_object());
        let nested = json!({"$defs": {"A": {"allOf": [{"$ref": "#/$defs/A"}]}}, "allOf": [{"$ref": "#/$defs/A"}]});
        assert!(in_openapi(&nested, &mut ReferenceBudget::default()).unwrap().is_object());
    }

    #[test]
    fn a_schema_that_refers_to_itself_in_many_places_is_refused() {
        let itself = || json!({"$ref": "#/$defs/A"});
        let properties: Map<_, _> = ('a'..='h').map(|name| (name.into(), itself())).collect();
        let list: Vec<Value> = (0..8).map(|_| itself()).collect();
        for definition in [json!({"properties": properties}), json!({"anyOf": list}), json!({"allOf": list})] {
            let schema = json!({"$defs": {"A": definition}, "allOf": [itself()]});
            let refused = in_openapi(&schema, &mut ReferenceBudget::default()).unwrap_err();
            assert!(refused.to_string().contains("without so many `$ref`s"), "{refused}");
        }
    }
}
