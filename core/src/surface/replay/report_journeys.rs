//! Reports by owner, tag and deployment, as administrators and those whom they are about read them.

use super::conversation::call;
use super::gateway::{Gateway, MASTER};
use crate::accounting::spend_row::{Outcome, SpendRow};
use crate::calendar::{self, DAY_MILLIS};
use crate::clock::Clock;
use crate::crypto::key_hash;
use crate::usage::Usage;
use serde_json::{Value, json};

async fn get(gateway: &Gateway, path: &str) -> (u16, Value) {
    gateway.with_key(MASTER, "GET", path, Value::Null).await
}

async fn told(gateway: &Gateway, path: &str) -> Value {
    let (status, told) = get(gateway, path).await;
    assert_eq!(status, 200, "{path}: {told}");
    told
}

/// A call of `user`'s key in a team of organization `o`, before it is settled.
fn by(gateway: &Gateway, user: &str, tags: &[&str]) -> SpendRow {
    gateway.clock.advance_millis(1);
    let mut row = call(gateway, &key_hash::hash(&format!("sk-{user}")));
    row.details.user_id = Some(user.to_owned());
    row.details.team_id = Some(format!("team-of-{user}"));
    row.details.organization_id = Some("o".to_owned());
    row.details.tags = tags.iter().map(|&tag| tag.to_owned()).collect();
    row.details.api_base = "https://one.example/openai/deployments/x".to_owned();
    row
}

fn failed(mut row: SpendRow, (class, code): (&str, &str)) -> SpendRow {
    row.cost = crate::money::NanoDollars::ZERO;
    row.details.usage = Usage::default();
    row.details.outcome = Outcome::Failure { class: class.to_owned(), code: code.to_owned(), message: "no".to_owned() };
    row
}

/// Two users' calls: one of `ann` yesterday, two of hers today, one of `bob` with another model, and failures of his.
async fn used() -> (Gateway, String) {
    let gateway = Gateway::new();
    gateway.log.settle(&by(&gateway, "ann", &["x"])).await.unwrap();
    gateway.clock.advance_millis(DAY_MILLIS);
    gateway.log.settle(&by(&gateway, "ann", &["x", "y", "x"])).await.unwrap();
    let mut streamed = by(&gateway, "ann", &[]);
    streamed.details.first_token_at = Some(streamed.details.started_at.plus_millis(3));
    gateway.log.settle(&streamed).await.unwrap();
    let mut other = by(&gateway, "bob", &["x"]);
    other.details.model = "openai/o3".to_owned();
    other.details.api_base = String::new();
    other.details.ended_at = other.details.started_at.plus_millis(300_000);
    gateway.log.settle(&other).await.unwrap();
    for error in [("RateLimitError", "429"), ("RateLimitError", "429"), ("Timeout", "408")] {
        gateway.log.settle(&failed(by(&gateway, "bob", &["y"]), error)).await.unwrap();
    }
    let today = calendar::day(gateway.clock.now());
    (gateway, today)
}

#[tokio::test]
async fn an_owners_calls_are_told_by_key_and_model() {
    let (gateway, today) = used().await;
    let span = format!("start_date={today}&end_date={today}");
    let ann = key_hash::hash("sk-ann").to_string();
    let of_ann = json!([{"api_key": ann, "total_cost": 0.00016, "total_input_tokens": 24, "total_output_tokens": 10,
        "model_details": [{"model": "openai/gpt-4o", "total_cost": 0.00016, "total_input_tokens": 24,
            "total_output_tokens": 10}]}]);
    for path in ["key/spend/report?api_key=sk-ann", "key/spend/report?api_key=HASH", "user/spend/report?user_id=ann"] {
        let path = format!("/{}&{span}", path.replace("HASH", &ann));
        assert_eq!(told(&gateway, &path).await, of_ann, "{path}");
    }
    assert_eq!(told(&gateway, &format!("/user/spend/report?internal_user_id=ann&{span}")).await, of_ann);
    assert_eq!(told(&gateway, &format!("/team/spend/report?team_id=team-of-ann&{span}")).await, of_ann);
    let whole = told(&gateway, &format!("/organization/spend/report?organization_id=o&{span}")).await;
    assert_eq!((&whole[0]["api_key"], &whole[0]["model_details"][0]["team_id"]), (&json!(ann), &json!("team-of-ann")));
    assert_eq!(whole[1]["model_details"][0]["model"], "openai/o3");
    assert_eq!(told(&gateway, &format!("/organization/spend/report?organization_id=p&{span}")).await, json!([]));
    // Its own: the master key's calls are none; of what it has not, it must name one.
    assert_eq!(told(&gateway, &format!("/key/spend/report?{span}")).await, json!([]));
    for path in ["/team/spend/report", "/organization/spend/report"] {
        assert_eq!(get(&gateway, &format!("{path}?{span}")).await.0, 400, "{path}");
    }
    assert_eq!(get(&gateway, "/key/spend/report").await.0, 400);
    assert_eq!(get(&gateway, "/key/spend/report?start_date=soon&end_date=later").await.0, 400);
    let activity = told(&gateway, &format!("/organization/daily/activity?{span}&organization_ids=o,p")).await;
    assert_eq!(activity["results"][0]["breakdown"]["entities"]["o"]["metrics"]["api_requests"], 6);
    let activity = told(&gateway, &format!("/organization/daily/activity?{span}&exclude_organization_ids=o")).await;
    assert_eq!(activity["results"], json!([]));
}

