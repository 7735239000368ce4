//! Who is let in, how soon a change of a key is felt, and what a store outage means.

use super::*;
use crate::auth::key_record::KeyRecord;
use crate::auth::records::RecordStore;
use crate::clock::ManualClock;
use crate::secret::Secret;
use crate::store::embedded::EmbeddedTable;
use crate::store::item::{Item, Key};
use crate::store::table::{Freshness, IdempotencyToken, Page, Query, Table, WriteError};
use crate::store::write::Write;
use async_trait::async_trait;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const NOW: Timestamp = Timestamp::from_millis(1_763_700_000_000);
const KEY: &str = "sk-0123456789abcdef";

/// A table that counts its reads and can stop answering.
struct Watched {
    inner: EmbeddedTable,
    reads: AtomicUsize,
    fault: Mutex<Fault>,
}

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    Refuses,
    Hangs,
}

#[async_trait]
impl Table for Watched {
    async fn get(&self, key: &Key, freshness: Freshness) -> Result<Option<Item>, ReadError> {
        self.inner.get(key, freshness).await
    }

    async fn query(&self, query: &Query) -> Result<Page, ReadError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let fault = *self.fault.lock().unwrap();
        match fault {
            Fault::None => self.inner.query(query).await,
            Fault::Refuses => Err(ReadError::Unavailable("down".into())),
            Fault::Hangs => std::future::pending().await,
        }
    }

    async fn write(&self, write: Write) -> Result<Option<Item>, WriteError> {
        self.inner.write(write).await
    }

    async fn transact(&self, token: Option<IdempotencyToken>, writes: Vec<Write>) -> Result<(), WriteError> {
        self.inner.transact(token, writes).await
    }
}

struct Room {
    table: Arc<Watched>,
    keys: KeyStore,
    authenticator: Authenticator,
}

fn room(staleness_millis: i64, fault: Fault) -> Room {
    let inner = EmbeddedTable::in_memory(Arc::new(ManualClock::at(NOW))).unwrap();
    let table = Arc::new(Watched { inner, reads: AtomicUsize::new(0), fault: Mutex::new(fault) });
    let keys = KeyStore::new(table.clone());
    let cache = Arc::new(PrincipalCache::new(staleness_millis, 100));
    let master = MasterKey::new(&Secret::new("the master key"));
    let directory = Arc::new(Directory::new(RecordStore::new(table.clone()), staleness_millis, 100));
    Room { authenticator: Authenticator::new(Some(master), keys.clone(), cache, directory), keys, table }
}

impl Room {
    async fn with_key(self, change: impl Fn(&mut KeyRecord)) -> Self {
        let mut record = KeyRecord::new(key_hash::hash(KEY), key_hash::abbreviate(KEY), NOW, None);
        change(&mut record);
        self.keys.create(&record, NanoDollars::ZERO).await.unwrap();
        self
    }

    async fn present(&self, key: &str, now: Timestamp) -> Result<Arc<Principal>, AuthError> {
        self.authenticator.recognise(&Credential::new(key), now).await
    }

    async fn block(&self) {
        self.keys.set_blocked(&key_hash::hash(KEY), true, None, NOW).await.unwrap();
    }
}

#[tokio::test]
async fn a_virtual_key_is_who_its_record_says() {
    let room = room(0, Fault::None)
        .with_key(|record| {
            record.user_id = Some("u-1".to_owned());
            record.models = vec!["gpt".to_owned()];
        })
        .await;
    let caller = room.present(KEY, NOW).await.unwrap();
    assert_eq!((caller.role, caller.user_id.as_deref()), (Role::VirtualKey, Some("u-1")));
    assert_eq!(caller.models, ["gpt"]);
}

#[tokio::test]
async fn in_exact_mode_a_blocked_key_stops_at_its_next_request() {
    let room = room(0, Fault::None).with_key(|_| {}).await;
    assert!(room.present(KEY, NOW).await.is_ok());
    room.block().await;
    assert!(matches!(room.present(KEY, NOW).await, Err(AuthError::Blocked { .. })));
}

