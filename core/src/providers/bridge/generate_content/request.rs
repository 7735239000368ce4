//! A request for content, said as a chat. Members that are neither Google's nor ours pass under their names.

use super::config::say_config;
use super::fields::Fields;
use super::tools::say_tools;
use super::turns::say_turns;
use crate::api::members::Members;
use crate::providers::bridge::dialect::Asked;
use crate::providers::bridge::member::{note, unfit};
use crate::providers::provider::TransformError;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Members of Google's that a chat has no word for. What they ask for is not done, and the client is told so.
const WITHOUT_WORD: [&str; 4] = ["safetySettings", "labels", "store", "serviceTier"];
/// The other spelling of each member of Google's.
const SPELLINGS: [(&str, &str); 6] = [
    ("system_instruction", "systemInstruction"),
    ("generation_config", "generationConfig"),
    ("tool_config", "toolConfig"),
    ("safety_settings", "safetySettings"),
    ("cached_content", "cachedContent"),
    ("service_tier", "serviceTier"),
];

/// The chat's members.
pub(super) fn ask<'a>(asked: Asked<'_, 'a>) -> Result<Members<'a>, TransformError> {
    let Asked { members, target, dropped } = asked;
    let mut chat = Members::default();
    members.retain(|_, value| value.get() != "null");
    for (other, name) in SPELLINGS {
        members.rename(other, name);
    }
    if members.take("cachedContent").is_some() {
        let reason = "'cachedContent' names what Google keeps, which this model's provider cannot read. Leave it out and \
                      send the content in 'contents'.";
        return Err(unfit("cachedContent", reason));
    }
    let contents = members.take("contents").ok_or_else(|| unfit("contents", "'contents' is missing."))?;
    let system = members.take("systemInstruction");
    say_turns(system.as_deref(), &contents, &mut chat, dropped)?;
    let (tools, choice) = (members.take("tools"), members.take("toolConfig"));
    say_tools((tools.as_deref(), choice.as_deref()), &mut chat, dropped)?;
    if let Some(config) = members.take("generationConfig") {
        say_config(&config, &mut chat, (target, dropped))?;
    }
    for name in WITHOUT_WORD {
        if members.take(name).is_some() {
            note(dropped, name);
        }
    }
    for name in ["model", "stream"] {
        members.take(name);
    }
    chat.take_over(members);
    Ok(chat)
}

/// The members whose tokens are to be counted, as a request for content: its parts, or the whole request that stands in
/// one member.
///
/// # Errors
/// [`TransformError::Member`]: that member is no request.
pub fn counted<'a>(members: &mut Members<'a>) -> Result<(), TransformError> {
    members.rename("generate_content_request", "generateContentRequest");
    let Some(whole) = members.take("generateContentRequest") else { return Ok(()) };
    let whole: &'a RawValue = match whole {
        Cow::Borrowed(whole) => whole,
        Cow::Owned(_) => return Err(unfit("generateContentRequest", "'generateContentRequest' cannot be used.")),
    };
    Fields::read("generateContentRequest", whole)?;
    let read = Members::parse(whole.get().as_bytes());
    let mut inner = read.map_err(|error| unfit("generateContentRequest", &error.to_string()))?;
    members.take_over(&mut inner);
    Ok(())
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
