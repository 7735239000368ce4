//! Answers to questions that mean about the same. A point leads to an answer that is kept under its own key, so that what
//! ends, is deleted, or cannot be opened any more is gone for these questions too.

use super::answers::Note;
use super::entry::Entry;
use super::point::Point;
use super::shelf::{KEEP_WAIT, LOOK_WAIT, Shelf};
use super::vector::Vector;
use crate::crypto::subject::Subject;
use std::time::Duration;

/// Most answers that are looked for, where the nearest are gone.
const TRIED_MAX: usize = 3;

/// A cosine is off by less: the same vector is as like as a threshold of 1 asks.
const OFF_BY: f64 = 1e-6;

/// What is known of a question that was not asked before.
#[derive(Debug, Default)]
pub struct Nearest {
    /// How like the nearest question is that was; 0 where there is none.
    pub similarity: f64,
    /// Its answer and the key that it is kept under, where it is like enough.
    pub found: Option<(String, Entry)>,
}

impl Shelf {
    /// Learns which points of a scope other processes have left, where it is time to.
    pub async fn learn(&self, scope: &str) {
        let now = self.clock.now();
        let Some(semantic) = &self.semantic else { return };
        let Some(due) = semantic.index.due(scope, now) else { return };
        let reading = async {
            let notes = self.answers.noted(&list(scope), due.since, &due.known).await?;
            let mut points = Vec::with_capacity(notes.len());
            for (name, bytes) in notes {
                let Some(told) = self.opened(&place(scope, &name), bytes).await? else { continue };
                // Under a name that is not its own it was moved here.
                points.extend(Point::read(&told).filter(|point| point.name() == name));
            }
            Ok(points)
        };
        if let Some(points) = self.asked(KEEP_WAIT, reading).await {
            semantic.index.put(scope, points, now);
            semantic.index.has_read(scope, now);
        }
    }

    /// The answer to the nearest question of a scope, where it is like enough and not older than `age_max`.
    pub async fn nearest(&self, scope: &str, vector: &Vector, age_max: Option<Duration>) -> Nearest {
        let Some(semantic) = &self.semantic else { return Nearest::default() };
        let now = self.clock.now();
        let mut points = semantic.index.nearest(scope, vector);
        let age = |point: &Point| u128::try_from(now.millis_since(point.kept_at)).unwrap_or(0);
        points.retain(|(_, point)| point.ends_at > now && age_max.is_none_or(|most| age(point) <= most.as_millis()));
        let similarity = points.first().map_or(0.0, |(similarity, _)| similarity.max(0.0));
        for (similarity, point) in points.into_iter().take(TRIED_MAX) {
            if similarity + OFF_BY < semantic.rules.threshold {
                break;
            }
            let Some(kept) = self.asked(LOOK_WAIT, self.read(&point.key)).await else { break };
            match kept.and_then(|bytes| Entry::read(&point.key, &bytes, now)) {
                Some(entry) if self.is_young(&entry, age_max) => {
                    return Nearest { similarity, found: Some((point.key.clone(), entry)) };
                }
                Some(_) => {}
                None => semantic.index.remove(scope, &point),
            }
        }
        Nearest { similarity, found: None }
    }

    /// Notes what the question of an answer means that is kept, for this process and others.
    pub async fn note(&self, scope: &str, point: Point, subjects: &[Subject]) {
        let Some(semantic) = &self.semantic else { return };
        let lives = point.ends_at.millis_since(point.kept_at);
        let Some(lives) = u64::try_from(lives).ok().map(Duration::from_millis) else { return };
        let (name, at, bytes) = (point.name(), point.kept_at, point.to_bytes());
        semantic.index.put(scope, [point], self.clock.now());
        let Some(bytes) = bytes else { return };
        let writing = async {
            match self.closed(&place(scope, &name), bytes, subjects).await? {
                Some(bytes) => self.answers.note(&list(scope), Note { name: &name, at, bytes }, lives).await,
                None => Ok(()),
            }
        };
        self.asked(KEEP_WAIT, writing).await;
    }
}

/// The list of a scope's points.
fn list(scope: &str) -> String {
    format!("points/{scope}")
}

/// What a point is sealed for.
fn place(scope: &str, name: &str) -> String {
    format!("points/{scope}/{name}")
}
