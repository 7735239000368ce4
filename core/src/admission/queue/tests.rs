//! Who is next, who is turned away, and that nobody is forgotten.

use super::*;
use tokio::task::JoinSet;
use tokio::time::{advance, sleep};

const MODEL: &str = "gpt";

fn queue(waiting: usize) -> Arc<Queue> {
    Arc::new(Queue::new(QueueLimits { waiting, ..QueueLimits::default() }))
}

fn in_seconds(seconds: u64) -> Option<Instant> {
    Some(Instant::now() + Duration::from_secs(seconds))
}

/// Somebody who, once it is its turn, takes a place and says who it is.
async fn take(mut waiting: Waiting, name: u8, said: Arc<Mutex<Vec<u8>>>) {
    waiting.turn().await.unwrap();
    said.lock().unwrap().push(name);
    waiting.got_a_place();
}

#[tokio::test(start_paused = true)]
async fn a_lower_number_goes_first_but_nobody_waits_for_ever() {
    let (queue, said) = (queue(10), Arc::new(Mutex::new(Vec::new())));
    // Holds the line until all have lined up.
    let first = queue.line_up(MODEL, Some(0), None).unwrap();
    let mut tasks = JoinSet::new();
    let mut line_up = |priority, name| {
        tasks.spawn(take(queue.line_up(MODEL, Some(priority), None).unwrap(), name, Arc::clone(&said)))
    };
    line_up(5, 1);
    line_up(1, 2);
    line_up(1, 3);
    line_up(0, 4);
    advance(Duration::from_secs(6)).await;
    line_up(0, 5);
    drop(first);
    tasks.join_all().await;
    assert_eq!(*said.lock().unwrap(), [4, 2, 3, 1, 5]);
    assert!(!queue.has_line(MODEL));
}

#[tokio::test(start_paused = true)]
async fn whoever_is_next_asks_again_when_a_call_ends_and_now_and_then() {
    let queue = queue(10);
    let mut waiting = queue.line_up(MODEL, Some(0), None).unwrap();
    waiting.turn().await.unwrap();
    let began = Instant::now();
    queue.freed("another");
    queue.freed(MODEL);
    waiting.turn().await.unwrap();
    assert_eq!(began.elapsed(), Duration::ZERO);
    let mut gaps = Vec::new();
    for _ in 0..7 {
        let asked = Instant::now();
        waiting.turn().await.unwrap();
        gaps.push(asked.elapsed().as_millis());
    }
    assert_eq!(gaps, [25, 50, 100, 200, 400, 500, 500]);
}

#[tokio::test(start_paused = true)]
async fn a_full_line_turns_away_whoever_would_be_last() {
    let queue = queue(2);
    let _next = queue.line_up(MODEL, Some(0), None).unwrap();
    let mut last = queue.line_up(MODEL, Some(9), None).unwrap();
    let refused = queue.line_up(MODEL, Some(9), None).unwrap_err();
    assert_eq!((refused.reason, refused.retry_after), (Reason::Full, 1));
    assert_eq!(queue.line_up("another", Some(0), None).unwrap_err().reason, Reason::Full);
    let _sooner = queue.line_up(MODEL, Some(1), None).unwrap();
    assert_eq!(last.turn().await.unwrap_err().reason, Reason::Full);
    assert_eq!(queue.waiting.load(Ordering::Relaxed), 2);
    drop(last);
    assert_eq!(queue.waiting.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_beyond_its_deadline() {
    let queue = queue(10);
    let _next = queue.line_up(MODEL, Some(0), None).unwrap();
    let mut second = queue.line_up(MODEL, Some(0), in_seconds(3)).unwrap();
    let began = Instant::now();
    assert_eq!(second.turn().await.unwrap_err().reason, Reason::TooLate);
    assert_eq!(began.elapsed(), Duration::from_secs(3));
    let mut third = queue.line_up(MODEL, Some(0), in_seconds(3_600)).unwrap();
    let began = Instant::now();
    assert_eq!(third.turn().await.unwrap_err().reason, Reason::TooLate);
    assert_eq!(began.elapsed(), QueueLimits::default().wait);
}

#[tokio::test(start_paused = true)]
async fn a_hopeless_wait_does_not_begin() {
    let queue = queue(100);
    let mut line: Vec<Waiting> = (0..20).map(|_| queue.line_up(MODEL, Some(0), None).unwrap()).collect();
    // One leaves every second.
    for _ in 0..10 {
        let mut next = line.remove(0);
        next.turn().await.unwrap();
        next.got_a_place();
        sleep(Duration::from_secs(1)).await;
    }
    let refused = queue.line_up(MODEL, Some(0), in_seconds(5)).unwrap_err();
    assert_eq!((refused.reason, refused.retry_after), (Reason::Hopeless, 10));
    assert!(queue.line_up(MODEL, Some(0), in_seconds(15)).is_ok());
}

#[tokio::test(start_paused = true)]
async fn whoever_goes_away_makes_room_and_wakes_the_next() {
    let queue = queue(10);
    let first = queue.line_up(MODEL, Some(0), None).unwrap();
    let mut second = queue.line_up(MODEL, Some(0), None).unwrap();
    let leaves = async {
        tokio::task::yield_now().await;
        drop(first);
    };
    assert!(tokio::join!(second.turn(), leaves).0.is_ok());
    drop(second);
    assert!(!queue.has_line(MODEL));
}

#[tokio::test]
async fn a_queue_of_none_turns_everybody_away() {
    assert_eq!(queue(0).line_up(MODEL, Some(0), None).unwrap_err().reason, Reason::Full);
    assert!(!queue(0).has_line(MODEL));
}
