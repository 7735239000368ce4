//! What becomes of a call's windows when it is settled, and of calls that count in very many limits.

use super::super::fits;
use super::*;
use crate::accounting::release::Release;
use crate::accounting::spend_log::{Settled, totals_key};
use crate::accounting::spend_row::SpendDetails;
use crate::admission::hold::{self, Hold, SHARDS};
use crate::admission::left::Left;
use crate::admission::limits::{Budget, Counter, Demand, ScopeLimits, Tokens, WINDOW_MILLIS, Wording};
use crate::admission::refusal::{Rate, Refusal};
use crate::auth::records::{Record, RecordId, RecordKind};
use crate::calendar::DAY_MILLIS;
use crate::store::item::Item;
use crate::store::table::{IdempotencyToken, Page, Query, ReadError, WriteError};
use crate::store::write::Write;

const NOW: Timestamp = Timestamp::from_seconds(1_763_700_000);
const KEY: &str = "sk-counted";

/// A table that notes how many writes its transactions have.
struct Counted {
    inner: EmbeddedTable,
    sizes: Mutex<Vec<usize>>,
}

#[async_trait]
impl Table for Counted {
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
        self.sizes.lock().unwrap().push(writes.len());
        self.inner.transact(token, writes).await
    }
}

struct Books {
    clock: Arc<ManualClock>,
    table: Arc<Counted>,
    ledger: Ledger,
    spend: SpendLog,
}

impl Books {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at(NOW));
        let inner = EmbeddedTable::in_memory(Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
        let table = Arc::new(Counted { inner, sizes: Mutex::default() });
        let (ledger, spend) = (Ledger::new(table.clone()), SpendLog::new(table.clone(), None));
        Self { clock, table, ledger, spend }
    }

    async fn reserve(&self, call: u8, scopes: &[ScopeLimits], tokens: i64) -> Result<Hold, Refusal> {
        self.ledger.reserve(demand(call, scopes, tokens), self.clock.now()).await
    }

    fn release(&self, hold: &Hold, tokens: i64) -> Release {
        Release { corrected: hold.corrected(tokens, self.clock.now()), ..fits::release(hold) }
    }

    async fn settle(&self, hold: &Hold, tokens: i64) {
        let release = self.release(hold, tokens);
        assert_eq!(self.spend.settle_held(&row(hold.id), release).await.unwrap(), Settled::Now);
    }

    /// What the windows of these scopes count of tokens.
    async fn tokens(&self, scopes: &[ScopeLimits]) -> Vec<Option<i64>> {
        let mut all = Vec::new();
        for scope in scopes {
            let key = Key::new(format!("RATE#{}#{}", scope.kind, scope.id), "WINDOW");
            let item = self.table.get(&key, Freshness::Latest).await.unwrap();
            all.push(item.and_then(|item| item.number("tokens")));
        }
        all
    }
}

fn id(call: u8) -> RequestId {
    RequestId::at(NOW, &[0, 0, 0, 0, 0, 0, 0, 0, 0, call])
}

fn row(request_id: RequestId) -> SpendRow {
    let (key, cost) = (key_hash::hash(KEY), NanoDollars::new(5));
    SpendRow { request_id, key, cost, details: SpendDetails::default() }
}

fn demand(call: u8, scopes: &[ScopeLimits], tokens: i64) -> Demand {
    Demand {
        id: id(call),
        scopes: scopes.to_vec(),
        totals: Vec::new(),
        cost: NanoDollars::new(5),
        is_bound: false,
        tokens: Tokens { input: tokens, output: 0, is_bounded: true },
        lasts_millis: 2 * DAY_MILLIS,
        unsettled: row(id(call)).to_item(None, 1),
    }
}

/// A scope of a thousand tokens a minute.
fn limited(number: usize) -> ScopeLimits {
    ScopeLimits { tokens: Some(1_000), ..ScopeLimits::new("tag", number.to_string()) }
}

