//! A chat request as the body of a `generateContent` request. Knows no address and no credential.

use super::abilities::Abilities;
use super::contents::Conversation;
use super::parts::ContentPart;
use super::{generation, tools};
use crate::api::chat::invalid::InvalidMember;
use crate::api::chat::request::ChatRequest;
use crate::api::members::Members;
use crate::api::object::ObjectWriter;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A request in Gemini's dialect.
#[derive(Debug)]
pub struct GenerateRequest {
    /// The body.
    pub body: Vec<u8>,
    /// Members that have no form there.
    pub dropped: Vec<Cow<'static, str>>,
}

/// Members of a request that go there under the same or another name: Google's own.
const OWN: [(&str, &str); 7] = [
    ("safety_settings", "safetySettings"),
    ("safetySettings", "safetySettings"),
    ("cached_content", "cachedContent"),
    ("cachedContent", "cachedContent"),
    ("tool_config", "toolConfig"),
    ("toolConfig", "toolConfig"),
    ("labels", "labels"),
];
/// How urgently to serve: named as in the OpenAI dialect, but for the usual way.
const TIER: &str = "service_tier";
/// Members that are read elsewhere.
const READ: [&str; 2] = ["functions", TIER];

#[derive(Serialize)]
struct Operator<'a> {
    parts: &'a [ContentPart<'a>],
}

/// Writes the body. Parameters that the model does not take must have been taken out. `overrides` win over everything.
///
/// # Errors
/// [`InvalidMember`]: something in the request cannot be said here.
pub fn write(
    request: &ChatRequest<'_>,
    abilities: Abilities,
    overrides: &Members<'_>,
) -> Result<GenerateRequest, InvalidMember> {
    let conversation = Conversation::of(&request.messages, abilities)?;
    let functions = tools::legacy_functions(request)?;
    let entries = tools::entries(request, &functions)?;
    let mut dropped = Vec::new();
    let config = generation::config(request, abilities, conversation.resolution, &mut dropped)?;
    let mut dropped: Vec<Cow<'static, str>> = dropped.into_iter().map(Cow::Borrowed).collect();
    let mut body = ObjectWriter::default();
    let mut fill = || -> Result<(), serde_json::Error> {
        for (name, value) in overrides.iter() {
            body.add_raw(name, value)?;
        }
        body.add("contents", &conversation.contents)?;
        if !conversation.system.is_empty() {
            body.add("system_instruction", &Operator { parts: &conversation.system })?;
        }
        if !entries.is_empty() {
            body.add("tools", &entries)?;
        }
        for (name, value) in &request.rest {
            if let Some((_, to)) = OWN.iter().find(|(known, _)| known == name) {
                body.add_raw(to, value)?;
            } else if !generation::takes(name) && !READ.contains(name) {
                // The API refuses a request with a member that it does not know.
                dropped.push(Cow::Owned((*name).to_owned()));
            }
        }
        if let Some(config) = tools::config(request) {
            body.add("toolConfig", &config)?;
        }
        if let Some(tier) = request.other(TIER).and_then(tier) {
            body.add("serviceTier", &tier)?;
        }
        config.as_ref().map_or(Ok(()), |config| body.add_raw("generationConfig", config))
    };
    fill().map_err(|error| InvalidMember::whole("messages", error.to_string()))?;
    Ok(GenerateRequest { body: body.finish(), dropped })
}

/// The tier; `None` where the choice is left to the provider.
fn tier(value: &RawValue) -> Option<String> {
    let tier: String = serde_json::from_str(value.get()).ok()?;
    match tier.as_str() {
        "auto" => None,
        "default" => Some("standard".to_owned()),
        _ => Some(tier),
    }
}
