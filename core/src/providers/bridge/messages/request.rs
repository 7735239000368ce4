//! A request for a message, said as a chat. Members that both dialects have in one form pass as they are.

use super::marks::Marks;
use super::thinking::say_thinking;
use super::tools::say_tools;
use super::turns::say_turns;
use crate::api::chat::text::Text;
use crate::api::members::Members;
use crate::providers::bridge::dialect::Asked;
use crate::providers::bridge::member::{read, set, unfit};
use crate::providers::provider::TransformError;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The name that a schema gets, which OpenAI asks for and Anthropic does not. LiteLLM's word.
const SCHEMA_NAME: &str = "structured_output";

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, default)]
    user_id: Option<Text<'a>>,
}

/// The member `output_config`.
#[derive(Deserialize)]
struct OutputConfig<'a> {
    #[serde(borrow, default)]
    format: Option<&'a RawValue>,
    #[serde(borrow, default)]
    effort: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct OutputFormat<'a> {
    #[serde(borrow, default)]
    schema: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct ResponseFormat<'a> {
    r#type: &'static str,
    json_schema: Schema<'a>,
}

#[derive(Serialize)]
struct Schema<'a> {
    name: &'static str,
    schema: &'a RawValue,
    strict: bool,
}

/// The chat's members.
pub(super) fn ask<'a>(asked: Asked<'_, 'a>) -> Result<Members<'a>, TransformError> {
    let Asked { members, target, dropped } = asked;
    let mut chat = Members::default();
    members.retain(|_, value| value.get() != "null");
    members.take("stream");
    let marks = Marks::for_model(&target.model);
    say_turns(members, &mut chat, (marks, dropped))?;
    say_tools(members, &mut chat, (marks, dropped))?;
    say_thinking(members, &mut chat, &target.profile)?;
    say_user(members, &mut chat)?;
    say_format(members, &mut chat)?;
    members.rename("stop_sequences", "stop");
    chat.take_over(members);
    Ok(chat)
}

/// Who the answer is for.
fn say_user(members: &mut Members<'_>, chat: &mut Members<'_>) -> Result<(), TransformError> {
    let Some(metadata) = members.take("metadata") else { return Ok(()) };
    let metadata: Metadata<'_> = read("metadata", &metadata)?;
    metadata.user_id.map_or(Ok(()), |user| set(chat, "user", &user))
}

/// The form of the answer, which has stood in two places.
fn say_format(members: &mut Members<'_>, chat: &mut Members<'_>) -> Result<(), TransformError> {
    let config = members.take("output_config");
    let config = config.as_ref().map(|config| read::<OutputConfig<'_>>("output_config", config)).transpose()?;
    let older = members.take("output_format");
    let format = config.as_ref().and_then(|config| config.format).or(older.as_deref());
    if let Some(schema) = format.map(|format| read::<OutputFormat<'_>>("output_format", format)).transpose()? {
        let schema = schema.schema.ok_or_else(|| unfit("output_format", "'output_format.schema' is missing."))?;
        let json_schema = Schema { name: SCHEMA_NAME, schema, strict: true };
        set(chat, "response_format", &ResponseFormat { r#type: "json_schema", json_schema })?;
    }
    match config.and_then(|config| config.effort) {
        Some(effort) if !chat.has("reasoning_effort") => set(chat, "reasoning_effort", &effort),
        _ => Ok(()),
    }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