fn budget(number: usize) -> ScopeLimits {
    let counter = Counter::Period { key: Key::new(format!("USED#tag#{number}"), "ALL"), expires_at: None };
    let (limit, owner) = (NanoDollars::new(1_000), String::new());
    let budget = Budget { counter, limit, owner, wording: Wording::Exceeded, resets_at: None };
    ScopeLimits { budget: Some(budget), ..ScopeLimits::new("tag", number.to_string()) }
}

/// A scope of three limits, and so of three writes.
fn full(number: usize) -> ScopeLimits {
    ScopeLimits { budget: budget(number).budget, parallel: Some(9), ..limited(number) }
}

#[tokio::test]
async fn a_call_of_more_than_a_minute_counts_in_the_window_that_stands() {
    let (books, scopes) = (Books::new(), [limited(1)]);
    let hold = books.reserve(1, &scopes, 100).await.unwrap();
    books.clock.advance_millis(WINDOW_MILLIS + 5_000);
    books.reserve(2, &scopes, 10).await.unwrap();
    let before = books.table.sizes.lock().unwrap().len();
    books.settle(&hold, 700).await;
    assert_eq!(books.tokens(&scopes).await, [Some(610)]);
    assert_eq!(books.table.sizes.lock().unwrap()[before..], [4], "row, totals, hold, window");
    let refused = books.reserve(3, &scopes, 391).await.unwrap_err();
    assert!(matches!(refused, Refusal::Rate { rate: Rate::Tokens, remaining: 390, .. }), "{refused}");
}

#[tokio::test]
async fn tokens_of_a_call_whose_window_was_followed_within_its_minute_count_in_the_next() {
    let (books, scopes) = (Books::new(), [limited(1), limited(2)]);
    books.reserve(1, &scopes[..1], 1).await.unwrap();
    books.clock.advance_millis(WINDOW_MILLIS - 1_000);
    let holds = [books.reserve(2, &scopes, 100).await.unwrap(), books.reserve(3, &scopes, 100).await.unwrap()];
    books.clock.advance_millis(1_000);
    books.reserve(4, &scopes[..1], 10).await.unwrap();
    books.settle(&holds[0], 700).await;
    assert_eq!(books.tokens(&scopes).await, [Some(610), Some(800)]);
    // What is given back is given to the window that counted it.
    books.settle(&holds[1], 40).await;
    assert_eq!(books.tokens(&scopes).await, [Some(610), Some(740)]);
}

#[tokio::test]
async fn what_a_call_of_more_than_a_minute_did_not_use_is_given_back_to_no_other_window() {
    let (books, scopes) = (Books::new(), [limited(1)]);
    let hold = books.reserve(1, &scopes, 100).await.unwrap();
    books.clock.advance_millis(WINDOW_MILLIS);
    books.reserve(2, &scopes, 50).await.unwrap();
    books.settle(&hold, 10).await;
    assert_eq!(books.tokens(&scopes).await, [Some(50)]);
}

#[tokio::test]
async fn tokens_for_which_no_window_stands_neither_make_one_nor_count_in_the_next() {
    let (books, scopes) = (Books::new(), [limited(1)]);
    let holds = [books.reserve(1, &scopes, 100).await.unwrap(), books.reserve(2, &scopes, 100).await.unwrap()];
    books.clock.advance_millis(WINDOW_MILLIS);
    books.settle(&holds[0], 5_000).await;
    books.reserve(3, &scopes, 1_000).await.unwrap();
    assert_eq!(books.tokens(&scopes).await, [Some(1_000)]);
    books.clock.advance_millis(DAY_MILLIS + WINDOW_MILLIS);
    books.settle(&holds[1], 5_000).await;
    assert_eq!(books.tokens(&scopes).await, [None]);
}

