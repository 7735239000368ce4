//! Settings in the table, as administrators change them.

use super::gateway::{Gateway, MASTER};
use futures_util::future::join_all;
use serde_json::{Value, json};

async fn ask(gateway: &Gateway, method: &str, path: &str, body: Value) -> (u16, Value) {
    gateway.with_key(MASTER, method, path, body).await
}

async fn get(gateway: &Gateway, path: &str) -> Value {
    let (status, answer) = ask(gateway, "GET", path, Value::Null).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

#[tokio::test]
async fn sections_are_changed_and_each_change_can_be_gone_back_to() {
    let gateway = Gateway::new();
    assert_eq!(get(&gateway, "/config/get").await, json!({"version": 0, "settings": {}}));
    let first = json!({
        "general_settings": {"max_parallel_requests": 5, "allowed_ips": null},
        "environment_variables": {"SOME_KEY": "SECRET"}, "model_list": [],
    });
    let made = gateway.admin("/config/update", first.clone()).await;
    assert_eq!(made, json!({"message": "Config updated successfully", "version": 1}));
    assert_eq!(gateway.admin("/config/update", first).await["version"], 1, "what changes nothing makes no version");
    let second = json!({"general_settings": {"max_parallel_requests": 6}, "router_settings": {"timeout": 9}});
    assert_eq!(gateway.admin("/config/update", second).await["version"], 2);
    let now = get(&gateway, "/config/get").await;
    let settings = json!({
        "general_settings": {"max_parallel_requests": 6}, "router_settings": {"timeout": 9},
        "environment_variables": {"SOME_KEY": "****"},
    });
    assert_eq!((&now["settings"], &now["version"]), (&settings, &json!(2)));
    assert_eq!(gateway.admin("/config/rollback", json!({"version": 1})).await["version"], 3);
    let back = json!({"general_settings": {"max_parallel_requests": 5}, "environment_variables": {"SOME_KEY": "****"}});
    assert_eq!(get(&gateway, "/config/get").await["settings"], back);
    let numbers = |history: Value| -> Vec<i64> {
        history["versions"].as_array().unwrap().iter().map(|version| version["version"].as_i64().unwrap()).collect()
    };
    assert_eq!(numbers(get(&gateway, "/config/history").await), [3, 2, 1]);
    assert_eq!(numbers(get(&gateway, "/config/history?before=3&page_size=1").await), [2]);
    assert_eq!(ask(&gateway, "POST", "/config/rollback", json!({"version": 9})).await.0, 404);
    assert_eq!(ask(&gateway, "POST", "/config/rollback", json!({})).await.0, 422);
    let recorded = get(&gateway, "/audit?table_name=LiteLLM_Config").await;
    assert_eq!(recorded["total"], 3);
    assert!(!recorded.to_string().contains("SECRET"), "{recorded}");
}

#[tokio::test]
async fn a_change_to_an_older_version_is_refused_and_none_is_lost() {
    let gateway = Gateway::new();
    let body = json!({"version": 0, "router_settings": {"timeout": 1}});
    assert_eq!(gateway.admin("/config/update", body.clone()).await["version"], 1);
    let (status, refused) = ask(&gateway, "POST", "/config/update", body).await;
    assert_eq!(status, 409, "{refused}");
    assert!(refused.to_string().contains("at version 1, not 0"), "{refused}");
    let names = ["timeout", "num_retries", "cooldown_time", "allowed_fails", "max_fallbacks"];
    let changes = names.map(|name| ask(&gateway, "POST", "/config/update", json!({"router_settings": {name: 3}})));
    assert!(join_all(changes).await.iter().all(|(status, _)| *status == 200));
    let now = get(&gateway, "/config/get").await;
    assert_eq!(now["settings"]["router_settings"].as_object().unwrap().len(), names.len());
    assert_eq!(now["version"], 1 + names.len());
}

#[tokio::test]
async fn one_setting_is_set_told_and_unset() {
    let gateway = Gateway::new();
    let named = |name: &str| json!({"config_type": "general_settings", "field_name": name});
    let mut body = named("max_parallel_requests");
    body["field_value"] = json!(7);
    let row = gateway.admin("/config/field/update", body).await;
    let stored = json!({"max_parallel_requests": 7});
    assert_eq!((&row["param_name"], &row["param_value"]), (&json!("general_settings"), &stored));
    let told = get(&gateway, "/config/field/info?field_name=max_parallel_requests").await;
    assert_eq!(
        told,
        json!({"field_name": "max_parallel_requests", "field_value": 7, "source": "db", "editable": true})
    );
    let listed = get(&gateway, "/config/list?config_type=general_settings").await;
    let field =
        |name: &str| listed.as_array().unwrap().iter().find(|field| field["field_name"] == name).unwrap().clone();
    let ours = field("max_parallel_requests");
    let expected = (&json!("Integer"), &json!(7), &json!(true), &json!("db"));
    assert_eq!((&ours["field_type"], &ours["field_value"], &ours["stored_in_db"], &ours["source"]), expected);
    let of_file = field("litellm_key_header_name");
    assert_eq!((&of_file["stored_in_db"], &of_file["editable"]), (&json!(false), &json!(false)));
    assert_eq!(field("allowed_ips")["stored_in_db"], Value::Null);
    gateway.admin("/config/field/delete", named("max_parallel_requests")).await;
    let gone = ask(&gateway, "GET", "/config/field/info?field_name=max_parallel_requests", Value::Null).await;
    assert_eq!(gone.0, 400, "{}", gone.1);
    let (status, again) = ask(&gateway, "POST", "/config/field/delete", named("max_parallel_requests")).await;
    assert_eq!(status, 400, "{again}");
}

#[tokio::test]
async fn what_cannot_be_stored_is_refused_and_changes_nothing() {
    let gateway = Gateway::new();
    let general = |name: &str, value: Value| json!({"general_settings": {name: value}});
    for (body, why) in [
        (json!({"model_list": [{}]}), "/model/new"),
        (general("no_such_thing", json!(1)), "Invalid field=no_such_thing"),
        (general("master_key", json!("sk-1")), "read at the start"),
        (general("litellm_key_header_name", json!("x-other")), "set in the config file"),
        (general("max_parallel_requests", json!("many")), "general_settings.max_parallel_requests"),
    ] {
        let (status, refused) = ask(&gateway, "POST", "/config/update", body).await;
        assert!(status == 400 && refused.to_string().contains(why), "{status} {refused}");
    }
    assert_eq!(ask(&gateway, "POST", "/config/update", json!({"general_settings": 1})).await.0, 422);
    let field = json!({"config_type": "no", "field_name": "x", "field_value": 1});
    assert_eq!(ask(&gateway, "POST", "/config/field/update", field).await.0, 422);
    assert_eq!(ask(&gateway, "GET", "/config/list?config_type=no", Value::Null).await.0, 422);
    assert_eq!(get(&gateway, "/config/get").await["version"], 0);
    let key = gateway.admin("/key/generate", json!({})).await["key"].as_str().unwrap().to_owned();
    assert_eq!(gateway.with_key(&key, "POST", "/config/update", json!({})).await.0, 401);
}

#[tokio::test]
async fn addresses_are_let_in_one_by_one() {
    let gateway = Gateway::new();
    assert_eq!(get(&gateway, "/get/allowed_ips").await, json!({"data": null}));
    for ip in ["10.0.0.1", "10.1.0.0/16"] {
        let added = gateway.admin("/add/allowed_ip", json!({"ip": ip})).await;
        assert_eq!(added, json!({"message": format!("IP {ip} address added successfully"), "status": "success"}));
    }
    assert_eq!(get(&gateway, "/get/allowed_ips").await, json!({"data": ["10.0.0.1", "10.1.0.0/16"]}));
    assert_eq!(ask(&gateway, "POST", "/add/allowed_ip", json!({"ip": "10.0.0.1"})).await.0, 400);
    assert_eq!(ask(&gateway, "POST", "/add/allowed_ip", json!({"ip": "here"})).await.0, 400);
    assert_eq!(ask(&gateway, "POST", "/delete/allowed_ip", json!({"ip": "10.0.0.9"})).await.0, 404);
    for ip in ["10.0.0.1", "10.1.0.0/16"] {
        gateway.admin("/delete/allowed_ip", json!({"ip": ip})).await;
    }
    assert_eq!(get(&gateway, "/get/allowed_ips").await, json!({"data": null}));
}

#[tokio::test]
async fn who_stands_in_for_a_model_is_said_model_by_model() {
    let gateway = Gateway::new();
    let none = ask(&gateway, "GET", "/fallback/gpt", Value::Null).await;
    assert_eq!(none.0, 404, "{}", none.1);
    let made = gateway.admin("/fallback", json!({"model": "gpt", "fallback_models": ["claude"]})).await;
    let told = json!({"model": "gpt", "fallback_models": ["claude"], "fallback_type": "general",
        "message": "Fallback configuration created successfully"});
    assert_eq!(made, told);
    let long = json!({"model": "gpt", "fallback_models": ["claude"], "fallback_type": "context_window"});
    gateway.admin("/fallback", long).await;
    let kept = get(&gateway, "/config/get").await["settings"]["router_settings"].take();
    let rules = json!([{"gpt": ["claude"]}]);
    assert_eq!(kept, json!({"fallbacks": rules, "context_window_fallbacks": rules}));
    assert_eq!(get(&gateway, "/fallback/gpt?fallback_type=context_window").await["fallback_models"], json!(["claude"]));
    let settings = get(&gateway, "/router/settings").await;
    assert_eq!((&settings["current_values"]["fallbacks"], &settings["source"]["fallbacks"]), (&rules, &json!("db")));
    let strategy = |answer: &Value| -> Value {
        let fields = answer["fields"].as_array().unwrap().clone();
        fields.into_iter().find(|field| field["field_name"] == "routing_strategy").unwrap()
    };
    let shown = strategy(&get(&gateway, "/router/fields").await);
    assert_eq!(
        (&shown["ui_field_name"], &shown["field_default"]),
        (&json!("Routing Strategy"), &json!("simple-shuffle"))
    );
    assert!(shown["options"].as_array().unwrap().contains(&json!("latency-based-routing")), "{shown}");
    for (body, status) in [
        (json!({"model": "none", "fallback_models": ["claude"]}), 404),
        (json!({"model": "gpt", "fallback_models": ["none"]}), 400),
        (json!({"model": "gpt", "fallback_models": ["gpt"]}), 400),
        (json!({"model": "gpt", "fallback_models": []}), 422),
        (json!({"model": "gpt", "fallback_models": ["claude", "claude"]}), 422),
        (json!({"model": "gpt", "fallback_models": ["claude"], "fallback_type": "odd"}), 422),
    ] {
        assert_eq!(ask(&gateway, "POST", "/fallback", body.clone()).await.0, status, "{body}");
    }
    let (status, gone) = ask(&gateway, "DELETE", "/fallback/gpt", Value::Null).await;
    assert_eq!((status, &gone["message"]), (200, &json!("Fallback configuration deleted successfully")));
    assert_eq!(ask(&gateway, "DELETE", "/fallback/gpt", Value::Null).await.0, 404);
}