#[tokio::test]
async fn a_key_reads_its_own_report_and_nobody_elses() {
    let gateway = Gateway::new();
    let made = gateway.admin("/key/generate", json!({})).await;
    let (key, hash) = (made["key"].as_str().unwrap(), made["token"].as_str().unwrap());
    let row = call(&gateway, &key_hash::hash(key));
    gateway.log.settle(&row).await.unwrap();
    gateway.log.settle(&by(&gateway, "ann", &[])).await.unwrap();
    let today = calendar::day(gateway.clock.now());
    let span = format!("start_date={today}&end_date={today}");
    let ask = |path: String| {
        let gateway = &gateway;
        async move { gateway.with_key(key, "GET", &path, Value::Null).await }
    };
    let (_, own) = ask(format!("/key/spend/report?{span}")).await;
    assert_eq!((&own[0]["api_key"], own.as_array().unwrap().len()), (&json!(hash), 1));
    assert_eq!(ask(format!("/key/spend/report?{span}&api_key=sk-ann")).await, (200, json!([])));
    assert_eq!(ask(format!("/user/spend/report?{span}&user_id=ann")).await.0, 401);
}

#[tokio::test]
async fn a_session_is_its_call_and_shows_what_is_kept_of_it() {
    let gateway = Gateway::new();
    let row = by(&gateway, "ann", &[]);
    gateway.log.settle(&row).await.unwrap();
    let id = row.request_id;
    let page = told(&gateway, &format!("/spend/logs/session/ui?session_id={id}")).await;
    assert_eq!((&page["total"], &page["data"][0]["request_id"]), (&json!(1), &json!(id.to_string())));
    assert_eq!(page["data"][0]["organization_id"], "o");
    let page = told(&gateway, &format!("/spend/logs/session/ui?session_id={id}&page=2")).await;
    assert_eq!((&page["total"], &page["data"]), (&json!(1), &json!([])));
    assert_eq!(told(&gateway, "/spend/logs/session/ui?session_id=none").await["total"], 0);
    assert_eq!(get(&gateway, "/spend/logs/session/ui").await.0, 422);
    let kept = told(&gateway, &format!("/spend/logs/ui/{id}")).await;
    assert_eq!(kept, json!({"messages": {}, "response": {}, "proxy_server_request": {}}));
    assert_eq!(told(&gateway, "/spend/logs/ui/none").await, Value::Null);
}

