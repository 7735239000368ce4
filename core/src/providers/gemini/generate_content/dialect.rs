//! The dialect as a [`Provider`], at either of its addresses.

use super::{answer, request, stream};
use crate::providers::decoder::StreamDecoder;
use crate::providers::failure::ProviderFailure;
use crate::providers::gemini::failure;
use crate::providers::operation::Operation;
use crate::providers::provider::{Call, Provider, Reply, TransformError, WholeAnswer};
use crate::providers::target::Target;
use bytes::Bytes;

/// Gemini, to clients that speak its dialect.
#[derive(Clone, Copy, Debug)]
pub struct GeminiContent {
    /// Where a method of a model is called.
    pub address: fn(&Target, &str) -> Result<String, TransformError>,
    /// Whether a key is shown in a header of its own; elsewhere an account signs.
    pub shows_key: bool,
}

impl Provider for GeminiContent {
    fn request(&self, call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError> {
        request::build(call, target, (self.address, self.shows_key))
    }

    fn answer(&self, reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
        if reply.operation == Operation::CountContent {
            return answer::count(&body);
        }
        answer::read(body)
    }

    fn decoder(&self, _: Reply<'_>) -> Box<dyn StreamDecoder> {
        Box::new(stream::PieceReader::default())
    }

    fn failure(&self, status: u16, body: &[u8]) -> ProviderFailure {
        failure::read(status, body)
    }

    fn retry_after(&self, body: &[u8]) -> Option<u32> {
        failure::retry_after(body)
    }
}
