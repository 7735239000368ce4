//! Whole rounds, and the loop.

use super::*;
use crate::flow::maintenance::every::{ROUND_INTERVAL, every};
use crate::flow::maintenance::report::Status;
use crate::store::expiry::{SweepExpired, Swept};
use crate::store::faulty::{Fault, FaultyTable, Plan};
use crate::store::write::Change;
use serde_json::json;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

fn statuses(report: &crate::flow::maintenance::report::Report) -> Vec<(Job, Status)> {
    report.jobs.iter().map(|job| (job.job, job.status)).collect()
}

#[tokio::test]
async fn items_that_have_ended_are_removed_by_a_round() {
    let clock = clock();
    let store = Arc::new(EmbeddedTable::in_memory(clock.clone()).unwrap());
    for number in 0..600 {
        let item = Item::new(Key::new("P", format!("{number:03}")));
        let item = if number % 2 == 0 { item.expiring(NOW.plus_millis(1000)) } else { item };
        store.write(Write::Put { item, when: vec![] }).await.unwrap();
    }
    clock.advance_millis(1000);
    let jobs = Maintenance::new(store.clone(), None, Some(store), clock);
    let report = run_one(&jobs, Job::ExpiredItems, LATER).await;
    assert_eq!((report.status, report.examined, report.done), (Status::Finished, 600, 300));
    assert_eq!(run_one(&jobs, Job::ExpiredItems, LATER).await.done, 0);
}

#[tokio::test]
async fn an_event_that_comes_twice_does_nothing_the_second_time() {
    let clock = clock();
    let store = Arc::new(EmbeddedTable::in_memory(clock.clone()).unwrap());
    let table: Arc<dyn Table> = store.clone();
    charge(&SpendLog::new(Arc::clone(&table), None), "sk-1", NOW.plus_millis(-864_000_000), 1, NanoDollars::new(1))
        .await;
    let sample = serde_json::from_str(include_str!("../../../../../events/maintenance-scheduler.json")).unwrap();
    let event = Event::read(&sample).unwrap();
    let jobs = Maintenance::new(table, Some(7), Some(store), clock);
    let mut removed = 0;
    // The first days of a store are looked at in several runs.
    while {
        let report = jobs.run(&event, LATER).await;
        removed += report.jobs.iter().map(|job| job.done).sum::<u64>();
        report.jobs.iter().any(|job| job.status == Status::Unfinished)
    } {}
    assert_eq!(removed, 1);
    let again = jobs.run(&event, LATER).await;
    let is_idle = |status| matches!(status, Status::Finished | Status::Off);
    assert!(again.jobs.iter().all(|job| is_idle(job.status) && job.done == 0), "{again:?}");
    assert!(!again.is_notable());
}

#[tokio::test]
async fn a_job_that_fails_does_not_keep_the_others_from_their_work() {
    let clock = clock();
    let plan = Plan::script([Some(Fault::Unavailable)]);
    let table: Arc<dyn Table> = Arc::new(FaultyTable::new(table(&clock), plan));
    let report = maintenance(&table, Some(0), clock).run(&Event::default(), LATER).await;
    assert_eq!(
        statuses(&report),
        [
            (Job::ExpiredHolds, Status::Failed),
            (Job::BudgetRollover, Status::Finished),
            (Job::SpendSums, Status::Finished),
            (Job::KeyRotation, Status::Off),
            (Job::Resealing, Status::Off),
            (Job::LogRetention, Status::Unfinished),
            (Job::Erasure, Status::Finished),
            (Job::ExpiredItems, Status::Off),
            (Job::HealthChecks, Status::Off)
        ]
    );
    assert!(report.has_failure() && report.is_notable());
    assert!(report.jobs[0].error.as_deref().unwrap().starts_with("the store cannot be reached"), "{report:?}");
}

#[tokio::test]
async fn a_job_without_time_left_is_skipped_and_said_to_be() {
    let clock = clock();
    let report = maintenance(&table(&clock), None, clock).run(&Event::default(), NOW).await;
    assert!(
        report.jobs.len() == Job::ALL.len() && report.jobs.iter().all(|job| job.status == Status::Skipped),
        "{report:?}"
    );
}

#[tokio::test]
async fn a_report_says_what_was_asked_and_what_was_done() {
    let clock = clock();
    let event = Event::read(&json!({"task": "budget_rollover", "attempt": "1"})).unwrap();
    let report = maintenance(&table(&clock), None, clock).run(&event, LATER).await;
    assert_eq!(
        serde_json::to_value(report).unwrap(),
        json!({
            "attempt": "1",
            "jobs": [{
                "job": "budget_rollover", "status": "finished", "examined": 0, "done": 0, "passed_over": 0, "took_ms": 0,
            }],
        })
    );
}

/// A store that tells when it is swept.
struct Told(mpsc::UnboundedSender<Instant>);

#[async_trait]
impl SweepExpired for Told {
    async fn sweep_expired(&self, _limit: usize) -> Result<Swept, WriteError> {
        self.0.send(Instant::now()).unwrap();
        Ok(Swept { finished: true, ..Swept::default() })
    }
}

#[tokio::test(start_paused = true)]
async fn the_loop_runs_a_round_at_once_and_one_each_interval_until_the_end() {
    let clock = clock();
    let (tell, mut told) = mpsc::unbounded_channel();
    let jobs = Maintenance::new(table(&clock), None, Some(Arc::new(Told(tell))), clock);
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async move { drop(stopped.await) };
    let began = Instant::now();
    let watch = async {
        for round in 0..3 {
            assert_eq!(told.recv().await.unwrap() - began, ROUND_INTERVAL * round);
        }
        stop.send(()).unwrap();
    };
    tokio::join!(every(ROUND_INTERVAL, &jobs, shutdown), watch);
    assert!(told.try_recv().is_err());
}

/// A table that never answers.
struct Silent;

#[async_trait]
impl Table for Silent {
    async fn get(&self, _: &Key, _: Freshness) -> Result<Option<Item>, ReadError> {
        std::future::pending().await
    }

    async fn query(&self, _: &Query) -> Result<Page, ReadError> {
        std::future::pending().await
    }

    async fn write(&self, _: Write) -> Result<Option<Item>, WriteError> {
        std::future::pending().await
    }

    async fn transact(&self, _: Option<IdempotencyToken>, _: Vec<Write>) -> Result<(), WriteError> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_does_not_wait_for_a_round_under_way() {
    let jobs = Maintenance::new(Arc::new(Silent), None, None, clock());
    every(ROUND_INTERVAL, &jobs, tokio::task::yield_now()).await;
}

#[tokio::test]
async fn what_a_job_remembers_is_no_more_than_a_hint() {
    let clock = clock();
    let table = table(&clock);
    let changes = vec![Change::Set("after".to_owned(), "999999999999999#".into())];
    let key = Key::new("MAINT#budget_rollover", "CURSOR");
    table.write(Write::Update { key: key.clone(), changes, when: vec![] }).await.unwrap();
    let report = run_one(&maintenance(&table, None, clock), Job::BudgetRollover, LATER).await;
    assert_eq!((report.status, report.cursor), (Status::Finished, None));
    let kept = table.get(&key, Freshness::Latest).await.unwrap();
    assert!(kept.is_none_or(|item| item.text("after").is_none()));
}
