//! Reports on what was spent, as administrators read them.

use super::conversation::call;
use super::gateway::{Gateway, MASTER};
use crate::calendar;
use crate::clock::Clock;
use crate::crypto::key_hash;
use serde_json::{Value, json};

async fn get(gateway: &Gateway, path: &str) -> (u16, Value) {
    gateway.with_key(MASTER, "GET", path, Value::Null).await
}

/// Three calls of two keys, two teams, two models and an end user.
async fn used() -> (Gateway, String) {
    let gateway = Gateway::new();
    let calls = [
        ("sk-a", "t-1", "openai/gpt-4o", Some("c"), vec!["x"]),
        ("sk-a", "t-1", "openai/gpt-4o", None, vec!["x", "y"]),
        ("sk-b", "t-2", "openai/o3", None, vec![]),
    ];
    for (key, team, model, end_user, tags) in calls {
        gateway.clock.advance_millis(1);
        let mut row = call(&gateway, &key_hash::hash(key));
        row.details.team_id = Some(team.to_owned());
        row.details.user_id = Some(format!("user-of-{key}"));
        row.details.model = model.to_owned();
        row.details.end_user = end_user.map(str::to_owned);
        row.details.tags = tags.into_iter().map(str::to_owned).collect();
        gateway.log.settle(&row).await.unwrap();
    }
    let today = calendar::day(gateway.clock.now());
    (gateway, today)
}

#[tokio::test]
async fn a_days_activity_is_told_by_what_took_part_in_it() {
    let (gateway, today) = used().await;
    let span = format!("start_date={today}&end_date={today}");
    let (_, whole) = get(&gateway, &format!("/user/daily/activity?{span}")).await;
    let day = &whole["results"][0];
    assert_eq!((&day["date"], &day["metrics"]["api_requests"]), (&json!(today), &json!(3)));
    assert_eq!(day["metrics"]["spend"], 0.00024);
    assert_eq!(day["breakdown"]["models"]["openai/gpt-4o"]["metrics"]["prompt_tokens"], 24);
    assert_eq!(day["breakdown"]["entities"]["user-of-sk-b"]["metrics"]["successful_requests"], 1);
    let key = key_hash::hash("sk-a").to_string();
    assert_eq!(day["breakdown"]["providers"]["openai"]["api_key_breakdown"][&key]["metrics"]["api_requests"], 2);
    assert_eq!((&whole["metadata"]["total_tokens"], &whole["metadata"]["total_pages"]), (&json!(51), &json!(1)));
    // Filtered, and by what else there is.
    for (path, calls) in [
        (format!("/user/daily/activity?{span}&user_id=user-of-sk-a"), 2),
        (format!("/user/daily/activity/aggregated?{span}&model=openai/o3"), 1),
        (format!("/user/daily/activity?{span}&api_key=sk-b"), 1),
        (format!("/team/daily/activity?{span}&team_ids=t-1"), 2),
        (format!("/team/daily/activity?{span}&exclude_team_ids=t-1"), 1),
        (format!("/tag/daily/activity?{span}&tags=x"), 2),
        (format!("/tag/daily/activity?{span}"), 2),
        (format!("/customer/daily/activity?{span}"), 1),
        (format!("/user/daily/activity?{span}&page=2"), 0),
    ] {
        let (status, told) = get(&gateway, &path).await;
        let told = &told["results"][0]["metrics"]["api_requests"];
        assert_eq!((status, told.as_i64().unwrap_or(0)), (200, calls), "{path}");
    }
    assert_eq!(get(&gateway, "/user/daily/activity").await.0, 400);
    assert_eq!(get(&gateway, "/user/daily/activity?start_date=soon&end_date=later").await.0, 400);
    let key = gateway.admin("/key/generate", json!({})).await["key"].as_str().unwrap().to_owned();
    assert_eq!(gateway.with_key(&key, "GET", &format!("/user/daily/activity?{span}"), Value::Null).await.0, 401);
}

