//! Who belongs where: members by the hundred and of organizations, invitations, what new records get.

use super::gateway::{Gateway, MASTER};
use crate::accounting::spend_query::SpendQuery;
use crate::clock::Clock;
use futures_util::future::join_all;
use serde_json::{Value, json};

async fn ask(gateway: &Gateway, method: &str, path: &str, body: Value) -> (u16, Value) {
    gateway.with_key(MASTER, method, path, body).await
}

#[tokio::test]
async fn of_many_members_those_that_can_be_added_are() {
    let gateway = Gateway::new();
    gateway.admin("/team/new", json!({"team_id": "t"})).await;
    gateway.admin("/user/new", json!({"user_id": "u-1"})).await;
    let members = json!([{"user_id": "u-1", "role": "admin"}, {"user_id": "u-1", "role": "user"}, {"role": "user"},
        {"user_email": "two@a.test", "role": "user"}]);
    let body = json!({"team_id": "t", "members": members, "max_budget_in_team": 3});
    let done = gateway.admin("/team/bulk_member_add", body).await;
    assert_eq!((&done["total_requested"], &done["successful_additions"]), (&json!(4), &json!(2)));
    let succeeded: Vec<bool> =
        done["results"].as_array().unwrap().iter().map(|result| result["success"].as_bool().unwrap()).collect();
    assert_eq!(succeeded, [true, false, false, true]);
    assert_eq!(done["results"][0]["updated_team_membership"]["litellm_budget_table"]["max_budget"], 3.0);
    assert!(done["results"][1]["error"].as_str().unwrap().contains("already in team"), "{done}");
    assert_eq!(done["updated_team"]["members_with_roles"].as_array().unwrap().len(), 3, "its maker is one too");
    // All that there are; one of them is in already.
    gateway.admin("/user/new", json!({"user_id": "u-3"})).await;
    let done = gateway.admin("/team/bulk_member_add", json!({"team_id": "t", "all_users": true})).await;
    assert_eq!((&done["successful_additions"], &done["failed_additions"]), (&json!(1), &json!(2)));
    for (body, status) in
        [(json!({"team_id": "no", "members": [{"user_id": "u"}]}), 404), (json!({"team_id": "t"}), 400)]
    {
        assert_eq!(ask(&gateway, "POST", "/team/bulk_member_add", body).await.0, status);
    }
}

#[tokio::test]
async fn of_many_users_those_that_can_be_changed_are() {
    let gateway = Gateway::new();
    for user in ["u-1", "u-2"] {
        gateway.admin("/user/new", json!({"user_id": user})).await;
    }
    let users = json!([{"user_id": "u-1", "max_budget": 3}, {"user_id": "u-2", "max_budget": -3}]);
    let done = gateway.admin("/user/bulk_update", json!({"users": users})).await;
    assert_eq!((&done["successful_updates"], &done["failed_updates"]), (&json!(1), &json!(1)));
    assert_eq!(done["results"][0]["updated_user"]["max_budget"], 3.0);
    assert_eq!(done["results"][1]["success"], false);
    let all = json!({"all_users": true, "user_updates": {"rpm_limit": 7}});
    assert_eq!(gateway.admin("/user/bulk_update", all).await["successful_updates"], 2);
    assert_eq!(ask(&gateway, "GET", "/v2/user/info?user_id=u-2", Value::Null).await.1["rpm_limit"], 7);
    assert_eq!(ask(&gateway, "POST", "/user/bulk_update", json!({})).await.0, 400);
    assert_eq!(ask(&gateway, "POST", "/user/bulk_update", json!({"all_users": true})).await.0, 422);
    let (_, roles) = ask(&gateway, "GET", "/user/available_roles", Value::Null).await;
    assert!(roles["internal_user"]["ui_label"].is_string());
}

