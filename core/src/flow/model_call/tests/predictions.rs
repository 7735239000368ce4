//! Upstreams that work by themselves: they are asked how far they are until they have ended.

use super::*;
use tokio::time::Instant;

const BEGUN: &str = r#"{"id":"p1","status":"starting","urls":{"get":"http://elsewhere.test/p1"}}"#;
const HALF: &str = "{\n\"id\":\"p1\",\"status\":\"processing\",\"output\":[\"Hel\"]}";
const DONE: &str = r#"{"id":"p1","status":"succeeded","output":["Hel","lo"],"metrics":{"input_token_count":7,"output_token_count":2}}"#;

/// Answers one request after the other; the last answer again and again. Keeps who was asked what.
struct InTurn {
    answers: Mutex<Vec<(u16, &'static str)>>,
    asked: Mutex<Vec<(String, Option<HeaderValue>)>>,
}

#[async_trait]
impl Transport for InTurn {
    async fn send(&self, request: Request<Bytes>, _: Bounds) -> Result<Response<UpstreamBody>, TransportError> {
        let what = format!("{} {}", request.method(), request.uri());
        self.asked.lock().unwrap().push((what, request.headers().get(AUTHORIZATION).cloned()));
        let mut answers = self.answers.lock().unwrap();
        let (status, body) = if answers.len() > 1 { answers.remove(0) } else { answers[0] };
        let mut response = Response::new(UpstreamBody::Whole(Bytes::from_static(body.as_bytes())));
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        Ok(response)
    }
}

fn gateway(answers: &[(u16, &'static str)]) -> (Gateway, Arc<InTurn>) {
    let mut gateway = Gateway::of("replicate/meta/meta-llama-3-8b-instruct", 200, pieces(&[]));
    let upstream = Arc::new(InTurn { answers: Mutex::new(answers.to_vec()), asked: Mutex::default() });
    Arc::get_mut(&mut gateway.calls).unwrap().transport = upstream.clone().into();
    (gateway, upstream)
}

#[tokio::test(start_paused = true)]
async fn a_prediction_is_asked_after_at_the_deployments_own_address_until_it_has_ended() {
    let (gateway, upstream) = gateway(&[(201, BEGUN), (200, HALF), (200, DONE)]);
    let answer = gateway.call(WHOLE).await;
    let row = gateway.row(answer.facts.id).await.unwrap();
    assert!(matches!(answer.result, Ok(CallBody::Whole(body)) if body.windows(7).any(|part| part == b"\"Hello\"")));
    assert_eq!((row.details.usage.prompt_tokens, row.details.usage.completion_tokens), (7, 2));
    let asked: Vec<_> = upstream.asked.lock().unwrap().iter().map(|(what, _)| what.clone()).collect();
    let after = "GET http://upstream.test/v1/predictions/p1";
    assert_eq!(asked, ["POST http://upstream.test/v1/models/meta/meta-llama-3-8b-instruct/predictions", after, after]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_tells_what_is_new_each_time() {
    let (gateway, _) = gateway(&[(201, BEGUN), (200, HALF), (503, "busy"), (200, DONE)]);
    let (id, mut relay) = relay(gateway.call(STREAMED).await);
    let mut told = String::new();
    while let Some(piece) = relay.next().await {
        told.push_str(std::str::from_utf8(&piece.unwrap()).unwrap());
    }
    assert!(told.contains("\"content\":\"Hel\"") && told.contains("\"content\":\"lo\""), "{told}");
    assert!(told.ends_with(END), "{told}");
    assert_eq!(gateway.row(id).await.unwrap().details.usage.completion_tokens, 2);
}

#[tokio::test(start_paused = true)]
async fn a_prediction_that_never_ends_is_given_up_when_the_calls_time_is_over() {
    let (gateway, upstream) = gateway(&[(201, BEGUN)]);
    let begun = Instant::now();
    let error = gateway.call(WHOLE).await.result.err().unwrap();
    assert!(matches!(error, CallError::Transport(TransportError::TimedOut(_))), "{error}");
    assert_eq!(begun.elapsed().as_secs(), 60);
    assert!(upstream.asked.lock().unwrap().len() < 70);
}

#[tokio::test(start_paused = true)]
async fn a_prediction_that_is_gone_is_told_as_the_upstream_tells_it() {
    for body in [WHOLE, STREAMED] {
        let (gateway, _) = gateway(&[(201, BEGUN), (404, r#"{"detail":"no such prediction","status":404}"#)]);
        let error = gateway.call(body).await.result.err().unwrap();
        let CallError::Upstream { failure, .. } = error else { panic!("{error}") };
        assert_eq!((failure.status, failure.message.as_str()), (404, "no such prediction"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_upstream_that_keeps_failing_is_not_asked_forever() {
    let (gateway, upstream) = gateway(&[(201, BEGUN), (500, "oops")]);
    assert!(matches!(gateway.call(WHOLE).await.result, Err(CallError::Upstream { .. })));
    let asked = upstream.asked.lock().unwrap();
    assert_eq!(asked.iter().filter(|(line, _)| line != CANCEL).count(), 6);
}

/// What the upstream was asked last, after everything in the background has ended.
async fn asked_last(gateway: &Gateway, upstream: &InTurn) -> String {
    gateway.calls.background.drained().await;
    upstream.asked.lock().unwrap().last().unwrap().0.clone()
}

const CANCEL: &str = "POST http://upstream.test/v1/predictions/p1/cancel";

#[tokio::test(start_paused = true)]
async fn a_prediction_that_nobody_waits_for_any_more_is_cancelled_and_charged() {
    for (body, answers) in
        [(WHOLE, &[(201, BEGUN)][..]), (STREAMED, &[(201, BEGUN)]), (STREAMED, &[(201, BEGUN), (200, HALF)])]
    {
        let (gateway, upstream) = gateway(answers);
        let left = tokio::time::timeout(Duration::from_secs(3), async {
            let (_, mut relay) = relay(gateway.call(body).await);
            while let Some(Ok(_)) = relay.next().await {}
        });
        assert!(left.await.is_err(), "{body}");
        assert_eq!(asked_last(&gateway, &upstream).await, CANCEL, "{body}");
        let asked = upstream.asked.lock().unwrap();
        assert_eq!(asked.iter().filter(|(what, _)| what.starts_with("POST")).count(), 2, "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_prediction_whose_time_is_over_is_cancelled_and_one_that_has_ended_is_not() {
    let (slow, upstream) = gateway(&[(201, BEGUN)]);
    assert!(slow.call(WHOLE).await.result.is_err());
    assert_eq!(asked_last(&slow, &upstream).await, CANCEL);
    for body in [WHOLE, STREAMED] {
        let (gateway, upstream) = gateway(&[(201, BEGUN), (200, DONE)]);
        if let CallBody::Stream(mut relay) = gateway.call(body).await.result.unwrap() {
            while let Some(piece) = relay.next().await {
                piece.unwrap();
            }
        }
        assert_eq!(asked_last(&gateway, &upstream).await, "GET http://upstream.test/v1/predictions/p1", "{body}");
    }
}
