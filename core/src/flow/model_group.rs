//! What is known of each public model name: who provides it, how much it takes and costs, what it can do, and which
//! parameters it takes.

use crate::clock::Timestamp;
use crate::flow::utilities::{UtilityError, priced, read};
use crate::price::CallFacts;
use crate::principal::Principal;
use crate::providers::operation::Operation;
use crate::providers::parameters::profile::Profile;
use crate::providers::parameters::set::ParamSet;
use crate::routing::listing::visible;
use crate::routing::{Deployment, Listed, ModelTable, Source, access};
use crate::tokens;
use crate::usage::Usage;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// What a model can do, as the price data says it.
const ABILITIES: [&str; 6] = [
    "supports_parallel_function_calling",
    "supports_vision",
    "supports_web_search",
    "supports_url_context",
    "supports_reasoning",
    "supports_function_calling",
];

/// Dollars for a unit, as the price data says it.
const PRICES: [&str; 3] = ["input_cost_per_token", "output_cost_per_token", "input_cost_per_pixel"];

/// `GET /model_group/info`: the models that the caller sees; with `wanted`, that one alone.
pub fn model_groups(table: &ModelTable, caller: &Principal, wanted: Option<&str>) -> Value {
    let listed = visible(table, &caller.model_lists());
    let listed = listed.iter().filter(|listed| wanted.is_none_or(|wanted| wanted == listed.name));
    json!({"data": listed.map(|listed| group(table, listed)).collect::<Vec<_>>()})
}

/// Those of these models that there are, as everybody may see them.
pub fn public_groups(table: &ModelTable, names: &[String]) -> Vec<Value> {
    let offered = visible(table, &[]);
    let found = names.iter().filter_map(|name| offered.iter().find(|listed| listed.name == *name));
    let public = found.map(|listed| {
        let mut shown = group(table, listed);
        if let Value::Object(fields) = &mut shown {
            fields.insert("is_public_model_group".to_owned(), true.into());
        }
        shown
    });
    public.collect()
}

fn group(table: &ModelTable, listed: &Listed) -> Value {
    let named = matches!(listed.source, Source::Named(_));
    let group = table.group(&listed.name).filter(|_| named);
    let deployments: &[_] = group.map_or(&[], |group| &group.deployments);
    let price = match deployments.first() {
        Some(first) => first.price.clone(),
        None => crate::price::find(&listed.name, None),
    };
    let mut providers: Vec<&str> =
        deployments.iter().filter_map(|deployment| deployment.target()).map(|target| target.provider).collect();
    providers.extend(price.as_ref().and_then(|price| price.provider()).filter(|_| providers.is_empty()));
    providers.sort_unstable();
    providers.dedup();
    let sum = |of: fn(&Deployment) -> Option<i64>| {
        deployments.iter().filter_map(|deployment| of(deployment)).reduce(i64::saturating_add)
    };
    let known = |field: &str| price.as_ref().and_then(|price| price.info().get(field)).cloned();
    let mut shown = Map::from_iter([
        ("model_group".to_owned(), json!(listed.name)),
        ("providers".to_owned(), json!(providers)),
        ("max_input_tokens".to_owned(), json!(listed.max_input_tokens)),
        ("max_output_tokens".to_owned(), json!(listed.max_output_tokens)),
        ("mode".to_owned(), json!(listed.mode)),
        ("tpm".to_owned(), json!(sum(|deployment| deployment.entry.params.tpm))),
        ("rpm".to_owned(), json!(sum(|deployment| deployment.entry.params.rpm))),
    ]);
    shown.extend(PRICES.map(|field| (field.to_owned(), known(field).unwrap_or_default())));
    shown.extend(ABILITIES.map(|field| (field.to_owned(), json!(known(field) == Some(Value::Bool(true))))));
    let taken = match deployments.first().and_then(|first| first.target()) {
        Some(target) => Some(taken(&target.profile)),
        None => parameters_of(&listed.name),
    };
    shown.insert("supported_openai_params".to_owned(), json!(taken));
    Value::Object(shown)
}

/// `GET /utils/supported_openai_params`: the parameters that a model takes: one that the caller may use, or any that the
/// price data knows.
///
/// # Errors
/// [`UtilityError::UnknownModel`].
pub fn supported_parameters(table: &ModelTable, caller: &Principal, model: &str) -> Result<Value, UtilityError> {
    let group = table.resolve(model).ok();
    let lists = caller.model_lists();
    let group = group.filter(|group| lists.iter().all(|list| access::allows(list, model, group.access_groups())));
    let target = group.as_ref().and_then(|group| group.deployments.first()).and_then(|first| first.target().cloned());
    let names = match target {
        Some(target) => taken(&target.profile),
        None => parameters_of(model).ok_or_else(|| UtilityError::UnknownModel(model.to_owned()))?,
    };
    Ok(json!({"supported_openai_params": names}))
}

fn parameters_of(model: &str) -> Option<Vec<&'static str>> {
    let bare = model.rsplit('/').next().unwrap_or(model);
    let provider = crate::price::provider_of(model).or_else(|| crate::price::provider_of(bare))?;
    Some(taken(&Profile::of(provider, bare)))
}

