//! The recorded conversation about teams, members, users, end users, budgets and tags.

use super::compare::Names;
use super::gateway::{Gateway, MASTER};
use crate::auth::records::{RecordId, RecordKind};
use crate::money::NanoDollars;
use serde_json::{Value, json};

fn steps() -> Vec<Value> {
    serde_json::from_str(include_str!("../../../data/corpus/management_records.json")).unwrap()
}

/// Does what steps of the recording did that are not part of it.
async fn before(step: u64, gateway: &Gateway, names: &mut Names) {
    let done = match step {
        99 => vec![(
            "/budget/new",
            json!({"budget_id": "bud-1", "max_budget": 5, "rpm_limit": 10, "budget_duration": "7d"}),
        )],
        105 => {
            let key = gateway.admin("/key/generate", json!({"budget_id": "bud-1"})).await;
            names.0.insert("KBI".to_owned(), key["key"].as_str().unwrap().to_owned());
            vec![]
        }
        136 => vec![("/user/new", json!({"user_id": "u-2"}))],
        139 => {
            let members = json!([{"role": "admin", "user_id": "u-1", "user_email": "u1@example.test"}]);
            let team = json!({"team_id": "team-1", "team_alias": "Core", "members_with_roles": members,
                "metadata": {"x": 1}, "rpm_limit": 50, "max_budget": 3, "budget_duration": "30d", "models": ["gpt"]});
            gateway.admin("/team/new", team).await;
            gateway.clock.advance_millis(1);
            vec![]
        }
        150 => vec![("/team/member_add", json!({"team_id": "team-1", "member": {"role": "user", "user_id": "u-9"}}))],
        170 => {
            let team = RecordId::of(RecordKind::Team, "team-1");
            gateway.records.adjust_spend(&team, NanoDollars::new(80_000)).await.unwrap();
            vec![]
        }
        215 => vec![("/tag/new", json!({"name": "tag-1", "description": "d"}))],
        _ => vec![],
    };
    for (path, body) in done {
        gateway.admin(path, body).await;
    }
}

/// What of a recorded answer depends on steps that are not part of the recording, or is otherwise here.
fn adjusted(step: u64, expected: &Value, actual: &Value, names: &mut Names) -> Value {
    let mut expected = expected.clone();
    match step {
        // A user who may call any model is told so by an empty list, however it was made.
        130 => expected["data"]["models"] = json!([]),
        139 => drop(names.0.insert("TM".to_owned(), actual["team_id"].as_str().unwrap().to_owned())),
        // Tags that calls brought along are not kept.
        216 => expected = json!([expected[0]]),
        _ => {}
    }
    expected
}

#[tokio::test]
async fn administrators_of_teams_and_users_get_the_answers_they_know() {
    let gateway = Gateway::new();
    let mut names = Names::default();
    names.0.insert("MASTER".to_owned(), MASTER.to_owned());
    let mut wrong = Vec::new();
    for step in steps() {
        let number = step["n"].as_u64().unwrap();
        before(number, &gateway, &mut names).await;
        let headers = [("authorization".to_owned(), format!("Bearer {}", names.fill(step["auth"].as_str().unwrap())))];
        let url = names.fill(step["path"].as_str().unwrap());
        let body: Value = serde_json::from_str(&names.fill(&step["body"].to_string())).unwrap();
        let (status, answer) = gateway.call(step["method"].as_str().unwrap(), &url, &headers, &body).await;
        if Some(u64::from(status)) != step["status"].as_u64() {
            wrong.push(format!("{number} {}: status {status}, {answer}", step["name"]));
            continue;
        }
        let expected = adjusted(number, &step["answer"], &answer, &mut names);
        let found = names.differences(&expected, &answer);
        wrong.extend(found.iter().map(|difference| format!("{number} {}: {difference}", step["name"])));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
