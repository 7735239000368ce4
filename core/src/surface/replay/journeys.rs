//! What administrators and keys go through that the recording does not hold.

use super::conversation::charge;
use super::gateway::Gateway;
use crate::id::KeyHash;
use serde_json::{Value, json};

async fn new_key(gateway: &Gateway, body: Value) -> (String, String) {
    let answer = gateway.admin("/key/generate", body).await;
    (answer["key"].as_str().unwrap().to_owned(), answer["token"].as_str().unwrap().to_owned())
}

async fn chat(gateway: &Gateway, key: &str) -> (u16, Value) {
    let body = json!({"model": "gpt", "messages": [{"role": "user", "content": "Hi"}]});
    gateway.with_key(key, "POST", "/v1/chat/completions", body).await
}

#[tokio::test]
async fn a_blocked_key_is_refused_at_its_next_request_and_works_again_when_unblocked() {
    let gateway = Gateway::new();
    let (key, hash) = new_key(&gateway, json!({})).await;
    assert_eq!(chat(&gateway, &key).await.0, 200);
    assert_eq!(gateway.admin("/key/block", json!({"key": hash})).await["blocked"], true);
    let (status, answer) = chat(&gateway, &key).await;
    assert_eq!(status, 401);
    let text = "Authentication Error, Key is blocked. Update via `/key/unblock` if you're an admin.";
    assert_eq!(answer["error"]["message"], text);
    assert_eq!(gateway.admin("/key/unblock", json!({"key": key})).await["blocked"], false);
    assert_eq!(chat(&gateway, &key).await.0, 200);
}

#[tokio::test]
async fn a_deleted_key_is_refused_at_its_next_request() {
    let gateway = Gateway::new();
    let (key, _) = new_key(&gateway, json!({"key_alias": "a"})).await;
    assert_eq!(chat(&gateway, &key).await.0, 200);
    assert_eq!(gateway.admin("/key/delete", json!({"key_aliases": ["a"]})).await, json!({"deleted_keys": ["a"]}));
    let (status, answer) = chat(&gateway, &key).await;
    assert_eq!((status, &answer["error"]["type"]), (401, &json!("token_not_found_in_db")));
    // Its alias is free again.
    new_key(&gateway, json!({"key_alias": "a"})).await;
}

#[tokio::test]
async fn an_alias_is_given_once_and_a_rename_frees_it() {
    let gateway = Gateway::new();
    let (key, _) = new_key(&gateway, json!({"key_alias": "a"})).await;
    let master = format!("Bearer {}", super::gateway::MASTER);
    let headers = [("authorization".to_owned(), master)];
    let again = gateway.call("POST", "/key/generate", &headers, &json!({"key_alias": "a"})).await;
    let text = "Key with alias 'a' already exists. Unique key aliases across all keys are required.";
    assert_eq!((again.0, &again.1["error"]["message"]), (400, &json!(text)));
    let (other, _) = new_key(&gateway, json!({"key_alias": "b"})).await;
    let taken = gateway.call("POST", "/key/update", &headers, &json!({"key": other, "key_alias": "a"})).await;
    assert_eq!((taken.0, &taken.1["error"]["param"]), (400, &json!("key_alias")));
    gateway.admin("/key/update", json!({"key": key, "key_alias": "c"})).await;
    gateway.admin("/key/update", json!({"key": other, "key_alias": "a"})).await;
}

#[tokio::test]
async fn mistakes_that_the_recording_answers_with_500_are_the_clients() {
    let gateway = Gateway::new();
    let headers = [("authorization".to_owned(), format!("Bearer {}", super::gateway::MASTER))];
    for (body, message) in [
        (json!({"duration": "abc"}), "Invalid duration format"),
        (
            json!({"budget_duration": "1y"}),
            "Invalid budget_duration '1y'. Use a format like '1h', '24h', '7d', or '30d'.",
        ),
        (
            json!({"key": "no-key-of-ours-at-all"}),
            "{'error': \"Invalid key format. LiteLLM Virtual Key must start with 'sk-'. Received: ****\"}",
        ),
        (
            json!({"key": "sk-1"}),
            "{'error': 'Invalid key format. LiteLLM Virtual Key must be at least 16 characters long.'}",
        ),
        (
            json!({"send_invite_email": true}),
            "`send_invite_email` is not available: no mail is sent from here; hand the key over yourself",
        ),
    ] {
        let (status, answer) = gateway.call("POST", "/key/generate", &headers, &body).await;
        assert_eq!((status, answer["error"]["message"].as_str()), (400, Some(message)));
    }
}

#[tokio::test]
async fn fields_too_long_to_store_are_refused_as_the_clients_mistake() {
    let gateway = Gateway::new();
    let headers = [("authorization".to_owned(), format!("Bearer {}", super::gateway::MASTER))];
    let (status, answer) =
        gateway.call("POST", "/key/generate", &headers, &json!({"key_alias": "a".repeat(256)})).await;
    assert_eq!((status, &answer["detail"][0]["type"]), (422, &json!("string_too_long")));
    let body = json!({"metadata": {"a": "x".repeat(500_000)}});
    assert_eq!(gateway.call("POST", "/key/generate", &headers, &body).await.0, 400);
}

