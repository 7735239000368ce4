//! What administrators of teams, users and the like go through that the recording does not hold.

use super::gateway::{Answer, Gateway, MASTER};
use serde_json::{Value, json};

async fn ask(gateway: &Gateway, method: &str, url: &str, body: Value) -> Answer {
    gateway.with_key(MASTER, method, url, body).await
}

async fn new_key(gateway: &Gateway, body: Value) -> String {
    gateway.admin("/key/generate", body).await["key"].as_str().unwrap().to_owned()
}

async fn chat(gateway: &Gateway, key: &str, model: &str) -> Answer {
    let body = json!({"model": model, "messages": [{"role": "user", "content": "Hi"}]});
    gateway.with_key(key, "POST", "/v1/chat/completions", body).await
}

#[tokio::test]
async fn a_blocked_team_or_user_refuses_its_keys_at_their_next_request() {
    let gateway = Gateway::new();
    gateway.admin("/team/new", json!({"team_id": "t"})).await;
    gateway.admin("/user/new", json!({"user_id": "u", "auto_create_key": false})).await;
    let key = new_key(&gateway, json!({"team_id": "t", "user_id": "u"})).await;
    assert_eq!(chat(&gateway, &key, "gpt").await.0, 200);
    for (kind, field, id, name) in [("team", "team_id", "t", "Team"), ("user", "user_id", "u", "User")] {
        assert_eq!(gateway.admin(&format!("/{kind}/block"), json!({field: id})).await["blocked"], true);
        let (status, answer) = chat(&gateway, &key, "gpt").await;
        let text =
            format!("Authentication Error, {name}={id} is blocked. Update via `/{kind}/unblock` if you're an admin.");
        assert_eq!((status, &answer["error"]["message"]), (401, &json!(text)));
        assert_eq!(answer["error"]["type"], "auth_error");
        assert_eq!(gateway.admin(&format!("/{kind}/unblock"), json!({field: id})).await["blocked"], false);
        assert_eq!(chat(&gateway, &key, "gpt").await.0, 200);
    }
}

#[tokio::test]
async fn a_key_may_call_what_its_own_list_and_its_teams_allow() {
    let gateway = Gateway::new();
    gateway.admin("/team/new", json!({"team_id": "t", "models": ["gpt"]})).await;
    let open = new_key(&gateway, json!({"team_id": "t"})).await;
    let narrow = new_key(&gateway, json!({"team_id": "t", "models": ["wild/x"]})).await;
    let inherits = new_key(&gateway, json!({"team_id": "t", "models": ["all-team-models"]})).await;
    let statuses =
        async |key: &str| (chat(&gateway, key, "gpt").await.0 == 200, chat(&gateway, key, "wild/x").await.0 == 200);
    assert_eq!(statuses(&open).await, (true, false));
    assert_eq!(statuses(&narrow).await, (false, false));
    assert_eq!(statuses(&inherits).await, (true, false));
    gateway.admin("/team/model/add", json!({"team_id": "t", "models": ["wild/*"]})).await;
    assert_eq!(statuses(&open).await, (true, true));
    assert_eq!(statuses(&narrow).await, (false, true));
    // A user's list counts for keys without a team.
    gateway.admin("/user/new", json!({"user_id": "u", "models": ["gpt"], "auto_create_key": false})).await;
    let personal = new_key(&gateway, json!({"user_id": "u"})).await;
    assert_eq!(statuses(&personal).await, (true, false));
}

