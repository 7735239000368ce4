//! Google's own API as a [`Provider`].

use super::events::PieceEvents;
use super::{answer, embeddings, failure, imagen, request};
use crate::providers::decoder::StreamDecoder;
use crate::providers::failure::ProviderFailure;
use crate::providers::operation::Operation;
use crate::providers::provider::{Call, Provider, Reply, TransformError, WholeAnswer};
use crate::providers::target::Target;
use crate::providers::translation::Translation;
use bytes::Bytes;

/// Google's API for Gemini.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gemini;

impl Provider for Gemini {
    fn request(&self, call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError> {
        request::build(call, target)
    }

    fn answer(&self, reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
        if reply.operation == Operation::Embedding {
            return embeddings::answer(reply, &body);
        }
        if reply.operation == Operation::ImageGeneration {
            return imagen::read(reply, &body);
        }
        answer::told(reply, &body)
    }

    fn decoder(&self, reply: Reply<'_>) -> Box<dyn StreamDecoder> {
        Box::new(Translation::new(reply, PieceEvents::new(reply.id)))
    }

    fn failure(&self, status: u16, body: &[u8]) -> ProviderFailure {
        failure::read(status, body)
    }

    fn retry_after(&self, body: &[u8]) -> Option<u32> {
        failure::retry_after(body)
    }
}
