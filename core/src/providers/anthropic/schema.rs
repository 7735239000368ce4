//! A JSON schema as Anthropic's structured outputs take it: definitions written out where they are used, limits that the
//! API refuses told in words instead, objects closed.
//!
//! Wire format: <https://docs.claude.com/en/docs/build-with-claude/structured-outputs>

use crate::providers::schema_references::{Definitions, ReferenceBudget, TooManyReferences};
use serde_json::{Map, Value};

/// Deepest nesting that is written out. Schemas that refer to themselves end there.
const DEPTH_MAX: usize = 32;

/// Limits that the API refuses, with the words that tell them to the model instead. LiteLLM's words.
const LIMITS: [(&str, &str); 8] = [
    ("exclusiveMaximum", "exclusive maximum value"),
    ("exclusiveMinimum", "exclusive minimum value"),
    ("maxItems", "maximum number of items"),
    ("maxLength", "maximum length"),
    ("maximum", "maximum value"),
    ("minItems", "minimum number of items"),
    ("minLength", "minimum length"),
    ("minimum", "minimum value"),
];

/// The schema for `output_format`.
///
/// # Errors
/// [`TooManyReferences`], where its definitions are too much to be written out.
pub(super) fn for_output(schema: &Value) -> Result<Value, TooManyReferences> {
    tidy(schema, &mut Definitions::of(schema, &mut ReferenceBudget::default()), 0)
}

fn tidy(schema: &Value, definitions: &mut Definitions<'_, '_>, depth: usize) -> Result<Value, TooManyReferences> {
    match schema {
        Value::Object(members) if depth < DEPTH_MAX => match definitions.referred(members)? {
            Some(definition) => tidy(definition, definitions, depth + 1),
            None => tidy_object(members, definitions, depth),
        },
        Value::Array(list) => list.iter().map(|item| tidy(item, definitions, depth + 1)).collect(),
        other => Ok(other.clone()),
    }
}

fn tidy_object(
    members: &Map<String, Value>,
    definitions: &mut Definitions<'_, '_>,
    depth: usize,
) -> Result<Value, TooManyReferences> {
    let mut tidied = Map::new();
    for (name, value) in members {
        match name.as_str() {
            "$defs" | "definitions" => {}
            name if LIMITS.iter().any(|(limit, _)| *limit == name) => {}
            // Names of properties are not words of the schema.
            "properties" | "patternProperties" => {
                tidied.insert(name.clone(), each(value, definitions, depth)?);
            }
            "enum" | "const" | "default" | "examples" | "required" => {
                tidied.insert(name.clone(), value.clone());
            }
            _ => {
                tidied.insert(name.clone(), tidy(value, definitions, depth + 1)?);
            }
        }
    }
    describe_limits(members, &mut tidied);
    if members.get("type").is_some_and(|kind| kind == "object") {
        tidied.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    Ok(Value::Object(tidied))
}

fn each(properties: &Value, definitions: &mut Definitions<'_, '_>, depth: usize) -> Result<Value, TooManyReferences> {
    let Some(properties) = properties.as_object() else { return Ok(properties.clone()) };
    let tidied = properties.iter().map(|(name, schema)| Ok((name.clone(), tidy(schema, definitions, depth + 1)?)));
    Ok(Value::Object(tidied.collect::<Result<_, _>>()?))
}

/// Adds the limits that were left out to the description.
fn describe_limits(members: &Map<String, Value>, tidied: &mut Map<String, Value>) {
    let limits = LIMITS.iter().filter_map(|(name, words)| members.get(*name).map(|value| format!("{words}: {value}")));
    let limits: Vec<String> = limits.collect();
    if limits.is_empty() {
        return;
    }
    let note = format!("Note: {}.", limits.join(", "));
    let described = match members.get("description").and_then(Value::as_str) {
        Some(description) if !description.is_empty() => format!("{description} {note}"),
        _ => note,
    };
    tidied.insert("description".to_owned(), Value::String(described));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn definitions_are_written_out_and_limits_are_told_in_words() {
        let schema = json!({
            "type": "object",
            "$defs": {"Item": {"type": "object", "properties": {"k": {"type": "string", "maxLength": 8}}}},
            "properties": {
                "items": {"type": "array", "items": {"$ref": "#/$defs/Item"}, "minItems": 1},
                "minimum": {"type": "number", "description": "the least", "minimum": 0, "maximum": 9},
            },
        });
        let item = json!({
            "type": "object",
            "properties": {"k": {"type": "string", "description": "Note: maximum length: 8."}},
            "additionalProperties": false,
        });
        assert_eq!(
            for_output(&schema).unwrap(),
            json!({
                "type": "object",
                "properties": {
                    "items": {"type": "array", "items": item, "description": "Note: minimum number of items: 1."},
                    "minimum": {
                        "type": "number",
                        "description": "the least Note: maximum value: 9, minimum value: 0.",
                    },
                },
                "additionalProperties": false,
            })
        );
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema = json!({"$defs": {"A": {"properties": {"a": {"$ref": "#/$defs/A"}}}}, "$ref": "#/$defs/A"});
        assert!(for_output(&schema).unwrap().is_object());
    }

    #[test]
    fn a_schema_that_refers_to_itself_in_many_places_is_refused() {
        let properties: Map<_, _> = ('a'..='h').map(|name| (name.into(), json!({"$ref": "#/$defs/A"}))).collect();
        let schema = json!({"$defs": {"A": {"type": "object", "properties": properties}}, "$ref": "#/$defs/A"});
        assert!(for_output(&schema).unwrap_err().to_string().contains("without so many `$ref`s"));
    }
}
