//! The routes of model calls.

use super::answer;
use super::client_address::address_in;
use super::deadline::Deadline;
use super::error::ErrorAnswer;
use super::google;
use super::intake;
use super::responses;
use crate::admission::load::{Load, TakenOn};
use crate::api::percent::percent_decoded;
use crate::flow::model_call::{CallBody, CallError, CallRequest, Facts, ModelCalls, Relay};
use crate::providers::failure::ProviderFailure;
use crate::providers::operation::{Dialect, Operation};
use crate::providers::passing::Passed;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use futures_util::{Stream, stream};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Request as HttpRequest, StatusCode};
use std::convert::Infallible;
use std::sync::Arc;

/// Model calls, as far as one process serves them.
#[derive(Clone)]
pub(super) struct ModelCallSurface {
    calls: Arc<ModelCalls>,
    operations: &'static [Operation],
    body_bytes_max: usize,
    load: Option<Arc<Load>>,
}

/// Every fixed path of an operation.
pub(super) fn paths(operation: Operation) -> &'static [&'static str] {
    match operation {
        Operation::Chat => &["/v1/chat/completions", "/chat/completions"],
        Operation::Completion => &["/v1/completions", "/completions"],
        Operation::Embedding => &["/v1/embeddings", "/embeddings"],
        Operation::Rerank => &["/v1/rerank", "/v2/rerank", "/rerank"],
        Operation::Messages => &["/v1/messages"],
        Operation::Responses => &["/v1/responses", "/responses"],
        Operation::CountTokens => &["/v1/messages/count_tokens"],
        Operation::ImageGeneration => &["/v1/images/generations", "/images/generations"],
        Operation::ImageEdit => &["/v1/images/edits", "/images/edits"],
        Operation::Speech => &["/v1/audio/speech", "/audio/speech"],
        Operation::Transcription => &["/v1/audio/transcriptions", "/audio/transcriptions"],
        Operation::Translation => &["/v1/audio/translations", "/audio/translations"],
        Operation::Moderation => &["/v1/moderations", "/moderations"],
        // The model's name may hold slashes, so that the router matches none of these: see [`google::named_in`].
        Operation::GenerateContent => {
            &["/v1beta/models/{model_name}:generateContent", "/models/{model_name}:generateContent"]
        }
        Operation::StreamGenerateContent => {
            &["/v1beta/models/{model_name}:streamGenerateContent", "/models/{model_name}:streamGenerateContent"]
        }
        Operation::CountContent => &["/v1beta/models/{model_name}:countTokens", "/models/{model_name}:countTokens"],
        Operation::PassThrough => &[],
    }
}

/// Operations whose path may name the model.
const NAMED_IN_PATHS: [Operation; 8] = [
    Operation::Chat,
    Operation::Completion,
    Operation::Embedding,
    Operation::ImageGeneration,
    Operation::ImageEdit,
    Operation::Speech,
    Operation::Transcription,
    Operation::Translation,
];

impl ModelCallSurface {
    pub(super) fn new(calls: Arc<ModelCalls>, operations: &'static [Operation], body_bytes_max: usize) -> Self {
        Self { calls, operations, body_bytes_max, load: None }
    }

    /// The same, as far as the process takes calls on.
    pub(super) fn under(self, load: Option<Arc<Load>>) -> Self {
        Self { load, ..self }
    }

    pub(super) fn routes(&self) -> Router {
        let mut router = Router::new();
        for &operation in self.operations.iter().filter(|operation| operation.dialect() != Dialect::Google) {
            for &path in paths(operation) {
                let surface = self.clone();
                let answer = move |request: Request| {
                    let surface = surface.clone();
                    async move { surface.answer(operation, None, request).await }
                };
                router = router.route(path, post(answer));
            }
        }
        if self.operations.contains(&Operation::Responses) {
            router = router.merge(responses::routes(&self.calls, self.body_bytes_max));
        }
        router
    }

    /// The operation of a fixed path.
    pub(super) fn operation_at(&self, path: &str) -> Option<Operation> {
        self.operations.iter().copied().find(|&operation| paths(operation).contains(&path))
    }

    /// The model and operation of a path such as `/engines/{model}/chat/completions` or
    /// `/v1beta/models/{model}:generateContent`, where the model may hold slashes.
    pub(super) fn named_in(&self, path: &str) -> Option<(String, Operation)> {
        let found = match path.strip_prefix("/engines/").or_else(|| path.strip_prefix("/openai/deployments/")) {
            // Chat before the legacy operation, whose path is the end of chat's.
            Some(rest) => {
                NAMED_IN_PATHS.into_iter().find_map(|operation| Some((rest.strip_suffix(operation.path())?, operation)))
            }
            None => google::named_in(path),
        };
        found
            .filter(|(model, operation)| !model.is_empty() && self.operations.contains(operation))
            .map(|(model, operation)| (percent_decoded(model), operation))
    }

    /// Whether calls of providers' own APIs are served here.
    pub(super) fn passes(&self) -> bool {
        self.operations.contains(&Operation::Chat)
    }

