//! The recorded conversation, step by step, and journeys that it does not hold.

use super::compare::Names;
use super::gateway::{Gateway, MASTER};
use crate::accounting::spend_row::{Outcome, SpendDetails, SpendRow};
use crate::clock::Clock;
use crate::crypto::key_hash;
use crate::id::{DeploymentId, KeyHash, RequestId};
use crate::money::NanoDollars;
use crate::usage::Usage;
use serde_json::{Value, json};

/// Steps whose recorded answer is not ours, each with the reason. What is done instead is tested below.
const OTHERWISE: [(u64, &str); 3] = [
    (3, "tags on a key need no licence here"),
    (8, "a client's mistake is no 500"),
    (36, "replacing a key needs no licence here"),
];

fn steps() -> Vec<Value> {
    serde_json::from_str(include_str!("../../../data/corpus/management_keys.json")).unwrap()
}

/// Makes what steps of the recording made that are not part of it.
async fn before(step: u64, gateway: &Gateway, names: &mut Names) {
    let mut made = Vec::new();
    match step {
        2 => made.extend([("K0", json!({})), ("KC", json!({})), ("KG", json!({"models": ["gpt"]}))]),
        31 => {
            let change = json!({"key": names.fill("{K1}"), "models": ["gpt", "claude"], "max_budget": 20,
                "metadata": {"a": 1}});
            gateway.admin("/key/update", change).await;
        }
        47 => made.extend([("KW", json!({"models": ["wild/*"]})), ("KE", json!({"duration": "1s"}))]),
        63 => gateway.clock.advance_millis(1000),
        96 => drop(names.0.insert("KMB".to_owned(), "not-a-key".to_owned())),
        105 => {
            let budget = json!({"budget_id": "bud-1", "max_budget": 6, "rpm_limit": 10, "budget_duration": "7d"});
            gateway.admin("/budget/new", budget).await;
            made.extend([("KBI", json!({"budget_id": "bud-1"}))]);
        }
        198 => {
            let hash = KeyHash::parse(&names.fill("{K1H}")).unwrap();
            for _ in 0..4 {
                gateway.clock.advance_millis(1);
                gateway.log.settle(&call(gateway, &hash)).await.unwrap();
            }
            gateway.clock.advance_millis(1);
            gateway.log.settle(&refused(call(gateway, &key_hash::hash("sk-of-a-user")))).await.unwrap();
        }
        246 => drop(gateway.admin("/key/update", json!({"key": names.fill("{K1}"), "max_budget": 30})).await),
        _ => {}
    }
    for (name, body) in made {
        let answer = gateway.admin("/key/generate", body).await;
        names.0.insert(name.to_owned(), answer["key"].as_str().unwrap().to_owned());
        names.0.insert(format!("{name}H"), answer["token"].as_str().unwrap().to_owned());
    }
}

/// Settles one call of a key and returns its id.
pub(super) async fn charge(gateway: &Gateway, key: &KeyHash) -> String {
    let row = call(gateway, key);
    gateway.log.settle(&row).await.unwrap();
    row.request_id.to_string()
}

pub(super) fn call(gateway: &Gateway, key: &KeyHash) -> SpendRow {
    let now = gateway.clock.now();
    SpendRow {
        request_id: RequestId::at(now, &[3; 10]),
        key: key.clone(),
        cost: NanoDollars::new(80_000),
        details: SpendDetails {
            call_type: "acompletion".into(),
            model_group: "gpt".to_owned(),
            model: "openai/gpt-4o".to_owned(),
            deployment_id: Some(DeploymentId::new("gpt-1")),
            provider: "openai".into(),
            started_at: now,
            ended_at: now.plus_millis(7),
            usage: Usage { prompt_tokens: 12, completion_tokens: 5, ..Usage::default() },
            requester_ip: Some("127.0.0.1".to_owned()),
            user_agent: Some("python-httpx/0.28.1".to_owned()),
            ..SpendDetails::default()
        },
    }
}

