//! The upstream request: the chat's members under the names that the responses have for them. What they have no name
//! for is dropped and reported.

use super::input::{Item, conversation};
use crate::api::chat::format::ResponseFormat;
use crate::api::chat::invalid::InvalidMember;
use crate::api::chat::request::ChatRequest;
use crate::api::chat::tool::{Tool, ToolChoice};
use crate::api::members::Members;
use crate::api::object::ObjectWriter;
use crate::price::ModelPrice;
use crate::providers::openai::address;
use crate::providers::openai::request::post;
use crate::providers::outgoing::{add_extra_body, fill_in};
use crate::providers::parameters::admit::leave_out;
use crate::providers::provider::{Call, TransformError};
use crate::providers::target::Target;
use bytes::Bytes;
use http::Request;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Sealed thoughts, which a conversation can go on with.
const INCLUDE: [&str; 1] = ["reasoning.encrypted_content"];
/// The name of a schema that has none.
const SCHEMA_NAME: &str = "structured_output";
/// Members that both APIs have in one form.
const SHARED: [&str; 9] = [
    "temperature",
    "top_p",
    "top_logprobs",
    "metadata",
    "service_tier",
    "store",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
];

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Offered<'r> {
    Function {
        name: &'r str,
        strict: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<&'r str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        parameters: Option<&'r RawValue>,
    },
    WebSearch,
    WebSearchPreview,
    #[serde(untagged)]
    Whole(&'r RawValue),
}

