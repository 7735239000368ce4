//! Sums are the same wherever they come from.

use super::*;
use crate::accounting::spend_row::tests::row;
use crate::clock::ManualClock;
use crate::money::NanoDollars;
use crate::store::embedded::EmbeddedTable;
use std::sync::Arc;

const HOUR: i64 = 60 * 60 * 1000;
/// Midnight.
const DAY: i64 = 1_763_683_200_000;

async fn log(rows: usize) -> SpendLog {
    let table = EmbeddedTable::in_memory(Arc::new(ManualClock::at(Timestamp::from_millis(DAY)))).unwrap();
    let log = SpendLog::new(Arc::new(table), None).unsharded();
    for number in 0..rows {
        let mut row = row(DAY + number as i64 * 1000, (number % 200) as u8, 1000);
        row.details.model = format!("openai/{}", number % 3);
        log.settle(&row).await.unwrap();
    }
    log
}

fn total(sums: &Sums) -> (i64, i64, usize) {
    (sums.values().map(|sum| sum.calls).sum(), sums.values().map(|sum| sum.nanos).sum(), sums.len())
}

async fn summed_up(log: &SpendLog, now: i64, rows_max: usize) -> usize {
    let mut read = 0;
    loop {
        let done = log.sum_up((Timestamp::from_millis(DAY), 0), Timestamp::from_millis(now), rows_max).await.unwrap();
        read += done.1;
        if done.0 == Summed::All {
            return read;
        }
    }
}

#[tokio::test]
async fn a_report_is_the_same_before_while_and_after_rows_are_summed() {
    let log = log(1300).await;
    let day = Timestamp::from_millis(DAY + 5);
    let expected = (1300, 1_300_000, 3);
    assert_eq!(total(&log.sums_of(day).await.unwrap()), expected);
    // The first ten minutes are old enough.
    assert_eq!(summed_up(&log, DAY + HOUR + 11 * 60 * 1000, 100).await, 600);
    assert_eq!(total(&log.sums_of(day).await.unwrap()), expected);
    assert_eq!(summed_up(&log, DAY + HOUR + 11 * 60 * 1000, 100).await, 0, "nothing is summed twice");
    assert_eq!(summed_up(&log, DAY + 48 * HOUR, 100).await, 700);
    assert_eq!(total(&log.sums_of(day).await.unwrap()), expected);
    assert_eq!(total(&log.sums_of(Timestamp::from_millis(DAY - 1)).await.unwrap()), (0, 0, 0));
}

#[tokio::test]
async fn who_sums_the_same_rows_at_once_sums_them_once() {
    let log = log(700).await;
    let now = DAY + 48 * HOUR;
    let twice = tokio::join!(summed_up(&log, now, 100), summed_up(&log, now, 100));
    assert!(twice.0 + twice.1 >= 700);
    assert_eq!(total(&log.sums_of(Timestamp::from_millis(DAY)).await.unwrap()), (700, 700_000, 3));
}

#[tokio::test]
async fn sums_say_what_a_row_says() {
    let log = log(0).await;
    let mut row = row(DAY + 1, 1, 80_000);
    row.cost = NanoDollars::new(80_000);
    log.settle(&row).await.unwrap();
    let sums = log.sums_of(Timestamp::from_millis(DAY)).await.unwrap();
    let (shared, sum) = sums.iter().next().unwrap();
    assert_eq!(
        (shared.user.as_deref(), shared.group.as_str(), shared.tags.as_slice()),
        (Some("u-1"), "gpt", &["t1".to_owned()][..])
    );
    let expected =
        Sum { nanos: 80_000, calls: 1, prompt_tokens: 12, completion_tokens: 5, millis: 7, ..Sum::default() };
    assert_eq!(*sum, expected);
}