#[tokio::test]
async fn a_deleted_team_or_user_takes_its_keys_along() {
    let gateway = Gateway::new();
    gateway.admin("/team/new", json!({"team_id": "t"})).await;
    gateway.admin("/user/new", json!({"user_id": "u", "teams": ["t"]})).await;
    let of_team = new_key(&gateway, json!({"team_id": "t"})).await;
    let of_user = new_key(&gateway, json!({"user_id": "u"})).await;
    assert_eq!(ask(&gateway, "GET", "/user/info?user_id=u", Value::Null).await.1["teams"][0]["team_id"], "t");
    assert_eq!(ask(&gateway, "DELETE", "/user/delete", json!({"user_id": "u"})).await, (200, json!(1)));
    assert_eq!(chat(&gateway, &of_user, "gpt").await.0, 401);
    let team = ask(&gateway, "GET", "/team/info?team_id=t", Value::Null).await.1;
    let members: Vec<_> = team["team_memberships"].as_array().unwrap().iter().map(|m| &m["user_id"]).collect();
    assert_eq!(members, ["default_user_id"]);
    assert_eq!(chat(&gateway, &of_team, "gpt").await.0, 200);
    gateway.admin("/team/delete", json!({"team_ids": ["t"]})).await;
    assert_eq!(chat(&gateway, &of_team, "gpt").await.0, 401);
    assert_eq!(ask(&gateway, "GET", "/team/info?team_id=t", Value::Null).await.0, 404);
    assert_eq!(ask(&gateway, "GET", "/key/list", Value::Null).await.1["total_count"], 0);
}

#[tokio::test]
async fn a_member_has_limits_of_its_own_in_its_team() {
    let gateway = Gateway::new();
    gateway.admin("/team/new", json!({"team_id": "t"})).await;
    let body = json!({"team_id": "t", "member": [{"user_id": "u"}, {"user_email": "v@example.test"}],
        "max_budget_in_team": 2.5, "rpm_limit": 3});
    let added = gateway.admin("/team/member_add", body).await;
    assert_eq!(added["updated_team_memberships"][0]["litellm_budget_table"]["max_budget"], 2.5);
    assert_eq!(added["updated_users"][1]["user_email"], "v@example.test");
    let body = json!({"team_id": "t", "user_email": "v@example.test", "max_budget_in_team": null, "tpm_limit": 9});
    let changed = gateway.admin("/team/member_update", body).await;
    let expected = json!({"team_id": "t", "user_id": "v@example.test", "user_email": "v@example.test",
        "max_budget_in_team": null, "tpm_limit": 9, "rpm_limit": 3});
    assert_eq!(changed, expected);
    let left = gateway.admin("/team/member_delete", json!({"team_id": "t", "user_id": "u"})).await;
    assert_eq!(left["members_with_roles"].as_array().unwrap().len(), 2);
    // The flat form of the same route.
    gateway.clock.advance_millis(1);
    let added = gateway.admin("/team/member/add", json!({"team_id": "t", "user_id": "w", "role": "admin"})).await;
    assert_eq!(added["members_with_roles"][2], json!({"user_id": "w", "user_email": null, "role": "admin"}));
    for (body, status) in [
        (json!({"team_id": "t", "member": {"user_id": "x", "role": "owner"}}), 422),
        (json!({"team_id": "t", "member": {"user_id": "x"}, "max_budget_in_team": -1}), 400),
        (json!({"team_id": "t"}), 422),
        (json!({"member": {"user_id": "x"}}), 422),
    ] {
        assert_eq!(ask(&gateway, "POST", "/team/member_add", body).await.0, status);
    }
    let strangers = json!({"team_id": "t", "user_id": "nobody", "rpm_limit": 1});
    assert_eq!(ask(&gateway, "POST", "/team/member_update", strangers).await.0, 400);
}

