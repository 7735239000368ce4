//! The form that the answer must have.

use super::invalid::{InvalidMember, read};
use super::text::Text;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The form of the answer.
#[derive(Debug)]
pub enum ResponseFormat<'a> {
    /// Any text.
    Text,
    /// Any JSON object.
    JsonObject,
    /// JSON by a schema.
    JsonSchema {
        /// The schema's name.
        name: Option<Text<'a>>,
        /// The schema.
        schema: &'a RawValue,
        /// Whether the answer must match it to the letter.
        strict: Option<bool>,
    },
}

/// Reads `response_format`. A `json_object` may carry a schema, as some clients send it.
pub(super) fn response_format(value: &RawValue) -> Result<ResponseFormat<'_>, InvalidMember> {
    #[derive(Deserialize)]
    struct Raw<'a> {
        #[serde(borrow, rename = "type")]
        kind: Text<'a>,
        #[serde(borrow, default)]
        json_schema: Option<Named<'a>>,
        #[serde(borrow, default)]
        response_schema: Option<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow, default)]
        name: Option<Text<'a>>,
        #[serde(borrow, default)]
        schema: Option<&'a RawValue>,
        #[serde(default)]
        strict: Option<bool>,
    }
    let raw: Raw<'_> = read(value, "response_format", || "response_format".to_owned())?;
    let schema = match raw.json_schema {
        Some(Named { name, schema: Some(schema), strict }) => Some(ResponseFormat::JsonSchema { name, schema, strict }),
        _ => raw.response_schema.map(|schema| ResponseFormat::JsonSchema { name: None, schema, strict: None }),
    };
    match (&*raw.kind, schema) {
        ("text", _) => Ok(ResponseFormat::Text),
        (_, Some(schema)) => Ok(schema),
        ("json_object", None) => Ok(ResponseFormat::JsonObject),
        ("json_schema", None) => {
            Err(InvalidMember::at("response_format", "response_format.json_schema", "the schema is missing"))
        }
        (other, None) => {
            Err(InvalidMember::at("response_format", "response_format.type", format!("`{other}` is not known")))
        }
    }
}