#[tokio::test]
async fn an_organization_has_members_in_roles() {
    let gateway = Gateway::new();
    gateway.admin("/organization/new", json!({"organization_id": "o", "organization_alias": "Org"})).await;
    let members = json!([{"user_id": "u-1", "role": "org_admin"}, {"user_email": "two@a.test"}]);
    let added = gateway.admin("/organization/member_add", json!({"organization_id": "o", "member": members})).await;
    assert_eq!(added["updated_organization_memberships"][0]["user_role"], "org_admin");
    assert_eq!(added["updated_users"][1]["user_email"], "two@a.test");
    let (_, shown) = ask(&gateway, "GET", "/organization/info?organization_id=o", Value::Null).await;
    assert_eq!(shown["members"].as_array().unwrap().len(), 2);
    let change = json!({"organization_id": "o", "user_email": "two@a.test", "role": "internal_user_viewer"});
    let (_, changed) = ask(&gateway, "PATCH", "/organization/member_update", change).await;
    assert_eq!(changed["user_role"], "internal_user_viewer");
    let gone = json!({"organization_id": "o", "user_id": "u-1"});
    assert_eq!(ask(&gateway, "DELETE", "/organization/member_delete", gone.clone()).await.1["user_id"], "u-1");
    assert_eq!(ask(&gateway, "DELETE", "/organization/member_delete", gone).await.0, 400);
    gateway.admin("/user/delete", json!({"user_ids": ["two@a.test"]})).await;
    let (_, shown) = ask(&gateway, "GET", "/organization/info?organization_id=o", Value::Null).await;
    assert_eq!(shown["members"], json!([]));
    for (body, status) in [
        (json!({"organization_id": "no", "member": {"user_id": "u"}}), 404),
        (json!({"organization_id": "o"}), 422),
        (json!({"organization_id": "o", "member": {"user_id": "u", "role": "king"}}), 422),
        (json!({"organization_id": "o", "member": {"user_id": "u"}, "max_budget_in_organization": 1}), 400),
    ] {
        assert_eq!(ask(&gateway, "POST", "/organization/member_add", body).await.0, status);
    }
    // One of its name made later begins without members.
    gateway.admin("/organization/member_add", json!({"organization_id": "o", "member": {"user_id": "u"}})).await;
    assert_eq!(ask(&gateway, "DELETE", "/organization/delete", json!({"organization_ids": ["o"]})).await.0, 200);
    let again = gateway.admin("/organization/new", json!({"organization_id": "o", "organization_alias": "Org"})).await;
    assert_eq!(again["members"], json!([]));
}

#[tokio::test]
async fn an_invitation_is_accepted_within_its_days() {
    let gateway = Gateway::new();
    gateway.admin("/user/new", json!({"user_id": "u-1"})).await;
    let made = gateway.admin("/invitation/new", json!({"user_id": "u-1"})).await;
    let id = made["id"].clone();
    assert_eq!((&made["is_accepted"], &made["accepted_at"]), (&json!(false), &Value::Null));
    let path = format!("/invitation/info?invitation_id={}", id.as_str().unwrap());
    assert_eq!(ask(&gateway, "GET", &path, Value::Null).await, (200, made));
    let accepted = gateway.admin("/invitation/update", json!({"invitation_id": id, "is_accepted": true})).await;
    assert!(accepted["accepted_at"].is_string());
    let late = gateway.admin("/invitation/new", json!({"user_id": "u-1"})).await["id"].clone();
    gateway.clock.advance_millis(7 * 86_400_000);
    let update = json!({"invitation_id": late, "is_accepted": true});
    assert_eq!(ask(&gateway, "POST", "/invitation/update", update).await.0, 400);
    assert_eq!(gateway.admin("/invitation/delete", json!({"invitation_id": id})).await["id"], id);
    assert_eq!(ask(&gateway, "GET", &path, Value::Null).await.0, 400);
    assert_eq!(ask(&gateway, "POST", "/invitation/new", json!({"user_id": "nobody"})).await.0, 400);
    assert_eq!(ask(&gateway, "POST", "/invitation/new", json!({})).await.0, 422);
}

#[tokio::test]
async fn new_records_get_what_administrators_say_last() {
    let gateway = Gateway::new();
    let said = json!({"max_budget": 4, "user_role": "internal_user", "models": ["gpt"]});
    let (status, answer) = ask(&gateway, "PATCH", "/update/internal_user_settings", said).await;
    assert_eq!((status, &answer["settings"]["max_budget"]), (200, &json!(4)));
    let made = gateway.admin("/user/new", json!({"user_id": "u-1", "models": ["wild/*"]})).await;
    assert_eq!((&made["max_budget"], &made["models"]), (&json!(4.0), &json!(["wild/*"])));
    ask(&gateway, "PATCH", "/update/internal_user_settings", json!({"max_budget": null})).await;
    let (_, shown) = ask(&gateway, "GET", "/get/internal_user_settings", Value::Null).await;
    assert_eq!((&shown["values"]["max_budget"], &shown["values"]["models"]), (&Value::Null, &json!(["gpt"])));
    assert_eq!(shown["field_schema"]["properties"]["models"]["type"], "array");
    ask(&gateway, "PATCH", "/update/default_team_settings", json!({"rpm_limit": 9})).await;
    assert_eq!(gateway.admin("/team/new", json!({"team_id": "t"})).await["rpm_limit"], 9);
    let (_, shown) = ask(&gateway, "GET", "/get/default_team_settings", Value::Null).await;
    assert_eq!((&shown["values"]["rpm_limit"], shown["values"].get("user_role")), (&json!(9), None));
    for wrong in [json!({"max_budget": -1}), json!({"budget_duration": "soon"}), json!({"user_role": "king"})] {
        let (status, _) = ask(&gateway, "PATCH", "/update/internal_user_settings", wrong).await;
        assert!(status == 400 || status == 422, "{status}");
    }
}

