//! Responses that an upstream keeps: a name leads back to the deployment, and grants nothing.

use super::*;
use crate::api::responses::id::ResponseId;
use crate::flow::model_call::KeptRequest;
use crate::providers::responses::kept::KeptOperation;
use serde_json::{Value, json};

const MADE: &str = r#"{"id":"resp_u","model":"gpt-4o","output":[],"usage":{"input_tokens":12,"output_tokens":5}}"#;
const KEY: &str = "sk-0123456789abcdef";

impl Gateway {
    fn making(answer: &'static str) -> Self {
        Self::answering(200, UpstreamBody::Whole(Bytes::from_static(answer.as_bytes())))
    }

    async fn respond(&self, key: &str, body: Value) -> Result<Value, CallError> {
        match self.responses(key, body).await.result? {
            CallBody::Whole(body) => Ok(serde_json::from_slice(&body).unwrap()),
            CallBody::Stream(_) | CallBody::Replayed(_) => panic!("a stream"),
        }
    }

    async fn responses(&self, key: &str, body: Value) -> CallAnswer {
        let request = CallRequest {
            operation: Operation::Responses,
            route: "/v1/responses",
            path_model: None,
            form: None,
            passed: None,
            headers: authorized(key),
            body: Bytes::from(body.to_string()),
            client_address: None,
            deadline: None,
        };
        self.calls.call(request).await
    }

    async fn ask(&self, key: &str, operation: KeptOperation, name: &str) -> Result<Value, CallError> {
        let (route, name, headers) = ("/v1/responses/{response_id}", name.to_owned(), authorized(key));
        let answer = self
            .calls
            .ask_about(KeptRequest { operation, route, name, query: None, headers, client_address: None })
            .await;
        answer.result.map(|body| serde_json::from_slice(&body).unwrap())
    }

    /// The name of a response that a model made.
    fn made_by(&self, model: &str) -> String {
        let deployment = self.calls.models.resolve(model).unwrap().deployments[0].id.clone();
        ResponseId::name(deployment.as_str(), model, "resp_u")
    }

    async fn with_key_for(self, model: &str) -> Self {
        let mut record = KeyRecord::new(key_hash::hash(KEY), "sk-...cdef".to_owned(), Timestamp::default(), None);
        record.models = vec![model.to_owned()];
        KeyStore::new(self.table.clone()).create(&record, NanoDollars::ZERO).await.unwrap();
        self
    }

