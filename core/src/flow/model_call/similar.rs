//! An answer to a question that means about the same, where none was kept for the same question. What this takes is bounded,
//! and nothing in here fails a call.

use super::cacheable::Cached;
use super::error::CallError;
use super::facts::Facts;
use super::keeping::{About, SimilarTo};
use super::parts::ModelCalls;
use super::request::CallRequest;
use crate::cache::entry::Entry;
use crate::cache::semantic::Semantic;
use crate::cache::shelf::{LOOK_WAIT, Shelf};
use crate::cache::vector::Vector;
use crate::id::RequestId;
use crate::principal::Principal;
use std::error::Error;
use std::sync::Arc;
use tokio::time::{Instant, timeout, timeout_at};

/// What is known of a question that was not asked before.
#[derive(Default)]
pub(super) struct Similar {
    /// What it means, as far as that is known.
    pub(super) vector: Option<Vector>,
    /// The answer to one that is like enough.
    pub(super) entry: Option<Arc<Entry>>,
}

impl ModelCalls {
    /// What a question means, and the answer to one like it.
    pub(super) async fn similar(
        self: &Arc<Self>,
        shelf: &Arc<Shelf>,
        cached: &Cached,
        (request, principal): (&CallRequest, &Arc<Principal>),
        facts: &mut Facts,
    ) -> Similar {
        let (Some(semantic), Some(question)) = (&shelf.semantic, &cached.question) else { return Similar::default() };
        facts.similarity = Some(0.0);
        let (learner, scope) = (Arc::clone(shelf), question.scope.clone());
        let learning = self.background.to_its_end(async move { learner.learn(&scope).await });
        let asking = self.vector(semantic, (&question.text, cached), facts.id, (request, principal));
        let (vector, _) = tokio::join!(asking, timeout(LOOK_WAIT, learning));
        let Some(vector) = vector else { return Similar::default() };
        let nearest = shelf.nearest(&question.scope, &vector, cached.control.age_max).await;
        facts.similarity = Some(nearest.similarity);
        let entry =
            nearest.found.map(|(key, entry)| Arc::new(noted(entry, SimilarTo { key, similarity: nearest.similarity })));
        Similar { vector: Some(vector), entry }
    }

    async fn vector(
        self: &Arc<Self>,
        semantic: &Semantic,
        (text, cached): (&str, &Cached),
        id: RequestId,
        (request, principal): (&CallRequest, &Arc<Principal>),
    ) -> Option<Vector> {
        if semantic.breaker.is_open(self.clock.now()) {
            return None;
        }
        // Half of the client's patience is for the answer.
        let most = cached.said.timeout.map_or(semantic.rules.wait, |timeout| (timeout / 2).min(semantic.rules.wait));
        let end = Instant::now() + most;
        let end = request.deadline.map_or(end, |last| last.min(end));
        let asking = Box::pin(self.embed((&semantic.rules.model, text), (cached, id), (request, principal), end));
        let told = match timeout_at(end, asking).await {
            Ok(Ok(Some(vector))) => {
                semantic.breaker.succeeded();
                return Some(vector);
            }
            Ok(Err(error)) => Some(error),
            Ok(Ok(None)) | Err(_) => None,
        };
        let error = told.as_ref().map(|error| error as &dyn Error);
        tracing::warn!(call = %id, model = %semantic.rules.model, error, "what a call means is not known in time");
        // What stands in this caller's way alone says nothing about the model.
        if matches!(told, None | Some(CallError::Transport(_) | CallError::Upstream { .. } | CallError::NothingLeft(_)))
        {
            semantic.breaker.failed(self.clock.now());
        }
        None
    }
}

/// The entry, saying that it answers another question.
fn noted(entry: Entry, similar_to: SimilarTo) -> Entry {
    let about: About = serde_json::from_str(&entry.about).unwrap_or_default();
    let about =
        serde_json::to_string(&About { similar_to: Some(similar_to), ..about }).unwrap_or_else(|_| "{}".to_owned());
    Entry { about, ..entry }
}