#[tokio::test]
async fn tags_are_told_with_their_users() {
    let (gateway, today) = used().await;
    let yesterday = calendar::day(gateway.clock.now().plus_millis(-DAY_MILLIS));
    let tags = told(&gateway, "/tag/distinct").await;
    assert_eq!(tags, json!({"results": [{"tag": "y"}, {"tag": "x"}]}));
    let span = format!("start_date={yesterday}&end_date={today}");
    let summary = told(&gateway, &format!("/tag/summary?{span}&tag_filter=X")).await;
    assert_eq!(
        summary["results"],
        json!([{"tag": "x", "unique_users": 2, "total_requests": 3, "successful_requests": 3, "failed_requests": 0,
            "total_tokens": 51, "total_spend": 0.00024}])
    );
    let summary = told(&gateway, &format!("/tag/summary?{span}&tag_filters=y&tag_filters=z&tag_filter=x")).await;
    assert_eq!((&summary["results"][0]["tag"], &summary["results"][0]["failed_requests"]), (&json!("y"), &json!(3)));
    assert_eq!(get(&gateway, "/tag/summary").await.0, 400);
    let days = told(&gateway, "/tag/dau?tag_filters=x").await;
    let on = |day: &str, users| json!({"tag": "x", "active_users": users, "date": day});
    assert_eq!(days["results"], json!([on(&today, 2), on(&yesterday, 1)]));
    let weeks = told(&gateway, "/tag/wau?tag_filter=x").await;
    let week = &weeks["results"][0];
    assert_eq!((&week["active_users"], &week["period_end"]), (&json!(2), &json!("2025-11-23")));
    assert_eq!((&week["date"], &week["period_start"]), (&json!("Week 7 (Nov 17)"), &json!("2025-11-17")));
    let months = told(&gateway, "/tag/mau?tag_filter=x").await;
    assert_eq!(months["results"][0]["date"], "Month 7 (Oct)");
    assert_eq!(months["results"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn users_are_told_with_what_they_did_under_tags() {
    let (gateway, _) = used().await;
    gateway.admin("/user/new", json!({"user_id": "ann", "user_email": "ann@example.com"})).await;
    let users = told(&gateway, "/tag/user-agent/per-user-analytics?page_size=1").await;
    assert_eq!((&users["total_count"], &users["total_pages"]), (&json!(2), &json!(2)));
    assert_eq!(
        users["results"],
        json!([{"user_id": "ann", "user_email": "ann@example.com", "user_agent": "x", "successful_requests": 2,
            "failed_requests": 0, "total_requests": 2, "total_tokens": 34, "spend": 0.00016}])
    );
    let users = told(&gateway, "/tag/user-agent/per-user-analytics?page=2&page_size=1").await;
    let bob = &users["results"][0];
    assert_eq!(
        (&bob["user_id"], &bob["user_email"], &bob["failed_requests"]),
        (&json!("bob"), &Value::Null, &json!(3))
    );
    assert_eq!(get(&gateway, "/tag/user-agent/per-user-analytics?page=0").await.0, 422);
}

#[tokio::test]
async fn deployments_are_told_by_their_latencies_and_failures() {
    let (gateway, today) = used().await;
    let span = format!("start_date={today}&end_date={today}");
    let limited = told(&gateway, &format!("/global/activity/exceptions?model_group=gpt&{span}")).await;
    let daily = json!([{"date": today, "num_rate_limit_exceptions": 2}]);
    assert_eq!(limited, json!({"daily_data": daily, "sum_num_rate_limit_exceptions": 2, "is_capped": false}));
    let limited = told(&gateway, &format!("/global/activity/exceptions/deployment?model_group=gpt&{span}")).await;
    assert_eq!((&limited[0]["api_base"], &limited[0]["daily_data"]), (&json!("https://one.example"), &daily));
    assert_eq!(
        told(&gateway, &format!("/global/activity/exceptions/deployment?model_group=o&{span}")).await,
        json!([])
    );
    for path in ["/global/activity/exceptions", "/global/activity/exceptions/deployment"] {
        assert_eq!(get(&gateway, &format!("{path}?{span}")).await.0, 422);
        assert_eq!(get(&gateway, &format!("{path}?model_group=gpt")).await.0, 400);
    }
    let failures = told(&gateway, "/model/metrics/exceptions").await;
    let model = "openai/gpt-4o-https://one.example/openai/deployments/x";
    assert_eq!(failures["data"], json!([{"model": model, "total_exceptions": 3, "RateLimitError": 2, "Timeout": 1}]));
    assert_eq!(failures["exception_types"], json!(["RateLimitError", "Timeout"]));
    let metrics = told(&gateway, "/model/metrics?_selected_model_group=gpt&api_key=undefined").await;
    assert_eq!(metrics["all_api_bases"], json!(["https://one.example", "openai/o3"]));
    assert_eq!(metrics["data"][1], json!({"date": today, "https://one.example": 0.0014, "openai/o3": 60.0}));
    assert_eq!(told(&gateway, "/model/metrics?_selected_model_group=none").await["data"], json!([]));
    assert_eq!(told(&gateway, "/model/metrics?api_key=none&customer=c").await["data"], json!([]));
    let slow = told(&gateway, &format!("/model/metrics/slow_responses?startTime={today}&endTime={today}")).await;
    assert_eq!(slow[0], json!({"api_base": "openai/o3", "total_count": 1, "slow_count": 1, "is_capped": false}));
    assert_eq!((&slow[1]["total_count"], &slow[1]["slow_count"]), (&json!(5), &json!(0)));
    let first = told(&gateway, "/model/streaming_metrics?_selected_model_group=gpt").await;
    assert_eq!(first["data"], json!([{"date": today, "https://one.example": 0.003}]));
    let first = told(&gateway, &format!("/model/streaming_metrics?startTime={today}&endTime={today}")).await;
    assert_ne!(first["data"][0]["date"], json!(today), "a call");
    let long = told(&gateway, "/model/metrics?startTime=2025-01-01").await;
    assert_eq!(long["is_capped"], true);
    assert_eq!(get(&gateway, "/model/metrics?startTime=soon").await.0, 400);
}

#[tokio::test]
async fn the_rest_of_the_month_is_predicted_from_the_days_before() {
    let (gateway, _) = used().await;
    let told_of = told(&gateway, "/global/predict/spend/logs").await;
    // Yesterday's one call, on each of the eight days to come; four calls so far.
    let days = told_of["response"].as_array().unwrap();
    assert_eq!((days.len(), &days[7]), (8, &json!({"date": "2025-11-30", "predicted_spend": 0.00008})));
    assert_eq!(told_of["predicted_spend"], "Predicted spend for November 2025: $0.00");
    assert_eq!(told(&Gateway::new(), "/global/predict/spend/logs").await["response"], json!([]));
    assert_eq!(told(&gateway, "/provider/budgets").await, json!({"providers": {}}));
}
