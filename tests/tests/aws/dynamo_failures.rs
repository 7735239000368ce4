//! What a caller may conclude when DynamoDB fails, and that no write is ever sent twice.

use postern_core::clock::ManualClock;
use postern_core::store::dynamo::{DynamoTable, Timeouts};
use postern_core::store::item::{Item, Key};
use postern_core::store::silence::StoreWait;
use postern_core::store::table::{Freshness, IdempotencyToken, ReadError, Table, WriteError};
use postern_core::store::write::{Condition, Write};
use postern_tests::aws;
use postern_tests::stub::{Answer, Stub};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

async fn table(url: &str) -> DynamoTable {
    let connection = aws::connection(url).await;
    DynamoTable::new(&connection, "postern", Arc::new(ManualClock::default()), Timeouts::within(StoreWait::default()))
}

fn put() -> Write {
    Write::Put { item: Item::new(Key::new("p", "s")), when: vec![Condition::Absent] }
}

/// The failure of one write that is answered so, and how many requests it made.
async fn failed_write(answer: Answer) -> (WriteError, usize) {
    let stub = Stub::start(vec![answer]).await;
    let error = table(stub.url()).await.write(put()).await.expect_err("the write fails");
    (error, stub.requests())
}

async fn failed_transaction(status: u16, kind: &str, more: Value) -> WriteError {
    let stub = Stub::start(vec![Answer::dynamo_error(status, kind, more)]).await;
    let other = Write::Check { key: Key::new("p", "t"), when: vec![Condition::Exists] };
    let token = Some(IdempotencyToken("token".to_owned()));
    let error = table(stub.url()).await.transact(token, vec![put(), other]).await.expect_err("it fails");
    assert_eq!(stub.requests(), 1, "a transaction is sent once");
    error
}

fn cancelled(first: Value, second: Value) -> Value {
    json!({ "CancellationReasons": [first, second] })
}

#[tokio::test]
async fn each_throttling_of_a_write_is_told_and_the_write_is_sent_once() {
    for kind in ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"] {
        let (error, requests) = failed_write(Answer::dynamo_error(400, kind, Value::Null)).await;
        assert!(matches!(error, WriteError::Throttled(_)), "{kind}: {error:?}");
        assert_eq!(requests, 1, "{kind}");
    }
}

#[tokio::test]
async fn a_write_that_may_have_happened_is_never_called_failed() {
    let gone = [
        Answer::dynamo_error(500, "InternalServerError", Value::Null),
        Answer::Status(503, String::new()),
        Answer::Status(200, "{ this is no JSON".to_owned()),
        Answer::Status(408, "<html>".to_owned()),
        Answer::Close,
        Answer::Hang,
    ];
    for answer in gone {
        let (error, requests) = failed_write(answer.clone()).await;
        assert!(matches!(error, WriteError::OutcomeUnknown(_)), "{answer:?}: {error:?}");
        assert_eq!(requests, 1, "{answer:?}");
    }
}

#[tokio::test]
async fn a_silent_store_is_answered_within_its_time() {
    assert!(
        Timeouts::within(StoreWait::default()).operation <= Duration::from_millis(200),
        "leaves 50 ms of the promised 250"
    );
    let stub = Stub::start(vec![Answer::Hang]).await;
    let table = table(stub.url()).await;
    let start = Instant::now();
    let error = table.get(&Key::new("p", "s"), Freshness::Latest).await.expect_err("no answer");
    assert!(matches!(error, ReadError::Unavailable(_)), "{error:?}");
    let error = table.write(put()).await.expect_err("no answer");
    assert!(matches!(error, WriteError::OutcomeUnknown(_)), "{error:?}");
    // Far above the two timeouts, far below the SDK's own defaults: a busy machine does not fail this.
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}

#[tokio::test]
async fn where_nothing_was_sent_nothing_happened() {
    let stub = Stub::start(vec![Answer::Hang]).await;
    let url = stub.url().to_owned();
    drop(stub);
    let table = table(&url).await;
    // The stub's listener closes when its task ends, which may be a moment later.
    tokio::task::yield_now().await;
    let error = table.write(put()).await.expect_err("nobody listens");
    assert!(matches!(error, WriteError::Unavailable(_)), "{error:?}");
    let error = table.transact(None, vec![put()]).await.expect_err("nobody listens");
    assert!(matches!(error, WriteError::Unavailable(_)), "{error:?}");
}

