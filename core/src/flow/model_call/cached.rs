//! A call where answers are kept: it is looked up before anything is chosen, and goes on as every other where nothing is
//! found. A hit passes the same doors, authentication, model access, blocks and the limits of requests, and costs nothing.

use super::cache_control::{self, CacheControl};
use super::cacheable::Cached;
use super::calls::CallBody;
use super::error::CallError;
use super::facts::Facts;
use super::keeping::{About, Keeping, SimilarTo};
use super::parts::ModelCalls;
use super::request::CallRequest;
use super::{choice, kept_hit};
use crate::cache::entry::Entry;
use crate::cache::flights::{Leader, Seat};
use crate::cache::shelf::Shelf;
use crate::cache::vector::Vector;
use crate::money::NanoDollars;
use crate::principal::Principal;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use std::sync::Arc;
use std::time::Duration;

/// Longest wait for somebody else's answer to the same request; for a stream, whose beginning is waited for too, less.
const FOLLOW_WAIT: Duration = Duration::from_secs(60);
const FOLLOW_STREAM_WAIT: Duration = Duration::from_secs(10);

/// What there is for a call before anybody is asked.
#[derive(Default)]
struct Found {
    entry: Option<Arc<Entry>>,
    /// Others wait for it to ask.
    leader: Option<Leader>,
    /// What its question means, where that was to be known.
    vector: Option<Vector>,
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
        let mut found = Found::default();
        if !no_cache {
            found = self.find(shelf, &cached, (request, &principal), facts).await;
        }
        let Found { entry, leader, vector } = found;
        if let Some(entry) = entry {
            if let Some(leader) = leader {
                leader.land(Arc::clone(&entry));
            }
            return self.hit(&cached, &entry, request, &principal, facts).await;
        }
        let subjects = if shelf.is_sealing() { cached.subjects(&principal) } else { Vec::new() };
        let answer = self.walk_further(request, principal, facts).await?;
        if no_store {
            return Ok(answer);
        }
        let similar = cached.question.map(|question| question.scope).zip(vector);
        let kept = ((cached.key, cached.control.ttl), subjects);
        let keeping = Keeping::of(self, shelf, kept, (request.operation, facts), leader).semantic(similar);
        Ok(match answer {
            CallBody::Whole(body) => {
                keeping.keep_whole(&body).await;
                CallBody::Whole(body)
            }
            CallBody::Stream(mut relay) => {
                relay.keep(keeping);
                CallBody::Stream(relay)
            }
            CallBody::Replayed(body) => CallBody::Replayed(body),
        })
    }

    /// Looks for an answer: that of who asks the same right now, the one that is kept, the one to a question like it.
    async fn find(
        self: &Arc<Self>,
        shelf: &Arc<Shelf>,
        cached: &Cached,
        asking: (&CallRequest, &Arc<Principal>),
        facts: &mut Facts,
    ) -> Found {
        let leader = match shelf.flights.board(&cached.key) {
            Seat::Leader(leader) => Some(leader),
            Seat::Follower(follower) => {
                let most = if cached.said.stream { FOLLOW_STREAM_WAIT } else { FOLLOW_WAIT };
                let most = cached.said.timeout.map_or(most, |timeout| (timeout / 2).min(most));
                let entry = follower.wait(most).await;
                let entry = entry.filter(|entry| shelf.is_young(entry, cached.control.age_max));
                return Found { entry, ..Found::default() };
            }
        };
        let mut found = Found { leader, ..Found::default() };
        found.entry = shelf.look(&cached.key, cached.control.age_max).await.map(Arc::new);
        if cached.question.is_some() {
            if found.entry.is_none() {
                // In a box: hardly any cache asks what a call means.
                let similar = Box::pin(self.similar(shelf, cached, asking, facts)).await;
                (found.entry, found.vector) = (similar.entry, similar.vector);
            } else {
                facts.similarity = Some(1.0);
            }
        }
        found
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
        if let Some(SimilarTo { key, similarity }) = about.similar_to {
            (facts.cache_key, facts.similarity) = (Some(key), Some(similarity));
        }
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