    fn asked_at(&self) -> String {
        self.upstream.asked_at.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn a_response_is_charged_and_its_name_leads_back_to_it() {
    let gateway = Gateway::making(MADE);
    let made = gateway.respond("sk-m", json!({"model": "gpt", "input": "Hi"})).await.unwrap();
    assert_eq!((&made["model"], &made["id"]), (&json!("gpt"), &json!(gateway.made_by("gpt"))));
    assert_eq!(gateway.asked_at(), "POST http://upstream.test/v1/responses");
    let gateway = Gateway::making(MADE);
    let read = gateway.ask("sk-m", KeptOperation::Read, made["id"].as_str().unwrap()).await.unwrap();
    assert_eq!((&read["id"], &read["model"]), (&made["id"], &json!("gpt")));
    assert_eq!(gateway.asked_at(), "GET http://upstream.test/v1/responses/resp_u");
}

#[tokio::test]
async fn a_key_reaches_no_response_of_a_model_that_it_may_not_use() {
    let gateway = Gateway::making(MADE).with_key_for("mini").await;
    let name = gateway.made_by("gpt");
    for operation in [KeptOperation::Read, KeptOperation::Delete, KeptOperation::InputItems, KeptOperation::Cancel] {
        let refused = gateway.ask(KEY, operation, &name).await;
        assert!(matches!(refused, Err(CallError::ModelDenied(_))), "{operation:?}");
    }
    let body = json!({"model": "mini", "input": "Hi", "previous_response_id": name});
    assert!(matches!(gateway.respond(KEY, body).await, Err(CallError::ModelDenied(_))));
    let forged = name_of_others(&gateway);
    assert!(matches!(gateway.ask(KEY, KeptOperation::Read, &forged).await, Err(CallError::UnknownResponse(_))));
    assert_eq!(gateway.asked_at(), "", "nothing went upstream");
    assert!(gateway.ask(KEY, KeptOperation::Read, &gateway.made_by("mini")).await.is_ok());
}

/// A name that says that a deployment of one model belongs to another.
fn name_of_others(gateway: &Gateway) -> String {
    let id = ResponseId::read(&gateway.made_by("gpt")).unwrap();
    ResponseId::name(&id.deployment, "mini", &id.upstream)
}

#[tokio::test]
async fn a_conversation_goes_on_where_the_account_is_the_same() {
    let gateway = Gateway::making(MADE);
    let body = json!({"model": "mini", "input": "Hi", "previous_response_id": gateway.made_by("gpt")});
    gateway.respond("sk-m", body).await.unwrap();
    let asked: Value = serde_json::from_slice(&gateway.upstream.asked.lock().unwrap()).unwrap();
    assert_eq!((&asked["previous_response_id"], &asked["model"]), (&json!("resp_u"), &json!("gpt-4o-mini")));
}

#[tokio::test]
async fn a_conversation_does_not_go_on_elsewhere() {
    let gateway = Gateway::making(MADE);
    for (model, earlier) in [("claude", gateway.made_by("gpt")), ("gpt", gateway.made_by("claude"))] {
        let refused =
            gateway.respond("sk-m", json!({"model": model, "input": "x", "previous_response_id": earlier})).await;
        let Err(CallError::Member { member, message }) = refused else { panic!("{model}") };
        assert!(member == "previous_response_id" && message.contains("whole conversation"), "{message}");
    }
    let own = json!({"model": "claude", "input": "x", "previous_response_id": gateway.made_by("claude")});
    assert!(matches!(gateway.respond("sk-m", own).await, Err(CallError::Transform(_))));
}

#[tokio::test]
async fn what_is_not_kept_and_what_nobody_made_is_not_found() {
    let gateway = Gateway::making(MADE);
    let read = async |name: &str| gateway.ask("sk-m", KeptOperation::Read, name).await.unwrap_err();
    assert!(matches!(read(&gateway.made_by("claude")).await, CallError::ResponseNotKept(model) if model == "claude"));
    assert!(matches!(read("resp_68a1b2c3").await, CallError::UnknownResponse(_)));
}

#[tokio::test]
async fn an_answer_that_is_only_promised_is_charged_by_its_cap() {
    let asked = |cap| json!({"model": "gpt", "input": "Hi", "background": true, "max_output_tokens": cap});
    // Unsaid, as much as the model can say.
    for (body, output) in [(asked(Some(700)), 700), (asked(Some(9_000)), 9_000), (asked(None), 16_384)] {
        let gateway = Gateway::making(r#"{"id":"resp_u","status":"queued","model":"gpt-4o","output":[],"usage":null}"#);
        let answer = gateway.responses("sk-m", body).await;
        assert!(answer.result.is_ok());
        let row = gateway.row(answer.facts.id).await.unwrap();
        assert_eq!((row.details.usage.completion_tokens, row.details.call_type.as_ref()), (output, "aresponses"));
    }
}

#[tokio::test]
async fn a_stream_that_goes_on_without_its_client_is_charged_by_its_cap() {
    let begun = "data: {\"type\":\"response.output_text.delta\",\"delta\":\"Hi\"}\n\n";
    let body = |background| json!({"model": "gpt", "input": "Hi", "stream": true, "background": background, "max_output_tokens": 700});
    for (background, output) in [(true, 700), (false, 1)] {
        let endless = UpstreamBody::pieces(pieces(&[begun]).chain(stream::pending()));
        let gateway = Gateway::answering(200, endless);
        let (id, mut relay) = relay(gateway.responses("sk-m", body(background)).await);
        relay.next().await.unwrap().unwrap();
        drop(relay);
        gateway.calls.background.drained().await;
        assert_eq!(gateway.row(id).await.unwrap().details.usage.completion_tokens, output);
    }
}
