//! What those who administer a part come up against: nobody reaches beyond it, and nobody gives more than they have.

use super::rights_world::World;
use serde_json::{Value, json};

fn key_in(answer: &Value) -> &str {
    answer["key"].as_str().unwrap_or_else(|| panic!("{answer}"))
}

async fn chat(world: &World, key: &str, model: &str) -> u16 {
    let body = json!({"model": model, "messages": [{"role": "user", "content": "Hi"}]});
    world.gateway.with_key(key, "POST", "/v1/chat/completions", body).await.0
}

#[tokio::test]
async fn a_team_admin_adds_members_and_makes_keys_for_its_team_and_for_no_other() {
    let world = World::new().await;
    let add = |team: &str| json!({"team_id": team, "member": {"user_id": "new", "role": "user"}});
    let (status, answer) = world.post("team_admin", "/team/member_add", add("t1")).await;
    assert_eq!(status, 200, "{answer}");
    let shown: Vec<&String> = answer["updated_users"][0].as_object().unwrap().keys().collect();
    assert_eq!(shown, ["user_id", "user_alias", "user_email"], "more of a user is not a team administrator's to see");
    let (status, answer) = world.post("team_admin", "/team/member_add", add("t2")).await;
    assert_eq!(status, 403);
    let text = "Call not allowed. User not proxy admin OR team admin. team_id=t2";
    assert_eq!(answer["detail"]["error"], text);
    let (status, made) = world.post("team_admin", "/key/generate", json!({"team_id": "t1", "user_id": "new"})).await;
    assert_eq!(status, 200, "{made}");
    assert_eq!(chat(&world, key_in(&made), "gpt").await, 200);
    for body in [json!({"team_id": "t2"}), json!({"team_id": "t1", "user_id": "u-y"}), json!({"user_id": "u-x"})] {
        let (status, answer) = world.post("team_admin", "/key/generate", body.clone()).await;
        assert_eq!(status, 403, "{body} {answer}");
    }
    let (status, _) = world.post("team_admin", "/key/service-account/generate", json!({"team_id": "t1"})).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_key_made_for_somebody_else_only_calls_models_whoever_that_is() {
    let world = World::new().await;
    let body = json!({"team_id": "t1", "member": {"user_id": "proxy_admin", "role": "user"}});
    world.gateway.admin("/team/member_add", body).await;
    let asked = json!({"team_id": "t1", "user_id": "proxy_admin"});
    let (_, made) = world.post("team_admin", "/key/generate", asked).await;
    let key = key_in(&made).to_owned();
    assert_eq!(chat(&world, &key, "gpt").await, 200);
    let (status, _) = world.gateway.with_key(&key, "POST", "/user/new", json!({"user_id": "mine"})).await;
    assert_eq!(status, 403);
    for routes in [json!(["management_routes"]), json!([]), json!(["/*"]), json!(["/user/new"])] {
        let update = json!({"key": key, "allowed_routes": routes});
        assert_eq!(world.post("team_admin", "/key/update", update).await.0, 403, "{routes}");
        let asked = json!({"team_id": "t1", "user_id": "proxy_admin", "allowed_routes": routes, "key_type": "default"});
        let (status, made) = world.post("team_admin", "/key/generate", asked).await;
        assert!(status == 403 || made["allowed_routes"] == json!(["llm_api_routes"]), "{routes}");
    }
    // A key that acts as somebody is not for others to have anew; one that is confined is.
    let open = world.key(json!({"team_id": "t1", "user_id": "proxy_admin"})).await;
    assert_eq!(world.post("team_admin", "/key/regenerate", json!({"key": open})).await.0, 403);
    assert_eq!(world.post("team_admin", "/key/regenerate", json!({"key": key})).await.0, 200);
}

#[tokio::test]
async fn nobody_raises_a_key_of_its_own_or_makes_one_with_more_than_it_presents() {
    let world = World::new().await;
    let own = json!({"user_id": "internal_user", "models": ["gpt"], "max_budget": 5, "budget_duration": "30d",
        "rpm_limit": 10, "duration": "1d", "tags": ["paid-by-me"]});
    let key = world.key(own).await;
    let ask = |path: &'static str, body: Value| world.gateway.with_key(&key, "POST", path, body);
    for more in [
        json!({"models": ["gpt", "claude"]}),
        json!({"models": ["all-proxy-models"]}),
        json!({"max_budget": 6}),
        json!({"max_budget": 5, "budget_duration": "1d"}),
        json!({"rpm_limit": 11}),
        json!({"duration": "2d"}),
        json!({"spend": -1}),
        json!({"blocked": true}),
        json!({"budget_id": "any"}),
        json!({"metadata": {"cache": {"no-cache": true}}}),
        json!({"permissions": {"get_spend_routes": true}}),
        json!({"temp_budget_increase": 5, "temp_budget_expiry": "2030-01-01"}),
    ] {
        assert_ne!(ask("/key/generate", more.clone()).await.0, 200, "{more}");
        let mut change = more.clone();
        change["key"] = key.as_str().into();
        assert_ne!(ask("/key/update", change).await.0, 200, "{more}");
    }
    for less in [json!({"max_budget": null}), json!({"models": []}), json!({"tags": []}), json!({"duration": "-1"})] {
        let mut change = less.clone();
        change["key"] = key.as_str().into();
        assert_eq!(ask("/key/update", change).await.0, 403, "{less}");
    }
    // What is not said is inherited, and less may be said.
    let (_, made) = ask("/key/generate", json!({"max_budget": 2})).await;
    assert_eq!((&made["models"], &made["max_budget"], &made["rpm_limit"]), (&json!(["gpt"]), &json!(2.0), &json!(10)));
    assert_eq!((&made["user_id"], &made["metadata"]["tags"]), (&json!("internal_user"), &json!(["paid-by-me"])));
    assert!(made["expires"].is_string(), "{made}");
    assert_eq!(chat(&world, key_in(&made), "claude").await, 403);
    // Another key of the same user, with more rights, is not had by regenerating it.
    let wide = world.key(json!({"user_id": "internal_user"})).await;
    assert_eq!(ask("/key/regenerate", json!({"key": wide})).await.0, 403);
    assert_eq!(world.gateway.with_key(&wide, "POST", "/key/regenerate", json!({"key": key})).await.0, 200);
}

#[tokio::test]
async fn a_team_admin_sets_what_is_its_teams_and_not_the_teams_limits() {
    let world = World::new().await;
    for body in [
        json!({"max_budget": 60}),
        json!({"max_budget": 40}),
        json!({"models": ["gpt", "claude", "wild/x"]}),
        json!({"models": []}),
        json!({"organization_id": "o2"}),
        json!({"blocked": false, "rpm_limit": 5}),
        json!({"metadata": {"budget_policy": "clamp"}}),
        json!({"model_aliases": {"gpt": "claude"}}),
    ] {
        let mut change = body.clone();
        change["team_id"] = "t1".into();
        assert_eq!(world.post("team_admin", "/team/update", change).await.0, 403, "{body}");
    }
    let fine = json!({"team_id": "t1", "models": ["gpt"], "metadata": {"note": 1}, "team_member_budget": 3});
    let (status, answer) = world.post("team_admin", "/team/update", fine).await;
    assert_eq!((status, &answer["data"]["models"]), (200, &json!(["gpt"])), "{answer}");
    let own = json!({"team_id": "t1", "user_id": "team_admin", "max_budget_in_team": 1});
    world.gateway.admin("/team/member_update", own).await;
    let raised = json!({"team_id": "t1", "user_id": "team_admin", "max_budget_in_team": 2});
    assert_eq!(world.post("team_admin", "/team/member_update", raised).await.0, 403);
    let other = |amount: i64| json!({"team_id": "t1", "user_id": "u-x", "max_budget_in_team": amount});
    assert_eq!(world.post("team_admin", "/team/member_update", other(2)).await.0, 200);
    assert_eq!(world.post("team_admin", "/team/member_update", other(51)).await.0, 403);
}

#[tokio::test]
async fn an_organization_admin_stays_within_its_organization() {
    let world = World::new().await;
    let team = |body: Value| world.post("org_admin", "/team/new", body);
    assert_eq!(team(json!({"team_alias": "x"})).await.0, 403);
    assert_eq!(team(json!({"organization_id": "o2"})).await.0, 403);
    assert_eq!(team(json!({"organization_id": "o1", "max_budget": 101})).await.0, 403);
    assert_eq!(team(json!({"organization_id": "o1", "models": ["gpt", "wild/x"]})).await.0, 403);
    let (status, made) = team(json!({"organization_id": "o1", "max_budget": 100, "team_id": "t3"})).await;
    assert_eq!(status, 200, "{made}");
    // A team that lists no models has those of its organization.
    let (_, made) = world.post("org_admin", "/key/generate", json!({"team_id": "t3"})).await;
    assert_eq!(chat(&world, key_in(&made), "gpt").await, 200);
    assert_eq!(chat(&world, key_in(&made), "wild/x").await, 403);
    for (body, wanted) in [
        (json!({"user_id": "n1", "organization_id": "o1", "user_role": "internal_user"}), 200),
        (json!({"user_id": "n2", "organization_id": "o1", "user_role": "proxy_admin"}), 403),
        (json!({"user_id": "n3", "organization_id": "o1", "user_role": "proxy_admin_viewer"}), 403),
        (json!({"user_id": "n4", "organization_id": "o1", "teams": ["t2"]}), 403),
        (json!({"user_id": "n5"}), 403),
    ] {
        assert_eq!(world.post("org_admin", "/user/new", body.clone()).await.0, wanted, "{body}");
    }
    let promote = json!({"user_id": "u-x", "user_role": "proxy_admin"});
    assert_eq!(world.post("org_admin", "/user/update", promote.clone()).await.0, 403);
    // Somebody who became more than those whom it administers is out of its reach.
    world.gateway.admin("/user/update", promote).await;
    for path in ["/user/block", "/user/update"] {
        assert_eq!(world.post("org_admin", path, json!({"user_id": "u-x"})).await.0, 403, "{path}");
    }
    assert_eq!(world.post("org_admin", "/user/delete", json!({"user_ids": ["u-x"]})).await.0, 403);
}

#[tokio::test]
async fn a_member_does_with_the_teams_keys_what_the_team_grants() {
    let world = World::new().await;
    let asked = json!({"team_id": "t1"});
    assert_eq!(world.post("team_member", "/key/generate", asked.clone()).await.0, 403);
    let grant = json!({"team_id": "t1", "team_member_permissions": ["/key/generate", "/key/list"]});
    assert_eq!(world.post("team_member", "/team/permissions_update", grant.clone()).await.0, 401);
    assert_eq!(world.post("team_admin", "/team/permissions_update", grant).await.0, 200);
    let (status, made) = world.post("team_member", "/key/generate", asked).await;
    assert_eq!((status, &made["user_id"]), (200, &json!("team_member")), "{made}");
    let for_another = json!({"team_id": "t1", "user_id": "u-x"});
    assert_eq!(world.post("team_member", "/key/generate", for_another).await.0, 403);
    let change = json!({"key": made["key"], "key_alias": "mine"});
    assert_eq!(world.post("team_member", "/key/update", change).await.0, 403, "changing is not granted");
    let (_, list) = world.call("team_member", "GET", "/key/list?team_id=t1", Value::Null).await;
    assert_eq!(list["total_count"], 2);
}

#[tokio::test]
async fn whoever_is_demoted_or_leaves_has_lost_its_rights_with_the_next_request() {
    let world = World::new().await;
    let new_user = json!({"user_id": "n", "auto_create_key": false});
    assert_eq!(world.post("proxy_admin", "/user/new", new_user).await.0, 200);
    world.gateway.admin("/user/update", json!({"user_id": "proxy_admin", "user_role": "internal_user"})).await;
    assert_eq!(world.post("proxy_admin", "/user/new", json!({"user_id": "n2"})).await.0, 401);
    let permissions = json!({"team_id": "t1", "team_member_permissions": []});
    assert_eq!(world.post("team_admin", "/team/permissions_update", permissions.clone()).await.0, 200);
    let demoted = json!({"team_id": "t1", "user_id": "team_admin", "role": "user"});
    world.gateway.admin("/team/member_update", demoted).await;
    assert_eq!(world.post("team_admin", "/team/permissions_update", permissions).await.0, 401);
    let member = json!({"organization_id": "o1", "user_id": "org_admin"});
    assert_eq!(world.call("org_admin", "GET", "/organization/info?organization_id=o1", Value::Null).await.0, 200);
    assert_eq!(world.call("master", "DELETE", "/organization/member_delete", member).await.0, 200);
    assert_eq!(world.call("org_admin", "GET", "/organization/info?organization_id=o1", Value::Null).await.0, 403);
}

#[tokio::test]
async fn a_viewer_changes_nothing_whatever_else_it_is() {
    let world = World::new().await;
    for viewer in ["proxy_admin_viewer", "internal_user_viewer"] {
        let admin = json!({"team_id": "t1", "member": {"user_id": viewer, "role": "admin"}});
        world.gateway.admin("/team/member_add", admin).await;
        for (path, body) in [
            ("/key/generate", json!({})),
            ("/team/update", json!({"team_id": "t1", "team_alias": "x"})),
            ("/team/member_delete", json!({"team_id": "t1", "user_id": "u-x"})),
        ] {
            let (status, answer) = world.post(viewer, path, body).await;
            let text = format!("user not allowed to access this route, role= {viewer}. Trying to access: {path}");
            assert_eq!((status, &answer["detail"]), (403, &json!(text)));
        }
        assert_eq!(world.call(viewer, "GET", "/team/info?team_id=t1", Value::Null).await.0, 200);
    }
}

#[tokio::test]
async fn the_files_rules_for_keys_hold_for_those_who_make_them() {
    let settings = json!({
        "generation": {"team_key_generation": {"allowed_team_member_roles": ["admin"], "required_params": ["key_alias"]},
            "personal_key_generation": {"allowed_user_roles": ["proxy_admin"]}},
        "defaults": {"rpm_limit": 7},
        "ceilings": {"max_budget": 10, "duration": "30d"},
    });
    let world = World::ruled(settings).await;
    let (status, answer) = world.post("internal_user", "/key/generate", json!({})).await;
    let text = "Personal key creation has been restricted by admin. Allowed roles=[\"proxy_admin\"]. \
                Your role=internal_user";
    assert_eq!((status, &answer["detail"]["error"]), (403, &json!(text)));
    let (status, answer) = world.post("team_admin", "/key/generate", json!({"team_id": "t1"})).await;
    assert_eq!((status, &answer["detail"]["error"]), (400, &json!("Required param key_alias not in data")));
    let asked = json!({"team_id": "t1", "key_alias": "a"});
    let (status, made) = world.post("team_admin", "/key/generate", asked).await;
    assert_eq!((status, &made["rpm_limit"], &made["max_budget"]), (200, &json!(7), &json!(10.0)), "{made}");
    assert!(made["expires"].is_string());
    for (field, value) in [("max_budget", json!(11)), ("duration", json!("31d")), ("duration", json!("-1"))] {
        let asked = json!({"user_id": "internal_user", field: value});
        let (status, answer) = world.post("master", "/key/generate", asked).await;
        assert_eq!(status, 400, "{answer}");
        let asked = json!({"key": made["key"], field: value});
        assert_eq!(world.post("master", "/key/update", asked).await.0, 400, "{field}");
    }
    assert_eq!(world.post("master", "/key/update", json!({"key": made["key"], "max_budget": null})).await.0, 400);
}