#[tokio::test]
async fn on_the_cached_path_a_key_blocked_elsewhere_stops_within_the_bound() {
    let room = room(5000, Fault::None).with_key(|_| {}).await;
    assert!(room.present(KEY, NOW).await.is_ok());
    room.block().await;
    assert!(room.present(KEY, NOW.plus_millis(4999)).await.is_ok());
    assert_eq!(room.table.reads.load(Ordering::SeqCst), 1, "the second was answered from memory");
    assert!(matches!(room.present(KEY, NOW.plus_millis(5000)).await, Err(AuthError::Blocked { .. })));
}

#[tokio::test]
async fn a_new_key_works_at_once_though_it_was_refused_before() {
    let room = room(60_000, Fault::None);
    assert!(matches!(room.present(KEY, NOW).await, Err(AuthError::Unknown { .. })));
    let room = room.with_key(|_| {}).await;
    assert!(room.present(KEY, NOW).await.is_ok());
}

#[tokio::test]
async fn a_key_ends_on_time_also_on_the_cached_path() {
    let room = room(60_000, Fault::None).with_key(|record| record.expires = Some(NOW.plus_millis(1000))).await;
    assert!(room.present(KEY, NOW.plus_millis(999)).await.is_ok());
    let refused = room.present(KEY, NOW.plus_millis(1000)).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "Authentication Error - Expired Key. Key Expiry time 2025-11-21T04:40:01.000Z and current time \
         2025-11-21T04:40:01.000Z"
    );
}

#[tokio::test(start_paused = true)]
async fn a_store_outage_never_reads_as_a_wrong_key_and_is_answered_in_time() {
    for fault in [Fault::Refuses, Fault::Hangs] {
        let room = room(60_000, fault).with_key(|_| {}).await;
        let began = tokio::time::Instant::now();
        assert!(matches!(room.present(KEY, NOW).await, Err(AuthError::StoreUnavailable(_))));
        assert!(began.elapsed() <= Duration::from_millis(251));
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_known_is_trusted_in_an_outage_where_that_is_asked_for_and_no_other() {
    for fault in [Fault::Refuses, Fault::Hangs] {
        let mut room = room(5000, Fault::None).with_key(|_| {}).await;
        room.authenticator = room.authenticator.trusting_known(true);
        room.present(KEY, NOW).await.unwrap();
        *room.table.fault.lock().unwrap() = fault;
        assert!(room.present(KEY, NOW.plus_millis(3_599_999)).await.is_ok());
        let late = room.present(KEY, NOW.plus_millis(3_600_000)).await;
        assert!(matches!(late, Err(AuthError::StoreUnavailable(_))));
        assert!(matches!(room.present("sk-unknown", NOW).await, Err(AuthError::StoreUnavailable(_))));
    }
}

#[tokio::test]
async fn a_key_that_was_seen_blocked_is_not_trusted_in_an_outage() {
    let mut room = room(5000, Fault::None).with_key(|_| {}).await;
    room.authenticator = room.authenticator.trusting_known(true);
    room.present(KEY, NOW).await.unwrap();
    room.block().await;
    let later = NOW.plus_millis(5000);
    assert!(matches!(room.present(KEY, later).await, Err(AuthError::Blocked { .. })));
    *room.table.fault.lock().unwrap() = Fault::Refuses;
    assert!(matches!(room.present(KEY, later).await, Err(AuthError::StoreUnavailable(_))));
}

#[tokio::test]
async fn the_master_key_works_while_the_store_is_down_and_is_logged_by_a_name() {
    let room = room(0, Fault::Hangs);
    let caller = room.present("the master key", NOW).await.unwrap();
    assert_eq!(caller.role, Role::Master);
    assert_ne!(caller.key, key_hash::hash("the master key"));
}

#[tokio::test]
async fn what_is_no_key_is_refused_without_asking_the_store_or_repeating_it() {
    let room = room(0, Fault::None);
    let refused = room.present("a password typed by mistake", NOW).await.unwrap_err();
    assert!(matches!(refused, AuthError::NotAVirtualKey) && !format!("{refused} {refused:?}").contains("password"));
    assert_eq!(room.table.reads.load(Ordering::SeqCst), 0);
    let unknown = room.present(KEY, NOW).await.unwrap_err();
    assert!(!format!("{unknown} {unknown:?}").contains(KEY));
}