#[tokio::test]
async fn windows_for_which_a_settlement_has_no_room_are_corrected_after_it() {
    let books = Books::new();
    let scopes: Vec<ScopeLimits> = (0..33).map(full).collect();
    let hold = books.reserve(1, &scopes, 100).await.unwrap();
    books.clock.advance_millis(WINDOW_MILLIS - 1);
    books.settle(&hold, 300).await;
    assert_eq!(*books.table.sizes.lock().unwrap(), [100, 3 + 33 + 33, 33]);
    assert_eq!(books.tokens(&scopes).await, vec![Some(300); 33]);
    assert_eq!(books.ledger.used(&budget(7).budget.unwrap().counter).await.unwrap().nanos(), 5);
}

#[tokio::test]
async fn of_windows_that_are_corrected_afterwards_each_is_as_if_it_were_alone() {
    let books = Books::new();
    let scopes: Vec<ScopeLimits> = (0..33).map(full).collect();
    books.reserve(1, &[limited(4)], 1).await.unwrap();
    books.clock.advance_millis(WINDOW_MILLIS - 1);
    let hold = books.reserve(2, &scopes, 100).await.unwrap();
    books.clock.advance_millis(1);
    books.reserve(3, &[limited(4)], 10).await.unwrap();
    books.settle(&hold, 300).await;
    let mut expected = vec![Some(300); 33];
    expected[4] = Some(210);
    assert_eq!(books.tokens(&scopes).await, expected);
}

#[tokio::test]
async fn a_call_is_told_that_it_has_too_many_limits_just_where_the_store_would_refuse_it() {
    let key = key_hash::hash(KEY);
    let scopes: Vec<ScopeLimits> = (0..33).map(full).collect();
    let books = Books::new();
    fits::check(&demand(1, &scopes, 1), &key, NOW).unwrap();
    let hold = books.reserve(1, &scopes, 1).await.unwrap();
    books.settle(&hold, 1).await;
    let more: Vec<ScopeLimits> = scopes.into_iter().chain([limited(33)]).collect();
    let told = fits::check(&demand(2, &more, 1), &key, NOW).unwrap_err();
    assert!(matches!(told, CallError::TooManyLimits { count: 100, most: 99, .. }), "{told}");
    let refused = books.reserve(2, &more, 1).await;
    assert!(matches!(refused, Err(Refusal::Unavailable(_))), "{refused:?}");
}

#[tokio::test]
async fn a_call_is_told_that_it_is_charged_in_too_many_places_just_where_it_could_not_be_settled() {
    let key = key_hash::hash(KEY);
    let charged = |call, others: usize| {
        let scopes: Vec<ScopeLimits> = (0..60).map(budget).collect();
        let others = (0..others).map(|number| Key::new(format!("TAG#{number}"), "SPEND"));
        // The key's own are counted once.
        let totals = others.chain([totals_key(&key)]).collect();
        Demand { totals, ..demand(call, &scopes, 1) }
    };
    let books = Books::new();
    fits::check(&charged(1, 37), &key, NOW).unwrap();
    let hold = books.ledger.reserve(charged(1, 37), NOW).await.unwrap();
    books.settle(&hold, 1).await;
    assert_eq!(books.table.sizes.lock().unwrap().last(), Some(&100));
    let told = fits::check(&charged(2, 38), &key, NOW).unwrap_err();
    assert!(matches!(told, CallError::TooManyLimits { count: 98, most: 97, .. }), "{told}");
    let hold = books.ledger.reserve(charged(2, 38), NOW).await.unwrap();
    books.spend.settle_held(&row(hold.id), books.release(&hold, 1)).await.unwrap_err();
}

impl Gateway {
    /// A key with a limit of each kind.
    async fn with_limited_key(self, change: impl Fn(&mut KeyRecord)) -> Self {
        let mut record = KeyRecord::new(key_hash::hash(KEY), "sk-...nted".to_owned(), NOW, None);
        record.limits.rpm_limit = Some(5);
        record.limits.tpm_limit = Some(100_000);
        record.limits.max_parallel_requests = Some(2);
        change(&mut record);
        KeyStore::new(self.table.clone()).create(&record, NanoDollars::ZERO).await.unwrap();
        self
    }
}