#[tokio::test]
async fn tags_and_chosen_keys_need_no_licence() {
    let gateway = Gateway::new();
    let body = json!({"tags": ["t1"], "key": "sk-chosen-by-the-owner"});
    let answer = gateway.admin("/key/generate", body).await;
    assert_eq!(answer["key"], "sk-chosen-by-the-owner");
    assert_eq!(answer["metadata"], json!({"tags": ["t1"]}));
    assert_eq!(chat(&gateway, "sk-chosen-by-the-owner").await.0, 200);
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_null_clears() {
    let gateway = Gateway::new();
    let made = json!({"models": ["gpt"], "rpm_limit": 5, "metadata": {"a": 1}, "tags": ["t"], "config": {"x": 1}});
    let (key, _) = new_key(&gateway, made).await;
    let changed = gateway.admin("/key/update", json!({"key": key, "rpm_limit": null, "tpm_limit": 7})).await;
    assert_eq!((&changed["rpm_limit"], &changed["tpm_limit"]), (&Value::Null, &json!(7)));
    assert_eq!(changed["models"], json!(["gpt"]));
    assert_eq!(changed["metadata"], json!({"a": 1, "tags": ["t"]}));
    let (_, info) = gateway.with_key(&key, "GET", "/key/info", Value::Null).await;
    assert_eq!((&info["info"]["config"], &info["info"]["tpm_limit"]), (&json!({"x": 1}), &json!(7)));
}

#[tokio::test]
async fn a_key_sees_itself_and_no_other() {
    let gateway = Gateway::new();
    let (one, _) = new_key(&gateway, json!({})).await;
    let (_, other) = new_key(&gateway, json!({})).await;
    assert_eq!(gateway.with_key(&one, "GET", "/key/info", Value::Null).await.0, 200);
    let (status, answer) = gateway.with_key(&one, "GET", &format!("/key/info?key={other}"), Value::Null).await;
    assert_eq!(status, 403);
    assert_eq!(answer["error"]["message"], "You are not allowed to access this key's info. Your role=unknown");
}

#[tokio::test]
async fn keys_are_listed_page_by_page_and_filtered() {
    let gateway = Gateway::new();
    let mut hashes = Vec::new();
    for number in 0..5 {
        gateway.clock.advance_millis(1);
        hashes.insert(0, new_key(&gateway, json!({"user_id": format!("u-{}", number % 2)})).await.1);
    }
    let list = async |query: &str| {
        gateway.with_key(super::gateway::MASTER, "GET", &format!("/key/list?{query}"), Value::Null).await.1
    };
    let page = list("size=2&page=2").await;
    let expected = json!({"keys": hashes[2..4], "total_count": 5, "current_page": 2, "total_pages": 3});
    assert_eq!(page, expected);
    assert_eq!(list("user_id=u-1").await["keys"], json!([hashes[1], hashes[3]]));
    assert_eq!(list("sort_order=asc&size=1").await["keys"], json!([hashes[4]]));
    assert_eq!(list("return_full_object=true&size=1").await["keys"][0]["user_id"], "u-0");
    assert_eq!(list("size=101").await["detail"][0]["loc"], json!(["query", "size"]));
}

#[tokio::test]
async fn spend_is_seen_by_key_by_day_and_by_request() {
    let gateway = Gateway::new();
    let (key, hash) = new_key(&gateway, json!({"spend": 1})).await;
    let row = charge(&gateway, &KeyHash::parse(&hash).unwrap()).await;
    let ask = async |url: &str| gateway.with_key(super::gateway::MASTER, "GET", url, Value::Null).await.1;
    let info = gateway.with_key(&key, "GET", "/key/info", Value::Null).await.1;
    assert_eq!((&info["info"]["spend"], &info["info"]["total_spend"]), (&json!(1.00008), &json!(0.00008)));
    let found = ask(&format!("/spend/logs?request_id={row}")).await;
    assert_eq!((&found[0]["request_id"], &found[0]["api_key"]), (&json!(row), &json!(hash)));
    assert_eq!(ask(&format!("/spend/logs?api_key={key}")).await[0]["spend"], json!(0.00008));
    assert_eq!(ask("/spend/logs?user_id=somebody").await, json!([]));
    let days = ask("/spend/logs?start_date=2025-11-20&end_date=2025-11-21").await;
    assert_eq!((&days[0]["startTime"], &days[0]["spend"]), (&json!("2025-11-21"), &json!(0.00008)));
    assert_eq!(days[0]["models"], json!({"openai/gpt-4o": 0.00008}));
    assert_eq!(ask("/global/spend").await["spend"], json!(0.00008));
    gateway.admin("/global/spend/reset", Value::Null).await;
    let info = gateway.with_key(&key, "GET", "/key/info", Value::Null).await.1;
    assert_eq!((&info["info"]["spend"], &info["info"]["total_spend"]), (&json!(0.0), &json!(0.00008)));
}