#[tokio::test]
async fn limits_that_are_none_are_refused_by_name_and_nothing_is_made() {
    let gateway = Gateway::new();
    for (path, id) in [
        ("/team/new", "team_id"),
        ("/user/new", "user_id"),
        ("/customer/new", "user_id"),
        ("/budget/new", "budget_id"),
        ("/organization/new", "organization_id"),
        ("/tag/new", "name"),
    ] {
        let with = |field: &str, value: Value| json!({id: "x", "organization_alias": "a", field: value});
        let text = "{'error': 'max_budget must be a non-negative finite number. Received: -1.0'}";
        let (status, answer) = ask(&gateway, "POST", path, with("max_budget", json!(-1))).await;
        assert_eq!((status, &answer["error"]["message"]), (400, &json!(text)), "{path}");
        let (status, answer) = ask(&gateway, "POST", path, with("budget_duration", json!("0s"))).await;
        assert!(status == 400 && answer["error"]["message"].as_str().unwrap().contains("budget_duration '0s'"));
        let (status, answer) = ask(&gateway, "POST", path, with("rpm_limit", json!(-5))).await;
        assert_eq!((status, &answer["detail"][0]["loc"]), (422, &json!(["body", "rpm_limit"])), "{path}");
        let (status, answer) = ask(&gateway, "POST", path, with("model_rpm_limit", json!({"gpt": "many"}))).await;
        assert_eq!((status, &answer["detail"][0]["loc"]), (422, &json!(["body", "model_rpm_limit", "gpt"])));
        let (status, answer) = ask(&gateway, "POST", path, with("metadata", json!({"budget_mode": "loose"}))).await;
        assert_eq!((status, &answer["detail"][0]["loc"]), (422, &json!(["body", "budget_mode"])));
        assert_eq!(ask(&gateway, "POST", path, with(id, json!("x".repeat(256)))).await.0, 422);
        assert_eq!(ask(&gateway, "POST", path, with(id, json!(7))).await.0, 422);
        assert_eq!(ask(&gateway, "POST", path, json!("text")).await.0, 422);
        assert_eq!(
            ask(&gateway, "POST", path, with("max_budget", json!(1))).await.0,
            200,
            "{path}: nothing stood there"
        );
        assert!((400..=409).contains(&ask(&gateway, "POST", path, with("max_budget", json!(1))).await.0), "{path}");
    }
}

#[tokio::test]
async fn a_shared_budget_is_named_only_where_it_is() {
    let gateway = Gateway::new();
    for path in ["/key/generate", "/team/new", "/user/new", "/tag/new"] {
        let body = json!({"name": "x", "budget_id": "nowhere"});
        assert_eq!(ask(&gateway, "POST", path, body).await.0, 404, "{path}");
    }
    gateway.admin("/budget/new", json!({"budget_id": "b", "max_budget": 1})).await;
    let made = gateway.admin("/customer/new", json!({"user_id": "c", "budget_id": "b"})).await;
    assert_eq!((&made["budget_id"], &made["litellm_budget_table"]["max_budget"]), (&json!("b"), &json!(1.0)));
    let both = json!({"user_id": "d", "budget_id": "b", "max_budget": 1});
    assert_eq!(ask(&gateway, "POST", "/customer/new", both).await.0, 422);
    assert_eq!(gateway.admin("/budget/info", json!({"budgets": ["b", "no"]})).await.as_array().unwrap().len(), 1);
    assert_eq!(ask(&gateway, "GET", "/budget/list", Value::Null).await.1[0]["budget_id"], "b");
    assert_eq!(ask(&gateway, "GET", "/budget/settings?budget_id=no", Value::Null).await.0, 404);
    assert_eq!(ask(&gateway, "POST", "/budget/update", json!({"budget_id": "no"})).await.0, 404);
    assert_eq!(ask(&gateway, "POST", "/budget/delete", json!({"id": "no"})).await.0, 404);
}

#[tokio::test]
async fn an_end_user_is_changed_blocked_before_it_was_ever_seen_and_listed() {
    let gateway = Gateway::new();
    let blocked = gateway.admin("/end_user/block", json!({"user_ids": ["c"]})).await;
    assert_eq!(blocked["blocked_users"][0]["blocked"], true);
    gateway.admin("/customer/update", json!({"user_id": "c", "max_budget": 3, "default_model": "gpt"})).await;
    let (_, shown) = ask(&gateway, "GET", "/end_user/info?end_user_id=c", Value::Null).await;
    assert_eq!((&shown["blocked"], &shown["default_model"]), (&json!(true), &json!("gpt")));
    assert_eq!(shown["litellm_budget_table"]["max_budget"], 3.0);
    gateway.admin("/customer/unblock", json!({"user_ids": ["c"]})).await;
    assert_eq!(ask(&gateway, "GET", "/customer/list", Value::Null).await.1[0]["blocked"], false);
    // A shared budget takes the place of its own.
    gateway.admin("/budget/new", json!({"budget_id": "b", "rpm_limit": 1})).await;
    let changed = gateway.admin("/customer/update", json!({"user_id": "c", "budget_id": "b"})).await;
    let table = &changed["litellm_budget_table"];
    assert_eq!((&table["max_budget"], &table["rpm_limit"]), (&Value::Null, &json!(1)));
    assert_eq!(ask(&gateway, "POST", "/customer/update", json!({"user_id": "no"})).await.0, 404);
    assert_eq!(ask(&gateway, "POST", "/customer/unblock", json!({"user_ids": ["no"]})).await.0, 404);
    assert_eq!(ask(&gateway, "POST", "/customer/delete", json!({"user_ids": ["c", "no"]})).await.0, 404);
    gateway.admin("/customer/delete", json!({"user_ids": ["c"]})).await;
    let taken = json!({"user_id": "c", "allowed_model_region": "mars"});
    assert_eq!(ask(&gateway, "POST", "/customer/new", taken).await.0, 422);
}