    /// Answers one call.
    pub(super) async fn answer(&self, operation: Operation, path_model: Option<String>, request: Request) -> Response {
        self.answer_named((operation, path_model, None), request).await
    }

    /// Answers one call of a provider's own API.
    pub(super) async fn pass(&self, passed: Passed, request: Request) -> Response {
        self.answer_named((passed.operation, None, Some(Box::new(passed))), request).await
    }

    async fn answer_named(
        &self,
        (operation, path_model, passed): (Operation, Option<String>, Option<Box<Passed>>),
        request: Request,
    ) -> Response {
        let (head, body) = HttpRequest::into_parts(request);
        let dialect = operation.dialect();
        let (taken_on, body) = match intake::take(self.load.as_ref(), (body, self.body_bytes_max)).await {
            Ok(taken) => taken,
            Err(error) => return error.told_in(dialect).into_response(),
        };
        let client_address = address_in(&head.extensions);
        let route = passed.as_ref().map(|passed| passed.route());
        let route = route.or_else(|| paths(operation).first().copied()).unwrap_or_default();
        let is_passed = passed.is_some();
        let mut headers = head.headers;
        let is_listed = dialect == Dialect::Google && google::wants_list(operation, &head.uri);
        if dialect == Dialect::Google {
            google::take_key(&head.uri, &mut headers);
        }
        let deadline = head.extensions.get::<Deadline>().map(|&Deadline(end)| end);
        let form = None;
        let call = CallRequest { operation, route, path_model, headers, body, form, client_address, passed, deadline };
        let answer = self.calls.call(call).await;
        let mut response = match answer.result {
            Ok(CallBody::Whole(body)) => whole(body, told_type(operation, &answer.facts, "application/json")),
            Ok(CallBody::Stream(relay)) if operation.answers_as_told() && !answer.facts.answers_in_events() => {
                let kind = told_type(operation, &answer.facts, "application/octet-stream");
                ([(CONTENT_TYPE, kind)], untold(*relay, taken_on)).into_response()
            }
            Ok(CallBody::Stream(relay)) if is_listed => list(pieces(*relay, dialect, taken_on)),
            Ok(CallBody::Stream(relay)) => events(Body::from_stream(pieces(*relay, dialect, taken_on))),
            Ok(CallBody::Replayed(body)) if is_listed => list(stream::once(async move { Ok(body) })),
            Ok(CallBody::Replayed(body)) => events(Body::from(body)),
            Err(CallError::Upstream { failure, retry_after }) if is_passed => passed_on(failure, retry_after),
            Err(error) => return ErrorAnswer::from(error).told_in(dialect).about(&answer.facts),
        };
        answer::describe(&answer.facts, response.headers_mut());
        response
    }
}

/// The type of an answer: what the upstream says where it may be of any, else always the same.
fn told_type(operation: Operation, facts: &Facts, usual: &'static str) -> HeaderValue {
    let told = facts.content_type().filter(|_| operation.answers_as_told());
    told.cloned().unwrap_or(HeaderValue::from_static(usual))
}

/// A provider's error, in its own words.
fn passed_on(failure: ProviderFailure, retry_after: Option<HeaderValue>) -> Response {
    let kind = if failure.message.starts_with(['{', '[']) { "application/json" } else { "text/plain; charset=utf-8" };
    let mut response = whole(failure.message.into(), HeaderValue::from_static(kind));
    *response.status_mut() = StatusCode::from_u16(failure.status).unwrap_or(StatusCode::BAD_GATEWAY);
    response.headers_mut().extend(retry_after.map(|wait| (RETRY_AFTER, wait)));
    response
}

fn whole(body: Bytes, kind: HeaderValue) -> Response {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// Bytes, piece by piece: sound, and what is nobody's to read. There is no way to tell an error in it, so the body
/// breaks off: it must not look whole.
pub(super) fn untold(relay: Relay, taken_on: Option<TakenOn>) -> Body {
    let pieces = stream::unfold(Some((relay, taken_on)), |state| async move {
        let (mut relay, taken_on) = state?;
        let piece = relay.next().await?;
        let goes_on = piece.is_ok();
        Some((piece, goes_on.then_some((relay, taken_on))))
    });
    Body::from_stream(pieces)
}

fn events(body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// A stream as one list of JSON.
fn list(events: impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static) -> Response {
    let mut response = Response::new(google::listed(events));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The pieces of a stream. An error is told in the stream and ends it: a body that fails would be cut off without a
/// word.
fn pieces(relay: Relay, dialect: Dialect, taken_on: Option<TakenOn>) -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream::unfold((relay, taken_on), move |(mut relay, taken_on)| async move {
        let piece = match relay.next().await? {
            Ok(bytes) => bytes,
            Err(error) => {
                let error = ErrorAnswer::from(error).told_in(dialect);
                relay.broken(error.stream_code(), &error.message).unwrap_or_else(|| error.into_event())
            }
        };
        Some((Ok(piece), (relay, taken_on)))
    })
}