#[derive(Serialize)]
#[serde(untagged)]
enum Choice<'r> {
    Word(&'static str),
    Named { r#type: &'static str, name: &'r str },
}

#[derive(Serialize)]
struct Form<'r> {
    format: Format<'r>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Format<'r> {
    Text,
    JsonObject,
    JsonSchema {
        name: &'r str,
        schema: &'r RawValue,
        #[serde(skip_serializing_if = "Option::is_none")]
        strict: Option<bool>,
    },
}

#[derive(Serialize)]
struct Reasoning {
    effort: &'static str,
}

/// Builds the upstream request.
pub(super) fn build(call: Call<'_, '_>, target: &Target) -> Result<Request<Bytes>, TransformError> {
    let Call { members, stream, policy, dropped, .. } = call;
    let extra_body = members.take("extra_body");
    fill_in(members, target)?;
    leave_out(members, policy, dropped);
    if !reasons(target) && !policy.allowed.iter().any(|name| name == "reasoning_effort") {
        refuse_thinking(members, (target, policy.drops), dropped)?;
    }
    let request = ChatRequest::read(members).map_err(told)?;
    let written = write(&request, target, stream, dropped).map_err(told)?;
    let mut written = Members::parse(&written).map_err(|error| unsayable(&error))?;
    add_extra_body(&mut written, target, extra_body.map(|extra| Cow::Owned(extra.into_owned())))?;
    let body = written.to_json();
    post(&address::responses(target, ""), body, target)
}

/// Whether the model is known to think before it answers.
fn reasons(target: &Target) -> bool {
    let known = target.known.as_deref().map(ModelPrice::info);
    known.and_then(|info| info.get("supports_reasoning")).and_then(Value::as_bool).unwrap_or(false)
}

fn refuse_thinking(
    members: &mut Members<'_>,
    (target, drops): (&Target, bool),
    dropped: &mut Vec<Cow<'static, str>>,
) -> Result<(), TransformError> {
    for name in ["thinking", "reasoning_effort"] {
        if !members.has(name) {
            continue;
        }
        if !drops {
            let params = vec![format!("`{name}`")];
            return Err(TransformError::Unsupported { provider: target.provider, model: target.model.clone(), params });
        }
        members.take(name);
        dropped.push(Cow::Borrowed(name));
    }
    Ok(())
}

fn write(
    request: &ChatRequest<'_>,
    target: &Target,
    stream: bool,
    dropped: &mut Vec<Cow<'static, str>>,
) -> Result<Vec<u8>, InvalidMember> {
    let (instructions, input) = conversation(&request.messages)?;
    let mut body = ObjectWriter::default();
    let written = write_members(&mut body, request, (target, stream), (instructions, &input));
    written.map_err(|error| InvalidMember::whole("messages", error.to_string()))?;
    for (name, value) in &request.rest {
        if !SHARED.contains(name) {
            dropped.push(Cow::Owned((*name).to_owned()));
            continue;
        }
        body.add_raw(name, value).map_err(|error| InvalidMember::whole("messages", error.to_string()))?;
    }
    if !request.stop.is_empty() {
        dropped.push(Cow::Borrowed("stop"));
    }
    if request.n.is_some_and(|answers| answers != 1) {
        dropped.push(Cow::Borrowed("n"));
    }
    Ok(body.finish())
}

fn write_members(
    body: &mut ObjectWriter<'_>,
    request: &ChatRequest<'_>,
    (target, stream): (&Target, bool),
    (instructions, input): (Option<String>, &[Item<'_>]),
) -> Result<(), serde_json::Error> {
    body.add("model", &target.model)?;
    body.add("input", input)?;
    let is_xai = target.provider == "xai";
    if !is_xai {
        body.add("include", &INCLUDE)?;
    }
    if let Some(instructions) = instructions {
        body.add("instructions", &instructions)?;
    }
    if let Some(tokens) = request.max_tokens {
        body.add("max_output_tokens", &tokens)?;
    }
    if stream || is_xai {
        body.add("stream", &stream)?;
    }
    if let Some(user) = &request.user {
        body.add("user", &**user)?;
    }
    let mut tools: Vec<_> = request.tools.iter().map(offered).collect();
    if request.web_search_options.is_some() {
        tools.push(if is_xai { Offered::WebSearch } else { Offered::WebSearchPreview });
    }
    if !tools.is_empty() {
        body.add("tools", &tools)?;
    }
    if let Some(choice) = &request.tool_choice {
        body.add("tool_choice", &chosen(choice))?;
    }
    if let Some(parallel) = request.parallel_tool_calls {
        body.add("parallel_tool_calls", &parallel)?;
    }
    if let Some(format) = &request.response_format {
        body.add("text", &Form { format: form(format) })?;
    }
    if let Some(effort) = request.reasoning_effort {
        body.add("reasoning", &Reasoning { effort: effort.name() })?;
    }
    Ok(())
}

fn offered<'r>(tool: &'r Tool<'_>) -> Offered<'r> {
    match &tool.function {
        Some(function) => Offered::Function {
            name: &function.name,
            strict: function.strict.unwrap_or(false),
            description: function.description.as_deref(),
            parameters: function.parameters,
        },
        None => Offered::Whole(tool.whole),
    }
}

fn chosen<'r>(choice: &'r ToolChoice<'_>) -> Choice<'r> {
    match choice {
        ToolChoice::Auto => Choice::Word("auto"),
        ToolChoice::None => Choice::Word("none"),
        ToolChoice::Required => Choice::Word("required"),
        ToolChoice::Function(name) => Choice::Named { r#type: "function", name },
    }
}

fn form<'r>(format: &'r ResponseFormat<'_>) -> Format<'r> {
    match format {
        ResponseFormat::Text => Format::Text,
        ResponseFormat::JsonObject => Format::JsonObject,
        ResponseFormat::JsonSchema { name, schema, strict } => {
            Format::JsonSchema { name: name.as_deref().unwrap_or(SCHEMA_NAME), schema, strict: *strict }
        }
    }
}

fn unsayable(error: &serde_json::Error) -> TransformError {
    TransformError::Unsayable { reason: error.to_string() }
}

fn told(error: InvalidMember) -> TransformError {
    TransformError::Member { member: error.member, reason: error.to_string() }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
