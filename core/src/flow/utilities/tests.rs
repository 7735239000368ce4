//! What is told of calls that are not made.

use super::*;
use crate::config::deployment::ModelEntry;
use crate::config::{DeploymentParams, Environment};
use crate::flow::models::tests::caller;
use crate::providers::resolve::target_of;

fn models() -> ModelTable {
    let params = json!({"model": "openai/gpt-4o", "api_key": "sk-planted", "extra_headers": {"X-Own": "sk-planted"}});
    let params: DeploymentParams = serde_json::from_value(params).unwrap();
    let entry = ModelEntry { model_name: "mine".to_owned(), params, info: Map::new(), line: 0 };
    let targets = |params: &_| target_of(params, &Environment::default()).map_err(Into::into);
    ModelTable::new(vec![entry], Arc::new(targets)).unwrap()
}

fn anybody() -> Principal {
    caller(&[])
}

#[test]
fn tokens_are_counted_for_the_model_behind_the_name() {
    let body = br#"{"model":"mine","messages":[{"role":"user","content":"Say hello in one word."}]}"#;
    let told = count_tokens(&models(), &anybody(), body).unwrap();
    assert_eq!((&told["total_tokens"], &told["model_used"]), (&json!(13), &json!("gpt-4o")));
    let body = br#"{"model":"other","prompt":"hello world"}"#;
    let told = count_tokens(&models(), &anybody(), body).unwrap();
    assert_eq!((&told["total_tokens"], &told["model_used"]), (&json!(2), &json!("other")));
    assert!(matches!(count_tokens(&models(), &anybody(), br#"{"model":"x"}"#), Err(UtilityError::Nothing)));
}

#[test]
fn a_price_is_told_by_its_parts_and_for_periods() {
    let body = br#"{"model":"mine","input_tokens":10,"output_tokens":10,"num_requests_per_day":3}"#;
    let told = estimate_cost(&models(), &anybody(), body, Timestamp::from_seconds(1_763_700_000)).unwrap();
    let near = |name: &str, wanted: f64| {
        let got = told[name].as_f64().unwrap();
        assert!((got - wanted).abs() < 1e-12, "{name}: {got}");
    };
    near("cost_per_request", 0.000_125);
    near("input_cost_per_request", 2.5e-5);
    near("output_cost_per_request", 0.0001);
    near("daily_cost", 0.000_375);
    near("output_cost_per_reasoning_token", 1e-5);
    assert_eq!((&told["monthly_cost"], &told["provider"]), (&Value::Null, &json!("openai")));
    let body = br#"{"model":"nobody/knows","input_tokens":1,"output_tokens":1}"#;
    let error = estimate_cost(&models(), &anybody(), body, Timestamp::from_seconds(0)).unwrap_err();
    assert!(matches!(error, UtilityError::UnknownModel(_)));
}

#[test]
fn a_request_is_shown_as_its_provider_would_see_it_without_credentials() {
    let body = br#"{"call_type":"completion","request_body":{"model":"mine","messages":[]}}"#;
    let told = transform_request(&models(), &anybody(), body).unwrap();
    assert_eq!(told["raw_request_api_base"], "https://api.openai.com/v1/chat/completions");
    assert_eq!(told["raw_request_body"], json!({"model": "gpt-4o", "messages": []}));
    assert_eq!(told["raw_request_headers"]["content-type"], "application/json");
    assert!(!told.to_string().contains("sk-planted"), "{told}");
    let body = br#"{"call_type":"dance","request_body":{"model":"mine"}}"#;
    assert!(transform_request(&models(), &anybody(), body).unwrap_err().to_string().contains("image_generation"));
}

#[test]
fn a_model_that_the_caller_may_not_use_is_as_unknown_as_one_that_is_not_there() {
    let body = br#"{"call_type":"completion","request_body":{"model":"mine","messages":[]}}"#;
    let error = transform_request(&models(), &caller(&["other"]), body).unwrap_err();
    assert!(matches!(error, UtilityError::UnknownModel(_)), "{error}");
}
