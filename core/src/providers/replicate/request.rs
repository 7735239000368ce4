//! The request that begins a prediction: the model's input, and which version of it is meant.

use super::{address, prediction};
use crate::api::chat::request::ChatRequest;
use crate::api::chat::text::Text;
use crate::api::members::Members;
use crate::api::object::ObjectWriter;
use crate::providers::envelope::{Extras, credential, deployment_headers, post, told, unwritable};
use crate::providers::job::Job;
use crate::providers::operation::Operation;
use crate::providers::outgoing::into_raw;
use crate::providers::parameters::admit::admit;
use crate::providers::prompt;
use crate::providers::provider::{Call, TransformError};
use crate::providers::target::Target;
use bytes::Bytes;
use http::Request;
use http::header::AUTHORIZATION;
use std::borrow::Cow;

/// Members of a chat that are said otherwise. All others go into the input as they are.
const SAID_OTHERWISE: [&str; 7] =
    ["messages", "model", "stream", "stream_options", "max_tokens", "max_completion_tokens", "stop"];

/// Builds the upstream request.
pub(super) fn build(mut call: Call<'_, '_>, target: &Target) -> Result<Request<Bytes>, TransformError> {
    if call.operation != Operation::Chat {
        let reason = format!("`{}` has no such operation: its models chat.", target.provider);
        return Err(TransformError::Unsayable { reason });
    }
    let extras = Extras::take(call.members, target)?;
    let overrides = extras.overrides()?;
    admit(&mut call, &target.profile, &target.model)?;
    let input = input(call, target, &overrides)?;
    let place = address::begun(target);
    let mut body = ObjectWriter::default();
    if let Some(version) = place.version {
        body.add("version", version).map_err(|error| unwritable(&error))?;
    }
    let input = into_raw(input, "messages")?;
    body.add_raw("input", &input).map_err(|error| unwritable(&error))?;
    let mut request = post(&place.address, body.finish())?;
    request.headers_mut().extend(extras.headers);
    request.headers_mut().extend(deployment_headers(target)?);
    if let Some(key) = &target.api_key {
        request.headers_mut().insert(AUTHORIZATION, credential("Token ", key)?);
    }
    let (base, next, given_up) = (address::predictions(target), prediction::next, address::cancelled);
    request.extensions_mut().insert(Job { base, next, given_up });
    Ok(request)
}

/// What the model is given.
fn input(call: Call<'_, '_>, target: &Target, overrides: &Members<'_>) -> Result<Vec<u8>, TransformError> {
    let Call { members, stream, dropped, .. } = call;
    let request = ChatRequest::read(members).map_err(told)?;
    let prompt = prompt::of(&request.messages, &target.model);
    dropped.extend(prompt.left_out.into_iter().map(Cow::Borrowed));
    let mut input = ObjectWriter::default();
    let as_they_are = members.iter().filter(|(name, _)| !SAID_OTHERWISE.contains(name));
    for (name, value) in overrides.iter().chain(as_they_are) {
        input.add_raw(name, value).map_err(|error| unwritable(&error))?;
    }
    input.add("prompt", &prompt.text).map_err(|error| unwritable(&error))?;
    input.add("stream", &stream).map_err(|error| unwritable(&error))?;
    if let Some(most) = request.max_tokens {
        input.add(name_of_cap(&target.model), &most).map_err(|error| unwritable(&error))?;
    }
    if !request.stop.is_empty() {
        // A list in one text, parted by commas.
        let texts: Vec<&str> = request.stop.iter().map(|text: &Text<'_>| &**text).collect();
        input.add("stop_sequences", &texts.join(",")).map_err(|error| unwritable(&error))?;
    }
    Ok(input.finish())
}

/// Older models name the cap otherwise.
fn name_of_cap(model: &str) -> &'static str {
    if model.contains("vicuna") || model.contains("flan") {
        "max_length"
    } else if model.contains("llama-2") || model.contains("codellama-13b") {
        "max_new_tokens"
    } else {
        "max_tokens"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{DeploymentParams, Environment};
    use crate::providers::resolve::target_of;
    use crate::secret::Secret;
    use serde_json::{Value, json};

    fn sent(model: &str, body: &Value) -> Result<(Request<Bytes>, Value), TransformError> {
        let params = DeploymentParams {
            model: format!("replicate/{model}"),
            api_key: Some(Secret::new("r8")),
            ..DeploymentParams::default()
        };
        let target = target_of(&params, &Environment::default()).unwrap();
        let text = body.to_string();
        let (mut members, mut dropped) = (Members::parse(text.as_bytes()).unwrap(), Vec::new());
        let (operation, policy) = (Operation::Chat, &target.policy);
        let call = Call { operation, members: &mut members, stream: false, policy, dropped: &mut dropped };
        let request = build(call, &target)?;
        let body = serde_json::from_slice(request.body()).unwrap();
        Ok((request, body))
    }

    #[test]
    fn what_a_chat_says_becomes_the_models_input() {
        let body = json!({
            "model": "mine", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 5, "temperature": 0.5,
            "stop": ["a", "b"], "top_k": 3, "seed": null, "extra_body": {"system_prompt": "x"}
        });
        let (request, body) = sent("openai/gpt-5", &body).unwrap();
        let input = json!({
            "prompt": "Hi", "stream": false, "max_tokens": 5, "temperature": 0.5, "stop_sequences": "a,b", "top_k": 3,
            "system_prompt": "x"
        });
        assert_eq!(body, json!({"input": input}));
        assert_eq!(request.headers()["authorization"], "Token r8");
        assert_eq!(request.extensions().get::<Job>().unwrap().base, "https://api.replicate.com/v1/predictions");
    }

    #[test]
    fn a_version_stands_in_the_body_and_older_models_have_another_cap() {
        let talk = json!({"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 5});
        let (request, body) = sent("meta/llama-2-70b-chat:abc", &talk).unwrap();
        assert_eq!(request.uri().path(), "/v1/predictions");
        assert_eq!((&body["version"], &body["input"]["max_new_tokens"]), (&json!("abc"), &json!(5)));
    }

    #[test]
    fn what_no_model_takes_is_refused_by_name() {
        let refused = sent("openai/gpt-5", &json!({"messages": [], "n": 2})).err().unwrap().to_string();
        assert!(refused.starts_with("replicate does not take `n`"), "{refused}");
    }
}
