//! The upstream request: the client's members, with what the deployment adds and what is never to be sent.

use crate::api::members::{Members, raw};
use crate::providers::envelope::{self, Extras, credential, deployment_headers, unwritable};
use crate::providers::operation::Operation;
use crate::providers::parameters::admit::leave_out;
use crate::providers::parameters::policy::Policy;
use crate::providers::provider::{Call, TransformError};
use crate::providers::target::Target;
use bytes::Bytes;
use http::{HeaderName, Request};
use serde_json::{Value, json};
use std::borrow::Cow;

const API_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");
const CONFIG: &str = "generationConfig";
/// Its other spelling.
const CONFIG_SNAKE: &str = "generation_config";

/// What deployments call by OpenAI's names, in `generationConfig`: both of Google's spellings.
const PARAMETERS: [(&str, &str, &str); 10] = [
    ("temperature", "temperature", "temperature"),
    ("top_p", "topP", "top_p"),
    ("top_k", "topK", "top_k"),
    ("max_tokens", "maxOutputTokens", "max_output_tokens"),
    ("max_completion_tokens", "maxOutputTokens", "max_output_tokens"),
    ("stop", "stopSequences", "stop_sequences"),
    ("n", "candidateCount", "candidate_count"),
    ("seed", "seed", "seed"),
    ("presence_penalty", "presencePenalty", "presence_penalty"),
    ("frequency_penalty", "frequencyPenalty", "frequency_penalty"),
];

/// Where a method of a model is called.
pub(super) type Address = fn(&Target, &str) -> Result<String, TransformError>;

/// Builds the upstream request.
pub(super) fn build(
    call: Call<'_, '_>,
    target: &Target,
    (address, shows_key): (Address, bool),
) -> Result<Request<Bytes>, TransformError> {
    let Call { operation, members, policy, dropped, .. } = call;
    let extras = Extras::split_off(members, target)?;
    leave_out(members, policy, dropped);
    // The path names the model.
    members.take("model");
    if operation != Operation::CountContent {
        configure(members, (target, policy), dropped)?;
        members.set_all(&extras.overrides()?);
    }
    let method = match operation {
        Operation::StreamGenerateContent => "streamGenerateContent?alt=sse",
        Operation::CountContent => "countTokens",
        _ => "generateContent",
    };
    let mut request = envelope::post(&address(target, method)?, members.to_json())?;
    let headers = request.headers_mut();
    headers.extend(extras.headers.clone());
    headers.extend(deployment_headers(target)?);
    if let Some(key) = target.api_key.as_ref().filter(|_| shows_key) {
        headers.insert(API_KEY, credential("", key)?);
    }
    Ok(request)
}

