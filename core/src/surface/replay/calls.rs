//! The recorded conversation where calls of models, spend and the rest come in; and where each recorded step is played.

use super::compare::Names;
use super::gateway::{Gateway, MASTER};
use crate::auth::records::{RecordId, RecordKind};
use crate::money::NanoDollars;
use serde_json::{Value, json};

fn steps() -> Vec<Value> {
    serde_json::from_str(include_str!("../../../data/corpus/management_calls.json")).unwrap()
}

/// Does what steps of the recording did that are not part of it.
async fn before(step: u64, gateway: &Gateway, names: &mut Names) {
    let spent = NanoDollars::new(80_000);
    let key = match step {
        52 => Some(("KG", json!({"models": ["gpt"]}))),
        76 => Some(("KRPM", json!({"rpm_limit": 1}))),
        82 => Some(("KTPM", json!({"tpm_limit": 10}))),
        84 => Some(("KP", json!({"max_parallel_requests": 0}))),
        87 => Some(("KMR", json!({"model_rpm_limit": {"gpt": 1}}))),
        89 => Some(("KB", json!({"max_budget": 1e-7}))),
        94 => Some(("KB0", json!({"max_budget": 0}))),
        131 => {
            gateway.admin("/user/new", json!({"user_id": "u-1", "max_budget": 1, "user_role": "internal_user"})).await;
            Some(("UK", json!({"user_id": "u-1"})))
        }
        165 => {
            gateway.admin("/team/new", json!({"team_id": "team-1"})).await;
            Some(("KT", json!({"team_id": "team-1"})))
        }
        _ => None,
    };
    if let Some((name, body)) = key {
        let made = gateway.admin("/key/generate", body).await;
        names.0.insert(name.to_owned(), made["key"].as_str().unwrap().to_owned());
    }
    match step {
        82 | 87 => {
            let name = if step == 82 { "{KTPM}" } else { "{KMR}" };
            let body = json!({"model": "gpt", "messages": [{"role": "user", "content": "Hi"}]});
            gateway.with_key(&names.fill(name), "POST", "/v1/chat/completions", body).await;
        }
        132 => {
            let user = RecordId::of(RecordKind::User, "u-1");
            gateway.records.adjust_spend(&user, spent).await.unwrap();
            gateway.admin("/user/update", json!({"user_id": "u-1", "max_budget": 1e-7})).await;
        }
        168 => {
            let team = RecordId::of(RecordKind::Team, "team-1");
            gateway.records.adjust_spend(&team, spent).await.unwrap();
            gateway.admin("/team/update", json!({"team_id": "team-1", "max_budget": 1e-7})).await;
        }
        176 => {
            let body = json!({"organization_id": "org-1", "organization_alias": "Org"});
            drop(gateway.admin("/organization/new", body).await);
        }
        188 => {
            let params =
                json!({"model": "openai/gpt-4o", "api_key": "sk-x", "api_base": "http://upstream.test/openai/v1"});
            let info = json!({"id": "dyn-id-1"});
            let body = json!({"model_name": "dyn", "litellm_params": params, "model_info": info});
            drop(gateway.admin("/model/new", body).await);
        }
        _ => {}
    }
}

/// What of a recorded answer depends on steps that are not part of the recording, or is otherwise here.
fn adjusted(step: u64, expected: &Value, actual: &mut Value) -> Value {
    let mut expected = expected.clone();
    match step {
        // Whose keys the administrator sees depends on all that was made before.
        126 => actual["keys"] = Value::Null,
        // The settings are described in words of our own, and what holds unsaid is said.
        239 => {
            actual.as_object_mut().map(|told| told.remove("field_schema"));
            expected["values"]["ui_access_mode"] = json!("all");
            expected["values"]["generic_scope"] = Value::Null;
        }
        // A client that speaks Anthropic's dialect is told in it.
        54 => {
            let message = expected["error"]["message"].take();
            expected = json!({"type": "error", "error": {"type": "permission_error", "message": message}});
        }
        // The models of this gateway cost nothing.
        204 => expected["cost"] = json!(0.0),
        // Amounts are whole nano-dollars, and no sums of floating-point numbers.
        // Parameters are shown or masked rather than sealed, and none is added that was not given.
        188 | 189 => {
            for name in ["model", "api_key", "api_base"] {
                assert!(actual["litellm_params"][name].is_string(), "{name}");
            }
            expected["litellm_params"] = actual["litellm_params"].clone();
            expected["model_info"] = json!({"id": "dyn-id-1"});
        }
        132 => expected["error"]["message"] = json!("ExceededBudget: User=u-1 over budget. Spend=8e-5, Budget=1e-7"),
        168 | 169 => {
            let message = "Budget has been exceeded! Team=team-1 Current cost: 8e-5, Max budget: 1e-7";
            expected["error"]["message"] = json!(message);
        }
        _ => {}
    }
    expected
}

#[tokio::test]
async fn calls_spend_and_the_rest_are_answered_as_recorded() {
    let gateway = Gateway::new();
    let mut names = Names::default();
    names.0.insert("MASTER".to_owned(), MASTER.to_owned());
    let mut wrong = Vec::new();
    for step in steps() {
        let number = step["n"].as_u64().unwrap();
        before(number, &gateway, &mut names).await;
        let mut headers = Vec::new();
        if let Some(key) = step["auth"].as_str() {
            headers.push(("authorization".to_owned(), format!("Bearer {}", names.fill(key))));
        }
        let url = names.fill(step["path"].as_str().unwrap());
        let body: Value = serde_json::from_str(&names.fill(&step["body"].to_string())).unwrap();
        let (status, mut answer) = gateway.call(step["method"].as_str().unwrap(), &url, &headers, &body).await;
        if Some(u64::from(status)) != step["status"].as_u64() {
            wrong.push(format!("{number} {}: status {status}, {answer}", step["name"]));
            continue;
        }
        if step["answer"].is_null() {
            // What a model says, and what works here without a licence, is not part of the recording.
            continue;
        }
        let expected = adjusted(number, &step["answer"], &mut answer);
        let found = names.differences(&expected, &answer);
        wrong.extend(found.iter().map(|difference| format!("{number} {}: {difference}", step["name"])));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_recorded_step_is_played_or_its_difference_explained() {
    let files = [
        ("keys", include_str!("../../../data/corpus/management_keys.json")),
        ("records", include_str!("../../../data/corpus/management_records.json")),
        ("calls", include_str!("../../../data/corpus/management_calls.json")),
    ];
    let rows: Vec<Vec<&str>> = include_str!("../../../data/corpus/management_steps.tsv")
        .lines()
        .skip(1)
        .map(|line| line.split('\t').collect())
        .collect();
    for (file, text) in files {
        let steps: Vec<Value> = serde_json::from_str(text).unwrap();
        let played: Vec<String> = steps.iter().map(|step| step["n"].to_string()).collect();
        let missing: Vec<_> =
            rows.iter().filter(|row| row[2] == file && !played.iter().any(|step| step == row[0])).collect();
        assert!(missing.is_empty(), "{file}: {missing:?}");
    }
    let unexplained: Vec<_> = rows
        .iter()
        .filter(|row| !["keys", "records", "calls"].contains(&row[2]))
        .filter(|row| !["elsewhere", "otherwise"].contains(&row[2]) || row.get(3).is_none_or(|why| why.is_empty()))
        .collect();
    assert!(unexplained.is_empty(), "{unexplained:?}");
}
