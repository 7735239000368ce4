//! A call where answers are kept: it is looked up before anything is chosen, and goes on as every other where nothing is
//! found. A hit passes the same doors, authentication, model access, blocks and the limits of requests, and costs nothing.

use super::body::{self, Said};
use super::cache_control::{self, CacheControl};
use super::calls::CallBody;
use super::error::CallError;
use super::facts::Facts;
use super::keeping::{About, Keeping};
use super::parts::ModelCalls;
use super::request::CallRequest;
use super::{choice, kept_hit};
use crate::cache::entry::Entry;
use crate::cache::flights::Seat;
use crate::cache::key::Asked;
use crate::cache::shelf::Shelf;
use crate::money::NanoDollars;
use crate::principal::Principal;
use crate::providers::operation::Operation;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use std::sync::Arc;
use std::time::Duration;

/// Longest wait for somebody else's answer to the same request; for a stream, whose beginning is waited for too, less.
const FOLLOW_WAIT: Duration = Duration::from_secs(60);
const FOLLOW_STREAM_WAIT: Duration = Duration::from_secs(10);

/// A call whose answer may be kept.
pub(super) struct Cached {
    pub(super) said: Said,
    pub(super) control: CacheControl,
    pub(super) key: String,
    /// The model as the caller's aliases resolve it.
    pub(super) model: String,
}

impl ModelCalls {
    /// Answers a call from the cache, or as every other.
    pub(super) async fn walk_cached(
        self: &Arc<Self>,
        shelf: &Arc<Shelf>,
        request: &CallRequest,
        principal: Arc<Principal>,
        facts: &mut Facts,
    ) -> Result<CallBody, CallError> {
        let Some(cached) = Cached::of(self, shelf, request, &principal)? else {
            return self.walk_on(request, principal, facts).await;
        };
        // What may not be called is refused before anything is looked up.
        choice::permitted(self, &cached.model, &principal)?;
        facts.cache_key = Some(cached.key.clone());
        let CacheControl { no_cache, no_store, .. } = cached.control;
        if no_cache && no_store {
            return self.walk_further(request, principal, facts).await;
        }
        let mut leader = None;
        if !no_cache {
            match shelf.flights.board(&cached.key) {
                Seat::Leader(seat) => leader = Some(seat),
                Seat::Follower(follower) => {
                    let most = if cached.said.stream { FOLLOW_STREAM_WAIT } else { FOLLOW_WAIT };
                    let most = cached
                        .said
                        .timeout_seconds
                        .and_then(|seconds| Duration::try_from_secs_f64(seconds / 2.0).ok())
                        .map_or(most, |half| half.min(most));
                    let entry = follower.wait(most).await;
                    if let Some(entry) = entry.filter(|entry| shelf.is_young(entry, cached.control.age_max)) {
                        return self.hit(&cached, &entry, request, &principal, facts).await;
                    }
                }
            }
            if leader.is_some()
                && let Some(entry) = shelf.look(&cached.key, cached.control.age_max).await
            {
                let entry = Arc::new(entry);
                if let Some(leader) = leader.take() {
                    leader.land(Arc::clone(&entry));
                }
                return self.hit(&cached, &entry, request, &principal, facts).await;
            }
        }
        let answer = self.walk_further(request, principal, facts).await?;
        if no_store {
            return Ok(answer);
        }
        let keeping = Keeping::of(self, shelf, (cached.key, cached.control.ttl), (request.operation, facts), leader);
        Ok(keeping.take(answer).await)
    }

    /// As every other call; what it says of the cache has been heard.
    async fn walk_further(
        self: &Arc<Self>,
        request: &CallRequest,
        principal: Arc<Principal>,
        facts: &mut Facts,
    ) -> Result<CallBody, CallError> {
        let answer = self.walk_on(request, principal, facts).await;
        facts.dropped.retain(|name| name != cache_control::MEMBER);
        answer
    }

    /// Answers with what was kept.
    async fn hit(
        self: &Arc<Self>,
        cached: &Cached,
        entry: &Entry,
        request: &CallRequest,
        principal: &Arc<Principal>,
        facts: &mut Facts,
    ) -> Result<CallBody, CallError> {
        let about: About = serde_json::from_str(&entry.about).unwrap_or_default();
        kept_hit::charge(self, cached, &about, (request, principal), facts).await?;
        facts.model_group = Some(cached.said.model.clone());
        facts.cache_hit = true;
        facts.cost = Some(NanoDollars::ZERO);
        if let Some(kind) = about.kind.as_deref().and_then(|kind| kind.parse().ok()) {
            facts.upstream_headers = Some(HeaderMap::from_iter([(CONTENT_TYPE, kind)]));
        }
        let body = entry.body.clone();
        Ok(if cached.said.stream { CallBody::Replayed(body) } else { CallBody::Whole(body) })
    }
}

impl Cached {
    /// What the call is, to the cache. `None`: its answer is neither looked up nor kept.
    fn of(
        calls: &ModelCalls,
        shelf: &Shelf,
        request: &CallRequest,
        principal: &Principal,
    ) -> Result<Option<Self>, CallError> {
        let (rules, operation) = (&shelf.rules, request.operation);
        if !rules.call_types.contains(&operation.call_type()) {
            return Ok(None);
        }
        let mut members = body::parse(&request.body)?;
        let control = cache_control::read(&members, &request.headers, principal, calls.cache_controls.as_deref())?;
        if !rules.is_on && !control.use_cache {
            return Ok(None);
        }
        let said = body::read(operation, &mut members, request.path_model.clone(), request.form.as_ref())?;
        // What goes on from what an upstream keeps is not told by the request alone.
        let is_stateful =
            said.background || ["previous_response_id", "conversation"].iter().any(|name| members.has(name));
        if is_stateful || said.stream && !operation.generates() {
            return Ok(None);
        }
        let model = principal.aliases.get(&said.model).unwrap_or(&said.model).clone();
        let tenant = rules.scope.tenant(principal.key.as_str(), principal.team_id.as_deref());
        let mut asked = Asked::new(&tenant, operation.call_type(), shelf.model(&model), said.stream);
        asked.members(&members, |name| name != "model" && name != "stream");
        asked.part("policy", format!("{:?}", said.policy).as_bytes());
        if let Some(mock) = &said.mock_response {
            asked.part("mock", mock.to_string().as_bytes());
        }
        for field in request.form.iter().flat_map(|form| form.fields()).filter(|field| field.file_name.is_some()) {
            asked.part(&field.name, field.file_name.as_deref().unwrap_or_default().as_bytes());
            asked.part(&field.name, &field.content);
        }
        add_headers(&mut asked, &request.headers, operation, calls.passes_headers_on);
        let namespace = control.namespace.as_deref().or(rules.namespace.as_deref());
        let key = asked.key(namespace);
        Ok(Some(Self { said, control, key, model }))
    }
}

/// Headers that go upstream and can change the answer.
fn add_headers(asked: &mut Asked, headers: &HeaderMap, operation: Operation, passes_on: bool) {
    const ALWAYS: [&str; 3] = ["anthropic-beta", "anthropic-version", "openai-beta"];
    let counts = |name: &str| ALWAYS.contains(&name) || passes_on && super::forwarded::is_passed(name);
    let mut list: Vec<_> = headers.iter().filter(|(name, _)| counts(name.as_str())).collect();
    list.sort_by(|one, other| one.0.as_str().cmp(other.0.as_str()));
    for (name, value) in list {
        asked.part(name.as_str(), value.as_bytes());
    }
    asked.part("dialect", format!("{:?}", operation.dialect()).as_bytes());
}
