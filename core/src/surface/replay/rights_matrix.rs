//! Who may what, cell by cell: everybody asks for every administrative route, with objects of its own and of others, and
//! each answer is as `tests/fixtures/rights.tsv` says. `POSTERN_WRITE_RIGHTS=1` writes the file anew.

use super::rights_world::{CALLERS, Whose, World};
use crate::auth::rights::routes::group;
use crate::surface::route_list;
use serde_json::Value;
use std::collections::BTreeMap;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/rights.tsv");

/// Routes that ask for no key, and calls of models.
const OPEN: [&str; 15] = [
    "GET /",
    "GET /openapi.json",
    "GET /public/litellm_model_cost_map",
    "GET /public/endpoints",
    "GET /public/providers",
    "GET /public/model_hub",
    "GET /public/model_hub/info",
    "GET /health/liveliness",
    "GET /health/liveness",
    "GET /health/readiness",
    "GET /sso/key/generate",
    "GET /sso/callback",
    "POST /sso/cli/start",
    "POST /sso/cli/complete/{key}",
    "GET /sso/cli/poll/{key}",
];

/// What is asked for where the body or the query must name something.
const REQUESTS: &[(&str, &str, &str)] = &[
    ("GET /key/info", "/key/info?key=KEY", ""),
    ("POST /v2/key/info", "", r#"{"keys": ["KEY"]}"#),
    ("POST /key/generate", "", r#"{"user_id": "USER"}"#),
    ("POST /key/service-account/generate", "", r#"{"team_id": "TEAM"}"#),
    ("POST /key/update", "", r#"{"key": "KEY", "key_alias": "renamed"}"#),
    ("POST /key/bulk_update", "", r#"{"keys": [{"key": "KEY", "key_alias": "renamed"}]}"#),
    ("POST /key/delete", "", r#"{"keys": ["KEY"]}"#),
    ("POST /key/block", "", r#"{"key": "KEY"}"#),
    ("POST /key/unblock", "", r#"{"key": "KEY"}"#),
    ("POST /key/{key}/reset_spend", "/key/KEY/reset_spend", r#"{"reset_to": 0}"#),
    ("POST /key/{key}/regenerate", "/key/KEY/regenerate", ""),
    ("POST /key/regenerate", "", r#"{"key": "KEY"}"#),
    ("POST /team/new", "", r#"{"team_alias": "new", "organization_id": "ORG"}"#),
    ("GET /team/info", "/team/info?team_id=TEAM", ""),
    ("GET /team/permissions_list", "/team/permissions_list?team_id=TEAM", ""),
    ("POST /team/permissions_update", "", r#"{"team_id": "TEAM", "team_member_permissions": ["/key/generate"]}"#),
    ("POST /team/update", "", r#"{"team_id": "TEAM", "team_alias": "renamed"}"#),
    ("PATCH /team/{key}", "/team/TEAM", r#"{"team_alias": "renamed"}"#),
    ("POST /team/delete", "", r#"{"team_ids": ["TEAM"]}"#),
    ("POST /team/block", "", r#"{"team_id": "TEAM"}"#),
    ("POST /team/unblock", "", r#"{"team_id": "TEAM"}"#),
    ("POST /team/model/add", "", r#"{"team_id": "TEAM", "models": ["gpt"]}"#),
    ("POST /team/model/delete", "", r#"{"team_id": "TEAM", "models": ["gpt"]}"#),
    ("POST /team/member_add", "", r#"{"team_id": "TEAM", "member": {"user_id": "new", "role": "user"}}"#),
    ("POST /team/member/add", "", r#"{"team_id": "TEAM", "user_id": "new", "role": "user"}"#),
    ("POST /team/bulk_member_add", "", r#"{"team_id": "TEAM", "members": [{"user_id": "new", "role": "user"}]}"#),
    ("POST /team/member_update", "", r#"{"team_id": "TEAM", "user_id": "default_user_id", "role": "user"}"#),
    ("POST /team/member_delete", "", r#"{"team_id": "TEAM", "user_id": "default_user_id"}"#),
    ("POST /user/new", "", r#"{"user_id": "new", "organization_id": "ORG"}"#),
    ("GET /user/info", "/user/info?user_id=USER", ""),
    ("GET /v2/user/info", "/v2/user/info?user_id=USER", ""),
    ("POST /user/update", "", r#"{"user_id": "USER", "user_alias": "renamed"}"#),
    ("POST /user/bulk_update", "", r#"{"users": [{"user_id": "USER", "user_alias": "renamed"}]}"#),
    ("POST /user/delete", "", r#"{"user_ids": ["USER"]}"#),
    ("DELETE /user/delete", "", r#"{"user_ids": ["USER"]}"#),
    ("POST /user/block", "", r#"{"user_id": "USER"}"#),
    ("POST /user/unblock", "", r#"{"user_id": "USER"}"#),
    ("GET /organization/info", "/organization/info?organization_id=ORG", ""),
    ("POST /organization/info", "", r#"{"organizations": ["ORG"]}"#),
    ("PATCH /organization/update", "", r#"{"organization_id": "ORG", "organization_alias": "renamed"}"#),
    ("DELETE /organization/delete", "", r#"{"organization_ids": ["ORG"]}"#),
    (
        "POST /organization/member_add",
        "",
        r#"{"organization_id": "ORG", "member": {"user_id": "new", "role": "internal_user"}}"#,
    ),
    (
        "PATCH /organization/member_update",
        "",
        r#"{"organization_id": "ORG", "user_id": "org_admin", "role": "org_admin"}"#,
    ),
    ("DELETE /organization/member_delete", "", r#"{"organization_id": "ORG", "user_id": "org_admin"}"#),
    ("DELETE /config/pass_through_endpoint", "/config/pass_through_endpoint?endpoint_id=none", ""),
    ("GET /spend/logs", "/spend/logs?user_id=USER", ""),
    ("GET /spend/users", "/spend/users?user_id=USER", ""),
    ("GET /global/activity", "/global/activity?start_date=2025-11-20&end_date=2025-11-21", ""),
    ("GET /global/activity/model", "/global/activity/model?start_date=2025-11-20&end_date=2025-11-21", ""),
    ("GET /global/activity/cache_hits", "/global/activity/cache_hits?start_date=2025-11-20&end_date=2025-11-21", ""),
    ("GET /global/spend/report", "/global/spend/report?start_date=2025-11-20&end_date=2025-11-21", ""),
    ("GET /user/daily/activity", "/user/daily/activity?start_date=2025-11-20&end_date=2025-11-21&user_id=USER", ""),
    ("GET /team/daily/activity", "/team/daily/activity?start_date=2025-11-20&end_date=2025-11-21&team_ids=TEAM", ""),
    ("GET /spend/logs/ui/{key}", "/spend/logs/ui/CALL", ""),
    ("GET /spend/logs/session/ui", "/spend/logs/session/ui?session_id=CALL", ""),
    ("GET /key/spend/report", "/key/spend/report?start_date=2025-11-20&end_date=2025-11-21&api_key=KEY", ""),
    ("GET /user/spend/report", "/user/spend/report?start_date=2025-11-20&end_date=2025-11-21&user_id=USER", ""),
    ("GET /team/spend/report", "/team/spend/report?start_date=2025-11-20&end_date=2025-11-21&team_id=TEAM", ""),
    (
        "GET /organization/spend/report",
        "/organization/spend/report?start_date=2025-11-20&end_date=2025-11-21&organization_id=ORG",
        "",
    ),
    (
        "GET /organization/daily/activity",
        "/organization/daily/activity?start_date=2025-11-20&end_date=2025-11-21&organization_ids=ORG",
        "",
    ),
    ("GET /tag/summary", "/tag/summary?start_date=2025-11-20&end_date=2025-11-21", ""),
    (
        "GET /global/activity/exceptions",
        "/global/activity/exceptions?model_group=gpt&start_date=2025-11-20&end_date=2025-11-21",
        "",
    ),
    (
        "GET /global/activity/exceptions/deployment",
        "/global/activity/exceptions/deployment?model_group=gpt&start_date=2025-11-20&end_date=2025-11-21",
        "",
    ),
    ("GET /tag/daily/activity", "/tag/daily/activity?start_date=2025-11-20&end_date=2025-11-21", ""),
    ("GET /audit", "/audit?object_key_hash=KEY", ""),
    ("GET /models/{id}", "/models/gpt", ""),
    ("GET /v1/models/{id}", "/v1/models/gpt", ""),
    ("GET /team/{key}/members/me", "/team/TEAM/members/me", ""),
    ("POST /team/{key}/member/{user}/reset_spend", "/team/TEAM/member/USER/reset_spend", r#"{"reset_to": 0}"#),
    ("POST /team/{key}/member/{user}/reset_budget", "/team/TEAM/member/USER/reset_budget", r#"{"reset_to": 0}"#),
    ("POST /v1/responses/input_tokens", "", r#"{"model": "gpt", "input": "Hi"}"#),
    ("POST /responses/input_tokens", "", r#"{"model": "gpt", "input": "Hi"}"#),
    ("POST /utils/token_counter", "", r#"{"model": "gpt", "prompt": "Hi"}"#),
    ("POST /cost/estimate", "", r#"{"model": "gpt", "input_tokens": 1, "output_tokens": 1}"#),
];

fn routes() -> Vec<String> {
    let models = route_list::of_models();
    let all = route_list::routes_by_method();
    let is_open = |route: &String| OPEN.contains(&route.as_str()) || models.contains(route);
    let mut routes: Vec<String> = all.into_iter().filter(|route| !is_open(route)).collect();
    routes.sort_unstable();
    routes
}

#[test]
fn every_administrative_route_stands_in_the_table() {
    for route in routes() {
        let (method, pattern) = route.split_once(' ').unwrap();
        assert!(group(method, pattern).is_some(), "{route} stands in no group of `auth::rights::routes`");
    }
}

/// The status, and how much was seen where a list was asked for.
fn cell(status: u16, answer: &Value) -> String {
    let count = match answer {
        Value::Array(list) => Some(list.len() as u64),
        Value::Null => Some(0),
        Value::Object(map) => {
            let total = map.get("total_count").or(map.get("total")).and_then(Value::as_u64);
            let mut lists = ["teams", "users", "successful_updates", "info", "results", "data"].into_iter();
            total.or_else(|| lists.find_map(|name| Some(map.get(name)?.as_array()?.len() as u64)))
        }
        _ => None,
    };
    match count.filter(|_| status == 200) {
        Some(count) => format!("{status}:{count}"),
        None => status.to_string(),
    }
}

async fn rows() -> BTreeMap<String, Vec<String>> {
    let (from, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let template = World::template(from.path()).await;
    let (mut rows, mut world) = (BTreeMap::new(), template.again(from.path(), folder.path()));
    for route in routes() {
        let (method, pattern) = route.split_once(' ').unwrap();
        let asked = REQUESTS.iter().find(|(of, ..)| *of == route);
        let (url, body) =
            asked.map_or((pattern, ""), |(_, url, body)| (if url.is_empty() { pattern } else { url }, *body));
        let objects: &[Whose] = if asked.is_some() { &[Whose::Own, Whose::Other] } else { &[Whose::Own] };
        for &whose in objects {
            let mut cells = Vec::new();
            for caller in CALLERS {
                let (url, body) = (world.named(url, caller, whose), world.named(body, caller, whose));
                let body: Value = if body.is_empty() { Value::Null } else { serde_json::from_str(&body).unwrap() };
                let (status, answer) = world.call(caller, method, &url, body).await;
                cells.push(cell(status, &answer));
                if status == 200 && !group(method, pattern).unwrap().only_reads() {
                    drop(world);
                    world = template.again(from.path(), folder.path());
                }
            }
            let object = if asked.is_some() { format!("{whose:?}").to_lowercase() } else { "-".to_owned() };
            rows.insert(format!("{route}\t{object}"), cells);
        }
    }
    rows
}

#[tokio::test]
async fn everybody_reaches_what_the_matrix_says_and_nothing_else() {
    let rows = rows().await;
    if std::env::var_os("POSTERN_WRITE_RIGHTS").is_some() {
        let lines = rows.iter().map(|(row, cells)| format!("{row}\t{}\n", cells.join("\t")));
        let head = format!("route\tobject\t{}\n", CALLERS.join("\t"));
        std::fs::write(FILE, std::iter::once(head).chain(lines).collect::<String>()).unwrap();
        return;
    }
    let file = std::fs::read_to_string(FILE).unwrap();
    let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in file.lines().skip(1) {
        let parts: Vec<&str> = line.split('\t').collect();
        said.insert(parts[..2].join("\t"), parts[2..].iter().map(|&cell| cell.to_owned()).collect());
    }
    let mut wrong = Vec::new();
    for row in said.keys().chain(rows.keys()) {
        for (index, caller) in CALLERS.iter().enumerate() {
            let of = |rows: &BTreeMap<String, Vec<String>>| rows.get(row).map(|cells| cells[index].clone());
            let (said, is) = (of(&said), of(&rows));
            if said != is {
                wrong.push(format!("{row}\t{caller}: the matrix says {said:?}, the answer was {is:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
