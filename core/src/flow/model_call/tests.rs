//! What must hold of a call whatever its upstream, its store and its client do.

use super::{
    CallAnswer, CallBody, CallError, CallRequest, Endpoints, HeaderRules, ModelCalls, ProxyLimits, RequestIds,
};
use crate::accounting::spend_log::SpendLog;
use crate::accounting::spend_query::SpendQuery;
use crate::accounting::spend_row::{Outcome, SpendRow};
use crate::admission::ledger::Ledger;
use crate::auth::authenticate::Authenticator;
use crate::auth::cache::PrincipalCache;
use crate::auth::key_record::KeyRecord;
use crate::auth::key_store::KeyStore;
use crate::auth::master::MasterKey;
use crate::auth::records::{Directory, RecordStore};
use crate::clock::{Clock, ManualClock, SystemRandom, Timestamp};
use crate::config::{DeploymentParams, Environment, ModelEntry};
use crate::crypto::key_hash;
use crate::flow::background::Background;
use crate::id::RequestId;
use crate::money::NanoDollars;
use crate::providers::operation::Operation;
use crate::providers::resolve::target_of;
use crate::routing::retry::RetryRules;
use crate::routing::rules::FailureRules;
use crate::routing::{LiveModels, ModelTable};
use crate::secret::Secret;
use crate::store::embedded::EmbeddedTable;
use crate::store::faulty::{Fault, FaultyTable, Plan};
use crate::store::item::Key;
use crate::store::table::{Freshness, Table};
use crate::upstream::identity::authorizer::Authorizer;
use crate::upstream::transport::{Bounds, Transport, TransportError, UpstreamBody};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const TEXT: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":null}]}\n\n";
const STOP: &str = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":5}}\n\n";
const END: &str = "data: [DONE]\n\n";
const STREAMED: &str = r#"{"model":"gpt","stream":true,"messages":[{"role":"user","content":"Hello there"}]}"#;
const WHOLE: &str = r#"{"model":"gpt","messages":[]}"#;

mod budget_settings;
mod group_budgets;
mod kept;
mod limits;
mod lost;
mod model_names;
mod periods;
mod predictions;
mod presumptions;
mod reranks;
mod settling;
mod soft_budgets;
mod streams;
mod traces;

/// An upstream that answers as it is told, once, and keeps what it was asked.
struct Scripted {
    answer: Mutex<Option<(u16, UpstreamBody)>>,
    asked: Mutex<Bytes>,
    /// The method and the address.
    asked_at: Mutex<String>,
}

#[async_trait]
impl Transport for Scripted {
    async fn send(&self, request: Request<Bytes>, _: Bounds) -> Result<Response<UpstreamBody>, TransportError> {
        *self.asked_at.lock().unwrap() = format!("{} {}", request.method(), request.uri());
        *self.asked.lock().unwrap() = request.into_body();
        let (status, body) = self.answer.lock().unwrap().take().expect("one call");
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        Ok(response)
    }
}

/// Nothing is tried again: these tests are of single attempts.
fn once() -> FailureRules {
    FailureRules { retry: RetryRules { retries: 0, ..RetryRules::default() }, ..FailureRules::default() }
}

struct Gateway {
    calls: Arc<ModelCalls>,
    upstream: Arc<Scripted>,
    table: Arc<FaultyTable>,
}

impl Gateway {
    fn answering(status: u16, body: UpstreamBody) -> Self {
        Self::of("openai/gpt-4o", status, body)
    }