#[tokio::test]
async fn the_members_of_a_team_have_permissions_that_there_are() {
    let gateway = Gateway::new();
    gateway.admin("/team/new", json!({"team_id": "t"})).await;
    let body = json!({"team_id": "t", "team_member_permissions": ["/key/info"]});
    assert_eq!(gateway.admin("/team/permissions_update", body).await["team_member_permissions"], json!(["/key/info"]));
    let (_, shown) = ask(&gateway, "GET", "/team/permissions_list?team_id=t", Value::Null).await;
    assert_eq!(shown["team_member_permissions"], json!(["/key/info"]));
    let wrong = json!({"team_id": "t", "team_member_permissions": ["/everything"]});
    assert_eq!(ask(&gateway, "POST", "/team/permissions_update", wrong).await.0, 422);
    assert_eq!(ask(&gateway, "GET", "/team/permissions_list?team_id=no", Value::Null).await.0, 404);
    assert_eq!(ask(&gateway, "GET", "/team/available", Value::Null).await, (200, json!([])));
    let (status, changed) = ask(&gateway, "PATCH", "/team/t", json!({"team_alias": "T"})).await;
    assert_eq!((status, &changed["data"]["team_alias"]), (200, &json!("T")));
}

#[tokio::test]
async fn models_added_to_a_team_at_the_same_time_are_all_there() {
    let gateway = Gateway::new();
    gateway.admin("/team/new", json!({"team_id": "t"})).await;
    let adding = (0..8).map(|n| {
        let body = json!({"team_id": "t", "models": [format!("m-{n}")]});
        let gateway = &gateway;
        async move { gateway.admin("/team/model/add", body).await }
    });
    join_all(adding).await;
    let (_, shown) = ask(&gateway, "GET", "/team/info?team_id=t", Value::Null).await;
    assert_eq!(shown["team_info"]["models"].as_array().unwrap().len(), 8);
}

#[tokio::test]
async fn whoever_is_deleted_is_taken_out_of_the_log_as_was_asked() {
    let gateway = Gateway::new();
    for user in ["kept", "nobody", "gone"] {
        gateway
            .admin(
                "/user/new",
                json!({"user_id": user, "user_email": format!("{user}@corp.test"),
            "user_role": "internal_user"}),
            )
            .await;
        let made = gateway.admin("/key/generate", json!({"user_id": user, "key_alias": format!("of {user}")})).await;
        let body = json!({"model": "gpt", "messages": [{"role": "user", "content": "Hi"}], "user": format!("e-{user}"),
            "metadata": {"user_consent": "yes", "consent_date": "2026-01-02"}});
        let key = made["key"].as_str().unwrap();
        assert_eq!(gateway.with_key(key, "POST", "/v1/chat/completions", body).await.0, 200);
        let (status, all) = gateway.with_key(MASTER, "GET", &format!("/user/{user}"), Value::Null).await;
        assert_eq!((status, &all["user"]["user_email"]), (200, &json!(format!("{user}@corp.test"))), "{all}");
        assert_eq!(all["consents"][0]["user_consent"], "yes", "{all}");
        assert_eq!((all["calls"].as_array().unwrap().len(), all["keys"].as_array().unwrap().len()), (1, 2));
        assert!(!all["audit_logs"].as_array().unwrap().is_empty() && !all.to_string().contains(key));
        let (status, own) = gateway.with_key(key, "GET", &format!("/user/{user}"), Value::Null).await;
        assert_eq!((status, &own["user_id"]), (200, &json!(user)), "{own}");
        let other = if user == "kept" { "default_user_id" } else { "kept" };
        assert_ne!(gateway.with_key(key, "GET", &format!("/user/{other}"), Value::Null).await.0, 200);
        let path = format!("/customer/export?end_user_id=e-{user}");
        assert_eq!(gateway.with_key(MASTER, "GET", &path, Value::Null).await.1["calls"].as_array().unwrap().len(), 1);
        gateway.clock.advance_millis(5);
    }
    for (user, anonymize) in [("kept", Value::Null), ("nobody", json!(true)), ("gone", json!(false))] {
        gateway.admin("/user/delete", json!({"user_ids": [user], "anonymize": anonymize})).await;
        assert_eq!(gateway.with_key(MASTER, "GET", &format!("/user/{user}"), Value::Null).await.0, 404);
    }
    let report = gateway.maintained().await;
    assert!(report.contains("erasure"), "{report}");
    let (from, until) = (gateway.clock.now().plus_millis(-1_000), gateway.clock.now());
    let rows = gateway.log.newest(&SpendQuery::span(from, until), 9).await.unwrap();
    let users: Vec<_> = rows.iter().map(|row| row.details.user_id.as_deref()).collect();
    assert_eq!(users, [None, Some("kept")]);
    assert_eq!((&rows[0].details.end_user, &rows[0].details.key_alias), (&None, &None));
    gateway.admin("/customer/delete", json!({"user_ids": ["e-kept"], "anonymize": true})).await;
    gateway.maintained().await;
    let rows = gateway.log.newest(&SpendQuery::span(from, until), 9).await.unwrap();
    assert!(rows.iter().all(|row| row.details.end_user.is_none()));
}

