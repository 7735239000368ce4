//! The OpenAI dialect as a [`Provider`].

use super::{answer, failure, request, stream};
use crate::providers::decoder::StreamDecoder;
use crate::providers::failure::ProviderFailure;
use crate::providers::provider::{Call, Provider, Reply, TransformError, WholeAnswer};
use crate::providers::target::Target;
use bytes::Bytes;

/// An upstream that speaks the OpenAI dialect.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenAi;

impl Provider for OpenAi {
    fn request(&self, call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError> {
        request::build(call, target)
    }

    fn answer(&self, reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
        answer::read(reply, body)
    }

    fn decoder(&self, reply: Reply<'_>) -> Box<dyn StreamDecoder> {
        Box::new(stream::EventReader::new(reply.show_usage))
    }

    fn failure(&self, status: u16, body: &[u8]) -> ProviderFailure {
        failure::read(status, body)
    }
}
