//! What a call takes for so is read again beside its reservation, and nothing is sent before it is so.

use super::*;
use crate::accounting::spend_log::totals_key;
use crate::auth::error::AuthError;
use crate::auth::records::{Record, RecordId, RecordKind};
use crate::store::item::Item;
use crate::store::table::{IdempotencyToken, Page, Query, ReadError, WriteError};
use crate::store::write::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Barrier;

const KEY: &str = "sk-remembered";
const NOW: Timestamp = Timestamp::from_seconds(1_763_700_000);
/// How long what was read is known, in milliseconds.
const KNOWN: i64 = 5000;
const ANSWER: &str = "{\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":5}}";
const OF_END_USER: &str = r#"{"model":"gpt","messages":[],"user":"somebody"}"#;

/// A table at which a read and a transaction meet, once that is asked: neither goes on without the other.
struct Meeting {
    inner: Arc<FaultyTable>,
    is_asked: AtomicBool,
    barrier: Barrier,
}

impl Meeting {
    async fn meet(&self) {
        if self.is_asked.load(Ordering::SeqCst) {
            self.barrier.wait().await;
            self.is_asked.store(false, Ordering::SeqCst);
        }
    }
}

#[async_trait]
impl Table for Meeting {
    async fn get(&self, key: &Key, freshness: Freshness) -> Result<Option<Item>, ReadError> {
        self.meet().await;
        self.inner.get(key, freshness).await
    }

    async fn query(&self, query: &Query) -> Result<Page, ReadError> {
        self.meet().await;
        self.inner.query(query).await
    }

    async fn write(&self, write: Write) -> Result<Option<Item>, WriteError> {
        self.inner.write(write).await
    }

    async fn transact(&self, token: Option<IdempotencyToken>, writes: Vec<Write>) -> Result<(), WriteError> {
        self.meet().await;
        self.inner.transact(token, writes).await
    }
}

/// A gateway that remembers what it reads, and the store as another process writes to it.
struct Room {
    gateway: Gateway,
    clock: Arc<ManualClock>,
    meeting: Arc<Meeting>,
    keys: KeyStore,
    records: RecordStore,
}

impl Room {
    /// Where the key has been seen, too long ago to be known.
    async fn new(change: impl Fn(&mut KeyRecord)) -> Self {
        let mut gateway = Gateway::answering(200, pieces(&[ANSWER]));
        let (keys, records) = (KeyStore::new(gateway.table.clone()), RecordStore::new(gateway.table.clone()));
        let mut record = KeyRecord::new(key_hash::hash(KEY), "sk-...ered".to_owned(), NOW, None);
        record.limits.max_budget = Some(NanoDollars::from_dollars(1.0));
        change(&mut record);
        keys.create(&record, NanoDollars::ZERO).await.unwrap();
        let inner = gateway.table.clone();
        let meeting = Arc::new(Meeting { inner, is_asked: AtomicBool::new(false), barrier: Barrier::new(2) });
        let clock = Arc::new(ManualClock::at(NOW));
        let cache = Arc::new(PrincipalCache::new(KNOWN, 100));
        let directory = Arc::new(Directory::new(RecordStore::new(meeting.clone()), KNOWN, 100));
        let authenticator = Authenticator::new(None, KeyStore::new(meeting.clone()), cache, directory);
        let calls = Arc::get_mut(&mut gateway.calls).unwrap();
        (calls.authenticator, calls.clock) = (Arc::new(authenticator), clock.clone());
        calls.ledger = Ledger::new(meeting.clone());
        calls.limits.tracks_end_users = true;
        let room = Self { gateway, clock, meeting, keys, records };
        room.call(WHOLE).await.result.unwrap();
        room.clock.advance_millis(KNOWN);
        room
    }

    async fn call(&self, body: &'static str) -> CallAnswer {
        *self.gateway.upstream.answer.lock().unwrap() = Some((200, pieces(&[ANSWER])));
        self.gateway.call_as(KEY, body).await
    }