#[tokio::test]
async fn an_organization_is_shown_with_its_teams_and_leaves_them_when_it_goes() {
    let gateway = Gateway::new();
    let body = json!({"organization_id": "o", "organization_alias": "Org", "max_budget": 7});
    assert_eq!(gateway.admin("/organization/new", body).await["litellm_budget_table"]["max_budget"], 7.0);
    gateway.admin("/team/new", json!({"team_id": "t", "organization_id": "o"})).await;
    let (_, shown) = ask(&gateway, "GET", "/organization/info?organization_id=o", Value::Null).await;
    assert_eq!((&shown["organization_alias"], &shown["teams"][0]["team_id"]), (&json!("Org"), &json!("t")));
    let change = json!({"organization_id": "o", "models": ["gpt"], "spend": 1});
    let (_, changed) = ask(&gateway, "PATCH", "/organization/update", change).await;
    assert_eq!((&changed["models"], &changed["spend"]), (&json!(["gpt"]), &json!(1.0)));
    assert_eq!(ask(&gateway, "GET", "/organization/list", Value::Null).await.1.as_array().unwrap().len(), 1);
    assert_eq!(
        gateway.admin("/organization/info", json!({"organizations": ["o", "no"]})).await.as_array().unwrap().len(),
        1
    );
    assert_eq!(ask(&gateway, "DELETE", "/organization/delete", json!({"organization_ids": ["no"]})).await.0, 404);
    assert_eq!(ask(&gateway, "DELETE", "/organization/delete", json!({"organization_ids": ["o"]})).await.0, 200);
    assert_eq!(ask(&gateway, "GET", "/team/info?team_id=t", Value::Null).await.0, 200);
    assert_eq!(ask(&gateway, "POST", "/organization/new", json!({"organization_id": "p"})).await.0, 422);
}

#[tokio::test]
async fn a_tag_is_made_changed_and_deleted_by_its_name() {
    let gateway = Gateway::new();
    let made = gateway.admin("/tag/new", json!({"name": "a", "models": ["gpt"], "max_budget": 5})).await;
    assert_eq!(made["message"], "Tag a created successfully");
    assert_eq!(made["tag"]["litellm_budget_table"]["max_budget"], 5.0);
    let changed = gateway.admin("/tag/update", json!({"name": "a", "description": "d"})).await;
    assert_eq!((&changed["tag"]["description"], &changed["tag"]["models"]), (&json!("d"), &json!(["gpt"])));
    assert_eq!(ask(&gateway, "POST", "/tag/new", json!({"name": "a"})).await.0, 409);
    assert_eq!(gateway.admin("/tag/delete", json!({"name": "a"})).await["message"], "Tag a deleted successfully");
    for path in ["/tag/delete", "/tag/update"] {
        assert_eq!(ask(&gateway, "POST", path, json!({"name": "a"})).await.0, 404);
    }
    assert_eq!(ask(&gateway, "POST", "/tag/info", json!({"names": ["a"]})).await.0, 404);
}

