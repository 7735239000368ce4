//! Anthropic's dialect to its own clients, as a [`Provider`].

use super::{answer, request, stream};
use crate::providers::anthropic::failure;
use crate::providers::decoder::StreamDecoder;
use crate::providers::failure::{FailureClass, ProviderFailure};
use crate::providers::provider::{Call, Provider, Reply, TransformError, WholeAnswer};
use crate::providers::target::Target;
use bytes::Bytes;

/// Anthropic's own status for having no capacity. Its clients know it.
const OVERLOADED: u16 = 529;

/// An upstream that speaks Anthropic's dialect, to clients that do.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnthropicMessages;

impl Provider for AnthropicMessages {
    fn request(&self, call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError> {
        request::build(call, target)
    }

    fn answer(&self, reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
        answer::read(reply, &body).map_err(known)
    }

    fn decoder(&self, reply: Reply<'_>) -> Box<dyn StreamDecoder> {
        Box::new(stream::EventReader::new(reply.model))
    }

    fn failure(&self, status: u16, body: &[u8]) -> ProviderFailure {
        known(failure::read(status, body))
    }

    fn forwards(&self) -> &'static [&'static str] {
        &["anthropic-version", "anthropic-beta"]
    }
}

/// The failure as these clients know it.
pub(super) fn known(failure: ProviderFailure) -> ProviderFailure {
    match failure.class {
        FailureClass::Overloaded if failure.status == 500 => ProviderFailure { status: OVERLOADED, ..failure },
        _ => failure,
    }
}
