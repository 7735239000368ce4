//! What a call that nothing limits leaves in the store while it is under way, and what becomes of that.

use super::*;
use crate::accounting::spend_log::totals_key;
use crate::flow::maintenance::job::Job;
use crate::flow::maintenance::report::JobReport;
use crate::flow::maintenance::{Event, Maintenance, Task};
use crate::store::item::Item;
use crate::store::table::{IdempotencyToken, Page, Query, ReadError, WriteError};
use crate::store::write::Write;
use std::future::pending;
use tokio::runtime;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};

const KEY: &str = "sk-free";
const ASKED: &str = r#"{"model":"gpt","max_tokens":2,"messages":[{"role":"user","content":"Hello"}]}"#;
/// What that may cost: its bytes over four at $2.50 a million tokens, and two of output at $10.
const LIKELY: i64 = 20 * 2_500 + 2 * 10_000;
const ANSWER: &str = "{\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":5}}";
const TRUE_COST: i64 = 80_000;
/// A row, its charge, and nothing beside.
const SETTLED: &str = "put LOG, update KEY";
const SETTLED_WITH_TRACE: &str = "put LOG, update KEY, delete HOLD";
const TRACED: &str = "put HOLD";

/// What happens to traces on their way to the store.
enum Way {
    Open,
    /// They arrive when that is said.
    Blocked(oneshot::Receiver<()>),
    Refused,
}

/// A table that remembers what it was asked to write, by the partitions.
struct Recorded {
    inner: Arc<dyn Table>,
    written: Mutex<Vec<String>>,
    way: Mutex<Way>,
}

fn told(write: &Write) -> String {
    let deed = match write {
        Write::Put { .. } => "put",
        Write::Update { .. } => "update",
        Write::Delete { .. } => "delete",
        Write::Check { .. } => "check",
    };
    format!("{deed} {}", write.key().partition.split('#').next().unwrap())
}

#[async_trait]
impl Table for Recorded {
    async fn get(&self, key: &Key, freshness: Freshness) -> Result<Option<Item>, ReadError> {
        self.inner.get(key, freshness).await
    }

    async fn query(&self, query: &Query) -> Result<Page, ReadError> {
        self.inner.query(query).await
    }

    async fn write(&self, write: Write) -> Result<Option<Item>, WriteError> {
        let way = std::mem::replace(&mut *self.way.lock().unwrap(), Way::Open);
        match way {
            Way::Open => {}
            Way::Blocked(opened) => opened.await.unwrap(),
            Way::Refused => return Err(WriteError::Unavailable("refused".into())),
        }
        self.written.lock().unwrap().push(told(&write));
        self.inner.write(write).await
    }

    async fn transact(&self, token: Option<IdempotencyToken>, writes: Vec<Write>) -> Result<(), WriteError> {
        let told: Vec<_> = writes.iter().map(told).collect();
        self.written.lock().unwrap().push(told.join(", "));
        self.inner.transact(token, writes).await
    }
}

/// A gateway with a key that nothing limits.
struct Room {
    gateway: Gateway,
    store: Arc<Recorded>,
    clock: Arc<ManualClock>,
}

impl Room {
    async fn answering(status: u16, body: UpstreamBody) -> Self {
        let mut gateway = Gateway::answering(status, body);
        let clock = Arc::new(ManualClock::at(gateway.calls.clock.now()));
        let record = KeyRecord::new(key_hash::hash(KEY), "sk-...free".to_owned(), clock.now(), None);
        KeyStore::new(gateway.table.clone()).create(&record, NanoDollars::ZERO).await.unwrap();
        let (written, way) = (Mutex::default(), Mutex::new(Way::Open));
        let store = Arc::new(Recorded { inner: gateway.table.clone(), written, way });
        let calls = Arc::get_mut(&mut gateway.calls).unwrap();
        calls.clock = Arc::clone(&clock) as Arc<dyn Clock>;
        calls.ledger = Ledger::new(store.clone());
        calls.spend = Arc::new(SpendLog::new(store.clone(), None));
        Self { gateway, store, clock }
    }

    async fn ask(&self) -> CallAnswer {
        self.gateway.call_as(KEY, ASKED).await
    }

    /// What was written since it was asked last.
    fn written(&self) -> Vec<String> {
        std::mem::take(&mut self.store.written.lock().unwrap())
    }

