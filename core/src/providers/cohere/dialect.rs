//! Cohere's API as a [`Provider`].

use super::events::MessageEvents;
use super::framing::CohereLines;
use super::{answer, embedding, request};
use crate::api::answer::head::Head;
use crate::api::answer::whole;
use crate::providers::decoder::StreamDecoder;
use crate::providers::failure::ProviderFailure;
use crate::providers::openai::failure;
use crate::providers::operation::Operation;
use crate::providers::provider::{Call, Provider, Reply, TransformError, WholeAnswer};
use crate::providers::target::Target;
use crate::providers::translation::Translation;
use bytes::Bytes;

/// Cohere's API.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cohere;

impl Provider for Cohere {
    fn request(&self, call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError> {
        match call.operation {
            Operation::Chat => request::build(call, target),
            Operation::Embedding => embedding::build(call, target),
            _ => {
                let reason = format!("`{}` has no such operation here: it chats and embeds.", target.provider);
                Err(TransformError::Unsayable { reason })
            }
        }
    }

    fn answer(&self, reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
        if reply.operation == Operation::Embedding {
            return embedding::read(reply, &body);
        }
        let answer = answer::read(&body)?;
        let head = Head { id: reply.id, model: reply.model };
        let written = whole::write(head, &answer).map_err(|error| ProviderFailure::malformed(error.to_string()))?;
        Ok(WholeAnswer { usage: answer.usage, body: Bytes::from(written) })
    }

    fn decoder(&self, reply: Reply<'_>) -> Box<dyn StreamDecoder> {
        Box::new(Translation::<_, CohereLines>::framed(reply, MessageEvents::default()))
    }

    fn failure(&self, status: u16, body: &[u8]) -> ProviderFailure {
        failure::read(status, body)
    }
}
