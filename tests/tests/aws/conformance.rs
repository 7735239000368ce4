//! The table on DynamoDB does what every table does.

use async_trait::async_trait;
use postern_core::clock::{Clock, SystemClock};
use postern_core::store::dynamo::{DynamoTable, Timeouts, create_table_if_missing};
use postern_core::store::item::{Item, Key};
use postern_core::store::table::{Freshness, IdempotencyToken, Page, Query, ReadError, Table, WriteError};
use postern_core::store::write::Write;
use postern_tests::emulator::Emulator;
use postern_tests::{aws, dynoxide};
use std::sync::Arc;
use std::time::Duration;

/// The table, and the emulator that must live as long.
struct Emulated {
    table: DynamoTable,
    _emulator: Emulator,
}

#[async_trait]
impl Table for Emulated {
    async fn get(&self, key: &Key, freshness: Freshness) -> Result<Option<Item>, ReadError> {
        self.table.get(key, freshness).await
    }

    async fn query(&self, query: &Query) -> Result<Page, ReadError> {
        self.table.query(query).await
    }

    async fn write(&self, write: Write) -> Result<Option<Item>, WriteError> {
        self.table.write(write).await
    }

    async fn transact(&self, token: Option<IdempotencyToken>, writes: Vec<Write>) -> Result<(), WriteError> {
        self.table.transact(token, writes).await
    }
}

/// The cases are about behaviour, not speed: the emulator of a busy machine may take its time.
const PATIENT: Timeouts = Timeouts {
    connect: Duration::from_secs(30),
    read_attempt: Duration::from_secs(30),
    page_attempt: Duration::from_secs(30),
    operation: Duration::from_secs(60),
};

async fn open() -> (Arc<dyn Table>, Arc<dyn Clock>) {
    let emulator = dynoxide::start().await;
    let connection = aws::connection(&emulator.url()).await;
    create_table_if_missing(&connection, "conformance").await.expect("the table is made");
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let table = DynamoTable::new(&connection, "conformance", Arc::clone(&clock), PATIENT);
    (Arc::new(Emulated { table, _emulator: emulator }), clock)
}

postern_core::table_conformance!(open());
