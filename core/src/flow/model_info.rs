//! What each deployment is, for those who look at the gateway's configuration: prices, limits, parameters. Credentials
//! are left out, not masked.

use crate::config::deployment::ModelEntry;
use crate::flow::admin::error::AdminError;
use crate::flow::admin::params::Params;
use crate::price::{self, ModelPrice, is_price};
use crate::principal::Principal;
use crate::routing::listing::visible;
use crate::routing::{Deployment, Listed, ModelTable, Source, deployment_id};
use serde_json::{Map, Value, json};

/// `GET /model/info`, `/v1/model/info`: the deployments that the caller may use; with `id`, that one alone.
pub fn model_info(table: &ModelTable, caller: &Principal, id: Option<&str>) -> Value {
    let listed = visible(table, &caller.model_lists());
    let rows = listed.iter().flat_map(|listed| rows(table, listed));
    let rows: Vec<_> =
        rows.filter(|row| id.is_none_or(|id| row.pointer("/model_info/id").is_some_and(|own| own == id))).collect();
    json!({"data": rows})
}

/// `GET /v2/model/info`: the same page by page, of one public name where `model` says so, or of those that hold `search`.
///
/// # Errors
/// [`AdminError::Form`] for a page or a size that cannot be.
pub fn model_info_page(table: &ModelTable, caller: &Principal, params: &Params) -> Result<Value, AdminError> {
    let page = params.number("page", 1, 1..=1 << 32)?;
    let size = params.number("size", 50, 1..=1000)?;
    let (model, search) = (params.text("model"), params.text("search").map(str::to_lowercase));
    let listed = visible(table, &caller.model_lists());
    let named = |listed: &&Listed| {
        let found = search.as_ref().is_none_or(|search| listed.name.to_lowercase().contains(search));
        found && model.is_none_or(|model| model == listed.name)
    };
    let all: Vec<Value> = listed.iter().filter(named).flat_map(|listed| rows(table, listed)).collect();
    let total = all.len() as u64;
    let skip = usize::try_from((page - 1).saturating_mul(size)).unwrap_or(usize::MAX);
    let shown: Vec<Value> = all.into_iter().skip(skip).take(size as usize).collect();
    let pages = total.div_ceil(size);
    Ok(json!({"data": shown, "total_count": total, "current_page": page, "total_pages": pages, "size": size}))
}

/// Fields of the price data that are shown of every known model, null where the model has none.
const FIELDS: &str = include_str!("../../data/model_info_fields.txt");

/// The deployments behind one listed name.
fn rows(table: &ModelTable, listed: &Listed) -> Vec<Value> {
    match &listed.source {
        Source::Named(_) => {
            let deployments = table.group(&listed.name).into_iter().flat_map(|group| &group.deployments);
            deployments.map(|deployment| named_row(deployment)).collect()
        }
        Source::Wildcard(entry) => vec![wildcard_row(listed, entry)],
    }
}

fn named_row(deployment: &Deployment) -> Value {
    let entry = &deployment.entry;
    let mut info = described(entry, deployment.id.as_str());
    info.insert("pricing_overrides".to_owned(), deployment.price_overrides.clone().into());
    if let Some(price) = &deployment.price {
        add_known(&mut info, price);
    }
    json!({"model_name": deployment.group, "litellm_params": shown_params(entry, &entry.params.model), "model_info": info})
}

fn wildcard_row(listed: &Listed, entry: &ModelEntry) -> Value {
    let mut info = described(entry, deployment_id(entry).as_str());
    info.insert("pricing_overrides".to_owned(), Value::Array(Vec::new()));
    if let Some(price) = price::find(&listed.name, None) {
        add_known(&mut info, &price);
    }
    json!({"model_name": listed.name, "litellm_params": shown_params(entry, &listed.name), "model_info": info})
}

