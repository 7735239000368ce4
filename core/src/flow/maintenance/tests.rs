//! The jobs from outside: what a table holds before and after a run.

mod budgets;
mod erasure;
mod holds;
mod rounds;
mod rows;

use super::event::{Event, Task};
use super::job::Job;
use super::report::JobReport;
use super::run::Maintenance;
use crate::accounting::spend_log::SpendLog;
use crate::accounting::spend_row::{SpendDetails, SpendRow};
use crate::clock::{Clock, ManualClock, Timestamp};
use crate::crypto::key_hash;
use crate::id::RequestId;
use crate::money::NanoDollars;
use crate::store::embedded::EmbeddedTable;
use crate::store::item::{Item, Key};
use crate::store::table::{Freshness, IdempotencyToken, Page, Query, ReadError, Table, WriteError};
use crate::store::write::Write;
use async_trait::async_trait;
use futures_util::future::BoxFuture;
use std::sync::{Arc, Mutex};

/// 2025-11-21, 04:40 in the morning.
const NOW: Timestamp = Timestamp::from_millis(1_763_700_000_000);

/// A deadline that no run reaches while the clock stands.
const LATER: Timestamp = NOW.plus_millis(1_000_000_000_000);

/// A clock that moves by a millisecond each time it is looked at, so that deadlines are met in the middle of a run.
struct TickingClock(ManualClock);

impl Clock for TickingClock {
    fn now(&self) -> Timestamp {
        self.0.advance_millis(1);
        self.0.now()
    }
}

/// A table where something else happens right before the first transaction.
struct Meanwhile {
    inner: Arc<dyn Table>,
    happens: Mutex<Option<BoxFuture<'static, ()>>>,
}

impl Meanwhile {
    fn before(inner: &Arc<dyn Table>, happens: impl Future<Output = ()> + Send + 'static) -> Arc<dyn Table> {
        Arc::new(Self { inner: Arc::clone(inner), happens: Mutex::new(Some(Box::pin(happens))) })
    }
}

#[async_trait]
impl Table for Meanwhile {
    async fn get(&self, key: &Key, freshness: Freshness) -> Result<Option<Item>, ReadError> {
        self.inner.get(key, freshness).await
    }

    async fn query(&self, query: &Query) -> Result<Page, ReadError> {
        self.inner.query(query).await
    }

    async fn write(&self, write: Write) -> Result<Option<Item>, WriteError> {
        self.inner.write(write).await
    }

    async fn transact(&self, token: Option<IdempotencyToken>, writes: Vec<Write>) -> Result<(), WriteError> {
        let happens = self.happens.lock().unwrap().take();
        if let Some(happens) = happens {
            happens.await;
        }
        self.inner.transact(token, writes).await
    }
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(NOW))
}

fn table(clock: &Arc<ManualClock>) -> Arc<dyn Table> {
    Arc::new(EmbeddedTable::in_memory(Arc::clone(clock) as Arc<dyn Clock>).unwrap())
}

fn maintenance(table: &Arc<dyn Table>, retention_days: Option<u32>, clock: Arc<dyn Clock>) -> Maintenance {
    Maintenance::new(Arc::clone(table), retention_days, None, clock)
}

async fn run_one(maintenance: &Maintenance, job: Job, deadline: Timestamp) -> JobReport {
    let event = Event { task: Task::One(job), ..Event::default() };
    let mut report = maintenance.run(&event, deadline).await;
    assert_eq!(report.jobs.len(), 1);
    report.jobs.pop().unwrap()
}

/// Charges a call of `key` that arrived at `at`, and returns its id. `tail` tells calls of one moment apart.
async fn charge(spend: &SpendLog, key: &str, at: Timestamp, tail: u8, cost: NanoDollars) -> RequestId {
    let request_id = RequestId::at(at, &[tail; 10]);
    let details = SpendDetails { started_at: at, ended_at: at, ..SpendDetails::default() };
    spend.settle(&SpendRow { request_id, key: key_hash::hash(key), cost, details }).await.unwrap();
    request_id
}