    /// What the key has spent, and the calls that it was charged.
    async fn spent(&self) -> (i64, i64) {
        let item = self.gateway.table.get(&totals_key(&key_hash::hash(KEY)), Freshness::Latest).await.unwrap().unwrap();
        (item.number("spend").unwrap_or(0), item.number("requests").unwrap_or(0))
    }

    /// The classes and costs of the rows.
    async fn rows(&self) -> Vec<(String, i64)> {
        let now = self.clock.now();
        let begun = now.plus_millis(-3_600_000);
        let rows = self.gateway.calls.spend.newest(&SpendQuery::span(begun, now), 9).await.unwrap();
        let class = |row: &SpendRow| match &row.details.outcome {
            Outcome::Success => "Success".to_owned(),
            Outcome::Failure { class, .. } => class.clone(),
        };
        rows.iter().map(|row| (class(row), row.cost.nanos())).collect()
    }

    /// How maintenance deals with what is left behind, when the time of every call is over.
    async fn swept(&self) -> JobReport {
        // A minute for the call itself, and one more.
        self.clock.advance_millis(120_000);
        let event = Event { task: Task::One(Job::ExpiredHolds), ..Event::default() };
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let maintenance = Maintenance::new(self.gateway.table.clone(), None, None, clock);
        maintenance.run(&event, self.clock.now().plus_millis(3_600_000)).await.jobs.remove(0)
    }

