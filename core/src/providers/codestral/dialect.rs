//! Mistral's endpoint for code as a [`Provider`].

use super::told::TextReader;
use super::{request, told};
use crate::providers::decoder::StreamDecoder;
use crate::providers::failure::ProviderFailure;
use crate::providers::openai::{OpenAi, failure};
use crate::providers::operation::Operation;
use crate::providers::provider::{Call, Provider, Reply, TransformError, WholeAnswer};
use crate::providers::target::Target;
use bytes::Bytes;

/// Mistral's endpoint for code.
#[derive(Clone, Copy, Debug, Default)]
pub struct Codestral;

impl Provider for Codestral {
    fn request(&self, call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError> {
        if call.operation != Operation::Completion {
            let reason = format!("`{}` has no such operation: it completes texts.", target.provider);
            return Err(TransformError::Unsayable { reason });
        }
        request::build(call, target)
    }

    fn answer(&self, reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
        let WholeAnswer { body, usage } = OpenAi.answer(chat(reply), body)?;
        let mut text = Vec::with_capacity(body.len());
        told::write(&body, reply.model, &mut text)?;
        Ok(WholeAnswer { body: Bytes::from(text), usage })
    }

    fn decoder(&self, reply: Reply<'_>) -> Box<dyn StreamDecoder> {
        Box::new(TextReader::new(OpenAi.decoder(chat(reply)), reply.model))
    }

    fn failure(&self, status: u16, body: &[u8]) -> ProviderFailure {
        failure::read(status, body)
    }
}

fn chat(reply: Reply<'_>) -> Reply<'_> {
    Reply { operation: Operation::Chat, ..reply }
}
