//! Ollama's API as a [`Provider`].

use super::api::Ollama;
use super::events::LineEvents;
use super::{answer, called, embeddings, request};
use crate::api::answer::head::Head;
use crate::api::answer::whole;
use crate::providers::decoder::StreamDecoder;
use crate::providers::failure::ProviderFailure;
use crate::providers::openai::OpenAi;
use crate::providers::operation::Operation;
use crate::providers::provider::{Call, Provider, Reply, TransformError, WholeAnswer};
use crate::providers::target::Target;
use crate::providers::translation::Translation;
use crate::wire::json_lines::LineSplitter;
use bytes::Bytes;

impl Provider for Ollama {
    fn request(&self, call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError> {
        request::build(*self, call, target)
    }

    fn answer(&self, reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
        if reply.operation == Operation::Embedding {
            return embeddings::read(reply.model, &body);
        }
        let answer = answer::read(&body, reply.id, called::are_offered(reply.asked))?;
        let head = Head { id: reply.id, model: reply.model };
        let written = whole::write(head, &answer).map_err(|error| ProviderFailure::malformed(error.to_string()))?;
        Ok(WholeAnswer { usage: answer.usage, body: Bytes::from(written) })
    }

    fn decoder(&self, reply: Reply<'_>) -> Box<dyn StreamDecoder> {
        Box::new(Translation::<_, LineSplitter>::framed(
            reply,
            LineEvents::new(reply.id, called::are_offered(reply.asked)),
        ))
    }

    /// Its errors are one of the shapes that nearly are OpenAI's.
    fn failure(&self, status: u16, body: &[u8]) -> ProviderFailure {
        OpenAi.failure(status, body)
    }
}
