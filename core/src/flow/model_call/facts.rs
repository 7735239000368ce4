//! What is known of a call for its answer's headers, whether it succeeds or not.

use crate::admission::left::Left;
use crate::id::RequestId;
use crate::money::NanoDollars;
use crate::principal::Principal;
use crate::routing::Deployment;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use std::borrow::Cow;
use std::sync::Arc;

/// What is known of a call so far.
#[derive(Debug)]
pub struct Facts {
    /// The call's id.
    pub id: RequestId,
    /// Who called, once known.
    pub principal: Option<Arc<Principal>>,
    /// The public model name, once resolved.
    pub model_group: Option<String>,
    /// The deployment, once chosen.
    pub deployment: Option<Arc<Deployment>>,
    /// What the call cost. Known before the head only for answers that are not streamed.
    pub cost: Option<NanoDollars>,
    /// The upstream's own answer headers.
    pub upstream_headers: Option<HeaderMap>,
    /// What is left of the caller's limits.
    pub left: Vec<Left>,
    /// Guardrails that the call passes.
    pub guardrails: Vec<String>,
    /// Members of the body that were dropped.
    pub dropped: Vec<Cow<'static, str>>,
    /// Times that the model which answered was asked again.
    pub retries: u32,
    /// The most times that it might have been; `None`: nobody asked.
    pub retries_max: Option<u32>,
    /// Models that were tried after the one asked for.
    pub fallbacks: u32,
    /// The most that might have been; `None`: nobody asked.
    pub fallbacks_max: Option<u32>,
    /// Where its answer is kept; `None`: it is not.
    pub cache_key: Option<String>,
    /// Whether it was answered from there.
    pub cache_hit: bool,
    /// How like the nearest question is that was answered before, where that was asked: 1 is the same, 0 nothing like it.
    pub similarity: Option<f64>,
    /// Milliseconds that the upstream took to its answer's head.
    pub upstream_ms: i64,
    /// Milliseconds from arrival to the answer's head.
    pub duration_ms: i64,
}

impl Facts {
    /// Whether the upstream says that its answer is a stream of events.
    pub fn answers_in_events(&self) -> bool {
        self.content_type().is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
    }

    /// The type that the upstream says its answer is of.
    pub fn content_type(&self) -> Option<&HeaderValue> {
        self.upstream_headers.as_ref()?.get(CONTENT_TYPE)
    }

    /// Of a call that has just come.
    pub fn new(id: RequestId) -> Self {
        Self {
            id,
            principal: None,
            model_group: None,
            deployment: None,
            cost: None,
            upstream_headers: None,
            left: Vec::new(),
            guardrails: Vec::new(),
            dropped: Vec::new(),
            retries: 0,
            retries_max: None,
            fallbacks: 0,
            fallbacks_max: None,
            cache_key: None,
            cache_hit: false,
            similarity: None,
            upstream_ms: 0,
            duration_ms: 0,
        }
    }
}
