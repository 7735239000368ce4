//! Limits of single models: they hold by whichever of its names a model is called.

use super::*;
use crate::admission::refusal::Refusal;
use crate::providers::passing::Passed;
use crate::routing::Routing;
use serde_json::json;

const KEY: &str = "sk-limited";
/// What the streamed answer costs, in nano-dollars.
const ANSWER: i64 = 80_000;

impl Gateway {
    /// A gateway whose key may call `model` once a minute, by whichever of its names.
    async fn limiting(model: &str) -> Self {
        let mut gateway = Self::answering(200, streaming());
        let settings = json!({"model_group_alias": {"quick": "gpt"}});
        let routing = Arc::new(Routing::new(serde_json::from_value(settings).unwrap(), Default::default()));
        let environment = Environment::from_pairs([("OPENAI_API_KEY", "sk-u")]);
        let targets = move |params: &_| target_of(params, &environment).map_err(Into::into);
        let models = [("gpt", "openai/gpt-4o"), ("mini", "openai/gpt-4o-mini"), ("openai/gpt-5*", "openai/gpt-5*")];
        let table = ModelTable::routed(models.map(entry).into(), Arc::new(targets), routing).unwrap();
        Arc::get_mut(&mut gateway.calls).unwrap().models = Arc::new(LiveModels::new(table));
        let mut record = KeyRecord::new(key_hash::hash(KEY), "sk-...ited".to_owned(), gateway.calls.clock.now(), None);
        record.aliases.insert("mine".to_owned(), "gpt".to_owned());
        record.metadata.insert("model_rpm_limit".to_owned(), json!({model: 1}));
        KeyStore::new(gateway.table.clone()).create(&record, NanoDollars::ZERO).await.unwrap();
        gateway
    }

    /// Calls a model by this name, and reads its answer. The scope that refuses it, where one does.
    async fn refused_by(&self, name: &str, passed: Option<Passed>) -> Option<String> {
        *self.upstream.answer.lock().unwrap() = Some((200, streaming()));
        let body = json!({"model": name, "stream": true, "messages": []}).to_string();
        let request = CallRequest {
            operation: Operation::Chat,
            route: "/v1/chat/completions",
            path_model: None,
            headers: authorized(KEY),
            body: Bytes::from(body),
            form: None,
            passed: passed.map(Box::new),
            client_address: None,
            deadline: None,
        };
        match self.calls.call(request).await.result {
            Ok(CallBody::Stream(mut relay)) => {
                while let Some(piece) = relay.next().await {
                    piece.unwrap();
                }
                None
            }
            Ok(_) => panic!("not a stream"),
            Err(CallError::Refused(Refusal::Rate { kind, id, .. })) => {
                Some(format!("{kind} {}", id.rsplit(':').next().unwrap()))
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn id_of(&self, model: &str) -> String {
        self.calls.models.resolve(model).unwrap().deployments[0].id.to_string()
    }
}

fn streaming() -> UpstreamBody {
    pieces(&[TEXT, STOP, USAGE, END])
}

#[tokio::test]
async fn a_models_limit_holds_by_its_upstreams_name_its_id_and_its_aliases() {
    for at in 0..4 {
        let gateway = Gateway::limiting("gpt").await;
        let names = ["openai/gpt-4o", &gateway.id_of("gpt"), "quick", "mine"];
        assert_eq!(gateway.refused_by(names[at], None).await, None, "{}", names[at]);
        for again in names.into_iter().chain(["gpt"]) {
            let refused = gateway.refused_by(again, None).await;
            assert_eq!(refused.as_deref(), Some("model_per_key gpt"), "{again} after {}", names[at]);
        }
        assert_eq!(gateway.refused_by("mini", None).await, None, "another model");
    }
}

#[tokio::test]
async fn a_models_budget_is_one_for_all_its_names() {
    let gateway = Gateway::limiting("other").await;
    let key = "sk-budget";
    let mut record = KeyRecord::new(key_hash::hash(key), "sk-...dget".to_owned(), gateway.calls.clock.now(), None);
    let budget = NanoDollars::new(ANSWER).dollars();
    record.document.insert("model_max_budget".to_owned(), json!({"gpt": budget}));
    KeyStore::new(gateway.table.clone()).create(&record, NanoDollars::ZERO).await.unwrap();
    let (_, mut relay) = relay(gateway.call_as(key, STREAMED).await);
    while let Some(piece) = relay.next().await {
        piece.unwrap();
    }
    let body = r#"{"model":"openai/gpt-4o","stream":true,"messages":[]}"#;
    let refused = gateway.call_as(key, body).await.result.err().unwrap();
    let CallError::Refused(Refusal::Budget { owner, used, .. }) = refused else { panic!("{refused}") };
    assert!(owner.ends_with("Model=gpt"), "{owner}");
    assert_eq!(used.nanos(), ANSWER);
}

#[tokio::test]
async fn a_limit_of_the_name_that_is_said_goes_before_that_of_the_model() {
    let gateway = Gateway::limiting("quick").await;
    assert_eq!(gateway.refused_by("quick", None).await, None);
    assert_eq!(gateway.refused_by("quick", None).await.as_deref(), Some("model_per_key quick"));
    assert_eq!(gateway.refused_by("gpt", None).await, None, "an alias's limit is the alias's own");
}

#[tokio::test]
async fn a_models_limit_holds_for_a_providers_own_api() {
    let gateway = Gateway::limiting("gpt-4o").await;
    let passed = || Passed::at("openai", "/v1/chat/completions");
    assert_eq!(gateway.refused_by("gpt-4o", passed()).await, None);
    assert_eq!(gateway.refused_by("gpt-4o", passed()).await.as_deref(), Some("model_per_key gpt-4o"));
}

#[tokio::test]
async fn a_limit_of_a_wildcard_is_one_for_all_that_it_stands_for() {
    for (limited, other_is_refused) in [("openai/gpt-5*", true), ("openai/gpt-5-a", false), ("gpt-5-a", false)] {
        let gateway = Gateway::limiting(limited).await;
        let told = format!("model_per_key {limited}");
        assert_eq!(gateway.refused_by("openai/gpt-5-a", None).await, None);
        assert_eq!(gateway.refused_by("openai/gpt-5-a", None).await.as_deref(), Some(&*told));
        assert_eq!(gateway.refused_by("openai/gpt-5-b", None).await.is_some(), other_is_refused, "{limited}");
    }
}
