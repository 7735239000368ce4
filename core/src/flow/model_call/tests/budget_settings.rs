//! Limits of the configuration for providers, tags and access groups: beside a budget, all that records can have.

use super::*;
use crate::admission::refusal::{Rate, Refusal};
use crate::config::BudgetSetting;
use serde_json::{Value, json};

const TAGGED: &str = r#"{"model":"gpt","stream":true,"messages":[],"metadata":{"tags":["a tag"]}}"#;

/// A gateway that limits one thing beside a budget that is never used up.
fn limiting(kind: &str, mut setting: Value) -> Gateway {
    setting["max_budget"] = json!(1000);
    let setting: BudgetSetting = serde_json::from_value(setting).unwrap();
    let mut gateway = Gateway::answering(200, pieces(&[])).with_groups([("unused", 1), ("unused too", 1)]);
    let limits = &mut Arc::get_mut(&mut gateway.calls).unwrap().limits;
    limits.access_groups.clear();
    match kind {
        "provider" => limits.providers.insert("openai".to_owned(), setting),
        "tag_config" => limits.tags.insert("a tag".to_owned(), setting),
        _ => limits.access_groups.insert("g".to_owned(), setting),
    };
    gateway
}

/// The scope and the rate that refuse a second call while the first goes on.
async fn second_refused(gateway: &Gateway) -> Option<(&'static str, Rate)> {
    let streaming = || Some((200, pieces(&[TEXT, STOP, USAGE, END])));
    *gateway.upstream.answer.lock().unwrap() = streaming();
    let (_, _first) = relay(gateway.call(TAGGED).await);
    *gateway.upstream.answer.lock().unwrap() = streaming();
    match gateway.call(TAGGED).await.result {
        Ok(_) => None,
        Err(CallError::Refused(Refusal::Rate { kind, rate, .. })) => Some((kind, rate)),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_provider_a_tag_and_an_access_group_of_the_file_take_every_limit_of_rates() {
    for kind in ["provider", "tag_config", "access_group"] {
        for (name, limit, rate) in [
            ("rpm_limit", 1, Rate::Requests),
            ("tpm_limit", 20, Rate::Tokens),
            ("max_parallel_requests", 1, Rate::Parallel),
        ] {
            let gateway = limiting(kind, json!({name: limit}));
            assert_eq!(second_refused(&gateway).await, Some((kind, rate)), "{name}");
        }
        assert_eq!(second_refused(&limiting(kind, json!({}))).await, None, "{kind}");
    }
}
