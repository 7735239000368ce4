//! A schema in Google's words (OpenAPI 3.0) as a JSON schema: types in small letters, nothing as a type of its own, bounds
//! as numbers.
//!
//! Wire format: <https://ai.google.dev/api/caching#Schema>

use serde_json::{Map, Value, json};

/// Deepest nesting that is read.
const DEPTH_MAX: usize = 64;
/// Bounds that Google's JSON says as texts, because they are 64 bits wide.
const BOUNDS: [&str; 6] = ["minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"];
/// The other spelling of words.
const SPELLINGS: [(&str, &str); 7] = [
    ("any_of", "anyOf"),
    ("min_items", "minItems"),
    ("max_items", "maxItems"),
    ("min_length", "minLength"),
    ("max_length", "maxLength"),
    ("min_properties", "minProperties"),
    ("max_properties", "maxProperties"),
];
/// The order in which Google's models write the members: no other's word.
const ORDER: [&str; 2] = ["propertyOrdering", "property_ordering"];

/// The schema as a JSON schema.
pub(super) fn in_json_schema(schema: &Value) -> Value {
    said(schema, 0)
}

fn said(schema: &Value, depth: usize) -> Value {
    let Some(members) = schema.as_object().filter(|_| depth < DEPTH_MAX) else { return schema.clone() };
    let mut out = Map::new();
    for (name, value) in members.iter().filter(|(name, value)| !ORDER.contains(&name.as_str()) && !value.is_null()) {
        let name = SPELLINGS.iter().find(|(other, _)| other == name).map_or(name.as_str(), |(_, name)| name);
        let value = match (name, value) {
            ("type", Value::String(kind)) => Value::String(kind.to_ascii_lowercase()),
            ("properties" | "$defs" | "definitions", Value::Object(parts)) => {
                parts.iter().map(|(name, part)| (name.clone(), said(part, depth + 1))).collect()
            }
            ("items" | "additionalProperties", part) => said(part, depth + 1),
            ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(parts)) => {
                parts.iter().map(|part| said(part, depth + 1)).collect()
            }
            (bound, Value::String(count)) if BOUNDS.contains(&bound) => {
                count.parse::<u64>().map_or_else(|_| value.clone(), Value::from)
            }
            _ => value.clone(),
        };
        out.insert(name.to_owned(), value);
    }
    say_nothing(&mut out);
    Value::Object(out)
}

/// What may be nothing has two types.
fn say_nothing(out: &mut Map<String, Value>) {
    if out.shift_remove("nullable") != Some(Value::Bool(true)) {
        return;
    }
    if let Some(Value::Array(values)) = out.get_mut("enum").filter(|values| values.is_array()) {
        values.push(Value::Null);
    }
    match out.get_mut("type") {
        Some(kind) if kind.is_string() => *kind = json!([kind, "null"]),
        _ => {
            if let Some(Value::Array(kinds)) = out.get_mut("anyOf") {
                kinds.push(json!({"type": "null"}));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn googles_words_become_those_of_json_schema() {
        let schema = json!({
            "type": "OBJECT", "propertyOrdering": ["a"], "required": ["a"],
            "properties": {
                "a": {"type": "ARRAY", "minItems": "1", "items": {"type": "STRING", "nullable": true}},
                "type": {"any_of": [{"type": "INTEGER"}, {"type": "STRING"}], "nullable": false},
            },
        });
        let wanted = json!({
            "type": "object", "required": ["a"],
            "properties": {
                "a": {"type": "array", "minItems": 1, "items": {"type": ["string", "null"]}},
                "type": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
            },
        });
        assert_eq!(in_json_schema(&schema), wanted);
    }
}