    /// A gateway whose one model, `gpt`, is this one.
    fn of(model: &str, status: u16, body: UpstreamBody) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(Timestamp::from_seconds(1_763_700_000)));
        let store = Arc::new(EmbeddedTable::in_memory(Arc::clone(&clock)).unwrap());
        let table = Arc::new(FaultyTable::new(store, Plan::script([])));
        let keys = KeyStore::new(table.clone());
        let cache = Arc::new(PrincipalCache::new(0, 10));
        let directory = Arc::new(Directory::new(RecordStore::new(table.clone()), 0, 10));
        let master = MasterKey::new(&Secret::new("sk-m"));
        let models = [("gpt", model), ("mini", "openai/gpt-4o-mini"), ("claude", "anthropic/claude-x")];
        let targets = |params: &_| target_of(params, &Environment::default()).map_err(Into::into);
        let wait = Duration::from_secs(60);
        let upstream = Arc::new(Scripted {
            answer: Mutex::new(Some((status, body))),
            asked: Mutex::default(),
            asked_at: Mutex::default(),
        });
        let calls = ModelCalls {
            authenticator: Arc::new(Authenticator::new(Some(master), keys, cache, directory)),
            models: Arc::new(LiveModels::new(ModelTable::new(models.map(entry).into(), Arc::new(targets)).unwrap())),
            spend: Arc::new(SpendLog::new(table.clone(), None)),
            ledger: Ledger::new(table.clone()),
            limits: ProxyLimits::default(),
            failing: once(),
            queue: Arc::default(),
            guardrails: Arc::default(),
            named: None,
            kept: None,
            authorizer: Authorizer::new(upstream.clone(), Arc::clone(&clock)),
            transport: upstream.clone().into(),
            files: None,
            clock,
            random: Arc::new(SystemRandom),
            ids: RequestIds::new(Arc::new(SystemRandom)),
            sharing: None,
            cache: None,
            admits_in_outage: false,
            headers: HeaderRules::default(),
            endpoints: Endpoints::default(),
            background: Background::default(),
            bounds: Bounds { first_byte: wait, between_chunks: wait, total: wait },
        };
        Self { calls: Arc::new(calls), upstream, table }
    }

    async fn call(&self, body: &'static str) -> CallAnswer {
        self.call_as("sk-m", body).await
    }

    async fn call_as(&self, key: &str, body: &'static str) -> CallAnswer {
        self.calls.call(chat(key, body)).await
    }

    async fn row(&self, id: RequestId) -> Option<SpendRow> {
        self.calls.spend.find(id).await.unwrap()
    }
}

fn chat(key: &str, body: &'static str) -> CallRequest {
    CallRequest {
        operation: Operation::Chat,
        route: "/v1/chat/completions",
        path_model: None,
        headers: authorized(key),
        body: Bytes::from_static(body.as_bytes()),
        form: None,
        passed: None,
        client_address: None,
        deadline: None,
    }
}

fn entry((name, model): (&str, &str)) -> ModelEntry {
    let params = DeploymentParams {
        model: model.to_owned(),
        api_base: Some("http://upstream.test/v1".to_owned()),
        ..DeploymentParams::default()
    };
    ModelEntry { model_name: name.to_owned(), params, info: serde_json::Map::new(), line: 0 }
}

fn authorized(key: &str) -> HeaderMap {
    HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::try_from(format!("Bearer {key}")).unwrap())])
}

