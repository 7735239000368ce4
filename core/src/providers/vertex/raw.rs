//! Models of other publishers that speak the OpenAI dialect, each at a method of its own.

use super::address;
use crate::providers::decoder::StreamDecoder;
use crate::providers::envelope::setting;
use crate::providers::failure::ProviderFailure;
use crate::providers::gemini::failure;
use crate::providers::openai::OpenAi;
use crate::providers::provider::{Call, Provider, Reply, TransformError, WholeAnswer};
use crate::providers::target::Target;
use bytes::Bytes;

/// The publisher whose models stand in the version of the API that is not final yet.
const IN_BETA: &str = "ai21";

/// A publisher's models.
#[derive(Clone, Copy, Debug)]
pub(super) struct VertexRaw {
    /// The publisher.
    pub(super) publisher: &'static str,
}

impl Provider for VertexRaw {
    fn request(&self, call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError> {
        let method = if call.stream { "streamRawPredict" } else { "rawPredict" };
        let mut address = address::method(target, self.publisher, method)?;
        if self.publisher == IN_BETA {
            address = address::in_beta(&address);
        }
        let mut request = OpenAi.request(call, target)?;
        *request.uri_mut() = address.parse().map_err(|error| setting("api_base", &error))?;
        Ok(request)
    }

    fn answer(&self, reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
        OpenAi.answer(reply, body)
    }

    fn decoder(&self, reply: Reply<'_>) -> Box<dyn StreamDecoder> {
        OpenAi.decoder(reply)
    }

    fn failure(&self, status: u16, body: &[u8]) -> ProviderFailure {
        failure::read(status, body)
    }
}