#[tokio::test]
async fn spend_is_told_by_tag_team_provider_day_key_and_end_user() {
    let (gateway, today) = used().await;
    let span = format!("start_date={today}&end_date={today}");
    let (_, tags) = get(&gateway, "/spend/tags").await;
    assert_eq!(tags[0], json!({"individual_request_tag": "x", "log_count": 2, "total_spend": 0.00016}));
    let (_, tags) = get(&gateway, &format!("/global/spend/tags?{span}&tags=y")).await;
    assert_eq!(tags["spend_per_tag"][1], json!({"name": "y", "spend": 0.00008, "log_count": 1}));
    assert_eq!(get(&gateway, "/global/spend/all_tag_names").await.1, json!({"tag_names": ["x", "y"]}));
    assert_eq!(get(&gateway, "/global/all_end_users").await.1, json!({"end_users": ["c"]}));
    assert_eq!(get(&gateway, "/global/spend/logs").await.1, json!([{"date": today, "spend": 0.00024}]));
    assert_eq!(get(&gateway, "/global/spend/provider").await.1, json!([{"provider": "openai", "spend": 0.00024}]));
    let (_, teams) = get(&gateway, "/global/spend/teams").await;
    assert_eq!(teams["teams"], json!(["t-1", "t-2"]));
    assert_eq!(teams["daily_spend"], json!([{"date": today, "t-1": 0.00016, "t-2": 0.00008}]));
    let (_, models) = get(&gateway, "/global/spend/models?limit=1").await;
    assert_eq!(models, json!([{"model": "openai/gpt-4o", "total_spend": 0.00016}]));
    let (_, report) = get(&gateway, &format!("/global/spend/report?{span}")).await;
    assert_eq!(report[0]["teams"][0]["team_name"], "t-1");
    assert_eq!(report[0]["teams"][0]["metadata"][0]["total_tokens"], 34);
    let (_, report) = get(&gateway, &format!("/global/spend/report?{span}&group_by=customer")).await;
    assert_eq!(
        report[0]["customers"],
        json!([{"customer": "c", "total_spend": 0.00008, "metadata":
        [{"model": "openai/gpt-4o", "spend": 0.00008, "total_tokens": 17, "api_key": key_hash::hash("sk-a").as_str()}]}])
    );
    let (_, report) = get(&gateway, &format!("/global/spend/report?{span}&group_by=api_key")).await;
    assert_eq!(report[0]["model_details"][0]["total_cost"], 0.00016);
    assert_eq!(get(&gateway, &format!("/global/spend/report?{span}&group_by=moon")).await.0, 422);
    let (_, activity) = get(&gateway, &format!("/global/activity?{span}")).await;
    assert_eq!(activity["daily_data"], json!([{"date": today, "api_requests": 3, "total_tokens": 51}]));
    let (_, activity) = get(&gateway, &format!("/global/activity/model?{span}")).await;
    assert_eq!((&activity[0]["model"], &activity[0]["sum_api_requests"]), (&json!("gpt"), &json!(3)));
    let (_, hits) = get(&gateway, &format!("/global/activity/cache_hits?{span}")).await;
    assert_eq!(hits[0]["cache_hit_true_rows"], 0);
    let users = gateway.admin("/global/spend/end_users", Value::Null).await;
    assert_eq!(users, json!([{"end_user": "c", "total_count": 1, "total_spend": 0.00008}]));
    let users = gateway.admin("/global/spend/end_users", json!({"api_key": "sk-b"})).await;
    assert_eq!(users, json!([]));
    gateway.admin("/user/new", json!({"user_id": "u-1", "spend": 2})).await;
    assert_eq!(get(&gateway, "/spend/users").await.1[0]["user_id"], "u-1");
    assert_eq!(get(&gateway, "/spend/users?user_id=nobody").await.1, json!([]));
}
