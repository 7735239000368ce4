//! Making the table, and what time does to tokens and items.

use postern_core::clock::{Clock, ManualClock, Timestamp};
use postern_core::store::dynamo::{CreateError, DynamoTable, TableState, Timeouts, create_table_if_missing};
use postern_core::store::item::{Item, Key};
use postern_core::store::table::{Freshness, IdempotencyToken, Query, Table, WriteError};
use postern_core::store::write::{Change, Condition, Write};
use postern_tests::{aws, dynoxide};
use std::sync::Arc;
use std::time::Duration;

const PATIENT: Timeouts = Timeouts {
    connect: Duration::from_secs(30),
    read_attempt: Duration::from_secs(30),
    page_attempt: Duration::from_secs(30),
    operation: Duration::from_secs(60),
};

fn count(when: Vec<Condition>) -> Write {
    Write::Update { key: Key::new("p", "count"), changes: vec![Change::Add("count".to_owned(), 1)], when }
}

#[tokio::test]
async fn a_missing_table_is_made_and_a_present_one_is_left_alone() {
    let emulator = dynoxide::start().await;
    let connection = aws::connection(&emulator.url()).await;
    assert_eq!(create_table_if_missing(&connection, "postern").await.expect("made"), TableState::Made);
    let table = DynamoTable::new(&connection, "postern", Arc::new(ManualClock::default()), PATIENT);
    table.write(count(vec![])).await.expect("written");
    assert_eq!(create_table_if_missing(&connection, "postern").await.expect("found"), TableState::Found);
    let item = table.get(&Key::new("p", "count"), Freshness::Latest).await.expect("read").expect("there");
    assert_eq!(item.number("count"), Some(1));
    let ttl = aws_sdk_dynamodb::Client::new(&connection.sdk_config(postern_core::aws::settings::Service::DynamoDb))
        .describe_time_to_live()
        .table_name("postern")
        .send()
        .await
        .expect("described");
    let ttl = ttl.time_to_live_description.expect("described");
    assert_eq!(ttl.attribute_name.as_deref(), Some("expires_at"));
}

#[tokio::test]
async fn a_table_of_another_shape_is_refused_with_both_shapes() {
    use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
    let emulator = dynoxide::start().await;
    let connection = aws::connection(&emulator.url()).await;
    let client = aws_sdk_dynamodb::Client::new(&connection.sdk_config(postern_core::aws::settings::Service::DynamoDb));
    let definition = AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::N);
    let schema = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash);
    client
        .create_table()
        .table_name("other")
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(definition.build().expect("whole"))
        .key_schema(schema.build().expect("whole"))
        .send()
        .await
        .expect("made");
    let error = create_table_if_missing(&connection, "other").await.expect_err("another shape");
    assert!(matches!(error, CreateError::OtherShape { .. }), "{error:?}");
    assert!(error.to_string().contains("its keys are `id` (HASH, N)"), "{error}");
}

#[tokio::test]
async fn a_transaction_repeated_in_a_later_second_is_still_a_no_op() {
    let emulator = dynoxide::start().await;
    let connection = aws::connection(&emulator.url()).await;
    create_table_if_missing(&connection, "postern").await.expect("made");
    let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_000)));
    let table = DynamoTable::new(&connection, "postern", clock.clone(), PATIENT);
    let ended = Item::new(Key::new("p", "count")).with("count", 40).expiring(Timestamp::from_seconds(900));
    table.write(Write::Put { item: ended, when: vec![] }).await.expect("put");
    let token = || Some(IdempotencyToken("0192-one-call".to_owned()));
    table.transact(token(), vec![count(vec![])]).await.expect("the first is applied");
    clock.advance_millis(5_000);
    table.transact(token(), vec![count(vec![])]).await.expect("the repeat is a no-op");
    let item = table.get(&Key::new("p", "count"), Freshness::Latest).await.expect("read").expect("there");
    assert_eq!(item.number("count"), Some(1));
    assert_eq!(item.expires_at, None);
    let other = table.transact(token(), vec![count(vec![Condition::Exists])]).await;
    assert!(matches!(other, Err(WriteError::TokenReused)), "{other:?}");
}

#[tokio::test]
async fn an_item_ends_by_the_table_s_clock() {
    let emulator = dynoxide::start().await;
    let connection = aws::connection(&emulator.url()).await;
    create_table_if_missing(&connection, "postern").await.expect("made");
    let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_000)));
    let table = DynamoTable::new(&connection, "postern", clock.clone(), PATIENT);
    let item = Item::new(Key::new("p", "a")).expiring(clock.now().plus_millis(1_000));
    table.write(Write::Put { item: item.clone(), when: vec![] }).await.expect("put");
    assert_eq!(table.query(&Query::partition("p")).await.expect("read").items, [item]);
    clock.advance_millis(1_000);
    assert_eq!(table.query(&Query::partition("p")).await.expect("read").items, []);
    let again = Write::Put { item: Item::new(Key::new("p", "a")), when: vec![Condition::Absent] };
    table.write(again).await.expect("its place is free");
}
