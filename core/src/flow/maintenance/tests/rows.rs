//! Log retention.

use super::*;
use crate::calendar::DAY_MILLIS;
use crate::flow::maintenance::report::Status;

const COST: NanoDollars = NanoDollars::new(5);

fn days_ago(days: i64) -> Timestamp {
    NOW.plus_millis(-days * DAY_MILLIS)
}

/// Rows of the last `days` days, one a day, that never end.
async fn a_row_a_day(table: &Arc<dyn Table>, days: i64) -> Vec<RequestId> {
    let spend = SpendLog::new(Arc::clone(table), None);
    let mut ids = Vec::new();
    for day in 0..days {
        ids.push(charge(&spend, "sk-1", days_ago(day), day as u8, COST).await);
    }
    ids
}

/// Ages in days of the rows that are left.
async fn left(table: &Arc<dyn Table>, rows: &[RequestId]) -> Vec<usize> {
    let spend = SpendLog::new(Arc::clone(table), None);
    let mut left = Vec::new();
    for (age, id) in rows.iter().enumerate() {
        left.extend(spend.find(*id).await.unwrap().map(|_| age));
    }
    left
}

/// Runs the job until it has nothing more to do; the rows removed by each run.
async fn runs(table: &Arc<dyn Table>, retention_days: u32, clock: &Arc<ManualClock>) -> Vec<u64> {
    let mut removed = Vec::new();
    loop {
        let jobs = maintenance(table, Some(retention_days), Arc::clone(clock) as Arc<dyn Clock>);
        let report = run_one(&jobs, Job::LogRetention, LATER).await;
        removed.push(report.done);
        assert!(removed.len() < 20, "it never ends: {report:?}");
        match report.status {
            Status::Finished => return removed,
            Status::Unfinished => assert!(report.cursor.is_some(), "{report:?}"),
            other => panic!("{other:?}: {report:?}"),
        }
    }
}

#[tokio::test]
async fn a_retention_set_later_removes_old_rows_and_keeps_young_ones() {
    let clock = clock();
    let table = table(&clock);
    let rows = a_row_a_day(&table, 40).await;
    runs(&table, 30, &clock).await;
    assert_eq!(left(&table, &rows).await, (0..=30).collect::<Vec<_>>());
    runs(&table, 7, &clock).await;
    assert_eq!(left(&table, &rows).await, (0..=7).collect::<Vec<_>>());
    let totals = table.get(&crate::accounting::spend_log::totals_key(&key_hash::hash("sk-1")), Freshness::Latest).await;
    assert_eq!(totals.unwrap().unwrap().number("spend"), Some(40 * COST.nanos()), "what was charged stays charged");
}

#[tokio::test]
async fn rows_of_before_the_change_go_day_by_day_as_they_become_too_old() {
    let clock = clock();
    let table = table(&clock);
    let rows = a_row_a_day(&table, 10).await;
    runs(&table, 7, &clock).await;
    clock.advance_millis(3 * DAY_MILLIS);
    assert_eq!(runs(&table, 7, &clock).await, [3]);
    assert_eq!(left(&table, &rows).await, (0..=4).collect::<Vec<_>>());
    clock.advance_millis(DAY_MILLIS * 30);
    runs(&table, 7, &clock).await;
    assert_eq!(left(&table, &rows).await, Vec::<usize>::new());
}

#[tokio::test]
async fn where_the_retention_did_not_change_no_day_is_looked_at() {
    let clock = clock();
    let table = table(&clock);
    runs(&table, 7, &clock).await;
    clock.advance_millis(30 * DAY_MILLIS);
    runs(&table, 7, &clock).await;
    clock.advance_millis(30 * DAY_MILLIS);
    let report = run_one(&maintenance(&table, Some(7), clock), Job::LogRetention, LATER).await;
    assert_eq!((report.status, report.examined), (Status::Finished, 0));
}

#[tokio::test]
async fn rows_written_while_there_was_no_retention_are_found_when_there_is_one_again() {
    let clock = clock();
    let table = table(&clock);
    runs(&table, 7, &clock).await;
    clock.advance_millis(40 * DAY_MILLIS);
    let off = run_one(&maintenance(&table, None, clock.clone()), Job::LogRetention, LATER).await;
    assert_eq!((off.status, off.done), (Status::Off, 0));
    let spend = SpendLog::new(Arc::clone(&table), None);
    let row = charge(&spend, "sk-1", clock.now(), 1, COST).await;
    clock.advance_millis(40 * DAY_MILLIS);
    assert_eq!(left(&table, &[row]).await, [0]);
    runs(&table, 7, &clock).await;
    assert_eq!(left(&table, &[row]).await, Vec::<usize>::new());
}

#[tokio::test]
async fn without_a_retention_nothing_is_removed_and_nothing_kept() {
    let clock = clock();
    let table = table(&clock);
    let rows = a_row_a_day(&table, 3).await;
    let report = run_one(&maintenance(&table, None, clock), Job::LogRetention, LATER).await;
    assert_eq!(report.status, Status::Off);
    assert_eq!(left(&table, &rows).await, [0, 1, 2]);
    let kept = table.get(&Key::new("MAINT#log_retention", "CURSOR"), Freshness::Latest).await.unwrap();
    assert_eq!(kept, None);
}

#[tokio::test]
async fn an_interrupted_run_goes_on_where_it_stopped() {
    let clock = clock();
    let table = table(&clock);
    let rows = a_row_a_day(&table, 40).await;
    let (mut removed, mut looked_at, mut interrupted) = (0, 0, 0);
    loop {
        // A new process each time: nothing but the table is remembered.
        let ticking = Arc::new(TickingClock(ManualClock::at(NOW)));
        let report = run_one(&maintenance(&table, Some(7), ticking), Job::LogRetention, NOW.plus_millis(100)).await;
        removed += report.done;
        looked_at += report.examined;
        if report.status == Status::Finished {
            break;
        }
        interrupted += 1;
        assert!(interrupted < 100, "{report:?}");
    }
    assert!(interrupted > 2);
    assert_eq!((removed, looked_at), (32, 3 * 366), "each day is looked at once");
    assert_eq!(left(&table, &rows).await, (0..=7).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_day_of_many_rows_is_removed_in_bounded_steps() {
    let clock = clock();
    let table = table(&clock);
    let spend = SpendLog::new(Arc::clone(&table), None);
    let day = days_ago(10);
    for millis in 0..300 {
        charge(&spend, "sk-1", day.plus_millis(millis), 3, COST).await;
    }
    // All of them lie in one shard, which gives up a sixteenth of what a day gives at most.
    let first = spend.remove_day(day, 800).await.unwrap();
    assert_eq!((first.rows, first.emptied), (50, false));
    assert_eq!(runs(&table, 7, &clock).await.iter().sum::<u64>(), 250);
}
