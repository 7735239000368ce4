//! Models in the table, as administrators make and change them.

use super::gateway::{Gateway, MASTER};
use futures_util::future::join_all;
use serde_json::{Value, json};

async fn ask(gateway: &Gateway, method: &str, path: &str, body: Value) -> (u16, Value) {
    gateway.with_key(MASTER, method, path, body).await
}

#[tokio::test]
async fn a_model_is_made_changed_and_deleted_and_its_key_is_never_shown() {
    let gateway = Gateway::new();
    let params = json!({"model": "openai/gpt-4o", "api_key": "sk-SECRET", "api_base": "https://u:SECRET@up.test/v1"});
    let made = gateway.admin("/model/new", json!({"model_name": "dyn", "litellm_params": params})).await;
    assert_eq!(made["litellm_params"]["api_base"], "https://up.test/v1");
    assert!(!made.to_string().contains("SECRET"), "{made}");
    let id = made["model_id"].as_str().unwrap().to_owned();
    assert_eq!(made["model_info"]["id"], json!(id));
    let path = format!("/model/{id}/update");
    let (status, changed) = ask(&gateway, "PATCH", &path, json!({"litellm_params": {"rpm": 5}})).await;
    assert_eq!((status, &changed["litellm_params"]["rpm"]), (200, &json!(5)));
    assert_eq!(changed["litellm_params"]["model"], "openai/gpt-4o", "what is not named stays");
    let change = json!({"model_name": "other", "litellm_params": {"rpm": null}, "model_info": {"id": id, "team": "t"}});
    let changed = gateway.admin("/model/update", change).await;
    assert_eq!((&changed["model_name"], changed["litellm_params"].get("rpm")), (&json!("other"), None));
    assert_eq!(changed["model_info"]["team"], "t");
    let gone = gateway.admin("/model/delete", json!({"id": id})).await;
    assert_eq!(gone["message"], format!("Model: {id} deleted successfully"));
    assert_eq!(ask(&gateway, "POST", "/model/delete", json!({"id": id})).await.0, 400);
}

#[tokio::test]
async fn what_is_no_model_is_refused() {
    let gateway = Gateway::new();
    let params = json!({"model": "openai/gpt-4o"});
    gateway.admin("/model/new", json!({"model_name": "a", "litellm_params": params, "model_info": {"id": "a"}})).await;
    for (body, status) in [
        (json!({"model_name": "a"}), 422),
        (json!({"litellm_params": params}), 422),
        (json!({"model_name": "a", "litellm_params": {"api_key": "sk"}}), 422),
        (json!({"model_name": "a", "litellm_params": {"model": "nobody"}}), 400),
        (json!({"model_name": "a", "litellm_params": params, "model_info": {"id": "a"}}), 400),
        (json!({"model_name": "a", "litellm_params": params, "model_info": {"id": "gpt-1"}}), 400),
    ] {
        assert_eq!(ask(&gateway, "POST", "/model/new", body.clone()).await.0, status, "{body}");
    }
    for (body, status) in
        [(json!({"model_info": {"id": "no"}}), 400), (json!({}), 422), (json!({"model_info": {"id": "gpt-1"}}), 400)]
    {
        assert_eq!(ask(&gateway, "POST", "/model/update", body.clone()).await.0, status, "{body}");
    }
    let key = gateway.admin("/key/generate", json!({})).await["key"].as_str().unwrap().to_owned();
    assert_eq!(gateway.with_key(&key, "POST", "/model/new", json!({})).await.0, 401);
}

#[tokio::test]
async fn stored_models_stand_together_in_groups() {
    let gateway = Gateway::new();
    for name in ["a", "b", "c"] {
        let params = json!({"model": "openai/gpt-4o"});
        gateway.admin("/model/new", json!({"model_name": name, "litellm_params": params})).await;
    }
    let made = gateway.admin("/access_group/new", json!({"access_group": "g", "model_names": ["a", "b"]})).await;
    assert_eq!(made["models_updated"], 2);
    let shown =
        json!({"access_group": "g", "model_names": ["a", "b"], "deployment_count": 2, "spend": 0.0, "budget": null});
    assert_eq!(ask(&gateway, "GET", "/access_group/g/info", Value::Null).await, (200, shown));
    let (_, changed) = ask(&gateway, "PUT", "/access_group/g/update", json!({"model_names": ["b", "c"]})).await;
    assert_eq!(changed["models_updated"], 2);
    let (_, listed) = ask(&gateway, "GET", "/access_group/list", Value::Null).await;
    assert_eq!(listed["access_groups"][0]["model_names"], json!(["b", "c"]));
    let (_, gone) = ask(&gateway, "DELETE", "/access_group/g/delete", Value::Null).await;
    assert_eq!(gone["models_updated"], 2);
    assert_eq!(ask(&gateway, "GET", "/access_group/g/info", Value::Null).await.0, 404);
    for body in [json!({"access_group": "g"}), json!({"access_group": "g", "model_names": ["gpt"]})] {
        assert_eq!(ask(&gateway, "POST", "/access_group/new", body).await.0, 400);
    }
}

#[tokio::test]
async fn a_group_of_the_file_or_the_table_has_a_budget_where_it_is_given_one() {
    let gateway = Gateway::new();
    let path = "/access_group/of-the-file/budget";
    let set = |body| ask(&gateway, "PUT", path, body);
    let (status, told) = set(json!({"max_budget": 0.1, "budget_duration": "30d", "soft_budget": null})).await;
    let fields = ["max_budget", "budget_duration"].map(|field| told["budget"][field].clone());
    assert_eq!((status, fields), (200, [json!(0.1), json!("30d")]));
    let (_, told) = set(json!({"budget_duration": null})).await;
    let fields = ["max_budget", "budget_duration", "budget_reset_at"].map(|field| told["budget"][field].clone());
    assert_eq!(fields, [json!(0.1), Value::Null, Value::Null]);
    assert_eq!(set(json!({"max_budget": null})).await.0, 422);
    for is_deleted in [true, false] {
        assert_eq!(ask(&gateway, "DELETE", path, Value::Null).await.1["budget_deleted"], is_deleted);
    }
    assert_eq!(ask(&gateway, "PUT", "/access_group/none/budget", json!({"max_budget": 1})).await.0, 404);
}

#[tokio::test]
async fn changes_of_one_model_at_the_same_time_are_all_made() {
    let gateway = Gateway::new();
    let body = json!({"model_name": "a", "litellm_params": {"model": "openai/gpt-4o"}, "model_info": {"id": "a"}});
    gateway.admin("/model/new", body).await;
    let names = ["rpm", "tpm", "weight", "timeout"];
    join_all(
        names.map(|name| {
            gateway.admin("/model/update", json!({"litellm_params": {name: 3}, "model_info": {"id": "a"}}))
        }),
    )
    .await;
    let shown = gateway.admin("/model/update", json!({"model_info": {"id": "a"}})).await;
    for name in names {
        assert_eq!(shown["litellm_params"][name], 3, "{name}");
    }
}
