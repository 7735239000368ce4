//! Attempts whose answer is lost: their provider may bill them, so they are charged, and each under its own id.

use super::limits::{KEY, OUTPUT_TOKEN};
use super::*;
use crate::routing::breaker::BreakerRules;
use crate::upstream::transport::Wait;
use crate::usage::Doubt;
use http::Uri;
use serde_json::json;
use tokio::time::{Instant, sleep};

const ANSWER: &str = r#"{"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":5}}"#;
const COST: i64 = 80_000;
/// A request that is weighed as one token and may be answered with seven.
const CAPPED: &str = r#"{"model":"gpt","max_tokens":7,"messages":[{"role":"user","content":"Hello"}]}"#;
const IN_ONE_SECOND: &str = r#"{"model":"gpt","timeout":1,"messages":[]}"#;

/// What becomes of a request.
#[derive(Clone, Copy)]
enum Then {
    Unsent,
    NoConnection,
    Broken,
    Silent,
    Cut,
    Says(&'static str),
    SaysAfter(u64, &'static str),
}

/// An upstream to which one thing happens after the other.
struct Unsteady(Mutex<Vec<Then>>);

#[async_trait]
impl Transport for Unsteady {
    async fn prepare(&self, _: &Uri, _: Bounds) -> Result<(), TransportError> {
        Ok(())
    }

    async fn send(&self, _: Request<Bytes>, bounds: Bounds) -> Result<Response<UpstreamBody>, TransportError> {
        let then = self.0.lock().unwrap().remove(0);
        match then {
            Then::Unsent => Err(TransportError::NotSent("refused".into())),
            Then::NoConnection => Err(TransportError::TimedOut(Wait::Connect)),
            Then::Broken => Err(TransportError::Broken("reset".into())),
            Then::Silent => {
                sleep(bounds.first_byte.min(bounds.total)).await;
                Err(TransportError::TimedOut(Wait::FirstByte))
            }
            Then::Cut => {
                let cut = [Ok(Bytes::from_static(b"{\"choi")), Err(TransportError::Broken("reset".into()))];
                Ok(Response::new(UpstreamBody::pieces(stream::iter(cut))))
            }
            Then::Says(what) => Ok(Response::new(pieces(&[what]))),
            Then::SaysAfter(seconds, what) => {
                sleep(Duration::from_secs(seconds)).await;
                Ok(Response::new(pieces(&[what])))
            }
        }
    }
}

fn gateway(then: &[Then]) -> Gateway {
    let mut gateway = Gateway::answering(200, pieces(&[]));
    Arc::get_mut(&mut gateway.calls).unwrap().transport = Arc::new(Unsteady(Mutex::new(then.to_vec()))).into();
    gateway
}

async fn rows(gateway: &Gateway) -> Vec<SpendRow> {
    gateway.calls.background.drained().await;
    let now = gateway.calls.clock.now();
    gateway.calls.spend.newest(&SpendQuery::span(now, now), 9).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_may_have_been_made_is_charged_what_was_reserved_for_it() {
    for then in [Then::Broken, Then::Silent, Then::Cut] {
        let gateway = gateway(&[then]);
        let answer = gateway.call(CAPPED).await;
        assert!(matches!(answer.result, Err(CallError::Transport(_))));
        let [row] = &rows(&gateway).await[..] else { panic!("a row") };
        assert_eq!((row.request_id, row.details.outcome.is_success()), (answer.facts.id, false));
        assert_eq!(row.details.usage.completion_tokens, 7);
        assert!(row.details.usage.prompt_tokens > 0 && row.cost.nanos() > 7 * OUTPUT_TOKEN, "{:?}", row.details.usage);
        assert!(row.details.usage.doubts.has(Doubt::Estimated));
    }
}

#[tokio::test]
async fn what_never_reached_the_upstream_costs_nothing() {
    for then in [Then::Unsent, Then::NoConnection] {
        let gateway = gateway(&[then]);
        assert!(gateway.call(CAPPED).await.result.is_err());
        assert_eq!(rows(&gateway).await[0].cost.nanos(), 0);
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_charged_for_what_can_be_counted_in_it() {
    let told = r#"{"choices":[{"message":{"content":"one two three"}}],"usage":"#;
    for (body, most) in [("<html>", 0), (told, 0)] {
        let gateway = gateway(&[Then::Says(body)]);
        assert!(matches!(gateway.call(CAPPED).await.result, Err(CallError::Upstream { .. })));
        let usage = rows(&gateway).await[0].details.usage;
        assert!(usage.prompt_tokens > 0 && usage.completion_tokens == most, "{usage:?}");
    }
}

#[tokio::test]
async fn a_stream_that_breaks_before_its_content_is_charged_what_it_was_asked() {
    for then in [Then::Broken, Then::Cut] {
        let gateway = gateway(&[then]);
        assert!(gateway.call(STREAMED).await.result.is_err());
        let usage = rows(&gateway).await[0].details.usage;
        assert!(usage.prompt_tokens > 0 && usage.completion_tokens == 0, "{usage:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_lost_and_the_one_after_it_are_charged_each() {
    let mut gateway = gateway(&[Then::Broken, Then::Unsent, Then::Says(ANSWER)]);
    Arc::get_mut(&mut gateway.calls).unwrap().failing = FailureRules::default();
    let gateway = gateway.with_key(1_000_000_000, json!({})).await;
    let answer = gateway.call_as(KEY, CAPPED).await;
    assert!(answer.result.is_ok() && answer.facts.retries == 2);
    let rows = rows(&gateway).await;
    let (answered, lost): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.request_id == answer.facts.id);
    let ([answered], [lost]) = (&answered[..], &lost[..]) else { panic!("two rows") };
    assert_eq!(answered.cost.nanos(), COST);
    assert!(lost.cost.nanos() > 7 * OUTPUT_TOKEN && !lost.details.outcome.is_success());
    assert_eq!(gateway.used().await, COST + lost.cost.nanos());
}

#[tokio::test]
async fn a_lost_answer_is_charged_no_more_than_it_holds() {
    let gateway = gateway(&[Then::Broken]).with_key(30_000, json!({})).await;
    assert!(gateway.call_as(KEY, CAPPED).await.result.is_err());
    assert_eq!((rows(&gateway).await[0].cost.nanos(), gateway.used().await), (30_000, 30_000));
}

#[tokio::test(start_paused = true)]
async fn a_clients_shorter_time_ends_its_wait_and_the_answer_is_charged_as_it_is() {
    let mut gateway = gateway(&[Then::SaysAfter(30, ANSWER)]);
    let allows_none = BreakerRules { allowed_fails: Some(0), ..BreakerRules::default() };
    Arc::get_mut(&mut gateway.calls).unwrap().failing.breaker = allows_none;
    let began = Instant::now();
    let answer = gateway.call(IN_ONE_SECOND).await;
    assert!(matches!(answer.result, Err(CallError::Transport(TransportError::TimedOut(_)))));
    assert_eq!(began.elapsed().as_secs(), 1);
    let [row] = &rows(&gateway).await[..] else { panic!("a row") };
    assert_eq!((row.cost.nanos(), row.details.outcome.is_success()), (COST, true));
    assert_eq!(began.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_must_end_is_recorded_before_anybody_is_told() {
    let gateway = gateway(&[Then::Silent]);
    let deadline = Some(Instant::now() + Duration::from_secs(1));
    let answer = gateway.calls.call(CallRequest { deadline, ..chat("sk-m", CAPPED) }).await;
    assert!(matches!(answer.result, Err(CallError::Transport(_))));
    assert_eq!(gateway.row(answer.facts.id).await.unwrap().details.usage.completion_tokens, 7);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_is_not_to_blame_for_a_clients_impatience() {
    let streamed = r#"{"model":"gpt","stream":true,"timeout":1,"messages":[]}"#;
    let silent = r#"{"model":"gpt","stream":true,"stream_timeout":1,"messages":[]}"#;
    for (body, is_blamed) in [(IN_ONE_SECOND, false), (streamed, false), (silent, false), (STREAMED, true)] {
        let mut gateway = gateway(&[Then::Silent]);
        let allows_none = BreakerRules { allowed_fails: Some(0), ..BreakerRules::default() };
        Arc::get_mut(&mut gateway.calls).unwrap().failing.breaker = allows_none;
        let deployment = gateway.calls.models.resolve("gpt").unwrap().deployments[0].clone();
        assert!(gateway.call(body).await.result.is_err());
        gateway.calls.background.drained().await;
        assert_eq!(deployment.breaker.is_cooling(gateway.calls.clock.now()), is_blamed, "{body}");
    }
}
