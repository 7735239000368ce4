//! A chat request as the body of a message request. Knows no address and no credential, so that whoever else serves
//! Claude can use it.

use super::abilities::Abilities;
use super::betas;
use super::schema;
use super::thinking::Thinking;
use super::tools;
use super::turns::Conversation;
use crate::api::chat::format::ResponseFormat;
use crate::api::chat::invalid::InvalidMember;
use crate::api::chat::request::ChatRequest;
use crate::api::members::Members;
use crate::api::object::ObjectWriter;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// What is said around the request.
#[derive(Debug)]
pub struct Surroundings<'a> {
    /// The model; `None` where the address names it.
    pub model: Option<&'a str>,
    /// Whether the body asks for a stream.
    pub stream: bool,
    /// Members that win over those of the request.
    pub overrides: &'a Members<'a>,
}

/// A request in Anthropic's dialect.
#[derive(Debug)]
pub struct MessageRequest {
    /// The body.
    pub body: Vec<u8>,
    /// Features that must be named in `anthropic-beta`.
    pub betas: Vec<&'static str>,
    /// Parts of the conversation that were left out.
    pub dropped: Vec<&'static str>,
}

#[derive(Serialize)]
struct OutputFormat {
    r#type: &'static str,
    schema: Value,
}

#[derive(Serialize)]
struct OutputConfig {
    effort: &'static str,
}

#[derive(Serialize)]
struct Metadata<'a> {
    user_id: &'a str,
}

/// Writes the body. Parameters that the model does not take must have been taken out.
///
/// # Errors
/// [`InvalidMember`]: something in the request cannot be said here.
pub fn write(
    request: &ChatRequest<'_>,
    abilities: Abilities,
    around: &Surroundings<'_>,
) -> Result<MessageRequest, InvalidMember> {
    let conversation = Conversation::of(&request.messages, abilities.hears_operator_later)?;
    let thinking = Thinking::of(request, abilities, !conversation.lacks_thoughts());
    let form = Form::of(request, abilities)?;
    let answer_schema = if let Form::Tool(schema) = &form { Some(*schema) } else { None };
    let entries = tools::entries(request, answer_schema, conversation.has_tool_use())?;
    let mut betas = betas::of(request, conversation.has_upload());
    let mut body = ObjectWriter::default();
    let fill = || -> Result<(), serde_json::Error> {
        for (name, value) in around.overrides.iter() {
            body.add_raw(name, value)?;
        }
        add_some(&mut body, "model", around.model)?;
        body.add("messages", &conversation.turns)?;
        add_list(&mut body, "system", &conversation.system)?;
        body.add("max_tokens", &request.max_tokens.unwrap_or_else(|| thinking.max_tokens(abilities)))?;
        add_list(&mut body, "tools", &entries)?;
        add_some(&mut body, "tool_choice", tools::choice(request, answer_schema.is_some(), thinking.is_on()))?;
        add_list(&mut body, "stop_sequences", &request.stop)?;
        add_some(&mut body, "thinking", thinking.member.as_ref())?;
        add_some(&mut body, "output_config", thinking.effort.map(|effort| OutputConfig { effort }))?;
        if let Form::Native(schema) = form {
            body.add("output_format", &OutputFormat { r#type: "json_schema", schema })?;
            betas.push(betas::STRUCTURED_OUTPUTS);
        }
        add_some(&mut body, "metadata", user_id(request).map(|user_id| Metadata { user_id }))?;
        add_some(&mut body, "stream", around.stream.then_some(true))?;
        request.rest.iter().try_for_each(|(name, value)| body.add_raw(name, value))
    };
    fill().map_err(|error| InvalidMember::whole("messages", error.to_string()))?;
    Ok(MessageRequest { body: body.finish(), betas, dropped: conversation.dropped })
}

fn add_some<'n>(
    body: &mut ObjectWriter<'n>,
    name: &'n str,
    value: Option<impl Serialize>,
) -> Result<(), serde_json::Error> {
    value.map_or(Ok(()), |value| body.add(name, &value))
}

fn add_list<'n>(body: &mut ObjectWriter<'n>, name: &'n str, list: &[impl Serialize]) -> Result<(), serde_json::Error> {
    if list.is_empty() { Ok(()) } else { body.add(name, list) }
}

/// How the answer is held to its form.
enum Form<'a> {
    Free,
    Native(Value),
    /// By the arguments of a tool that the model must call.
    Tool(&'a RawValue),
}

impl<'a> Form<'a> {
    /// A schema is kept to natively where the model can, else by a tool. Claude has no form for any JSON.
    fn of(request: &ChatRequest<'a>, abilities: Abilities) -> Result<Self, InvalidMember> {
        let Some(ResponseFormat::JsonSchema { schema, .. }) = &request.response_format else { return Ok(Self::Free) };
        if !abilities.has_native_schema {
            return Ok(Self::Tool(schema));
        }
        let read = serde_json::from_str(schema.get());
        let schema: Value = read.map_err(|error| InvalidMember::whole("response_format", error.to_string()))?;
        let told = schema::for_output(&schema);
        told.map(Self::Native).map_err(|error| InvalidMember::whole("response_format", error.to_string()))
    }
}

/// The person, for Anthropic's watch over abuse. It asks for an opaque id: addresses and telephone numbers stay here.
fn user_id<'a>(request: &'a ChatRequest<'_>) -> Option<&'a str> {
    let user = request.user.as_deref()?;
    let is_address = user.contains('@');
    let digits = user.trim_start_matches('+').replace([' ', '-', '(', ')', '.'], "");
    let is_telephone = (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    (!user.is_empty() && !is_address && !is_telephone).then_some(user)
}
