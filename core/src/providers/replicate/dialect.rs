//! Replicate as a [`Provider`].

use super::events::PredictionEvents;
use super::{failure, prediction, request};
use crate::api::answer::head::Head;
use crate::api::answer::whole;
use crate::providers::decoder::StreamDecoder;
use crate::providers::failure::ProviderFailure;
use crate::providers::provider::{Call, Provider, Reply, TransformError, WholeAnswer};
use crate::providers::target::Target;
use crate::providers::translation::Translation;
use crate::wire::json_lines::LineSplitter;
use bytes::Bytes;

/// Replicate.
#[derive(Clone, Copy, Debug, Default)]
pub struct Replicate;

impl Provider for Replicate {
    fn request(&self, call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError> {
        request::build(call, target)
    }

    fn answer(&self, reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
        let (answer, usage) = prediction::answer(&body, reply.asked)?;
        let head = Head { id: reply.id, model: reply.model };
        let written = whole::write(head, &answer).map_err(|error| ProviderFailure::malformed(error.to_string()))?;
        Ok(WholeAnswer { usage, body: Bytes::from(written) })
    }

    fn decoder(&self, reply: Reply<'_>) -> Box<dyn StreamDecoder> {
        Box::new(Translation::<_, LineSplitter>::framed(reply, PredictionEvents::default()))
    }

    fn failure(&self, status: u16, body: &[u8]) -> ProviderFailure {
        failure::read(status, body)
    }
}