/// What the operator wrote about the model.
fn described(entry: &ModelEntry, id: &str) -> Map<String, Value> {
    let mut info = Map::new();
    info.insert("id".to_owned(), id.into());
    info.insert("db_model".to_owned(), false.into());
    info.insert("member_auto_router".to_owned(), false.into());
    info.extend(entry.info.iter().filter(|(field, _)| *field != "id").map(|(k, v)| (k.clone(), v.clone())));
    info
}

fn add_known(info: &mut Map<String, Value>, price: &ModelPrice) {
    info.insert("key".to_owned(), price.key().into());
    for field in FIELDS.lines() {
        if info.get(field).is_none_or(Value::is_null) {
            info.insert(field.to_owned(), price.info().get(field).cloned().unwrap_or(Value::Null));
        }
    }
}

/// The parameters that give nothing away. Headers and body fields of the operator's own can hold anything, so they
/// are not shown.
fn shown_params(entry: &ModelEntry, model: &str) -> Map<String, Value> {
    let params = &entry.params;
    let mut shown = Map::new();
    let mut show = |field: &str, value: Option<Value>| {
        if let Some(value) = value {
            shown.insert(field.to_owned(), value);
        }
    };
    show("api_base", params.api_base.as_deref().map(|address| without_credentials(address).into()));
    show("custom_llm_provider", params.custom_llm_provider.clone().map(Value::from));
    show("organization", params.organization.clone().map(Value::from));
    show("timeout", params.timeout.map(Value::from));
    show("stream_timeout", params.stream_timeout.map(Value::from));
    show("weight", params.weight.map(Value::from));
    show("rpm", params.rpm.map(Value::from));
    show("tpm", params.tpm.map(Value::from));
    show("mock_response", params.mock_response.clone());
    show("input_cost_per_token", params.input_cost_per_token.map(Value::from));
    show("output_cost_per_token", params.output_cost_per_token.map(Value::from));
    for (field, value) in params.rest.iter().filter(|(field, value)| !(is_secret(field) || value.is_object())) {
        show(field, Some(value.clone()));
    }
    for switch in SWITCHES {
        shown.entry(switch).or_insert(false.into());
    }
    shown.insert("model".to_owned(), model.into());
    shown
}

/// A parameter as it may be shown of a stored model: where, not who.
pub fn shown_param(name: &str, value: &Value) -> Value {
    match value {
        Value::String(address) if matches!(name, "api_base" | "base_url") => without_credentials(address).into(),
        Value::Object(_) => "****".into(),
        _ if is_secret(name) => "****".into(),
        _ => value.clone(),
    }
}

/// Switches of LiteLLM that clients expect to see, off unless the operator turned them on.
const SWITCHES: [&str; 5] = [
    "allow_client_keepalive_override",
    "use_in_pass_through",
    "use_litellm_proxy",
    "use_xai_oauth",
    "merge_reasoning_content_in_choices",
];

/// Whether a parameter can hold a credential, by its name.
fn is_secret(field: &str) -> bool {
    let named = ["key", "secret", "token", "password", "credential", "auth", "cookie", "header"];
    !is_price(field)
        && !matches!(field, "max_tokens" | "max_completion_tokens" | "use_xai_oauth")
        && named.iter().any(|word| field.to_ascii_lowercase().contains(word))
}