fn told(answer: &CallAnswer) -> Vec<(Rate, i64)> {
    answer.facts.left.iter().map(|Left { rate, left, .. }| (*rate, *left)).collect()
}

#[tokio::test]
async fn a_refused_call_knows_what_is_left_of_all_its_limits() {
    let all = [(Rate::Requests, 5), (Rate::Tokens, 100_000), (Rate::Parallel, 2)];
    for change in [
        |record: &mut KeyRecord| record.limits.max_budget = Some(NanoDollars::ZERO),
        |record: &mut KeyRecord| {
            record.limits.max_budget = Some(NanoDollars::from_dollars(1.0));
            record.metadata.insert("budget_mode".to_owned(), "strict".into());
        },
    ] {
        let gateway = Gateway::answering(200, pieces(&[])).with_limited_key(change).await;
        let answer = gateway.call_as(KEY, UNBOUNDED).await;
        assert!(matches!(answer.result, Err(CallError::Refused(_) | CallError::Unbounded(_))));
        assert_eq!(told(&answer), all);
    }
}

/// What a file costs has no bound.
const UNBOUNDED: &str = r#"{"model":"gpt","messages":[{"role":"user","content":[
    {"type":"file","file":{"file_data":"data:application/pdf;base64,AAAA"}}]}]}"#;

#[tokio::test]
async fn a_call_whose_upstream_fails_knows_what_is_left_of_all_its_limits() {
    let failing =
        Gateway::answering(400, UpstreamBody::Whole(Bytes::from_static(b"{}"))).with_limited_key(|_| {}).await;
    let answer = failing.call_as(KEY, WHOLE).await;
    assert!(matches!(answer.result, Err(CallError::Upstream { .. })));
    assert_eq!(
        told(&answer).iter().map(|(rate, _)| *rate).collect::<Vec<_>>(),
        [Rate::Requests, Rate::Tokens, Rate::Parallel]
    );
    assert!(told(&answer).contains(&(Rate::Requests, 4)));
}

#[tokio::test]
async fn a_call_with_more_limits_than_can_be_counted_at_once_is_refused_and_counted_nowhere() {
    let answer = UpstreamBody::Whole(Bytes::from_static(b"{\"choices\":[]}"));
    let gateway = Gateway::answering(200, answer).with_limited_key(|_| {}).await;
    let tags: Vec<String> = (0..32).map(|number| format!("t{number}")).collect();
    let records = RecordStore::new(gateway.table.clone());
    for tag in &tags {
        let mut record = Record::new(RecordId::of(RecordKind::Tag, tag.as_str()), NOW, None);
        record.limits.max_budget = Some(NanoDollars::from_dollars(1.0));
        record.limits.rpm_limit = Some(5);
        record.limits.max_parallel_requests = Some(5);
        record.metadata.insert("model_rpm_limit".to_owned(), serde_json::json!({"gpt": 5}));
        records.create(&record, Vec::new()).await.unwrap();
    }
    let body = |tags: &[String]| {
        let body = serde_json::json!({"model": "gpt", "messages": [], "metadata": {"tags": tags}});
        &*Box::leak(body.to_string().into_boxed_str())
    };
    // Four each, and the key's two.
    let answer = gateway.call_as(KEY, body(&tags)).await;
    let error = answer.result.as_ref().err().unwrap();
    assert!(matches!(error, CallError::TooManyLimits { count: 130, most: 99, .. }), "{error}");
    assert!(told(&answer).contains(&(Rate::Tokens, 100_000)));
    for shard in 0..SHARDS {
        let held = gateway.table.query(&Query::partition(hold::partition(shard))).await.unwrap();
        assert!(held.items.is_empty());
    }
    // With fewer of them it is made.
    let answer = gateway.call_as(KEY, body(&tags[..24])).await;
    assert!(answer.result.is_ok(), "{:?}", answer.result.err());
}