#[tokio::test]
async fn users_and_teams_are_listed_page_by_page_and_filtered() {
    let gateway = Gateway::new();
    for number in 0..5 {
        gateway.clock.advance_millis(1);
        let role = if number % 2 == 0 { "internal_user" } else { "proxy_admin" };
        let user =
            json!({"user_id": format!("u-{number}"), "user_role": role, "user_email": format!("{number}@a.test")});
        gateway.admin("/user/new", user).await;
        gateway
            .admin("/team/new", json!({"team_id": format!("t-{number}"), "team_alias": format!("Team {number}")}))
            .await;
    }
    let names = async |url: &str, list: &str, field: &str| {
        let (_, answer) = ask(&gateway, "GET", url, Value::Null).await;
        let found: Vec<_> = answer[list].as_array().unwrap().iter().map(|user| user[field].clone()).collect();
        (Value::Array(found), answer["total"].clone())
    };
    assert_eq!(names("/user/list?page_size=2&page=2", "users", "user_id").await, (json!(["u-2", "u-1"]), json!(5)));
    assert_eq!(names("/user/list?role=proxy_admin", "users", "user_id").await, (json!(["u-3", "u-1"]), json!(2)));
    assert_eq!(names("/user/list?user_email=4@A", "users", "user_id").await, (json!(["u-4"]), json!(1)));
    assert_eq!(names("/user/list?user_ids=u-0,u-9", "users", "user_id").await, (json!(["u-0"]), json!(1)));
    assert_eq!(names("/v2/team/list?page_size=1&page=5", "teams", "team_id").await, (json!(["t-0"]), json!(5)));
    assert_eq!(names("/v2/team/list?team_alias=TEAM%203", "teams", "team_id").await, (json!(["t-3"]), json!(1)));
    assert_eq!(ask(&gateway, "GET", "/user/list?page_size=1000", Value::Null).await.0, 422);
    assert_eq!(ask(&gateway, "GET", "/team/list?user_id=u-1", Value::Null).await, (200, json!([])));
}

#[tokio::test]
async fn a_service_account_belongs_to_a_team_and_to_no_user() {
    let gateway = Gateway::new();
    gateway.admin("/team/new", json!({"team_id": "t"})).await;
    let body = json!({"team_id": "t", "user_id": "u", "key_alias": "robot"});
    let made = gateway.admin("/key/service-account/generate", body).await;
    assert_eq!((&made["team_id"], &made["user_id"]), (&json!("t"), &Value::Null));
    let listed = ask(&gateway, "GET", "/team/info?team_id=t", Value::Null).await.1;
    assert_eq!(listed["keys"][0]["key_alias"], "robot");
}

#[tokio::test]
async fn what_is_not_done_for_users_is_said() {
    let gateway = Gateway::new();
    for field in ["send_invite_email", "password"] {
        let value = if field == "password" { json!("secret") } else { json!(true) };
        let (status, answer) = ask(&gateway, "POST", "/user/new", json!({"user_id": "u", field: value})).await;
        assert!(status == 400 && answer["error"]["message"].as_str().unwrap().contains("is not available"), "{answer}");
    }
    let nowhere = json!({"user_id": "u", "teams": ["nowhere"]});
    assert_eq!(ask(&gateway, "POST", "/user/new", nowhere).await.0, 404);
    assert_eq!(ask(&gateway, "GET", "/user/info?user_id=u", Value::Null).await.0, 404);
}

#[tokio::test]
async fn a_virtual_key_administers_none_of_it() {
    let gateway = Gateway::new();
    let key = new_key(&gateway, json!({})).await;
    for (method, path) in [
        ("POST", "/team/new"),
        ("POST", "/team/block"),
        ("POST", "/team/member_add"),
        ("POST", "/user/update"),
        ("GET", "/user/list"),
        ("GET", "/team/info?team_id=t"),
        ("GET", "/team/list"),
        ("GET", "/user/info?user_id=u"),
        ("POST", "/customer/new"),
        ("POST", "/end_user/unblock"),
        ("POST", "/budget/new"),
        ("DELETE", "/organization/delete"),
        ("GET", "/tag/list"),
    ] {
        assert_eq!(gateway.with_key(&key, method, path, json!({})).await.0, 401, "{path}");
    }
}
