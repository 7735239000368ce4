//! Gemini on Vertex AI: the dialect of Gemini's own API at another address, and embeddings in a form of their own.

use super::{address, embeddings};
use crate::api::chat::request::ChatRequest;
use crate::providers::decoder::StreamDecoder;
use crate::providers::envelope::{self, Extras, deployment_headers, told};
use crate::providers::failure::ProviderFailure;
use crate::providers::gemini::abilities::Abilities;
use crate::providers::gemini::events::PieceEvents;
use crate::providers::gemini::{answer, body, failure, imagen};
use crate::providers::operation::Operation;
use crate::providers::parameters::admit::admit;
use crate::providers::provider::{Call, Provider, Reply, TransformError, WholeAnswer};
use crate::providers::target::Target;
use crate::providers::translation::Translation;
use bytes::Bytes;

const PUBLISHER: &str = "google";

/// Where a method is called by a client of this dialect: Google's own clients use the version of the API that has all of
/// it.
pub(super) fn content_address(target: &Target, method: &str) -> Result<String, TransformError> {
    address::method(target, PUBLISHER, method).map(|address| address::in_beta(&address))
}

/// Gemini on Vertex AI.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct VertexGemini;

impl Provider for VertexGemini {
    fn request(&self, mut call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError> {
        let extras = Extras::take(call.members, target)?;
        let overrides = extras.overrides()?;
        admit(&mut call, &target.profile, &target.model)?;
        let (body, method) = match call.operation {
            Operation::Embedding => (embeddings::write(call.members, &overrides)?, "predict"),
            Operation::Chat => {
                let abilities = Abilities::of(&target.model, target.known.as_deref());
                let request = ChatRequest::read(call.members).map_err(told)?;
                let written = body::write(&request, abilities, &overrides).map_err(told)?;
                call.dropped.extend(written.dropped);
                (written.body, if call.stream { "streamGenerateContent?alt=sse" } else { "generateContent" })
            }
            Operation::ImageGeneration if imagen::draws(&target.model) => {
                (imagen::write(call.members, &overrides, false)?, imagen::METHOD)
            }
            _ => {
                let reason = format!("`{}` has no such operation: ask for a chat.", target.provider);
                return Err(TransformError::Unsayable { reason });
            }
        };
        let mut request = envelope::post(&address::method(target, PUBLISHER, method)?, body)?;
        request.headers_mut().extend(extras.headers.clone());
        request.headers_mut().extend(deployment_headers(target)?);
        Ok(request)
    }

    fn answer(&self, reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
        if reply.operation == Operation::Embedding {
            return embeddings::read(reply, &body);
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