    /// Whether maintenance finds nothing, and the key was charged this alone.
    async fn is_charged_once(&self, nanos: i64) {
        self.gateway.calls.background.drained().await;
        assert_eq!(self.spent().await, (nanos, 1));
        assert_eq!(self.swept().await.examined, 0, "a hold is left behind");
    }
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// An answer that comes so much later.
fn after(wait: impl Future<Output = ()> + Send + 'static) -> UpstreamBody {
    UpstreamBody::pieces(Box::pin(stream::once(async move {
        wait.await;
        Ok(Bytes::from_static(ANSWER.as_bytes()))
    })))
}

fn paused() -> runtime::Runtime {
    runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

#[test]
fn a_call_whose_process_dies_is_charged_by_maintenance_what_it_may_have_used_and_once() {
    let first = paused();
    let room = first.block_on(Room::answering(200, after(pending())));
    let mut call = Box::pin(room.ask());
    first.block_on(async {
        assert!(timeout(millis(60), &mut call).await.is_err());
        room.gateway.calls.background.drained().await;
    });
    assert_eq!(room.written(), [TRACED]);
    // Where there is no runtime nothing is settled any more.
    drop(first);
    drop(call);
    paused().block_on(async {
        assert_eq!((room.spent().await, room.rows().await.len()), ((0, 0), 0));
        assert_eq!(room.swept().await.done, 1);
        assert_eq!(room.spent().await, (LIKELY, 1));
        assert_eq!(room.rows().await, [("Unsettled".to_owned(), LIKELY)]);
        room.is_charged_once(LIKELY).await;
    });
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_over_soon_leaves_no_trace() {
    let room = Room::answering(200, after(sleep(millis(49)))).await;
    assert!(room.ask().await.result.is_ok());
    assert_eq!(room.gateway.calls.background.running(), 0, "nothing waits for a trace any more");
    room.is_charged_once(TRUE_COST).await;
    assert_eq!(room.written(), [SETTLED]);
}

#[tokio::test(start_paused = true)]
async fn a_longer_call_is_charged_its_true_cost_and_its_trace_is_removed_with_that() {
    let room = Room::answering(200, after(sleep(millis(60)))).await;
    assert!(room.ask().await.result.is_ok());
    room.is_charged_once(TRUE_COST).await;
    assert_eq!(room.written(), [TRACED, SETTLED_WITH_TRACE]);
    assert_eq!(room.rows().await, [("Success".to_owned(), TRUE_COST)]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_the_upstream_refuses_after_a_while_charges_nothing_and_leaves_no_trace() {
    let room = Room::answering(429, after(sleep(millis(60)))).await;
    assert!(room.ask().await.result.is_err());
    assert_eq!(room.written(), [TRACED, "put LOG, delete HOLD"]);
    assert_eq!(room.swept().await.examined, 0);
    assert_eq!(room.spent().await, (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_stream_whose_client_leaves_is_charged_once_and_its_trace_is_removed() {
    let begun = UpstreamBody::pieces(pieces(&[TEXT]).chain(stream::pending()));
    let room = Room::answering(200, begun).await;
    let (_, mut relay) = relay(room.gateway.call_as(KEY, STREAMED).await);
    relay.next().await.unwrap().unwrap();
    assert!(timeout(millis(60), relay.next()).await.is_err());
    drop(relay);
    room.gateway.calls.background.drained().await;
    assert_eq!(room.written(), [TRACED, SETTLED_WITH_TRACE]);
    let rows = room.rows().await;
    assert_eq!(rows[0].0, "ClientDisconnected");
    room.is_charged_once(rows[0].1).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_ends_after_maintenance_has_charged_it_is_corrected_once() {
    let (give, given) = oneshot::channel::<()>();
    let room = Room::answering(200, after(async move { given.await.unwrap() })).await;
    let mut call = Box::pin(room.ask());
    assert!(timeout(millis(60), &mut call).await.is_err());
    assert_eq!(room.swept().await.done, 1);
    assert_eq!(room.spent().await, (LIKELY, 1));
    give.send(()).unwrap();
    assert!(call.await.result.is_ok());
    assert_eq!(room.rows().await, [("Success".to_owned(), TRUE_COST)]);
    room.is_charged_once(TRUE_COST).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_ends_while_its_trace_is_written_waits_for_it_and_removes_it() {
    let room = Room::answering(200, after(sleep(millis(60)))).await;
    let (open, opened) = oneshot::channel();
    *room.store.way.lock().unwrap() = Way::Blocked(opened);
    let mut call = Box::pin(room.ask());
    assert!(timeout(millis(120), &mut call).await.is_err());
    assert_eq!(room.written(), [""; 0]);
    open.send(()).unwrap();
    assert!(call.await.result.is_ok());
    assert_eq!(room.written(), [TRACED, SETTLED_WITH_TRACE]);
    room.is_charged_once(TRUE_COST).await;
}

#[tokio::test(start_paused = true)]
async fn a_trace_that_arrives_after_its_call_was_charged_is_only_removed() {
    let room = Room::answering(200, after(sleep(millis(60)))).await;
    let (open, opened) = oneshot::channel();
    *room.store.way.lock().unwrap() = Way::Blocked(opened);
    let began = Instant::now();
    assert!(room.ask().await.result.is_ok());
    assert!(began.elapsed() < millis(200), "{:?}", began.elapsed());
    assert_eq!(room.written(), [SETTLED_WITH_TRACE]);
    open.send(()).unwrap();
    room.gateway.calls.background.drained().await;
    assert_eq!(room.written(), [TRACED]);
    let swept = room.swept().await;
    assert_eq!((swept.done, swept.passed_over), (0, 1));
    room.is_charged_once(TRUE_COST).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_goes_on_whose_trace_the_store_does_not_take() {
    let room = Room::answering(200, after(sleep(millis(60)))).await;
    *room.store.way.lock().unwrap() = Way::Refused;
    assert!(room.ask().await.result.is_ok());
    room.is_charged_once(TRUE_COST).await;
    assert_eq!(room.written(), [SETTLED_WITH_TRACE]);
}

/// An upstream that fails once after a while, and answers the next time.
struct FailingOnce(Mutex<bool>);

#[async_trait]
impl Transport for FailingOnce {
    async fn send(&self, _: Request<Bytes>, _: Bounds) -> Result<Response<UpstreamBody>, TransportError> {
        if std::mem::replace(&mut *self.0.lock().unwrap(), true) {
            return Ok(Response::new(pieces(&[ANSWER])));
        }
        sleep(millis(60)).await;
        let mut failure = Response::new(pieces(&["{\"error\":{\"message\":\"broken\"}}"]));
        *failure.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        Ok(failure)
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_followed_by_another_takes_its_trace_back() {
    let mut room = Room::answering(200, pieces(&[])).await;
    let calls = Arc::get_mut(&mut room.gateway.calls).unwrap();
    calls.transport = Arc::new(FailingOnce(Mutex::default())).into();
    calls.failing.retry.retries = 1;
    let answer = room.ask().await;
    assert!(answer.result.is_ok());
    room.gateway.calls.background.drained().await;
    assert_eq!(room.written(), [TRACED, "delete HOLD", SETTLED]);
    assert_eq!(room.rows().await, [("Success".to_owned(), TRUE_COST)]);
    room.is_charged_once(TRUE_COST).await;
}
