//! SageMaker as a [`Provider`].

use super::container::SageMaker;
use super::events::TokenEvents;
use super::unpacked::Unpacked;
use super::{failure, generated, request};
use crate::api::answer::head::Head;
use crate::api::answer::whole;
use crate::providers::decoder::StreamDecoder;
use crate::providers::failure::ProviderFailure;
use crate::providers::openai::OpenAi;
use crate::providers::provider::{Call, Provider, Reply, TransformError, WholeAnswer};
use crate::providers::target::Target;
use crate::providers::translation::Translation;
use crate::wire::json_lines::LineSplitter;
use bytes::Bytes;

impl Provider for SageMaker {
    fn request(&self, call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError> {
        request::build(*self, call, target)
    }

    fn answer(&self, reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
        if *self == Self::Chat {
            return OpenAi.answer(reply, body);
        }
        let (answer, usage) = generated::answer(&body, reply.asked)?;
        let head = Head { id: reply.id, model: reply.model };
        let written = whole::write(head, &answer).map_err(|error| ProviderFailure::malformed(error.to_string()))?;
        Ok(WholeAnswer { usage, body: Bytes::from(written) })
    }

    fn decoder(&self, reply: Reply<'_>) -> Box<dyn StreamDecoder> {
        let inner: Box<dyn StreamDecoder> = match self {
            Self::Chat => OpenAi.decoder(reply),
            Self::Generate => Box::new(Translation::<_, LineSplitter>::framed(reply, TokenEvents::default())),
        };
        Box::new(Unpacked::new(inner))
    }

    fn failure(&self, status: u16, body: &[u8]) -> ProviderFailure {
        failure::read(status, body)
    }
}
