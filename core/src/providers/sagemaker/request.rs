//! The request to an endpoint: a chat as OpenAI's API takes it, or a text and how to go on with it.

use super::address::endpoint;
use super::container::SageMaker;
use crate::api::chat::request::ChatRequest;
use crate::api::members::Members;
use crate::api::object::ObjectWriter;
use crate::providers::envelope::{Extras, post, set_headers, told, unwritable};
use crate::providers::openai;
use crate::providers::operation::Operation;
use crate::providers::outgoing::into_raw;
use crate::providers::parameters::admit::admit;
use crate::providers::prompt;
use crate::providers::provider::{Call, TransformError};
use crate::providers::target::Target;
use bytes::Bytes;
use http::Request;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Members of a chat that are said otherwise. All others are parameters as they are.
const SAID_OTHERWISE: [&str; 11] = [
    "messages",
    "model",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "stop",
    "n",
    "temperature",
    "top_p",
    "return_full_text",
];

/// Builds the upstream request.
pub(super) fn build(
    speaker: SageMaker,
    mut call: Call<'_, '_>,
    target: &Target,
) -> Result<Request<Bytes>, TransformError> {
    if call.operation != Operation::Chat {
        let reason = format!("`{}` has no such operation: its models chat.", target.provider);
        return Err(TransformError::Unsayable { reason });
    }
    let address = endpoint(target, call.stream);
    if speaker == SageMaker::Chat {
        let body = openai::body(&mut call, target, &[("model", &target.model)])?;
        return openai::post(&address, body, target);
    }
    let extras = Extras::take(call.members, target)?;
    admit(&mut call, &target.profile, &target.model)?;
    let mut request = post(&address, text(call, target, &extras.overrides()?)?)?;
    set_headers(request.headers_mut(), extras.headers, target)?;
    Ok(request)
}

/// The text to go on with, and how.
fn text(call: Call<'_, '_>, target: &Target, overrides: &Members<'_>) -> Result<Vec<u8>, TransformError> {
    let Call { members, stream, policy, dropped, .. } = call;
    let request = ChatRequest::read(members).map_err(told)?;
    if request.n.is_some_and(|answers| answers != 1) {
        if !policy.drops {
            let params = vec!["`n`".to_owned()];
            let (provider, model) = (target.provider, target.model.clone());
            return Err(TransformError::Unsupported { provider, model, params });
        }
        dropped.push(Cow::Borrowed("n"));
    }
    let prompt = prompt::of(&request.messages, &target.model);
    dropped.extend(prompt.left_out.into_iter().map(Cow::Borrowed));
    let parameters = parameters(&request, members).map_err(|error| unwritable(&error))?;
    let parameters = into_raw(parameters, "parameters")?;
    let mut body = ObjectWriter::default();
    for (name, value) in overrides.iter() {
        body.add_raw(name, value).map_err(|error| unwritable(&error))?;
    }
    body.add("inputs", &prompt.text).map_err(|error| unwritable(&error))?;
    body.add_raw("parameters", &parameters).map_err(|error| unwritable(&error))?;
    if stream {
        body.add("stream", &true).map_err(|error| unwritable(&error))?;
    }
    Ok(body.finish())
}

fn parameters(request: &ChatRequest<'_>, members: &Members<'_>) -> Result<Vec<u8>, serde_json::Error> {
    let mut parameters = ObjectWriter::default();
    for (name, value) in members.iter().filter(|(name, _)| !SAID_OTHERWISE.contains(name)) {
        parameters.add_raw(name, value)?;
    }
    if let Some(most) = request.max_tokens {
        parameters.add("max_new_tokens", &most)?;
    }
    if !request.stop.is_empty() {
        parameters.add("stop", &request.stop)?;
    }
    // The servers refuse 0 and 1, which stand for the likeliest text and for all of them.
    match request.other("temperature") {
        Some(temperature) if number(temperature) == Some(0.0) => parameters.add("do_sample", &false)?,
        Some(temperature) => parameters.add_raw("temperature", temperature)?,
        None => {}
    }
    if let Some(top_p) = request.other("top_p").filter(|top_p| number(top_p).is_none_or(|share| share < 1.0)) {
        parameters.add_raw("top_p", top_p)?;
    }
    // An answer without the question before it, unless somebody wants that.
    match request.other("return_full_text") {
        Some(wish) => parameters.add_raw("return_full_text", wish)?,
        None => parameters.add("return_full_text", &false)?,
    }
    Ok(parameters.finish())
}

fn number(value: &RawValue) -> Option<f64> {
    serde_json::from_str(value.get()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{AccountParams, DeploymentParams, Environment};
    use crate::providers::identity::Identity;
    use crate::providers::provider::Provider;
    use crate::providers::registry;
    use crate::providers::resolve::target_of;
    use serde_json::{Value, json};

    fn target(model: &str) -> Target {
        let account = AccountParams { aws_region_name: Some("eu-west-1".to_owned()), ..AccountParams::default() };
        let params = DeploymentParams { model: model.to_owned(), account, ..DeploymentParams::default() };
        target_of(&params, &Environment::default()).unwrap()
    }

    fn sent(model: &str, stream: bool, body: &Value) -> Result<(String, Value), TransformError> {
        let target = target(model);
        let text = body.to_string();
        let (mut members, mut dropped) = (Members::parse(text.as_bytes()).unwrap(), Vec::new());
        let (operation, policy) = (Operation::Chat, &target.policy);
        let call = Call { operation, members: &mut members, stream, policy, dropped: &mut dropped };
        let request = registry::provider(&target, operation).request(call, &target)?;
        Ok((request.uri().to_string(), serde_json::from_slice(request.body()).unwrap()))
    }

    #[test]
    fn an_endpoint_is_called_in_its_region_by_its_name_and_signed_for() {
        let talk = json!({"model": "mine", "messages": [{"role": "user", "content": "Hi"}]});
        let (address, body) = sent("sagemaker_chat/my-endpoint", false, &talk).unwrap();
        let base = "https://runtime.sagemaker.eu-west-1.amazonaws.com/endpoints/my-endpoint";
        assert_eq!(address, format!("{base}/invocations"));
        assert_eq!(body, json!({"model": "my-endpoint", "messages": [{"role": "user", "content": "Hi"}]}));
        let (address, _) = sent("sagemaker/my-endpoint", true, &talk).unwrap();
        assert_eq!(address, format!("{base}/invocations-response-stream"));
        let Some(Identity::Aws(account)) = target("sagemaker/my-endpoint").identity else { panic!("no account") };
        assert_eq!((account.service, account.region.as_str()), ("sagemaker", "eu-west-1"));
    }

    #[test]
    fn a_text_is_gone_on_with_by_the_servers_own_parameters() {
        let body = json!({
            "messages": [{"role": "user", "content": "Hi"}], "max_completion_tokens": 5, "temperature": 0, "top_p": 1,
            "stop": "a", "seed": 3, "top_k": 4, "stream": true
        });
        let (_, body) = sent("sagemaker/mine", true, &body).unwrap();
        let parameters = json!({
            "max_new_tokens": 5, "do_sample": false, "stop": ["a"], "seed": 3, "top_k": 4, "return_full_text": false
        });
        assert_eq!(body, json!({"inputs": "Hi", "parameters": parameters, "stream": true}));
    }

    #[test]
    fn several_answers_are_refused() {
        let refused = sent("sagemaker/mine", false, &json!({"messages": [], "n": 2})).err().unwrap().to_string();
        assert!(refused.starts_with("sagemaker does not take `n`"), "{refused}");
    }
}
