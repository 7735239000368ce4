//! Mistral's completions between a prompt and a suffix, which are asked for as texts and answered as in a chat:
//! <https://docs.mistral.ai/api/#tag/fim>

use super::dialect::Completions;
use crate::providers::bridge::over::Bridge;
use crate::providers::decoder::StreamDecoder;
use crate::providers::failure::ProviderFailure;
use crate::providers::openai::OpenAi;
use crate::providers::provider::{Call, Provider, Reply, TransformError, WholeAnswer};
use crate::providers::target::Target;
use bytes::Bytes;

static OPENAI: OpenAi = OpenAi;
const CHAT: Bridge = Bridge { dialect: &Completions, inner: &OPENAI };

/// An upstream that completes texts and answers as in a chat.
#[derive(Clone, Copy, Debug, Default)]
pub struct FillInTheMiddle;

impl Provider for FillInTheMiddle {
    fn request(&self, call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError> {
        OPENAI.request(call, target)
    }

    fn answer(&self, reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
        CHAT.answer(reply, body)
    }

    fn decoder(&self, reply: Reply<'_>) -> Box<dyn StreamDecoder> {
        CHAT.decoder(reply)
    }

    fn failure(&self, status: u16, body: &[u8]) -> ProviderFailure {
        CHAT.failure(status, body)
    }
}