fn pieces(pieces: &[&'static str]) -> UpstreamBody {
    let pieces: Vec<_> = pieces.iter().map(|piece| Ok(Bytes::from_static(piece.as_bytes()))).collect();
    UpstreamBody::pieces(stream::iter(pieces))
}

fn relay(answer: CallAnswer) -> (RequestId, Box<super::Relay>) {
    match answer.result {
        Ok(CallBody::Stream(relay)) => (answer.facts.id, relay),
        Ok(CallBody::Whole(_) | CallBody::Replayed(_)) => panic!("not a stream"),
        Err(error) => panic!("{error}"),
    }
}

/// How many pieces pass before a stream breaks, and why it does.
async fn to_its_error(relay: &mut super::Relay) -> (usize, CallError) {
    let mut passed = 0;
    loop {
        match relay.next().await.unwrap() {
            Ok(_) => passed += 1,
            Err(error) => return (passed, error),
        }
    }
}

#[tokio::test]
async fn the_spend_row_is_stored_before_the_terminal_event() {
    let gateway = Gateway::answering(200, pieces(&[TEXT, STOP, USAGE, END]));
    let (id, mut relay) = relay(gateway.call(STREAMED).await);
    assert_eq!(relay.next().await.unwrap().unwrap(), TEXT);
    assert_eq!(relay.next().await.unwrap().unwrap(), STOP);
    assert!(gateway.row(id).await.is_none());
    assert_eq!(relay.next().await.unwrap().unwrap(), END);
    let row = gateway.row(id).await.unwrap();
    assert_eq!((row.details.usage.prompt_tokens, row.details.usage.completion_tokens), (12, 5));
    // 12 × $2.50 and 5 × $10 a million tokens.
    assert_eq!(row.cost.nanos(), 80_000);
    assert!(relay.next().await.is_none());
}

#[tokio::test]
async fn a_client_that_leaves_in_the_middle_is_charged_for_what_passed() {
    let endless = UpstreamBody::pieces(pieces(&[TEXT, TEXT, TEXT]).chain(stream::pending()));
    let gateway = Gateway::answering(200, endless);
    let (id, mut relay) = relay(gateway.call(STREAMED).await);
    for _ in 0..3 {
        relay.next().await.unwrap().unwrap();
    }
    drop(relay);
    gateway.calls.background.drained().await;
    let row = gateway.row(id).await.unwrap();
    assert_eq!(row.details.usage.completion_tokens, 3);
    assert!(row.cost.nanos() > 0);
    assert!(matches!(row.details.outcome, Outcome::Failure { class, .. } if class == "ClientDisconnected"));
}

#[tokio::test]
async fn a_client_that_leaves_before_an_answer_in_one_piece_is_charged_for_it() {
    let (give, given) = tokio::sync::oneshot::channel::<()>();
    let body = "{\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":5}}";
    let late = stream::once(async move {
        let _ = given.await;
        Ok(Bytes::from_static(body.as_bytes()))
    });
    let gateway = Gateway::answering(200, UpstreamBody::pieces(Box::pin(late)));
    assert!(gateway.call(WHOLE).now_or_never().is_none());
    give.send(()).unwrap();
    gateway.calls.background.drained().await;
    let now = gateway.calls.clock.now();
    let [row] = &gateway.calls.spend.newest(&SpendQuery::span(now, now), 2).await.unwrap()[..] else { panic!("a row") };
    assert_eq!((row.cost.nanos(), row.details.outcome.is_success()), (80_000, true));
}

#[tokio::test]
async fn a_stream_cut_short_ends_with_an_error_and_a_failed_row() {
    let gateway = Gateway::answering(200, pieces(&[TEXT]));
    let (id, mut relay) = relay(gateway.call(STREAMED).await);
    assert_eq!(relay.next().await.unwrap().unwrap(), TEXT);
    assert!(matches!(relay.next().await, Some(Err(CallError::Upstream { .. }))));
    assert!(relay.next().await.is_none());
    assert!(matches!(gateway.row(id).await.unwrap().details.outcome, Outcome::Failure { .. }));
}

#[tokio::test]
async fn a_stream_that_fails_before_its_first_piece_is_told_by_its_status() {
    let refusal = "data: {\"error\":{\"message\":\"slow down\",\"type\":\"rate_limit_error\"}}\n\n";
    let answer = Gateway::answering(200, pieces(&[refusal, END])).call(STREAMED).await;
    let Err(CallError::Upstream { failure, .. }) = answer.result else { panic!("an answer") };
    assert_eq!((failure.status, failure.message.as_str()), (429, "slow down"));
}

#[tokio::test]
async fn an_upstreams_refusal_costs_nothing_and_leaves_a_row() {
    let gateway = Gateway::answering(429, pieces(&["{\"error\":{\"message\":\"slow down\"}}"]));
    let answer = gateway.call(WHOLE).await;
    assert!(matches!(answer.result, Err(CallError::Upstream { .. })));
    let row = gateway.row(answer.facts.id).await.unwrap();
    assert_eq!(row.cost.nanos(), 0);
    assert!(matches!(row.details.outcome, Outcome::Failure { code, .. } if code == "429"));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_recorded_is_not_given() {
    let body = "{\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":5}}";
    let gateway = Gateway::answering(200, pieces(&[body]));
    gateway.table.follow(Plan::script(vec![Some(Fault::Unavailable); 40]));
    let answer = gateway.call(WHOLE).await;
    assert!(matches!(answer.result, Err(CallError::Unrecorded(_))));
}

