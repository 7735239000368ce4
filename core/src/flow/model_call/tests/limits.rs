//! What a budget does to a call under way: slices of streams, strict bounds, answers made shorter.

use super::*;
use crate::accounting::spend_log::totals_key;
use crate::admission::refusal::Refusal;
use crate::auth::key_record::KeyRecord;
use crate::crypto::key_hash;
use crate::money::NanoDollars;
use crate::store::table::{Freshness, Table};
use futures_util::FutureExt;
use http::Uri;
use serde_json::{Value, json};

pub(super) const KEY: &str = "sk-limited";
/// A million output tokens cost $10.
pub(super) const OUTPUT_TOKEN: i64 = 10_000;
/// The request below is taken for so much: its bytes over four, at $2.50 a million.
const INPUT: i64 = 21 * 2_500;
const CAPPED: &str = r#"{"model":"gpt","stream":true,"max_tokens":2,"messages":[{"role":"user","content":"Hello"}]}"#;

impl Gateway {
    /// A key with a budget, and settings as its metadata holds them.
    pub(super) async fn with_key(self, budget: i64, settings: Value) -> Self {
        let mut record = KeyRecord::new(key_hash::hash(KEY), "sk-...ited".to_owned(), self.calls.clock.now(), None);
        record.limits.max_budget = Some(NanoDollars::new(budget));
        record.metadata = settings.as_object().unwrap().clone();
        KeyStore::new(self.table.clone()).create(&record, NanoDollars::ZERO).await.unwrap();
        self
    }

    pub(super) async fn used(&self) -> i64 {
        let item = self.table.get(&totals_key(&key_hash::hash(KEY)), Freshness::Latest).await.unwrap();
        item.and_then(|item| item.number("used")).unwrap()
    }

    fn asked(&self) -> Value {
        serde_json::from_slice(&self.upstream.asked.lock().unwrap()).unwrap()
    }
}

/// An upstream that nobody ever reaches.
struct OutOfReach;

#[async_trait]
impl Transport for OutOfReach {
    async fn prepare(&self, _: &Uri, _: Bounds) -> Result<(), TransportError> {
        std::future::pending().await
    }

    async fn send(&self, _: Request<Bytes>, _: Bounds) -> Result<Response<UpstreamBody>, TransportError> {
        panic!("sent");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_does_not_wait_for_the_upstream() {
    let mut gateway = streaming(0).with_key(0, json!({})).await;
    Arc::get_mut(&mut gateway.calls).unwrap().transport = Arc::new(OutOfReach).into();
    let answer = tokio::time::timeout(Duration::from_secs(1), gateway.call_as(KEY, STREAMED)).await.expect("in time");
    assert!(matches!(answer.result, Err(CallError::Refused(Refusal::Budget { .. }))));
}

fn streaming(events: usize) -> Gateway {
    let texts = vec![TEXT; events];
    Gateway::answering(200, pieces(&[&texts[..], &[STOP, USAGE, END]].concat()))
}

#[tokio::test]
async fn a_stream_that_outgrows_what_it_holds_holds_more_before_more_goes_out() {
    let gateway = streaming(40).with_key(1_000_000_000, json!({})).await;
    let (id, mut relay) = relay(gateway.call_as(KEY, CAPPED).await);
    let before = gateway.used().await;
    assert!(before < INPUT + 10 * OUTPUT_TOKEN);
    let mut events = 0;
    while let Some(piece) = relay.next().await {
        let piece = piece.unwrap();
        events += i64::from(piece == TEXT);
        assert!(piece != TEXT || gateway.used().await >= events * OUTPUT_TOKEN);
    }
    assert_eq!(events, 40);
    // What the upstream counted is charged, and all the rest is given back.
    assert_eq!((gateway.used().await, gateway.row(id).await.unwrap().cost.nanos()), (80_000, 80_000));
}

#[tokio::test]
async fn a_stream_ends_with_an_error_where_the_budget_has_no_more() {
    let gateway = streaming(40).with_key(INPUT + 7 * OUTPUT_TOKEN, json!({})).await;
    let (id, mut relay) = relay(gateway.call_as(KEY, CAPPED).await);
    let (passed, end) = to_its_error(&mut relay).await;
    assert!(matches!(end, CallError::Refused(Refusal::Budget { .. })), "{end}");
    assert!((5..=8).contains(&passed), "{passed}");
    assert!(relay.next().await.is_none());
    let row = gateway.row(id).await.unwrap();
    assert!(matches!(row.details.outcome, Outcome::Failure { class, .. } if class == "BudgetExceededError"));
    assert_eq!(gateway.used().await, row.cost.nanos());
}

#[tokio::test]
async fn a_client_that_leaves_while_more_is_asked_for_leaves_nothing_held() {
    let gateway = streaming(40).with_key(1_000_000_000, json!({})).await;
    let (id, mut relay) = relay(gateway.call_as(KEY, CAPPED).await);
    // Until a piece has to be paid for: the client goes away while the store is asked.
    while relay.next().now_or_never().is_some() {}
    drop(relay);
    gateway.calls.background.drained().await;
    assert_eq!(gateway.used().await, gateway.row(id).await.unwrap().cost.nanos());
}

#[tokio::test]
async fn a_strict_budgets_bound_is_sent_upstream() {
    let body = "{\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":5}}";
    let gateway =
        Gateway::answering(200, pieces(&[body])).with_key(1_000_000_000, json!({"budget_mode": "strict"})).await;
    assert!(gateway.call_as(KEY, WHOLE).await.result.is_ok());
    assert_eq!(gateway.asked()["max_completion_tokens"], 4096);
    assert_eq!(gateway.used().await, 80_000);
}

