//! A short question to one deployment, to see whether it answers. A real call: its provider bills it, so it is charged
//! to whoever asked for it like any other.

use super::attempt;
use super::body::Said;
use super::error::CallError;
use super::parts::ModelCalls;
use super::plan::Upstream;
use super::request::CallRequest;
use super::settlement::{self, OpenCall};
use crate::api::members::Members;
use crate::id::RequestId;
use crate::principal::Principal;
use crate::providers::operation::Operation;
use crate::providers::provider::{Call, Provider};
use crate::providers::registry;
use crate::routing::{Backend, Deployment};
use crate::upstream::transport::Bounds;
use bytes::Bytes;
use http::HeaderMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Longest wait for one deployment.
const PROBE_WAIT: Duration = Duration::from_secs(60);
const BOUNDS: Bounds = Bounds { first_byte: PROBE_WAIT, between_chunks: PROBE_WAIT, total: PROBE_WAIT };
/// LiteLLM's tag for such calls, which tells them apart in the spend log.
const TAG: &str = "litellm-internal-health-check";

impl ModelCalls {
    /// Asks a deployment for a short answer. One whose answers are made up is not asked. Dropping the future cancels the
    /// upstream call; what was dispatched is charged all the same.
    ///
    /// # Errors
    /// [`CallError`] says what went wrong.
    pub async fn probe(
        self: &Arc<Self>,
        deployment: Arc<Deployment>,
        asker: Arc<Principal>,
        client_address: Option<IpAddr>,
    ) -> Result<(), CallError> {
        self.refresh_credentials().await;
        let deployment = self.completed(deployment)?;
        let Backend::Upstream(target) = &deployment.backend else { return Ok(()) };
        let operation = operation_of(&deployment);
        let body = question(operation);
        let mut members = Members::parse(body).map_err(|error| CallError::Json(error.to_string()))?;
        let speaker = registry::provider(target, operation);
        let upstream = speaker.request(
            Call { operation, members: &mut members, stream: false, policy: &target.policy, dropped: &mut Vec::new() },
            target,
        )?;
        let mut entropy = [0; 10];
        self.random.fill(&mut entropy)?;
        let id = RequestId::at(self.clock.now(), &entropy);
        let request = CallRequest {
            operation,
            route: "/health",
            path_model: None,
            headers: HeaderMap::new(),
            body: Bytes::from_static(body),
            form: None,
            client_address,
        };
        let said = Said { model: deployment.group.clone(), tags: vec![TAG.to_owned()], ..Said::default() };
        let details = settlement::details(id, &asker, &request, &said, &deployment);
        let who = (asker, deployment, speaker);
        let mut open = OpenCall::begin(Arc::clone(self), who, &request, details, id);
        let upstream = Upstream::Provider(Box::new(upstream));
        let answer = match attempt::send(self, &open, upstream, BOUNDS).await {
            Ok(answered) => attempt::whole(&speaker, open.reply(false), answered.body).await,
            Err(error) => Err(error),
        };
        match answer {
            Ok(answer) => open.settle_whole(answer.usage, &answer.body).await.map(drop),
            Err(error) => Err(open.fail(error).await),
        }
    }
}

fn operation_of(deployment: &Deployment) -> Operation {
    match deployment.price.as_ref().and_then(|price| price.mode()) {
        Some("embedding") => Operation::Embedding,
        Some("rerank") => Operation::Rerank,
        Some("completion") => Operation::Completion,
        Some("image_generation") => Operation::ImageGeneration,
        Some("audio_speech") => Operation::Speech,
        Some("moderation") => Operation::Moderation,
        _ => Operation::Chat,
    }
}

fn question(operation: Operation) -> &'static [u8] {
    match operation {
        Operation::Completion => br#"{"prompt":"1 + 1 =","max_tokens":16}"#,
        Operation::Embedding => br#"{"input":["test"]}"#,
        Operation::Rerank => br#"{"query":"test","documents":["test"]}"#,
        Operation::Responses => br#"{"input":"What's 1 + 1?","max_output_tokens":16}"#,
        Operation::ImageGeneration => br#"{"prompt":"a dot"}"#,
        Operation::Speech => br#"{"input":"test","voice":"alloy"}"#,
        Operation::Moderation => br#"{"input":"test"}"#,
        _ => br#"{"messages":[{"role":"user","content":"What's 1 + 1?"}],"max_tokens":16}"#,
    }
}
