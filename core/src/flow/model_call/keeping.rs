//! Keeps an answer once it is whole and charged: all at once, or as the stream passes. An answer that breaks, is too long,
//! or whose client goes away is not kept, and lets those go who wait for it.

use super::facts::Facts;
use super::parts::ModelCalls;
use crate::cache::entry::Entry;
use crate::cache::flights::Leader;
use crate::cache::point::Point;
use crate::cache::shelf::Shelf;
use crate::cache::vector::Vector;
use crate::clock::Clock;
use crate::crypto::subject::Subject;
use crate::flow::background::Background;
use crate::providers::operation::Operation;
use crate::usage::Usage;
use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// Longest answer that is kept, in bytes. Backends may take less.
const ANSWER_BYTES_MAX: usize = 8 << 20;

/// What is noted about a kept answer, for the spend row of those who get it again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct About {
    /// The model as the deployment names it.
    pub(super) model: String,
    /// Who answered.
    pub(super) provider: String,
    /// The type of what is no JSON.
    pub(super) kind: Option<String>,
    /// Tokens of the input, of the output, and of both.
    pub(super) tokens: [u64; 3],
    /// That it answers another question than it was given for. Never kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) similar_to: Option<SimilarTo>,
}

/// An answer to a question that means about the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct SimilarTo {
    /// The key that it is kept under.
    pub(super) key: String,
    /// How like the questions are.
    pub(super) similarity: f64,
}

/// An answer that is to be kept.
pub(super) struct Keeping {
    shelf: Arc<Shelf>,
    clock: Arc<dyn Clock>,
    background: Background,
    key: String,
    ttl: Duration,
    about: About,
    /// Whose answer it is, where it is sealed for them.
    subjects: Vec<Subject>,
    leader: Option<Leader>,
    /// What its question means, and in which scope.
    similar: Option<(String, Vector)>,
    /// What has passed of a stream; `None`: too much.
    passed: Option<BytesMut>,
}

impl Keeping {
    pub(super) fn of(
        calls: &ModelCalls,
        shelf: &Arc<Shelf>,
        ((key, ttl), subjects): ((String, Option<Duration>), Vec<Subject>),
        (operation, facts): (Operation, &Facts),
        leader: Option<Leader>,
    ) -> Self {
        let target = facts.deployment.as_ref().and_then(|deployment| deployment.target());
        let kind = facts.content_type().and_then(|kind| kind.to_str().ok());
        let about = About {
            model: target.map(|target| format!("{}/{}", target.provider, target.model)).unwrap_or_default(),
            provider: target.map_or("mock", |target| target.provider).to_owned(),
            kind: kind.filter(|_| operation.answers_as_told()).map(str::to_owned),
            ..About::default()
        };
        Self {
            shelf: Arc::clone(shelf),
            clock: Arc::clone(&calls.clock),
            background: calls.background.clone(),
            key,
            ttl: ttl.unwrap_or(shelf.rules.ttl),
            about,
            subjects,
            leader,
            similar: None,
            passed: Some(BytesMut::new()),
        }
    }

    /// Notes what its question means, too.
    pub(super) fn semantic(self, similar: Option<(String, Vector)>) -> Self {
        Self { similar, ..self }
    }

    /// Keeps an answer in one piece.
    pub(super) async fn keep_whole(mut self, body: &Bytes) {
        if body.len() <= ANSWER_BYTES_MAX {
            self.about.tokens = tokens_told(body);
            self.keep(body.clone()).await;
        }
    }

    /// A piece of a stream goes to the client.
    pub(super) fn saw(&mut self, piece: &Bytes) {
        if let Some(passed) = &mut self.passed {
            if passed.len() + piece.len() > ANSWER_BYTES_MAX {
                (self.passed, self.leader) = (None, None);
            } else {
                passed.extend_from_slice(piece);
            }
        }
    }

    /// The stream has passed whole.
    pub(super) async fn has_passed(mut self, usage: Option<Usage>) {
        if let Some(passed) = self.passed.take() {
            let usage = usage.unwrap_or_default();
            self.about.tokens = [usage.prompt_tokens, usage.completion_tokens, usage.total()];
            self.keep(passed.freeze()).await;
        }
    }

    async fn keep(self, body: Bytes) {
        let Self { shelf, key, leader, subjects, similar, .. } = self;
        let kept_at = self.clock.now();
        let millis = i64::try_from(self.ttl.as_millis()).unwrap_or(i64::MAX / 4);
        let about = serde_json::to_string(&self.about).unwrap_or_else(|_| "{}".to_owned());
        let entry = Arc::new(Entry { kept_at, ends_at: kept_at.plus_millis(millis), about, body });
        if let Some(leader) = &leader {
            leader.land(Arc::clone(&entry));
        }
        let waits = shelf.rules.waits;
        let work = async move {
            let is_kept = shelf.keep(&key, &entry, &subjects).await;
            drop(leader);
            if let Some((scope, vector)) = similar.filter(|_| is_kept) {
                let point = Point { key, kept_at, ends_at: entry.ends_at, vector };
                shelf.note(&scope, point, &subjects).await;
            }
        };
        if waits { work.await } else { self.background.spawn(work) }
    }
}

/// The tokens that an answer tells, whichever dialect it is in.
fn tokens_told(answer: &[u8]) -> [u64; 3] {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Told {
        usage: Option<Counts>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Counts {
        #[serde(alias = "input_tokens")]
        prompt_tokens: u64,
        #[serde(alias = "output_tokens")]
        completion_tokens: u64,
        total_tokens: u64,
    }
    let told: Told = serde_json::from_slice(answer).unwrap_or_default();
    let counts = told.usage.unwrap_or_default();
    let sum = counts.prompt_tokens.saturating_add(counts.completion_tokens);
    [counts.prompt_tokens, counts.completion_tokens, if counts.total_tokens > 0 { counts.total_tokens } else { sum }]
}

#[cfg(test)]
mod tests {
    use super::tokens_told;

    #[test]
    fn tokens_are_told_in_every_dialect() {
        let openai = br#"{"id":"x","usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":9}}"#;
        assert_eq!(tokens_told(openai), [3, 4, 9]);
        assert_eq!(tokens_told(br#"{"usage":{"input_tokens":3,"output_tokens":4}}"#), [3, 4, 7]);
        assert_eq!(tokens_told(br#"{"usage":null}"#), [0; 3]);
        assert_eq!(tokens_told(b"1\n00:00 --> 00:01"), [0; 3]);
    }
}
