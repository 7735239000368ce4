//! The points that a process knows, by scope: within one, everything but the meaning of the words is the same. Bounded in
//! number and bytes: in a scope the oldest point goes first, among scopes the one that was asked for longest ago.
//!
//! Putting points in is a join: in whatever order and grouping they come, the same are left.

use super::point::Point;
use super::vector::Vector;
use crate::clock::Timestamp;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How much is known at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexRoom {
    /// Scopes.
    pub scopes: usize,
    /// Points of one scope: all of them are compared with.
    pub points: usize,
    /// Bytes of all points.
    pub bytes: usize,
}

impl Default for IndexRoom {
    fn default() -> Self {
        Self { scopes: 10_000, points: 1_000, bytes: 32 << 20 }
    }
}

/// Milliseconds from one reading of what other processes know to the next: how late a process knows of their points.
pub const STALE_MILLIS: i64 = 2_000;

/// Milliseconds that clocks of processes may be apart, and that a point may take until it is there.
const SLACK_MILLIS: i64 = 60_000;

/// The points that a process knows.
#[derive(Debug, Default)]
pub struct Index {
    room: IndexRoom,
    scopes: Mutex<Scopes>,
}

#[derive(Debug, Default)]
struct Scopes {
    known: HashMap<String, Known>,
    bytes: usize,
    uses: u64,
}

/// What is known of a scope.
#[derive(Debug)]
struct Known {
    /// The newest first. Shared with whoever searches it right now.
    points: Arc<Vec<Arc<Point>>>,
    used: u64,
    /// When it was last asked what others know.
    asked_at: i64,
    /// Until when it is known what others know.
    read_until: i64,
}

impl Default for Known {
    fn default() -> Self {
        Self { points: Arc::default(), used: 0, asked_at: i64::MIN, read_until: i64::MIN }
    }
}

/// What is to be read of what others know.
#[derive(Debug, PartialEq, Eq)]
pub struct Due {
    /// Points that are older are known.
    pub since: Timestamp,
    /// Names of newer ones that are known.
    pub known: HashSet<String>,
}

impl Index {
    /// An index with so much room.
    pub fn new(room: IndexRoom) -> Self {
        Self { room, scopes: Mutex::default() }
    }

    /// Puts points into a scope, but for those whose answers have ended.
    pub fn put(&self, scope: &str, points: impl IntoIterator<Item = Point>, now: Timestamp) {
        let mut scopes = self.lock();
        let known = scopes.touch(scope);
        let list = Arc::make_mut(&mut known.points);
        let before: usize = list.iter().map(|point| point.bytes()).sum();
        list.extend(points.into_iter().map(Arc::new));
        list.sort_by(|one, other| other.age().cmp(&one.age()));
        let mut keys = HashSet::new();
        list.retain(|point| point.ends_at > now && keys.insert(point.key.clone()));
        list.truncate(self.room.points);
        let after: usize = list.iter().map(|point| point.bytes()).sum();
        scopes.bytes = scopes.bytes.saturating_sub(before).saturating_add(after);
        scopes.shrink(self.room, scope);
    }

    /// Forgets the point of an answer that is gone.
    pub fn remove(&self, scope: &str, gone: &Point) {
        let mut scopes = self.lock();
        let Some(known) = scopes.known.get_mut(scope) else { return };
        let list = Arc::make_mut(&mut known.points);
        let before = list.len();
        list.retain(|point| point.age() != gone.age());
        let removed = (before - list.len()) * gone.bytes();
        scopes.bytes = scopes.bytes.saturating_sub(removed);
    }

    /// The points of a scope, compared with a vector: the nearest first. Those of another model's vectors are left out.
    pub fn nearest(&self, scope: &str, vector: &Vector) -> Vec<(f64, Arc<Point>)> {
        let points = Arc::clone(&self.lock().touch(scope).points);
        let similarity = |point: &Arc<Point>| Some((point.vector.similarity(vector)?, Arc::clone(point)));
        let mut found: Vec<_> = points.iter().filter_map(similarity).collect();
        // Of two that are as like, the newer.
        found.sort_by(|one, other| other.0.total_cmp(&one.0));
        found
    }

    /// What is to be read of what others know, where it is time to. Whoever is told so reads it.
    pub fn due(&self, scope: &str, now: Timestamp) -> Option<Due> {
        let mut scopes = self.lock();
        let known = scopes.touch(scope);
        if now.millis().saturating_sub(known.asked_at) < STALE_MILLIS {
            return None;
        }
        known.asked_at = now.millis();
        let since = Timestamp::from_millis(known.read_until.saturating_sub(SLACK_MILLIS));
        let newer = known.points.iter().take_while(|point| point.kept_at >= since);
        Some(Due { since, known: newer.map(|point| point.name()).collect() })
    }

    /// All that others knew at a time has been put in.
    pub fn has_read(&self, scope: &str, at: Timestamp) {
        if let Some(known) = self.lock().known.get_mut(scope) {
            known.read_until = known.read_until.max(at.millis());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Scopes> {
        self.scopes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Scopes {
    fn touch(&mut self, scope: &str) -> &mut Known {
        self.uses += 1;
        let known = self.known.entry(scope.to_owned()).or_default();
        known.used = self.uses;
        known
    }

    /// Lets other scopes go until there is room. Hardly ever, and then all of them are looked at.
    fn shrink(&mut self, room: IndexRoom, but: &str) {
        while self.bytes > room.bytes || self.known.len() > room.scopes {
            let others = self.known.iter().filter(|(scope, _)| *scope != but);
            let Some(oldest) = others.min_by_key(|(_, known)| known.used).map(|(scope, _)| scope.clone()) else {
                break;
            };
            let gone = self.known.remove(&oldest);
            let bytes: usize = gone.iter().flat_map(|known| known.points.iter()).map(|point| point.bytes()).sum();
            self.bytes = self.bytes.saturating_sub(bytes);
        }
    }
}

#[cfg(test)]
mod tests;