#[tokio::test]
async fn refusals_that_no_repeat_mends_are_told_apart() {
    let item_size = json!({ "message": "Item size to update has exceeded the maximum allowed size" });
    let (error, _) = failed_write(Answer::dynamo_error(400, "ValidationException", item_size)).await;
    assert!(matches!(error, WriteError::TooLarge { .. }), "{error:?}");
    let (error, _) = failed_write(Answer::dynamo_error(400, "ValidationException", Value::Null)).await;
    assert!(matches!(error, WriteError::Invalid(_)), "{error:?}");
    for kind in ["AccessDeniedException", "ResourceNotFoundException"] {
        let (error, requests) = failed_write(Answer::dynamo_error(400, kind, Value::Null)).await;
        assert!(matches!(error, WriteError::Unavailable(_)), "{kind}: {error:?}");
        assert_eq!(requests, 1, "{kind}");
    }
    let (error, _) = failed_write(Answer::dynamo_error(400, "TransactionConflictException", Value::Null)).await;
    assert!(matches!(error, WriteError::Conflict), "{error:?}");
}

#[tokio::test]
async fn a_read_is_tried_twice_and_then_told() {
    let throttled = Answer::dynamo_error(400, "ProvisionedThroughputExceededException", Value::Null);
    let stub = Stub::start(vec![throttled.clone(), Answer::Status(200, "{}".to_owned())]).await;
    let read = table(stub.url()).await.get(&Key::new("p", "s"), Freshness::Latest).await;
    assert_eq!(read.expect("the second try is answered"), None);
    let stub = Stub::start(vec![throttled]).await;
    let error = table(stub.url()).await.get(&Key::new("p", "s"), Freshness::Latest).await.expect_err("throttled");
    assert!(matches!(error, ReadError::Throttled(_)), "{error:?}");
    assert_eq!(stub.requests(), 2);
}

#[tokio::test]
async fn a_stored_item_of_another_make_is_corrupt() {
    let body = json!({ "Item": { "pk": { "S": "p" }, "sk": { "S": "s" }, "list": { "L": [] } } });
    let stub = Stub::start(vec![Answer::Status(200, body.to_string())]).await;
    let error = table(stub.url()).await.get(&Key::new("p", "s"), Freshness::Latest).await.expect_err("corrupt");
    assert!(matches!(error, ReadError::Corrupt(_)), "{error:?}");
}

#[tokio::test]
async fn the_reason_of_a_cancelled_transaction_decides() {
    let kind = "TransactionCanceledException";
    let none = || json!({ "Code": "None" });
    let old = json!({ "pk": { "S": "p" }, "sk": { "S": "t" }, "n": { "N": "7" } });
    let refused = json!({ "Code": "ConditionalCheckFailed", "Item": old, "Message": "The conditional request failed" });
    match failed_transaction(400, kind, cancelled(none(), refused)).await {
        WriteError::ConditionFailed { index: 1, old: Some(old) } => assert_eq!(old.number("n"), Some(7)),
        other => panic!("{other:?}"),
    }
    let error = failed_transaction(400, kind, cancelled(none(), json!({ "Code": "TransactionConflict" }))).await;
    assert!(matches!(error, WriteError::Conflict), "{error:?}");
    for code in ["ProvisionedThroughputExceeded", "ThrottlingError"] {
        let error = failed_transaction(400, kind, cancelled(json!({ "Code": code }), none())).await;
        assert!(matches!(error, WriteError::Throttled(_)), "{code}: {error:?}");
    }
    let size = json!({ "Code": "ValidationError", "Message": "Item size to update has exceeded the maximum" });
    let error = failed_transaction(400, kind, cancelled(size, none())).await;
    assert!(matches!(error, WriteError::TooLarge { .. }), "{error:?}");
}

#[tokio::test]
async fn the_state_of_a_token_is_told() {
    let error = failed_transaction(400, "IdempotentParameterMismatchException", Value::Null).await;
    assert!(matches!(error, WriteError::TokenReused), "{error:?}");
    let error = failed_transaction(400, "TransactionInProgressException", Value::Null).await;
    assert!(matches!(error, WriteError::Conflict), "{error:?}");
}
