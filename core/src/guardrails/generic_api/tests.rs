//! What the service is sent, and what becomes of each of its answers.

use super::*;
use crate::guardrails::question::Content;
use crate::id::KeyHash;
use crate::principal::{Principal, Role};
use crate::secret::Secret;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

/// Answers one after the other, and keeps what it was asked. `Err`: whether the request had been sent.
struct Scripted {
    answers: Mutex<VecDeque<Result<(u16, String), bool>>>,
    asked: Mutex<Vec<Request<Bytes>>>,
}

#[async_trait]
impl Calls for Scripted {
    async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer> {
        self.asked.lock().unwrap().push(request);
        match self.answers.lock().unwrap().pop_front().expect("another call") {
            Ok((status, body)) => Ok(Response::builder().status(status).body(body.into()).unwrap()),
            Err(was_sent) => Err(NoAnswer { was_sent, cause: "gone".into() }),
        }
    }
}

/// Asks about these texts, and gives what came of it and what was sent.
async fn asked(
    answers: impl IntoIterator<Item = Result<(u16, String), bool>>,
    retries: u32,
) -> (Result<Verdict, Unjudged>, Vec<Request<Bytes>>) {
    let scripted = Arc::new(Scripted { answers: Mutex::new(answers.into_iter().collect()), asked: Mutex::default() });
    let service = GenericService {
        address: "https://guard.test/beta/litellm_basic_guardrail_api".parse().unwrap(),
        headers: BTreeMap::from([("x-api-key".to_owned(), Secret::new("sk-of-the-guard"))]),
        shown_headers: Vec::new(),
        params: json!({"level": 3}).as_object().unwrap().clone(),
        timeout: None,
        retries,
    };
    let api = GenericApi::new(service, scripted.clone(), None);
    let principal = Principal {
        key_alias: Some("mine".to_owned()),
        team_id: Some("t".to_owned()),
        ..Principal::bare(Role::VirtualKey, KeyHash::parse(&"ab".repeat(32)).unwrap())
    };
    let headers =
        HeaderMap::from_iter([(http::header::AUTHORIZATION, HeaderValue::from_static("Bearer sk-of-a-client"))]);
    let content = Content {
        texts: vec!["one".to_owned(), "two".to_owned()],
        messages: Some(json!([{"role": "user", "content": "one"}])),
        ..Content::default()
    };
    let call =
        Call { id: "call-1", model: Some("m"), headers: &headers, principal: &principal, end_user: Some("anna") };
    let verdict = api.judge(&Question { side: Side::Request, content: &content, call }).await;
    (verdict, std::mem::take(&mut scripted.asked.lock().unwrap()))
}

async fn said(status: u16, body: Value) -> Result<Verdict, Unjudged> {
    asked([Ok((status, body.to_string()))], 0).await.0
}

#[tokio::test]
async fn the_service_is_told_whose_call_it_is_and_no_secret() {
    let (verdict, sent) = asked([Ok((200, r#"{"action":"NONE"}"#.to_owned()))], 0).await;
    assert_eq!(verdict.unwrap(), Verdict::Passed);
    assert_eq!(sent[0].headers()["x-api-key"], "sk-of-the-guard");
    let body: Value = serde_json::from_slice(sent[0].body()).unwrap();
    assert_eq!(body["texts"], json!(["one", "two"]));
    assert_eq!((&body["input_type"], &body["model"]), (&json!("request"), &json!("m")));
    assert_eq!(body["litellm_call_id"], "call-1");
    assert_eq!(body["additional_provider_specific_params"], json!({"level": 3}));
    let caller = json!({
        "user_api_key_hash": "ab".repeat(32), "user_api_key_alias": "mine", "user_api_key_team_id": "t",
        "user_api_key_end_user_id": "anna",
    });
    assert_eq!(body["request_data"], caller);
    assert_eq!(body["request_headers"], json!({"authorization": "[present]"}));
    assert!(!String::from_utf8_lossy(sent[0].body()).contains("sk-of-a"));
}

#[tokio::test]
async fn each_action_is_heard() {
    let blocked = |reason: &str| Verdict::Blocked(reason.to_owned());
    assert_eq!(said(200, json!({"action": "BLOCKED", "blocked_reason": "no"})).await.unwrap(), blocked("no"));
    assert_eq!(said(200, json!({"action": "BLOCKED"})).await.unwrap(), blocked("Content violates policy"));
    let changed = Verdict::Changed(vec!["one".to_owned(), "***".to_owned()]);
    let intervened = json!({"action": "GUARDRAIL_INTERVENED", "texts": ["one", "***"]});
    assert_eq!(said(200, intervened).await.unwrap(), changed);
    let echoed = json!({"action": "GUARDRAIL_INTERVENED", "texts": ["one", "two"]});
    assert_eq!(said(200, echoed).await.unwrap(), Verdict::Passed);
    assert_eq!(said(200, json!({})).await.unwrap(), Verdict::Passed);
}

#[tokio::test]
async fn what_cannot_be_used_is_no_yes() {
    for (status, body) in [
        (200, json!({"action": "GUARDRAIL_INTERVENED", "texts": ["one"]})),
        (200, json!({"action": "DENY"})),
        (200, json!({"action": "GUARDRAIL_INTERVENED", "structured_messages": [{"role": "user", "content": "*"}]})),
        (200, json!({"action": "NONE", "texts": "one"})),
        (200, json!("NONE")),
        (302, json!({"action": "NONE"})),
        (500, json!({"action": "NONE"})),
        (404, json!({})),
    ] {
        let unjudged = said(status, body.clone()).await.unwrap_err();
        assert!(!unjudged.is_unreachable, "{status} {body}");
    }
    assert!(said(503, json!({})).await.unwrap_err().is_unreachable);
}

#[tokio::test]
async fn it_is_asked_again_only_where_it_took_the_request_and_said_nothing() {
    let fine = || Ok((200, r#"{"action":"NONE"}"#.to_owned()));
    let (verdict, sent) = asked([Err(true), Err(true), fine()], 2).await;
    assert_eq!((verdict.unwrap(), sent.len()), (Verdict::Passed, 3));
    let (verdict, sent) = asked([Err(true), Err(true)], 1).await;
    assert!(verdict.unwrap_err().is_unreachable && sent.len() == 2);
    let (verdict, sent) = asked([Err(false)], 5).await;
    assert!(verdict.unwrap_err().is_unreachable && sent.len() == 1);
    let (verdict, sent) = asked([Ok((503, String::new()))], 5).await;
    assert!(verdict.is_err() && sent.len() == 1);
}
