//! Requests that ask the same at once, in one process: the first asks the upstream, the others wait for its answer. One that
//! fails or goes away leaves the others to ask by themselves, all at once and not one after the other.

use super::entry::Entry;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// What a flight has come to.
#[derive(Clone, Debug)]
enum Course {
    Flying,
    Landed(Arc<Entry>),
    Lost,
}

/// All that is in flight.
#[derive(Clone, Debug, Default)]
pub struct Flights(Arc<Mutex<HashMap<String, watch::Receiver<Course>>>>);

/// How a request takes part.
pub enum Seat {
    /// It asks the upstream.
    Leader(Leader),
    /// It waits for who does.
    Follower(Follower),
}

/// Asks the upstream, for all who follow. Dropped without an answer, it lets them go.
pub struct Leader {
    key: String,
    course: watch::Sender<Course>,
    flights: Flights,
}

/// Waits for a leader.
pub struct Follower(watch::Receiver<Course>);

impl Flights {
    /// Joins the flight for `key`, or begins it.
    pub fn board(&self, key: &str) -> Seat {
        let mut flights = self.lock();
        if let Some(course) = flights.get(key) {
            return Seat::Follower(Follower(course.clone()));
        }
        let (course, followed) = watch::channel(Course::Flying);
        flights.insert(key.to_owned(), followed);
        Seat::Leader(Leader { key: key.to_owned(), course, flights: self.clone() })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, watch::Receiver<Course>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leader {
    /// Gives the answer to all who follow, also to those who come while the leader is still held: until it is kept
    /// elsewhere.
    pub fn land(&self, entry: Arc<Entry>) {
        self.course.send_replace(Course::Landed(entry));
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        self.flights.lock().remove(&self.key);
        self.course.send_if_modified(|course| {
            let is_lost = matches!(course, Course::Flying);
            if is_lost {
                *course = Course::Lost;
            }
            is_lost
        });
    }
}

impl Follower {
    /// The leader's answer; `None` where it has none, or not in time.
    pub async fn wait(mut self, most: Duration) -> Option<Arc<Entry>> {
        let landed = self.0.wait_for(|course| !matches!(course, Course::Flying));
        match tokio::time::timeout(most, landed).await {
            Ok(Ok(course)) => match &*course {
                Course::Landed(entry) => Some(Arc::clone(entry)),
                Course::Flying | Course::Lost => None,
            },
            Ok(Err(_)) | Err(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    const LONG: Duration = Duration::from_secs(60);

    fn entry() -> Arc<Entry> {
        let at = Timestamp::default();
        Arc::new(Entry { kept_at: at, ends_at: at, about: String::new(), body: "a".into() })
    }

    fn seats(flights: &Flights) -> (Leader, Follower) {
        match (flights.board("k"), flights.board("k")) {
            (Seat::Leader(leader), Seat::Follower(follower)) => (leader, follower),
            _ => panic!("one leads and one follows"),
        }
    }

    #[tokio::test]
    async fn who_follows_gets_the_leaders_answer_also_while_it_is_being_kept() {
        let flights = Flights::default();
        let (leader, early) = seats(&flights);
        leader.land(entry());
        let Seat::Follower(late) = flights.board("k") else { panic!("it is still kept") };
        drop(leader);
        assert_eq!(early.wait(LONG).await, Some(entry()));
        assert_eq!(late.wait(LONG).await, Some(entry()));
        assert!(matches!(flights.board("k"), Seat::Leader(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_leader_that_goes_away_or_hangs_lets_the_others_go() {
        let flights = Flights::default();
        let (leader, follower) = seats(&flights);
        drop(leader);
        assert_eq!(follower.wait(LONG).await, None);
        let (_hangs, follower) = seats(&flights);
        assert_eq!(follower.wait(LONG).await, None);
    }

    #[test]
    fn different_keys_fly_apart() {
        let flights = Flights::default();
        let _one = flights.board("one");
        assert!(matches!(flights.board("other"), Seat::Leader(_)));
    }
}