/// An address without the user, password and query that it may hold.
fn without_credentials(address: &str) -> String {
    let address = address.split(['?', '#']).next().unwrap_or_default();
    match address.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            format!("{scheme}://{host}{path}")
        }
        None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::models::tests::caller;
    use crate::routing::tests::{entry, table, targets};

    fn infos(entry_value: Value) -> Value {
        let table = ModelTable::new(vec![entry(entry_value)], targets()).unwrap();
        model_info(&table, &caller(&[]), None)["data"][0].clone()
    }

    #[test]
    fn a_deployment_is_shown_with_prices_limits_and_address() {
        let row = infos(json!({
            "model_name": "gpt", "model_info": {"id": "gpt-1", "team": "core"},
            "litellm_params": {"model": "openai/gpt-4o", "api_key": "sk-up", "api_base": "http://upstream.test/openai/v1"}
        }));
        let params = json!({
            "api_base": "http://upstream.test/openai/v1", "allow_client_keepalive_override": false,
            "use_in_pass_through": false, "use_litellm_proxy": false, "use_xai_oauth": false,
            "merge_reasoning_content_in_choices": false, "model": "openai/gpt-4o"
        });
        assert_eq!((&row["model_name"], &row["litellm_params"]), (&json!("gpt"), &params));
        let info = row["model_info"].as_object().unwrap();
        assert_eq!(info.len(), 5 + 165 + 1, "id, three settings, key; the fields; the operator's own");
        for (field, wanted) in [
            ("id", json!("gpt-1")),
            ("db_model", json!(false)),
            ("pricing_overrides", json!([])),
            ("key", json!("gpt-4o")),
            ("max_output_tokens", json!(16384)),
            ("input_cost_per_token", json!(2.5e-6)),
            ("input_cost_per_token_flex", Value::Null),
            ("litellm_provider", json!("openai")),
            ("team", json!("core")),
        ] {
            assert_eq!(info[field], wanted, "{field}");
        }
    }

    #[test]
    fn deployments_are_shown_as_the_corpus_records() {
        let recorded: Value = serde_json::from_str(include_str!("../../data/corpus/model_info.json")).unwrap();
        for mut wanted in recorded.as_array().unwrap().clone() {
            let mut row = infos(json!({
                "model_name": wanted["model_name"], "model_info": {"id": wanted["model_info"]["id"]},
                "litellm_params": {
                    "model": wanted["litellm_params"]["model"], "api_base": wanted["litellm_params"]["api_base"],
                    "api_key": "sk-up"
                }
            }));
            // Which parameters a model takes is for the providers to say, and not told here.
            wanted["model_info"].as_object_mut().unwrap().remove("supported_openai_params");
            assert_eq!(row["litellm_params"].take(), wanted["litellm_params"].take());
            for (field, value) in wanted["model_info"].as_object().unwrap() {
                assert_eq!(&row["model_info"][field], value, "{field} of {}", wanted["model_name"]);
            }
            assert_eq!(row, wanted);
        }
    }

    #[test]
    fn no_credential_is_ever_shown() {
        let row = infos(json!({
            "model_name": "gpt", "litellm_params": {
                "model": "openai/gpt-4o", "api_key": "SECRET", "api_base": "https://user:SECRET@up.test/v1?key=SECRET",
                "extra_headers": {"authorization": "SECRET"}, "extra_body": {"key": "SECRET"},
                "aws_secret_access_key": "SECRET", "azure_ad_token": "SECRET", "vertex_credentials": "SECRET",
                "nested": {"anything": "SECRET"}, "max_tokens": 5
            }
        }));
        assert!(!row.to_string().contains("SECRET"), "{row}");
        assert_eq!(row["litellm_params"]["api_base"], "https://up.test/v1");
        assert_eq!(row["litellm_params"]["max_tokens"], 5);
    }

    #[test]
    fn a_wildcard_shows_its_models_under_its_own_id() {
        let table = table(&[("wild/*", "openai/gpt-4o*"), ("a", "openai/gpt-4o"), ("a", "openai/gpt-4o")]);
        let rows = |id| model_info(&table, &caller(&[]), id)["data"].as_array().unwrap().clone();
        assert!(rows(Some("0")).len() > 5);
        assert_eq!(rows(Some("0"))[0]["litellm_params"]["model"], rows(Some("0"))[0]["model_name"]);
        assert_eq!(rows(Some("2")).len(), 1);
        assert_eq!(rows(None).len(), rows(Some("0")).len() + 2);
    }

    #[test]
    fn the_operators_prices_are_named() {
        let row = infos(json!({
            "model_name": "gpt", "litellm_params": {"model": "openai/gpt-4o", "input_cost_per_token": 1.0}
        }));
        assert_eq!(row["model_info"]["pricing_overrides"], json!(["input_cost_per_token"]));
        assert_eq!(row["model_info"]["input_cost_per_token"], 1.0);
    }
}