/// Adds the deployment's parameters where the client does not say them, and takes out those that are never to be sent.
fn configure(
    members: &mut Members<'_>,
    (target, policy): (&Target, &Policy),
    dropped: &mut Vec<Cow<'static, str>>,
) -> Result<(), TransformError> {
    if target.default_params.is_empty() && policy.never_sent.is_empty() {
        return Ok(());
    }
    let place = if members.has(CONFIG_SNAKE) { CONFIG_SNAKE } else { CONFIG };
    let unfit = || TransformError::Member { member: CONFIG, reason: format!("'{CONFIG}' must be an object.") };
    let stated = if members.has(place) { members.read::<Value>(place).ok_or_else(unfit)? } else { json!({}) };
    let Value::Object(mut config) = stated else { return Err(unfit()) };
    let before = config.clone();
    for (name, value) in target.default_params.iter().filter(|(_, value)| !value.is_null()) {
        match PARAMETERS.iter().find(|(known, ..)| known == name) {
            Some((_, camel, snake)) if config.contains_key(*camel) || config.contains_key(*snake) => {}
            Some((_, camel, _)) => {
                let is_one = *camel == "stopSequences" && !value.is_array();
                config.insert((*camel).to_owned(), if is_one { json!([value]) } else { value.clone() });
            }
            None => dropped.push(Cow::Owned(name.clone())),
        }
    }
    for (name, camel, snake) in PARAMETERS.iter().filter(|(name, ..)| policy.never_sent.iter().any(|no| no == name)) {
        if [camel, snake].into_iter().filter_map(|name| config.shift_remove(*name)).count() > 0 {
            dropped.push(Cow::Borrowed(name));
        }
    }
    if config != before {
        members.set(place, raw(&config).map_err(|error| unwritable(&error))?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::api::members::Members;
    use crate::config::{DeploymentParams, Environment};
    use crate::providers::operation::Operation;
    use crate::providers::provider::{Call, Provider};
    use crate::providers::registry;
    use crate::providers::resolve::target_of;
    use http::Request;
    use serde_json::{Value, json};
    use std::borrow::Cow;

    fn sent(params: Value, operation: Operation, body: &str) -> (Request<bytes::Bytes>, Vec<Cow<'static, str>>) {
        let params: DeploymentParams = serde_json::from_value(params).unwrap();
        let target = target_of(&params, &Environment::default()).unwrap();
        let (mut members, mut dropped) = (Members::parse(body.as_bytes()).unwrap(), Vec::new());
        let policy = &target.policy;
        let call = Call { operation, members: &mut members, stream: false, policy, dropped: &mut dropped };
        (registry::provider(&target, operation).request(call, &target).unwrap(), dropped)
    }

    const BODY: &str = r#"{"contents":[{"new":1.50}],"generation_config":{"top_k":3},"frob":{"x":[1]}}"#;

    #[test]
    fn what_the_client_says_passes_as_it_is() {
        let params = json!({"model": "gemini/gemini-2.5-flash", "api_key": "sk-up"});
        let (request, dropped) = sent(params.clone(), Operation::GenerateContent, BODY);
        let host = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash";
        assert_eq!(request.uri().to_string(), format!("{host}:generateContent"));
        assert_eq!((&request.headers()["x-goog-api-key"], dropped.len()), (&"sk-up".parse().unwrap(), 0));
        assert_eq!(request.body(), BODY.as_bytes());
        let (request, _) = sent(params.clone(), Operation::StreamGenerateContent, BODY);
        assert_eq!(request.uri().to_string(), format!("{host}:streamGenerateContent?alt=sse"));
        let (request, _) = sent(params, Operation::CountContent, BODY);
        assert_eq!(request.uri().to_string(), format!("{host}:countTokens"));
    }

    #[test]
    fn a_deployments_parameters_stand_in_and_what_is_never_sent_goes_out() {
        let params = json!({
            "model": "gemini/gemini-2.5-flash", "api_key": "k", "top_k": 9, "max_tokens": 7, "stop": "x",
            "additional_drop_params": ["temperature", "frob"], "extra_body": {"labels": {"a": "b"}},
        });
        let body = r#"{"contents":[],"generation_config":{"top_k":3,"temperature":1},"frob":1}"#;
        let (request, dropped) = sent(params, Operation::GenerateContent, body);
        let sent: Value = serde_json::from_slice(request.body()).unwrap();
        let config = json!({"top_k": 3, "maxOutputTokens": 7, "stopSequences": ["x"]});
        assert_eq!(sent, json!({"contents": [], "generation_config": config, "labels": {"a": "b"}}));
        assert_eq!(dropped, ["frob", "temperature"]);
    }

    #[test]
    fn on_vertex_ai_an_account_signs_at_another_address() {
        let params = json!({
            "model": "vertex_ai/gemini-2.5-pro", "vertex_project": "p", "vertex_location": "us-central1",
            "api_base": "https://v.test",
        });
        let (request, _) = sent(params, Operation::GenerateContent, BODY);
        let place = "https://v.test/v1beta1/projects/p/locations/us-central1/publishers/google/models";
        assert_eq!(request.uri().to_string(), format!("{place}/gemini-2.5-pro:generateContent"));
        assert!(!request.headers().contains_key("x-goog-api-key"));
    }
}
