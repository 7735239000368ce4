//! What a text means, as a deployment of the gateway's own says: a call like any other, for a call of a client's. It goes
//! the same way, is charged to the same key, end user and tags in a row of its own, and held in their budgets first; what
//! limits requests and tokens of callers counts the client's call alone.

use super::cacheable::Cached;
use super::calls::CallBody;
use super::course::{Beside, Course};
use super::error::CallError;
use super::facts::Facts;
use super::onward::Onward;
use super::parts::ModelCalls;
use super::request::CallRequest;
use crate::cache::vector::Vector;
use crate::id::RequestId;
use crate::principal::Principal;
use crate::providers::operation::Operation;
use bytes::Bytes;
use http::header::USER_AGENT;
use http::{HeaderMap, HeaderName};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::Arc;
use tokio::time::Instant;

/// Headers of the client's call that tell whose it is.
const HEADERS: [HeaderName; 2] = [USER_AGENT, HeaderName::from_static("x-litellm-tags")];

impl ModelCalls {
    /// Asks `model` what the text means, until `deadline`. `Ok(None)`: it answered with something else.
    pub(super) async fn embed(
        self: &Arc<Self>,
        (model, text): (&str, &str),
        (cached, id): (&Cached, RequestId),
        (request, principal): (&CallRequest, &Arc<Principal>),
        deadline: Instant,
    ) -> Result<Option<Vector>, CallError> {
        let mut facts = Facts::new(self.ids.next(self.clock.now())?);
        let asked = question((model, text), cached, request, deadline);
        let beside = Some(Beside { id });
        let mut course = Course { deadline: Some(deadline), is_trusted: true, beside, ..Course::default() };
        let body = match self.attempt(&asked, principal, &mut course, &mut facts).await {
            Ok(body) => body,
            Err(failed) => Box::pin(Onward::new(self, &asked, principal).go(failed, course, &mut facts)).await?,
        };
        Ok(match body {
            CallBody::Whole(answer) => told(&answer),
            CallBody::Stream(_) | CallBody::Replayed(_) => None,
        })
    }
}

fn question((model, text): (&str, &str), cached: &Cached, request: &CallRequest, deadline: Instant) -> CallRequest {
    let said = &cached.said;
    let body = [
        ("model", Some(Value::from(model))),
        ("input", Some(text.into())),
        // Not every provider of vectors takes a user.
        ("drop_params", Some(true.into())),
        ("user", said.end_user.as_deref().map(Value::from)),
        ("tags", (!said.tags.is_empty()).then(|| said.tags.clone().into())),
        ("allowed_model_region", said.region.as_deref().map(Value::from)),
    ];
    let body: Map<String, Value> =
        body.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    let header = |name: HeaderName| Some((name.clone(), request.headers.get(name)?.clone()));
    CallRequest {
        operation: Operation::Embedding,
        route: "/v1/embeddings",
        path_model: None,
        headers: HEADERS.into_iter().filter_map(header).collect::<HeaderMap>(),
        body: Bytes::from(Value::Object(body).to_string()),
        form: None,
        passed: None,
        client_address: request.client_address,
        deadline: Some(deadline),
    }
}

/// The vector in an answer.
fn told(answer: &[u8]) -> Option<Vector> {
    #[derive(Deserialize)]
    struct Answer {
        data: Vec<Datum>,
    }
    #[derive(Deserialize)]
    struct Datum {
        embedding: Vec<f32>,
    }
    let answer: Answer = serde_json::from_slice(answer).ok()?;
    Vector::of(&answer.data.into_iter().next()?.embedding)
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn an_answer_that_is_no_vector_says_nothing() {
        assert!(told(br#"{"data":[{"embedding":[0.5,-1e-3,2]}],"usage":{}}"#).is_some());
        for answer in [&b"{}"[..], b"<html>", br#"{"data":[]}"#, br#"{"data":[{"embedding":[]}]}"#] {
            assert!(told(answer).is_none());
        }
    }
}
