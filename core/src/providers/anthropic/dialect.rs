//! Anthropic's own API as a [`Provider`].

use super::events::MessageEvents;
use super::{answer, failure, request};
use crate::api::answer::head::Head;
use crate::api::answer::whole;
use crate::providers::decoder::StreamDecoder;
use crate::providers::failure::ProviderFailure;
use crate::providers::provider::{Call, Provider, Reply, TransformError, WholeAnswer};
use crate::providers::target::Target;
use crate::providers::translation::Translation;
use bytes::Bytes;

/// Anthropic's API.
#[derive(Clone, Copy, Debug, Default)]
pub struct Anthropic;

impl Provider for Anthropic {
    fn request(&self, call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError> {
        request::build(call, target)
    }

    fn answer(&self, reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
        let answer = answer::read(&body)?;
        let head = Head { id: reply.id, model: reply.model };
        let written = whole::write(head, &answer).map_err(|error| ProviderFailure::malformed(error.to_string()))?;
        Ok(WholeAnswer { usage: answer.usage, body: Bytes::from(written) })
    }

    fn decoder(&self, reply: Reply<'_>) -> Box<dyn StreamDecoder> {
        Box::new(Translation::new(reply, MessageEvents::default()))
    }

    fn failure(&self, status: u16, body: &[u8]) -> ProviderFailure {
        failure::read(status, body)
    }
}