fn refused(mut row: SpendRow) -> SpendRow {
    row.cost = NanoDollars::ZERO;
    row.details.usage = Usage::default();
    row.details.user_id = Some("u-1".to_owned());
    let (class, code) = ("BudgetExceededError".to_owned(), "422".to_owned());
    row.details.outcome = Outcome::Failure { class, code, message: "over budget".to_owned() };
    row
}

/// What of a recorded answer depends on steps that are not part of the recording.
fn adjusted(step: u64, expected: &Value, actual: &mut Value) -> Value {
    let mut expected = expected.clone();
    match step {
        // One row each, whatever it says: the names of its fields are what counts.
        198 | 200 => {
            let rows = |answer: &mut Value| {
                let list = if step == 200 { answer["data"].take() } else { answer.take() };
                let mut row = list[0].clone();
                row["metadata"] = names_of(&row["metadata"]);
                names_of(&row)
            };
            (expected, *actual) = (rows(&mut expected), rows(actual));
        }
        // The first entry is the dearest key.
        201 => *actual = json!([actual[0]]),
        207 => {
            expected = json!([expected[0]]);
            expected[0]["total_spend"] = json!(0.00032);
            *actual = json!([actual[0]]);
        }
        209 => {
            expected = json!([{"model": "openai/gpt-4o", "total_spend": 0.00032}]);
            *actual = json!([actual[0]]);
        }
        _ => {}
    }
    expected
}

fn names_of(object: &Value) -> Value {
    let nested = |value: &Value| if value.is_object() { names_of(value) } else { Value::Null };
    let fields = object.as_object().unwrap().iter();
    Value::Object(
        fields.filter(|(name, _)| !LEFT_OUT.contains(&name.as_str())).map(|(n, v)| (n.clone(), nested(v))).collect(),
    )
}

/// Fields of a recorded row that Postern leaves out: guesses about savings of features it does not have, and a second
/// classification of the error beside its class and code.
const LEFT_OUT: [&str; 13] = [
    "autorouter_savings_estimate",
    "litellm_gateway_injected_cache",
    "autorouter_baseline_observation",
    "user_api_key_project_alias",
    "normalized_error",
    "error_budget_limit",
    "error_budget_spend",
    "error_rate_limit_type",
    "error_budget_entity_id",
    "error_budget_entity_type",
    "error_provider_request_id",
    "error_rate_limit_category",
    "usage_object",
];

#[tokio::test]
async fn administrators_get_the_answers_they_know() {
    let gateway = Gateway::new();
    let mut names = Names::default();
    names.0.insert("MASTER".to_owned(), MASTER.to_owned());
    let mut wrong = Vec::new();
    for step in steps() {
        let number = step["n"].as_u64().unwrap();
        before(number, &gateway, &mut names).await;
        if OTHERWISE.iter().any(|(otherwise, _)| *otherwise == number) {
            continue;
        }
        let mut headers = Vec::new();
        if let Some(key) = step["auth"].as_str() {
            headers.push(("authorization".to_owned(), format!("Bearer {}", names.fill(key))));
        }
        for (name, value) in step["headers"].as_object().into_iter().flatten() {
            headers.push((name.clone(), names.fill(value.as_str().unwrap())));
        }
        let url = names.fill(step["path"].as_str().unwrap());
        let body: Value = serde_json::from_str(&names.fill(&step["body"].to_string())).unwrap();
        let (status, mut answer) = gateway.call(step["method"].as_str().unwrap(), &url, &headers, &body).await;
        if Some(u64::from(status)) != step["status"].as_u64() {
            wrong.push(format!("{number} {}: status {status}, {answer}", step["name"]));
            continue;
        }
        if step["answer"].is_null() {
            // What a model says is not part of the recording.
            continue;
        }
        let expected = adjusted(number, &step["answer"], &mut answer);
        let found = names.differences(&expected, &answer);
        wrong.extend(found.iter().map(|difference| format!("{number} {}: {difference}", step["name"])));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
