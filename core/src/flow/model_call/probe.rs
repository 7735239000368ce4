//! A short question to one deployment, to see whether it answers. A real call: its provider bills it, so it has a row in
//! the spend log. It is charged to nobody's key but to a name of its own.

use super::attempt;
use super::body::Said;
use super::details;
use super::error::CallError;
use super::parts::ModelCalls;
use super::plan::Upstream;
use super::request::CallRequest;
use super::settlement::OpenCall;
use crate::api::members::Members;
use crate::crypto::key_hash;
use crate::principal::{Principal, Role};
use crate::providers::operation::Operation;
use crate::providers::provider::{Call, Provider};
use crate::providers::registry;
use crate::routing::{Backend, Deployment};
use crate::upstream::transport::Bounds;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// LiteLLM's tag for such calls, which tells them apart in the spend log; also the name that they are charged to.
const TAG: &str = "litellm-internal-health-check";

impl ModelCalls {
    /// Asks a deployment for a short answer. One whose answers are made up is not asked. Dropping the future cancels the
    /// upstream call; what was dispatched is recorded all the same.
    ///
    /// # Errors
    /// [`CallError`] says what went wrong.
    pub async fn probe(
        self: &Arc<Self>,
        deployment: Arc<Deployment>,
        wait: Duration,
        client_address: Option<IpAddr>,
    ) -> Result<(), CallError> {
        self.refresh_credentials().await;
        let deployment = self.completed(deployment)?;
        let Backend::Upstream(target) = &deployment.backend else { return Ok(()) };
        let request = question(operation_of(&deployment), client_address).with_form()?;
        let operation = request.operation;
        let mut members = Members::parse(&request.body).map_err(|error| CallError::Json(error.to_string()))?;
        let speaker = registry::provider(target, operation);
        let dropped = &mut Vec::new();
        let call = Call { operation, members: &mut members, stream: false, policy: &target.policy, dropped };
        let upstream = match &request.form {
            Some(form) => speaker.form_request(call, form, target)?,
            None => speaker.request(call, target)?,
        };
        let id = self.ids.next(self.clock.now())?;
        let said = Said { model: deployment.group.clone(), tags: vec![TAG.to_owned()], ..Said::default() };
        let prober = Arc::new(prober());
        let details = details::of(self, id, (&prober, &request), &said, &deployment);
        let who = (prober, deployment, speaker);
        let mut open = OpenCall::begin(Arc::clone(self), who, &request, details, id);
        let upstream = Upstream::Provider(Box::new(upstream));
        let bounds = Bounds { first_byte: wait, between_chunks: wait, total: wait };
        let answer = match attempt::send(self, &open, upstream, bounds).await {
            Ok(answered) if operation == Operation::Speech => {
                attempt::collect_answer(answered.body).await.map(|sound| (None, sound))
            }
            Ok(answered) => {
                let whole = attempt::whole(&mut open, answered.body, false).await;
                whole.map(|answer| (answer.usage, answer.body))
            }
            Err(error) => Err(error),
        };
        match answer {
            Ok((usage, body)) => open.settle_whole(usage, &body).await.map(drop),
            Err(error) => Err(open.fail(error).await),
        }
    }
}

/// Who asks: nobody's key.
fn prober() -> Principal {
    Principal { key_alias: Some(TAG.to_owned()), ..Principal::bare(Role::VirtualKey, key_hash::hash(TAG)) }
}

fn operation_of(deployment: &Deployment) -> Operation {
    let said = deployment.entry.info.get("mode").and_then(|mode| mode.as_str());
    match said.or_else(|| deployment.price.as_ref().and_then(|price| price.mode())) {
        Some("embedding") => Operation::Embedding,
        Some("rerank") => Operation::Rerank,
        Some("completion") => Operation::Completion,
        Some("image_generation") => Operation::ImageGeneration,
        Some("audio_speech") => Operation::Speech,
        Some("audio_transcription") => Operation::Transcription,
        Some("moderation") => Operation::Moderation,
        _ => Operation::Chat,
    }
}

const BOUNDARY: &str = "postern-probe";

fn question(operation: Operation, client_address: Option<IpAddr>) -> CallRequest {
    let mut headers = HeaderMap::new();
    let body = if operation == Operation::Transcription {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("multipart/form-data; boundary=postern-probe"));
        recording()
    } else {
        Bytes::from_static(text(operation))
    };
    CallRequest {
        operation,
        route: "/health",
        path_model: None,
        headers,
        body,
        form: None,
        passed: None,
        client_address,
        deadline: None,
    }
}

fn text(operation: Operation) -> &'static [u8] {
    match operation {
        Operation::Completion => br#"{"prompt":"1 + 1 =","max_tokens":16}"#,
        Operation::Embedding => br#"{"input":["test"]}"#,
        Operation::Rerank => br#"{"query":"test","documents":["test"]}"#,
        Operation::ImageGeneration => br#"{"prompt":"a dot"}"#,
        Operation::Speech => br#"{"input":"test","voice":"alloy"}"#,
        Operation::Moderation => br#"{"input":"test"}"#,
        _ => br#"{"messages":[{"role":"user","content":"What's 1 + 1?"}],"max_tokens":16}"#,
    }
}

/// Half a second of silence, as a form: a WAV file of 8,000 samples a second, one byte each.
fn recording() -> Bytes {
    const SAMPLES: u32 = 4_000;
    let mut form = format!(
        "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"silence.wav\"\r\ncontent-type: \
         audio/wav\r\n\r\n"
    )
    .into_bytes();
    form.extend_from_slice(b"RIFF");
    form.extend_from_slice(&(SAMPLES + 36).to_le_bytes());
    form.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    form.extend_from_slice(&8_000_u32.to_le_bytes());
    form.extend_from_slice(&8_000_u32.to_le_bytes());
    form.extend_from_slice(b"\x01\0\x08\0data");
    form.extend_from_slice(&SAMPLES.to_le_bytes());
    form.resize(form.len() + SAMPLES as usize, 0x80);
    form.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    form.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_asked_about_with_a_form_that_can_be_read() {
        let asked = question(Operation::Transcription, None).with_form().unwrap();
        let file = asked.form.as_ref().unwrap().files("file").next().unwrap();
        assert_eq!((file.content.len(), &file.content[..4]), (4_044, &b"RIFF"[..]));
    }
}
