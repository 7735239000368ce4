//! Claude in Anthropic's own format. What stands in headers there stands in the body here.
//!
//! Wire format: <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html>

use super::chunk;
use crate::api::answer::chunks::ChunkWriter;
use crate::api::chat::invalid::InvalidMember;
use crate::api::chat::request::ChatRequest;
use crate::api::members::{Members, raw};
use crate::providers::anthropic::abilities::Abilities;
use crate::providers::anthropic::body::{self, MessageRequest, Surroundings};
use crate::providers::anthropic::events::MessageEvents;
use crate::providers::failure::ProviderFailure;
use crate::providers::translation::ChatEvents;
use crate::usage::Usage;

/// The version of the format.
pub(crate) const VERSION: &str = "bedrock-2023-05-31";
/// Most tokens of an answer where the request does not say. LiteLLM's.
const MAX_TOKENS_UNSAID: u64 = 4096;

/// Writes the body. `overrides`: members that win over the request's. `named`: features that the request's or the
/// deployment's headers name.
///
/// # Errors
/// [`InvalidMember`]: something in the request cannot be said here.
pub(crate) fn write(
    request: &ChatRequest<'_>,
    abilities: Abilities,
    mut overrides: Members<'_>,
    named: &[String],
) -> Result<MessageRequest, InvalidMember> {
    // A form of answers that Bedrock takes by a tool alone.
    let abilities = Abilities { max_output_tokens: MAX_TOKENS_UNSAID, has_native_schema: false, ..abilities };
    let unwritable = |error: serde_json::Error| InvalidMember::whole("extra_body", error.to_string());
    if !overrides.has("anthropic_version") {
        overrides.set("anthropic_version", raw(&VERSION).map_err(unwritable)?);
    }
    let has_upload = false;
    let own = crate::providers::anthropic::betas::of(request, has_upload);
    let betas: Vec<&str> = own.into_iter().chain(named.iter().map(String::as_str)).collect();
    if !betas.is_empty() && !overrides.has("anthropic_beta") {
        overrides.set("anthropic_beta", raw(&betas).map_err(unwritable)?);
    }
    let around = Surroundings { model: None, stream: false, overrides: &overrides };
    body::write(request, abilities, &around)
}

/// Reads the events of one message.
#[derive(Debug, Default)]
pub(crate) struct ClaudeEvents(MessageEvents);

impl ChatEvents for ClaudeEvents {
    fn event(&mut self, data: &[u8], out: &mut ChunkWriter) -> Result<(), ProviderFailure> {
        let Some(event) = chunk::event(data)? else { return Ok(()) };
        // A fault inside of the service is to be tried again, as everywhere on Bedrock.
        let told = |failure: ProviderFailure| match failure.status {
            500 => ProviderFailure { status: 503, ..failure },
            _ => failure,
        };
        self.0.event(&event, out).map_err(told)
    }

    fn is_complete(&self) -> bool {
        self.0.is_complete()
    }

    fn usage(&self) -> Option<Usage> {
        self.0.usage()
    }

    fn so_far(&self) -> Option<Usage> {
        self.0.so_far()
    }
}
