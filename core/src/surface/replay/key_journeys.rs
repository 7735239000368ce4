//! Keys that are replaced, changed together, and changed by many at once.

use super::gateway::{Gateway, MASTER};
use futures_util::future::join_all;
use serde_json::{Value, json};

async fn new_key(gateway: &Gateway, body: Value) -> (String, String) {
    let answer = gateway.admin("/key/generate", body).await;
    (answer["key"].as_str().unwrap().to_owned(), answer["token"].as_str().unwrap().to_owned())
}

async fn ask(gateway: &Gateway, method: &str, path: &str, body: Value) -> (u16, Value) {
    gateway.with_key(MASTER, method, path, body).await
}

async fn chat(gateway: &Gateway, key: &str) -> u16 {
    let body = json!({"model": "gpt", "messages": [{"role": "user", "content": "Hi"}]});
    gateway.with_key(key, "POST", "/v1/chat/completions", body).await.0
}

#[tokio::test]
async fn a_replaced_key_keeps_all_but_its_secret() {
    let gateway = Gateway::new();
    let (old, token) = new_key(&gateway, json!({"key_alias": "a", "max_budget": 2, "spend": 1})).await;
    assert_eq!(chat(&gateway, &old).await, 200);
    let made = gateway.admin(&format!("/key/{old}/regenerate"), Value::Null).await;
    let new = made["key"].as_str().unwrap().to_owned();
    assert_ne!(new, old);
    assert_eq!((&made["token"], &made["key_alias"], &made["spend"]), (&json!(token), &json!("a"), &json!(1.0)));
    assert!(made["key_name"].as_str().unwrap().ends_with(&new[new.len() - 4..]));
    assert_eq!((chat(&gateway, &old).await, chat(&gateway, &new).await), (401, 200));
    // It is the same key to whoever names it, whichever way.
    for named in [&new, &token, &crate::crypto::key_hash::hash(&new).to_string()] {
        let (_, shown) = ask(&gateway, "GET", &format!("/key/info?key={named}"), Value::Null).await;
        assert_eq!((&shown["info"]["max_budget"], &shown["info"]["rotation_count"]), (&json!(2.0), &json!(1)));
    }
    // Again, and more than the secret.
    let made = gateway.admin("/key/regenerate", json!({"key": new, "max_budget": 5})).await;
    let newest = made["key"].as_str().unwrap().to_owned();
    assert_eq!(made["max_budget"], 5.0);
    assert_eq!((chat(&gateway, &new).await, chat(&gateway, &newest).await), (401, 200));
    let (_, listed) = ask(&gateway, "GET", &format!("/key/list?key_hash={newest}"), Value::Null).await;
    assert_eq!(listed["keys"], json!([token]));
}

#[tokio::test]
async fn a_replaced_key_may_be_used_for_a_while() {
    let gateway = Gateway::new();
    let (old, token) = new_key(&gateway, json!({})).await;
    let body = json!({"grace_period": "1h", "new_key": "sk-chosen-by-its-owner"});
    let new = gateway.admin(&format!("/key/{token}/regenerate"), body).await["key"].as_str().unwrap().to_owned();
    assert_eq!(new, "sk-chosen-by-its-owner");
    assert_eq!((chat(&gateway, &old).await, chat(&gateway, &new).await), (200, 200));
    gateway.admin("/key/block", json!({"key": new})).await;
    assert_eq!((chat(&gateway, &old).await, chat(&gateway, &new).await), (401, 401));
    gateway.admin("/key/unblock", json!({"key": old})).await;
    assert_eq!((chat(&gateway, &old).await, chat(&gateway, &new).await), (200, 200));
    gateway.clock.advance_millis(3_600_000);
    assert_eq!((chat(&gateway, &old).await, chat(&gateway, &new).await), (401, 200));
    // A deleted key is opened by nothing; the same key made again is not opened by what opened the other.
    let newest = gateway.admin("/key/regenerate", json!({"key": new, "grace_period": "1h"})).await["key"].clone();
    gateway.admin("/key/delete", json!({"keys": [newest]})).await;
    assert_eq!((chat(&gateway, &new).await, chat(&gateway, newest.as_str().unwrap()).await), (401, 401));
    gateway.clock.advance_millis(1);
    gateway.admin("/key/generate", json!({"key": old})).await;
    assert_eq!((chat(&gateway, &new).await, chat(&gateway, &old).await), (401, 200));
}