    /// What a call that must not be sent is told. Whoever is not let in is told nothing of what the key was.
    async fn refused(&self, body: &'static str) -> CallError {
        let answer = self.call(body).await;
        let is_stranger = matches!(answer.result, Err(CallError::Auth(_)));
        let facts = &answer.facts;
        assert!(!is_stranger || facts.principal.is_none() && facts.deployment.is_none() && facts.model_group.is_none());
        assert!(self.gateway.upstream.answer.lock().unwrap().is_some(), "sent");
        self.gateway.calls.background.drained().await;
        // Of the first call alone: nothing is held.
        assert_eq!(self.used().await, 80_000);
        answer.result.err().unwrap()
    }

    async fn used(&self) -> i64 {
        let totals = totals_key(&key_hash::hash(KEY));
        self.gateway.table.get(&totals, Freshness::Latest).await.unwrap().unwrap().number("used").unwrap()
    }

    /// Another process changes the key.
    async fn change(&self, change: impl Fn(&mut KeyRecord)) {
        let before = self.keys.get(&key_hash::hash(KEY)).await.unwrap().unwrap().record;
        let mut record = before.clone();
        change(&mut record);
        self.keys.update(&before, &record).await.unwrap();
    }

    async fn end_user(&self, change: impl Fn(&mut Record)) {
        let mut record = Record::new(RecordId::of(RecordKind::Customer, "somebody"), NOW, None);
        change(&mut record);
        self.records.create(&record, Vec::new()).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_is_read_again_while_its_call_is_reserved() {
    let room = Room::new(|_| {}).await;
    room.meeting.is_asked.store(true, Ordering::SeqCst);
    let answer = tokio::time::timeout(Duration::from_secs(1), room.call(WHOLE)).await.expect("one waits for the other");
    answer.result.unwrap();
    assert_eq!(room.used().await, 160_000);
    // It goes on as what was read, so that what others spent is told.
    assert_eq!(answer.facts.principal.unwrap().spend.get().nanos(), 160_000);
}

#[tokio::test(start_paused = true)]
async fn an_end_user_whom_nobody_has_met_is_read_while_the_call_is_reserved() {
    let room = Room::new(|_| {}).await;
    room.call(WHOLE).await.result.unwrap();
    room.meeting.is_asked.store(true, Ordering::SeqCst);
    let call = room.call(OF_END_USER);
    tokio::time::timeout(Duration::from_secs(1), call).await.expect("one waits for the other").result.unwrap();
}

#[tokio::test]
async fn a_key_that_was_blocked_or_deleted_elsewhere_sends_nothing() {
    let room = Room::new(|_| {}).await;
    room.keys.set_blocked(&key_hash::hash(KEY), true, None, NOW).await.unwrap();
    let error = room.refused(WHOLE).await;
    assert!(matches!(error, CallError::Auth(AuthError::Blocked { .. })), "{error}");
    let room = Room::new(|_| {}).await;
    let record = room.keys.get(&key_hash::hash(KEY)).await.unwrap().unwrap().record;
    room.keys.delete(&record).await.unwrap();
    let answer = room.call(WHOLE).await;
    assert!(matches!(answer.result, Err(CallError::Auth(AuthError::Unknown { .. }))));
    assert!(answer.facts.principal.is_none() && room.gateway.upstream.answer.lock().unwrap().is_some(), "sent");
    // Without limits nothing is counted, and what it waits for is the reading alone.
    let room = Room::new(|record| record.limits.max_budget = None).await;
    room.keys.set_blocked(&key_hash::hash(KEY), true, None, NOW).await.unwrap();
    let answer = room.call(WHOLE).await;
    assert!(matches!(answer.result, Err(CallError::Auth(AuthError::Blocked { .. }))));
    assert!(room.gateway.upstream.answer.lock().unwrap().is_some(), "sent");
}

#[tokio::test]
async fn a_call_that_is_walked_again_does_not_stand_in_its_own_way() {
    for change in [
        |record: &mut KeyRecord| record.limits.max_parallel_requests = Some(1),
        |record: &mut KeyRecord| record.limits.rpm_limit = Some(2),
        // It pays for one call at a time, which holds four cents.
        |record: &mut KeyRecord| record.limits.max_budget = Some(NanoDollars::from_dollars(0.05)),
    ] {
        let room = Room::new(change).await;
        room.change(|record| record.models = vec!["gpt".to_owned()]).await;
        room.call(WHOLE).await.result.unwrap();
        let room = Room::new(change).await;
        room.end_user(|record| record.limits.max_budget = Some(NanoDollars::from_dollars(1.0))).await;
        room.call(OF_END_USER).await.result.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_the_store_lets_in_whom_it_let_in_before_and_nobody_else() {
    for admits in [true, false] {
        let mut room = Room::new(|_| {}).await;
        let calls = Arc::get_mut(&mut room.gateway.calls).unwrap();
        calls.admits_in_outage = admits;
        let cache = Arc::new(PrincipalCache::new(KNOWN, 100));
        let directory = Arc::new(Directory::new(room.records.clone(), KNOWN, 100));
        let authenticator = Authenticator::new(None, KeyStore::new(room.meeting.clone()), cache, directory);
        calls.authenticator = Arc::new(authenticator.trusting_known(admits));
        room.call(WHOLE).await.result.unwrap();
        room.clock.advance_millis(KNOWN);
        room.gateway.table.follow(Plan::script(vec![Some(Fault::Unavailable); 60]));
        let began = tokio::time::Instant::now();
        let answer = room.call(WHOLE).await;
        // Once before it is sent, and once before it is answered.
        let waits = if admits { 2 } else { 1 };
        assert!(began.elapsed() <= Duration::from_millis(250) * waits, "{:?}", began.elapsed());
        assert_eq!(answer.result.is_ok(), admits);
        assert_eq!(room.gateway.upstream.answer.lock().unwrap().is_none(), admits);
    }
}

#[tokio::test]
async fn a_model_that_was_taken_from_the_key_is_not_asked_and_one_that_was_granted_is() {
    let room = Room::new(|_| {}).await;
    room.change(|record| record.models = vec!["mini".to_owned()]).await;
    let error = room.refused(WHOLE).await;
    assert!(matches!(error, CallError::ModelDenied(_)), "{error}");
    room.clock.advance_millis(KNOWN);
    room.change(|record| record.models = vec!["gpt".to_owned()]).await;
    room.call(WHOLE).await.result.unwrap();
}

#[tokio::test]
async fn a_budget_that_was_raised_counts_and_so_does_one_that_was_lowered() {
    let room = Room::new(|record| record.limits.max_budget = Some(NanoDollars::new(80_000))).await;
    room.change(|record| record.limits.max_budget = Some(NanoDollars::from_dollars(1.0))).await;
    room.call(WHOLE).await.result.unwrap();
    assert_eq!(room.used().await, 160_000);
    let room = Room::new(|_| {}).await;
    room.change(|record| record.limits.max_budget = Some(NanoDollars::new(80_000))).await;
    let error = room.refused(WHOLE).await;
    assert!(matches!(error, CallError::Refused(_)), "{error}");
}

#[tokio::test]
async fn an_end_user_who_has_a_record_is_under_it_at_the_first_call() {
    let room = Room::new(|_| {}).await;
    room.end_user(|record| record.limits.blocked = Some(true)).await;
    let error = room.refused(OF_END_USER).await;
    assert!(matches!(error, CallError::EndUserBlocked(_)), "{error}");
    let room = Room::new(|_| {}).await;
    room.end_user(|record| record.limits.rpm_limit = Some(0)).await;
    let error = room.refused(OF_END_USER).await;
    assert!(matches!(error, CallError::Refused(_)), "{error}");
}

#[tokio::test]
async fn a_call_that_was_walked_again_is_one_call() {
    let room = Room::new(|_| {}).await;
    room.change(|record| record.limits.max_budget = Some(NanoDollars::from_dollars(2.0))).await;
    let answer = room.call(WHOLE).await;
    answer.result.unwrap();
    room.gateway.calls.background.drained().await;
    assert_eq!(room.used().await, 160_000);
    let now = room.clock.now();
    let rows = room.gateway.calls.spend.newest(&SpendQuery::span(now, now), 5).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].request_id, answer.facts.id);
}
