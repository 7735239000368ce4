//! What is asked about a call without making it: how many tokens it has, what it would cost, what its provider would be
//! sent. Nothing is charged, nothing leaves the gateway.

use crate::api::members::Members;
use crate::clock::Timestamp;
use crate::price::{CallFacts, ModelPrice};
use crate::principal::Principal;
use crate::providers::operation::Operation;
use crate::providers::provider::{Call, Provider, TransformError};
use crate::providers::registry;
use crate::routing::{Deployment, ModelTable, access};
use crate::tokens;
use crate::usage::Usage;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum UtilityError {
    /// The body is not what is asked for.
    #[error("Invalid request: {0}")]
    Body(String),
    /// Nothing is known of the model that the caller may use.
    #[error("No deployment is named `{0}`, and no model of that name is known.")]
    UnknownModel(String),
    /// There is nothing to count.
    #[error("One of 'prompt', 'messages' and 'contents' must be given.")]
    Nothing,
    /// The request cannot be said in the provider's dialect.
    #[error(transparent)]
    Transform(#[from] TransformError),
}

pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, UtilityError> {
    serde_json::from_slice(body).map_err(|error| UtilityError::Body(error.to_string()))
}

/// A deployment of a model, where the caller may use it.
fn deployment(models: &ModelTable, caller: &Principal, name: &str) -> Option<Arc<Deployment>> {
    let name = caller.aliases.get(name).map_or(name, String::as_str);
    let group = models.resolve(name).ok()?;
    let lists = caller.model_lists();
    let may_use = lists.iter().all(|list| access::allows(list, name, group.access_groups()));
    group.deployments.first().filter(|_| may_use).cloned()
}

/// What a model costs that the caller may use, or that the price data knows.
pub(super) fn priced(models: &ModelTable, caller: &Principal, name: &str) -> Result<ModelPrice, UtilityError> {
    let known = match deployment(models, caller, name) {
        Some(deployment) => deployment.price.clone(),
        None => crate::price::find(name, None),
    };
    known.ok_or_else(|| UtilityError::UnknownModel(name.to_owned()))
}

#[derive(Deserialize)]
struct Named {
    model: String,
}

/// `POST /utils/token_counter`: the tokens of a request, counted here.
///
/// # Errors
/// [`UtilityError`]
pub fn count_tokens(models: &ModelTable, caller: &Principal, body: &[u8]) -> Result<Value, UtilityError> {
    let Named { model } = read(body)?;
    let members = Members::parse(body).map_err(|error| UtilityError::Body(error.to_string()))?;
    if !["prompt", "messages", "contents"].into_iter().any(|name| members.has(name)) {
        return Err(UtilityError::Nothing);
    }
    let deployment = deployment(models, caller, &model);
    let used = deployment.as_ref().and_then(|deployment| deployment.target()).map(|target| target.model.clone());
    Ok(json!({
        "total_tokens": tokens::count_request(body),
        "request_model": model,
        "model_used": used.unwrap_or_else(|| model.clone()),
        // One encoding counts for all models.
        "tokenizer_type": "openai_tokenizer",
        "count_source": "local_estimate",
        "original_response": null, "error": false, "error_message": null, "status_code": null,
    }))
}

/// `POST /v1/responses/input_tokens`: the tokens of a request for a response, counted here:
/// <https://platform.openai.com/docs/api-reference/responses/input-tokens>
///
/// # Errors
/// [`UtilityError`]
pub fn count_input(models: &ModelTable, caller: &Principal, body: &[u8]) -> Result<Value, UtilityError> {
    let Named { model } = read(body)?;
    let members = Members::parse(body).map_err(|error| UtilityError::Body(error.to_string()))?;
    if !members.has("input") {
        return Err(UtilityError::Body("'input' must be given".to_owned()));
    }
    if deployment(models, caller, &model).is_none() {
        return Err(UtilityError::UnknownModel(model));
    }
    Ok(json!({"object": "response.input_tokens", "input_tokens": tokens::count_request(body)}))
}

#[derive(Deserialize)]
struct Estimated {
    model: String,
    input_tokens: u64,
    output_tokens: u64,
    #[serde(default)]
    cache_read_input_tokens: u64,
    #[serde(default)]
    cache_creation_input_tokens: u64,
    #[serde(default)]
    reasoning_tokens: u64,
    #[serde(default)]
    num_requests_per_day: Option<u64>,
    #[serde(default)]
    num_requests_per_month: Option<u64>,
}

/// `POST /cost/estimate`: what calls of this size cost. Tokens of the cache are part of the input, reasoning is part of
/// the output.
///
/// # Errors
/// [`UtilityError`]
pub fn estimate_cost(
    models: &ModelTable,
    caller: &Principal,
    body: &[u8],
    now: Timestamp,
) -> Result<Value, UtilityError> {
    let asked: Estimated = read(body)?;
    let deployment = deployment(models, caller, &asked.model);
    let known = match &deployment {
        Some(deployment) => deployment.price.clone(),
        None => crate::price::find(&asked.model, None),
    };
    let price = known.ok_or_else(|| UtilityError::UnknownModel(asked.model.clone()))?;
    let target = deployment.as_ref().and_then(|deployment| deployment.target());
    let provider = target.map(|target| target.provider.to_owned()).or_else(|| price.provider().map(str::to_owned));
    let mut told = Map::new();
    let mut tell = |name: &str, value: Value| told.insert(name.to_owned(), value);
    tell("model", json!(asked.model));
    tell("input_tokens", json!(asked.input_tokens));
    tell("output_tokens", json!(asked.output_tokens));
    tell("cache_read_input_tokens", json!(asked.cache_read_input_tokens));
    tell("cache_creation_input_tokens", json!(asked.cache_creation_input_tokens));
    tell("reasoning_tokens", json!(asked.reasoning_tokens));
    tell("num_requests_per_day", json!(asked.num_requests_per_day));
    tell("num_requests_per_month", json!(asked.num_requests_per_month));
    let parts = Parts::of(&price, &asked, now);
    for (name, dollars) in parts.named("_per_request") {
        tell(&name, json!(dollars));
    }
    for (period, times) in [("daily", asked.num_requests_per_day), ("monthly", asked.num_requests_per_month)] {
        for (name, dollars) in parts.named("") {
            tell(&format!("{period}_{name}"), json!(times.map(|times| dollars * times as f64)));
        }
    }
    for (name, or) in UNIT_PRICES {
        let dollars = price.info().get(name).or_else(|| price.info().get(or));
        tell(name, dollars.cloned().unwrap_or_default());
    }
    tell("provider", json!(provider));
    Ok(Value::Object(told))
}

/// Prices of tokens, and what holds where the price data says nothing of them.
const UNIT_PRICES: [(&str, &str); 5] = [
    ("input_cost_per_token", "input_cost_per_token"),
    ("output_cost_per_token", "output_cost_per_token"),
    ("cache_read_input_token_cost", "input_cost_per_token"),
    ("cache_creation_input_token_cost", "input_cost_per_token"),
    ("output_cost_per_reasoning_token", "output_cost_per_token"),
];

/// What the parts of one call cost, in dollars.
struct Parts {
    whole: f64,
    input: f64,
    output: f64,
    cache_read: f64,
    cache_write: f64,
    reasoning: f64,
}

impl Parts {
    fn of(price: &ModelPrice, asked: &Estimated, now: Timestamp) -> Self {
        let facts = CallFacts::at(now);
        let dollars = |usage: Usage| price.cost(&usage, &facts).total_dollars;
        let input = Usage {
            prompt_tokens: asked.input_tokens,
            cache_read_tokens: asked.cache_read_input_tokens,
            cache_write_tokens: asked.cache_creation_input_tokens,
            ..Usage::default()
        };
        let output = Usage {
            completion_tokens: asked.output_tokens,
            reasoning_tokens: asked.reasoning_tokens,
            ..Usage::default()
        };
        let (read, written) = (asked.cache_read_input_tokens, asked.cache_creation_input_tokens);
        Self {
            whole: dollars(Usage {
                completion_tokens: output.completion_tokens,
                reasoning_tokens: output.reasoning_tokens,
                ..input
            }),
            input: dollars(input),
            output: dollars(output),
            cache_read: dollars(Usage { prompt_tokens: read, cache_read_tokens: read, ..Usage::default() }),
            cache_write: dollars(Usage { prompt_tokens: written, cache_write_tokens: written, ..Usage::default() }),
            reasoning: dollars(Usage {
                completion_tokens: asked.reasoning_tokens,
                reasoning_tokens: asked.reasoning_tokens,
                ..Usage::default()
            }),
        }
    }

    fn named(&self, ending: &str) -> Vec<(String, f64)> {
        [
            ("cost", self.whole),
            ("input_cost", self.input),
            ("output_cost", self.output),
            // Nothing is added to what a provider asks.
            ("margin_cost", 0.0),
            ("cache_read_cost", self.cache_read),
            ("cache_creation_cost", self.cache_write),
            ("reasoning_cost", self.reasoning),
        ]
        .into_iter()
        .map(|(name, dollars)| (format!("{name}{ending}"), dollars))
        .collect()
    }
}

/// The operations by the names that LiteLLM's clients give them.
const CALL_TYPES: [(&str, Operation); 8] = [
    ("completion", Operation::Chat),
    ("acompletion", Operation::Chat),
    ("text_completion", Operation::Completion),
    ("embedding", Operation::Embedding),
    ("aembedding", Operation::Embedding),
    ("responses", Operation::Responses),
    ("anthropic_messages", Operation::Messages),
    ("image_generation", Operation::ImageGeneration),
];

/// `POST /utils/transform_request`: what a model's provider would be sent for a request. Credentials are not shown.
///
/// # Errors
/// [`UtilityError`]
pub fn transform_request(models: &ModelTable, caller: &Principal, body: &[u8]) -> Result<Value, UtilityError> {
    #[derive(Deserialize)]
    struct Asked {
        call_type: String,
        request_body: Map<String, Value>,
    }
    let Asked { call_type, request_body } = read(body)?;
    let operation = CALL_TYPES.iter().find(|(name, _)| *name == call_type).map(|(_, operation)| *operation);
    let operation = operation.ok_or_else(|| {
        let known: Vec<_> = CALL_TYPES.iter().map(|(name, _)| *name).collect();
        UtilityError::Body(format!("'call_type' must be one of {}", known.join(", ")))
    })?;
    let name = request_body.get("model").and_then(Value::as_str).unwrap_or_default().to_owned();
    let unknown = || UtilityError::UnknownModel(name.clone());
    let deployment = deployment(models, caller, &name).ok_or_else(unknown)?;
    let target = deployment.target().ok_or_else(unknown)?;
    let stream = request_body.get("stream").and_then(Value::as_bool).unwrap_or_default();
    let json = serde_json::to_vec(&request_body).map_err(|error| UtilityError::Body(error.to_string()))?;
    let mut members = Members::parse(&json).map_err(|error| UtilityError::Body(error.to_string()))?;
    let mut dropped = Vec::new();
    let call = Call { operation, members: &mut members, stream, policy: &target.policy, dropped: &mut dropped };
    let request = registry::provider(target, operation).request(call, target)?;
    let headers: Map<String, Value> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), json!(shown(name.as_str(), value.to_str().unwrap_or("*****")))))
        .collect();
    Ok(json!({
        "raw_request_api_base": request.uri().to_string(),
        "raw_request_body": serde_json::from_slice::<Value>(request.body()).unwrap_or_default(),
        "raw_request_headers": headers,
        "error": null,
    }))
}

/// Only what every request says is shown of headers: operators put credentials into any of the others.
fn shown<'v>(name: &str, value: &'v str) -> &'v str {
    const OPEN: [&str; 4] = ["content-type", "accept", "anthropic-version", "anthropic-beta"];
    if OPEN.contains(&name) { value } else { "*****" }
}

#[cfg(test)]
mod tests;