fn taken(profile: &Profile) -> Vec<&'static str> {
    let taken = profile.takes(Operation::Chat);
    ParamSet::default().missing().filter(|name| taken.takes(name)).collect()
}

#[derive(Deserialize)]
struct Calculated {
    model: Option<String>,
    messages: Option<Vec<Value>>,
    completion_response: Option<Value>,
}

/// `POST /spend/calculate`: what a request costs before its answer, or an answer with its usage.
///
/// # Errors
/// [`UtilityError`].
pub fn calculate(table: &ModelTable, caller: &Principal, body: &[u8], now: Timestamp) -> Result<Value, UtilityError> {
    let asked: Calculated = read(body)?;
    let answer = asked.completion_response.as_ref();
    let of_answer = answer.and_then(|answer| answer.get("model")).and_then(Value::as_str).map(str::to_owned);
    let model = asked.model.clone().or(of_answer);
    let model = model.ok_or_else(|| UtilityError::Body("'model' or 'completion_response' must be given".to_owned()))?;
    let price = priced(table, caller, &model)?;
    let usage = match (answer, &asked.messages) {
        (Some(answer), _) => usage_in(answer),
        (None, Some(_)) => Usage { prompt_tokens: tokens::count_request(body), ..Usage::default() },
        (None, None) => return Err(UtilityError::Nothing),
    };
    Ok(json!({"cost": price.cost(&usage, &CallFacts::at(now)).total_dollars}))
}

fn usage_in(answer: &Value) -> Usage {
    let count = |path: &str| answer.pointer(path).and_then(Value::as_u64).unwrap_or(0);
    Usage {
        prompt_tokens: count("/usage/prompt_tokens"),
        completion_tokens: count("/usage/completion_tokens"),
        cache_read_tokens: count("/usage/prompt_tokens_details/cached_tokens"),
        audio_prompt_tokens: count("/usage/prompt_tokens_details/audio_tokens"),
        audio_completion_tokens: count("/usage/completion_tokens_details/audio_tokens"),
        reasoning_tokens: count("/usage/completion_tokens_details/reasoning_tokens"),
        ..Usage::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::models::tests::caller;
    use crate::routing::tests::{entry, targets};

    fn table() -> ModelTable {
        let named = |name: &str, model: &str, rpm: i64| {
            entry(json!({"model_name": name, "litellm_params": {"model": model, "api_key": "sk-1", "rpm": rpm}}))
        };
        let entries =
            vec![named("gpt", "openai/gpt-4o", 3), named("gpt", "openai/gpt-4o", 4), named("o", "openai/o3", 1)];
        ModelTable::new(entries, targets()).unwrap()
    }

    #[test]
    fn a_group_is_what_its_deployments_are_together() {
        let told = model_groups(&table(), &caller(&["gpt"]), None);
        assert_eq!(told["data"].as_array().unwrap().len(), 1, "another is not the caller's to see");
        let gpt = &told["data"][0];
        assert_eq!(
            (&gpt["model_group"], &gpt["providers"], &gpt["rpm"]),
            (&json!("gpt"), &json!(["openai"]), &json!(7))
        );
        assert_eq!((&gpt["tpm"], &gpt["mode"], &gpt["supports_vision"]), (&Value::Null, &json!("chat"), &json!(true)));
        assert_eq!((&gpt["max_output_tokens"], &gpt["input_cost_per_token"]), (&json!(16384), &json!(2.5e-6)));
        assert!(gpt["supported_openai_params"].as_array().unwrap().contains(&json!("temperature")));
        assert_eq!(model_groups(&table(), &caller(&[]), Some("o"))["data"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn parameters_are_those_that_the_model_takes() {
        let names = |model: &str| supported_parameters(&table(), &caller(&[]), model).map(|told| told.to_string());
        assert!(names("gpt").unwrap().contains("frequency_penalty"));
        assert!(!names("o").unwrap().contains("frequency_penalty"));
        assert!(names("anthropic/claude-sonnet-4-5").unwrap().contains("thinking"));
        assert!(matches!(names("nothing-of-the-kind"), Err(UtilityError::UnknownModel(_))));
    }

    #[test]
    fn a_cost_is_that_of_the_request_or_of_the_answers_usage() {
        let cost = |body: Value| {
            let body = serde_json::to_vec(&body).unwrap();
            calculate(&table(), &caller(&[]), &body, Timestamp::default()).map(|told| told["cost"].clone())
        };
        let messages = json!([{"role": "user", "content": "Hi there"}]);
        assert_eq!(cost(json!({"model": "gpt", "messages": messages})).unwrap(), 2.25e-5);
        let answer = json!({"model": "gpt", "usage": {"prompt_tokens": 12, "completion_tokens": 5}});
        assert_eq!(cost(json!({"completion_response": answer})).unwrap(), 8e-5);
        assert!(matches!(cost(json!({"model": "gpt"})), Err(UtilityError::Nothing)));
        assert!(matches!(cost(json!({"messages": messages})), Err(UtilityError::Body(_))));
        assert!(matches!(cost(json!({"model": "no", "messages": messages})), Err(UtilityError::UnknownModel(_))));
    }
}