#[tokio::test]
async fn a_key_is_replaced_by_no_other_key() {
    let gateway = Gateway::new();
    let (first, _) = new_key(&gateway, json!({"key": "sk-the-first-of-them"})).await;
    let (second, _) = new_key(&gateway, json!({})).await;
    let path = format!("/key/{second}/regenerate");
    assert_eq!(ask(&gateway, "POST", &path, json!({"new_key": first})).await.0, 400);
    gateway.admin(&format!("/key/{first}/regenerate"), json!({"new_key": "sk-and-its-next-one"})).await;
    assert_eq!(ask(&gateway, "POST", &path, json!({"new_key": "sk-and-its-next-one"})).await.0, 400);
    assert_eq!(ask(&gateway, "POST", "/key/generate", json!({"key": "sk-and-its-next-one"})).await.0, 400);
    assert_eq!(chat(&gateway, &second).await, 200);
    for (path, body, status) in [
        ("/key/sk-nowhere-to-be-found/regenerate", json!({}), 404),
        ("/key/regenerate", json!({}), 422),
        ("/key/regenerate", json!({"key": second, "grace_period": "soon"}), 400),
        ("/key/regenerate", json!({"key": second, "new_key": "short"}), 400),
        ("/key/regenerate", json!({"new_master_key": "sk-1234"}), 400),
        ("/key/generate", json!({"auto_rotate": true, "rotation_interval": "30d"}), 400),
    ] {
        assert_eq!(ask(&gateway, "POST", path, body).await.0, status, "{path}");
    }
    assert_eq!(gateway.with_key(&second, "POST", &path, json!({})).await.0, 401);
}

#[tokio::test]
async fn of_many_keys_those_that_can_be_changed_are() {
    let gateway = Gateway::new();
    let (one, _) = new_key(&gateway, json!({})).await;
    let (two, _) = new_key(&gateway, json!({})).await;
    let keys = json!([{"key": one, "max_budget": 3, "tags": ["t"]}, {"key": "sk-nowhere-to-be-found", "max_budget": 3},
        {"key": two, "max_budget": -1}, {"max_budget": 1}]);
    let done = gateway.admin("/key/bulk_update", json!({"keys": keys})).await;
    assert_eq!(done["total_requested"], 4);
    assert_eq!(done["successful_updates"].as_array().unwrap().len(), 1);
    assert_eq!(done["successful_updates"][0]["key_info"]["max_budget"], 3.0);
    assert_eq!(done["successful_updates"][0]["key_info"]["metadata"]["tags"], json!(["t"]));
    let reasons: Vec<&str> =
        done["failed_updates"].as_array().unwrap().iter().map(|f| f["failed_reason"].as_str().unwrap()).collect();
    assert_eq!(reasons[0], "Key not found in database");
    assert!(reasons[1].contains("max_budget") && reasons[2].contains("body.keys.key"), "{reasons:?}");
    let many: Vec<Value> = (0..501).map(|_| json!({"key": one})).collect();
    for (body, status) in [(json!({"keys": []}), 400), (json!({"keys": many}), 400), (json!({}), 422)] {
        assert_eq!(ask(&gateway, "POST", "/key/bulk_update", body).await.0, status);
    }
}

#[tokio::test]
async fn changes_of_one_key_at_the_same_time_are_all_made() {
    let gateway = Gateway::new();
    let (key, token) = new_key(&gateway, json!({})).await;
    let fields = ["model_rpm_limit", "model_tpm_limit", "mcp_rpm_limit", "tag_rpm_limit"];
    let changes = fields.map(|field| gateway.admin("/key/update", json!({"key": key, field: {"gpt": 7}})));
    let blocked = gateway.admin("/key/block", json!({"key": key}));
    let replaced = gateway.admin("/key/regenerate", json!({"key": token}));
    let team = gateway.admin("/key/update", json!({"key": key, "max_budget": 9}));
    let (_, _, new, _) = tokio::join!(join_all(changes), blocked, replaced, team);
    let (_, shown) = ask(&gateway, "GET", &format!("/key/info?key={token}"), Value::Null).await;
    let info = &shown["info"];
    assert_eq!((&info["blocked"], &info["max_budget"]), (&json!(true), &json!(9.0)));
    for field in fields {
        assert_eq!(info["metadata"][field], json!({"gpt": 7}), "{field}");
    }
    gateway.admin("/key/unblock", json!({"key": token})).await;
    assert_eq!((chat(&gateway, &key).await, chat(&gateway, new["key"].as_str().unwrap()).await), (401, 200));
}

#[tokio::test]
async fn a_key_without_callbacks_is_healthy() {
    let gateway = Gateway::new();
    let (key, _) = new_key(&gateway, json!({})).await;
    let healthy = json!({"key": "healthy", "logging_callbacks": null});
    assert_eq!(gateway.with_key(&key, "POST", "/key/health", Value::Null).await, (200, healthy));
    let logging = json!([{"callback_name": "langfuse"}]);
    let (key, _) = new_key(&gateway, json!({"metadata": {"logging": logging}})).await;
    let (_, told) = gateway.with_key(&key, "POST", "/key/health", Value::Null).await;
    assert_eq!((&told["key"], &told["logging_callbacks"]["callbacks"]), (&json!("unhealthy"), &json!(["langfuse"])));
}