#[tokio::test]
async fn members_see_themselves_and_administrators_reset_what_they_spent() {
    let gateway = Gateway::new();
    gateway.admin("/team/new", json!({"team_id": "t", "team_alias": "Team"})).await;
    gateway.admin("/user/new", json!({"user_id": "u", "auto_create_key": false})).await;
    let member = json!({"user_id": "u", "role": "user"});
    gateway.admin("/team/member_add", json!({"team_id": "t", "member": member, "max_budget_in_team": 2})).await;
    let key = gateway.admin("/key/generate", json!({"user_id": "u"})).await["key"].as_str().unwrap().to_owned();
    let (status, own) = gateway.with_key(&key, "GET", "/team/t/members/me", Value::Null).await;
    assert_eq!(status, 200, "{own}");
    let told = (&own["team_alias"], &own["role"], &own["spend"], &own["litellm_budget_table"]["max_budget"]);
    assert_eq!(told, (&json!("Team"), &json!("user"), &json!(0.0), &json!(2.0)));
    for team in ["none", "other"] {
        let path = format!("/team/{team}/members/me");
        assert_eq!(gateway.with_key(&key, "GET", &path, Value::Null).await.0, 404);
    }
    let reset = gateway.admin("/team/t/member/u/reset_spend", json!({"reset_to": 0})).await;
    assert_eq!(
        (&reset["spend"], &reset["previous_spend"], &reset["max_budget"]),
        (&json!(0.0), &json!(0.0), &json!(2.0))
    );
    for (path, body, status) in [
        ("/team/t/member/u/reset_spend", json!({"reset_to": 1}), 400),
        ("/team/t/member/u/reset_budget", json!({}), 422),
        ("/team/t/member/nobody/reset_spend", json!({"reset_to": 0}), 404),
    ] {
        assert_eq!(ask(&gateway, "POST", path, body).await.0, status, "{path}");
    }
}

#[tokio::test]
async fn teams_and_users_are_found_by_parts_of_their_names() {
    let gateway = Gateway::new();
    for (team, alias) in [("red-1", "Alpha"), ("red-2", "Beta"), ("blue", "Alphabet")] {
        gateway.admin("/team/new", json!({"team_id": team, "team_alias": alias})).await;
    }
    for (user, email) in [("ann", "ann@a.test"), ("bob", "bob@b.test")] {
        gateway.admin("/user/new", json!({"user_id": user, "user_email": email, "auto_create_key": false})).await;
    }
    for (path, field, found) in [
        ("/team/filter/ui?team_id=RED", "team_id", ["red-1", "red-2"].as_slice()),
        ("/team/filter/ui?team_alias=alpha", "team_id", &["blue", "red-1"]),
        ("/team/filter/ui?team_alias=alpha&team_id=red", "team_id", &["red-1"]),
        ("/user/filter/ui?user_email=B.TEST", "user_id", &["bob"]),
        ("/user/filter/ui?search=ann", "user_id", &["ann"]),
        ("/user/filter/ui?page=9", "user_id", &[]),
    ] {
        let (status, answer) = ask(&gateway, "GET", path, Value::Null).await;
        let mut names: Vec<&str> = answer.as_array().unwrap().iter().map(|one| one[field].as_str().unwrap()).collect();
        names.sort_unstable();
        assert_eq!((status, names.as_slice()), (200, found), "{path}");
    }
}