#[tokio::test]
async fn a_client_that_leaves_while_its_call_is_reserved_holds_nothing() {
    let gateway = Gateway::answering(200, pieces(&[]));
    let key = "sk-0123456789abcdef";
    let mut record = KeyRecord::new(key_hash::hash(key), "sk-...cdef".to_owned(), Timestamp::default(), None);
    record.limits.max_budget = Some(NanoDollars::from_dollars(1.0));
    KeyStore::new(gateway.table.clone()).create(&record, NanoDollars::ZERO).await.unwrap();
    let totals = Key::new(format!("KEY#{}", record.hash), "SPEND");
    let used = async || gateway.table.get(&totals, Freshness::Latest).await.unwrap().unwrap().number("used");
    let mut call = Box::pin(gateway.calls.call(chat(key, WHOLE)));
    // As long as its reservation is under way; the answer to that is never looked at.
    while gateway.calls.background.running() == 0 {
        assert!(call.as_mut().now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    while used().await == Some(0) {
        tokio::task::yield_now().await;
    }
    drop(call);
    gateway.calls.background.drained().await;
    assert_eq!(used().await, Some(0));
}

#[tokio::test(start_paused = true)]
async fn what_the_store_did_not_take_in_an_outage_is_charged_when_it_is_back() {
    let answered = "{\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":5}}";
    for (status, admits, nanos) in [(200, false, 80_000), (200, true, 80_000), (429, false, 0)] {
        let mut gateway = Gateway::answering(status, pieces(&[answered]));
        Arc::get_mut(&mut gateway.calls).unwrap().admits_in_outage = admits;
        gateway.table.follow(Plan::script(vec![Some(Fault::Unavailable); 60]));
        let began = tokio::time::Instant::now();
        let answer = gateway.call(WHOLE).await;
        assert!(began.elapsed() <= Duration::from_millis(250), "{:?}", began.elapsed());
        assert_eq!(answer.result.is_ok(), admits);
        gateway.table.heal();
        gateway.calls.background.drained().await;
        assert_eq!(gateway.row(answer.facts.id).await.unwrap().cost.nanos(), nanos);
    }
}

#[tokio::test(start_paused = true)]
async fn a_settlement_whose_answer_is_lost_charges_once() {
    let body = "{\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":5}}";
    let gateway = Gateway::answering(200, pieces(&[body]));
    gateway.table.follow(Plan::script([Some(Fault::LostAnswer)]));
    let answer = gateway.call(WHOLE).await;
    assert!(matches!(answer.result, Ok(CallBody::Whole(_))));
    assert_eq!(gateway.table.injected(), [Fault::LostAnswer]);
    assert_eq!(gateway.row(answer.facts.id).await.unwrap().cost.nanos(), 80_000);
    assert_eq!(answer.facts.principal.unwrap().spend.get().nanos(), 80_000);
}

#[tokio::test]
async fn a_probe_is_recorded_and_charged_to_no_key_whether_or_not_it_is_answered() {
    let answered = "{\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":5}}";
    for (status, body, nanos) in [(200, answered, 80_000), (429, "{}", 0)] {
        let gateway = Gateway::answering(status, pieces(&[body]));
        let (calls, now) = (&gateway.calls, gateway.calls.clock.now());
        let deployment = Arc::clone(&calls.models.resolve("gpt").unwrap().deployments[0]);
        let address = Some("203.0.113.7".parse().unwrap());
        let wait = Duration::from_secs(1);
        assert_eq!(calls.probe(deployment, wait, address).await.is_ok(), status == 200);
        let [row] = &calls.spend.newest(&SpendQuery::span(now, now), 2).await.unwrap()[..] else { panic!("one row") };
        assert_eq!((row.cost.nanos(), row.details.outcome.is_success()), (nanos, status == 200));
        assert_eq!(row.details.tags, ["litellm-internal-health-check"]);
        assert_eq!(row.key, key_hash::hash("litellm-internal-health-check"));
        assert_eq!(row.details.requester_ip.as_deref(), Some("203.0.113.7"));
    }
}
