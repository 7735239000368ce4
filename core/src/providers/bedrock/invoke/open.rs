//! Models with open weights that Bedrock serves in OpenAI's dialect, with the model and the stream in the address.
//!
//! Wire format: <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-openai.html>

use super::frames::{Frames, write_data};
use super::metrics::{self, Metrics};
use crate::api::members::{Members, raw};
use crate::providers::bedrock::failure::excerpt;
use crate::providers::bedrock::model::BedrockModel;
use crate::providers::bedrock::{address, failure};
use crate::providers::decoder::StreamDecoder;
use crate::providers::envelope::{setting, unwritable};
use crate::providers::failure::ProviderFailure;
use crate::providers::openai::OpenAi;
use crate::providers::operation::Operation;
use crate::providers::provider::{Call, Provider, Reply, TransformError, WholeAnswer};
use crate::providers::target::Target;
use bytes::{Bytes, BytesMut};
use serde_json::json;

/// What the address says.
const IN_ADDRESS: [&str; 3] = ["model", "stream", "stream_options"];

/// A model of OpenAI's dialect.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BedrockOpen;

impl Provider for BedrockOpen {
    fn request(&self, call: Call<'_, '_>, target: &Target) -> Result<http::Request<Bytes>, TransformError> {
        if call.operation != Operation::Chat {
            let reason = format!("`{}` has no such operation on Bedrock.", target.model);
            return Err(TransformError::Unsayable { reason });
        }
        let address = address::endpoint(&target.api_base, &BedrockModel::of(&target.model), call.stream);
        let mut request = OpenAi.request(call, target)?;
        *request.uri_mut() = address.parse().map_err(|error| setting("api_base", &error))?;
        let mut members = Members::parse(request.body()).map_err(|error| unwritable(&error))?;
        members.retain(|name, _| !IN_ADDRESS.contains(&name));
        let body = Bytes::from(members.to_json());
        Ok(request.map(|_| body))
    }

    fn answer(&self, reply: Reply<'_>, body: Bytes) -> Result<WholeAnswer, ProviderFailure> {
        OpenAi.answer(reply, body)
    }

    fn decoder(&self, reply: Reply<'_>) -> Box<dyn StreamDecoder> {
        Box::new(Frames::new(OpenAi.decoder(reply), write))
    }

    fn failure(&self, status: u16, body: &[u8]) -> ProviderFailure {
        failure::read(status, body)
    }
}

/// Writes one event. What Bedrock counted becomes an event of its own, in the dialect's words.
fn write(event: &[u8], out: &mut BytesMut) -> Result<(), ProviderFailure> {
    let unreadable = |_| {
        let excerpt = excerpt(event);
        ProviderFailure::malformed(format!("an event of the upstream's stream cannot be read: {excerpt}"))
    };
    if memchr::memmem::find(event, metrics::MEMBER.as_bytes()).is_none() {
        write_data(event, out);
        return Ok(());
    }
    let mut members = Members::parse(event).map_err(unreadable)?;
    let counted: Option<Metrics> = members.read(metrics::MEMBER);
    members.take(metrics::MEMBER);
    let is_told = members.has("usage");
    write_data(&members.to_json(), out);
    if let Some(usage) = counted.filter(|_| !is_told).map(Metrics::usage) {
        let total = usage.prompt_tokens.saturating_add(usage.completion_tokens);
        let (prompt, completion) = (usage.prompt_tokens, usage.completion_tokens);
        let usage = json!({"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total});
        members.set("choices", raw(&[(); 0]).map_err(unreadable)?);
        members.set("usage", raw(&usage).map_err(unreadable)?);
        write_data(&members.to_json(), out);
    }
    Ok(())
}

#[cfg(test)]
#[path = "open_tests.rs"]
mod tests;