#[tokio::test]
async fn a_client_cannot_take_a_strict_budgets_bound_out_again() {
    let body = "{\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":5}}";
    for request in [
        r#"{"model":"gpt","messages":[],"max_tokens":4096,"additional_drop_params":["max_tokens"]}"#,
        r#"{"model":"gpt","messages":[],"max_completion_tokens":9,"extra_body":{"max_completion_tokens":4096}}"#,
        r#"{"model":"gpt","messages":[],"additional_drop_params":["max_completion_tokens"],"drop_params":true}"#,
    ] {
        let gateway =
            Gateway::answering(200, pieces(&[body])).with_key(1_000_000_000, json!({"budget_mode": "strict"})).await;
        assert!(gateway.call_as(KEY, request).await.result.is_ok());
        let sent = gateway.asked();
        let cap = sent.get("max_completion_tokens").or_else(|| sent.get("max_tokens"));
        assert_eq!(cap, Some(&json!(4096)), "{request}");
    }
}

#[tokio::test]
async fn a_strict_budget_refuses_what_may_cost_more_and_a_balanced_one_does_not() {
    let body = "{\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":5}}";
    for (mode, is_made) in [("strict", false), ("balanced", true)] {
        let gateway = Gateway::answering(200, pieces(&[body])).with_key(100_000, json!({"budget_mode": mode})).await;
        let answer = gateway.call_as(KEY, WHOLE).await;
        assert_eq!(answer.result.is_ok(), is_made, "{mode}");
    }
}

#[tokio::test]
async fn a_budget_that_clamps_makes_the_answer_as_short_as_it_affords() {
    let body = "{\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":5}}";
    let settings = json!({"budget_mode": "strict", "budget_policy": "clamp"});
    // A strict bound of the input: its bytes and what a provider may add.
    let most = (WHOLE.len() as i64 + 1024) * 2_500;
    let gateway = Gateway::answering(200, pieces(&[body])).with_key(2 * most + 10 * OUTPUT_TOKEN, settings).await;
    assert!(gateway.call_as(KEY, WHOLE).await.result.is_ok());
    let cap = gateway.asked()["max_completion_tokens"].as_i64().unwrap();
    assert!((1..4096).contains(&cap), "{cap}");
}

#[tokio::test]
async fn a_balanced_budget_that_clamps_makes_the_answer_as_short_as_what_is_left_of_it_affords() {
    let body = "{\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":5}}";
    let used = || pieces(&[body]);
    // The first answer leaves 30 output tokens' worth, of which the second's input takes a part of one.
    for (policy, is_made) in [("clamp", true), ("refuse", false)] {
        let gateway = Gateway::answering(200, used())
            .with_key(80_000 + 30 * OUTPUT_TOKEN, json!({"budget_mode": "balanced", "budget_policy": policy}))
            .await;
        assert!(gateway.call_as(KEY, WHOLE).await.result.is_ok());
        assert_eq!(gateway.asked().get("max_completion_tokens"), None, "all of the budget was left");
        *gateway.upstream.answer.lock().unwrap() = Some((200, used()));
        assert_eq!(gateway.call_as(KEY, WHOLE).await.result.is_ok(), is_made, "{policy}");
        if is_made {
            let cap = gateway.asked()["max_completion_tokens"].as_i64().unwrap();
            assert!((25..=30).contains(&cap), "{cap}");
        }
    }
}

#[tokio::test]
async fn a_strict_budget_refuses_what_has_no_bound() {
    let gateway = streaming(1).with_key(1_000_000_000, json!({"budget_mode": "strict"})).await;
    let body = r#"{"model":"gpt","messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"f"}}]}]}"#;
    assert!(matches!(gateway.call_as(KEY, body).await.result, Err(CallError::Unbounded(_))));
}
