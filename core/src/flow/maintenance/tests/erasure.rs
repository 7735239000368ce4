//! People are taken out of the spend log.

use super::*;
use crate::accounting::erasure::{Erasure, Person};
use crate::calendar::DAY_MILLIS;
use crate::flow::erasures::{self, Erasures};
use crate::flow::maintenance::report::Status;
use crate::store::documents::Documents;

const HOUR: i64 = 60 * 60 * 1000;

async fn call(table: &Arc<dyn Table>, at: Timestamp, tail: u8) -> RequestId {
    let details = SpendDetails { user_id: Some("u-1".to_owned()), started_at: at, ended_at: at, ..Default::default() };
    let request_id = RequestId::at(at, &[tail; 10]);
    let row = SpendRow { request_id, key: key_hash::hash("sk-1"), cost: NanoDollars::new(5), details };
    SpendLog::new(Arc::clone(table), None).settle(&row).await.unwrap();
    request_id
}

async fn names_somebody(table: &Arc<dyn Table>, id: RequestId) -> bool {
    let row = SpendLog::new(Arc::clone(table), None).find(id).await.unwrap().unwrap();
    row.details.user_id.is_some()
}

#[tokio::test]
async fn rows_of_years_ago_and_those_that_come_late_are_found_and_then_it_is_over() {
    let clock = clock();
    let table = table(&clock);
    let old = call(&table, NOW.plus_millis(-3_000 * DAY_MILLIS), 1).await;
    let new = call(&table, NOW, 2).await;
    let erasures = Erasures::new(Documents::new(Arc::clone(&table), erasures::LIST));
    erasures.ask(&Person::User("u-1".to_owned()), Erasure::Anonymised, NOW).await.unwrap();
    let jobs = maintenance(&table, None, Arc::clone(&clock) as Arc<dyn Clock>);
    let first = run_one(&jobs, Job::Erasure, LATER).await;
    assert_eq!((first.status, first.done), (Status::Unfinished, 1), "{first:?}");
    assert!(
        !names_somebody(&table, new).await && names_somebody(&table, old).await,
        "the newest first, some at a time"
    );
    let mut runs = 1;
    while run_one(&jobs, Job::Erasure, LATER).await.status == Status::Unfinished {
        runs += 1;
        assert!(runs < 20, "it never ends");
    }
    assert!(!names_somebody(&table, old).await);
    // A call that was under way has its row later.
    let late = call(&table, NOW.plus_millis(-1), 3).await;
    let waiting = run_one(&jobs, Job::Erasure, LATER).await;
    assert_eq!((waiting.status, waiting.examined), (Status::Finished, 0), "nothing is read while nothing is due");
    assert_eq!(erasures.pending().await.unwrap().len(), 1);
    clock.advance_millis(2 * HOUR);
    let last = run_one(&jobs, Job::Erasure, LATER).await;
    assert_eq!((last.status, last.done), (Status::Finished, 1), "{last:?}");
    assert!(!names_somebody(&table, late).await);
    assert!(erasures.pending().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_run_that_is_out_of_time_goes_on_where_it_stopped() {
    let clock = clock();
    let table = table(&clock);
    let id = call(&table, NOW.plus_millis(-50 * DAY_MILLIS), 1).await;
    let erasures = Erasures::new(Documents::new(Arc::clone(&table), erasures::LIST));
    erasures.ask(&Person::User("u-1".to_owned()), Erasure::Anonymised, NOW).await.unwrap();
    let ticking = Arc::new(TickingClock(ManualClock::at(NOW)));
    let jobs = maintenance(&table, None, Arc::clone(&ticking) as Arc<dyn Clock>);
    let mut runs = 0;
    while names_somebody(&table, id).await {
        runs += 1;
        assert!(runs < 50, "it does not go on");
        let deadline = ticking.now().plus_millis(20);
        assert_eq!(run_one(&jobs, Job::Erasure, deadline).await.status, Status::Unfinished);
    }
    assert!(runs > 1);
}
