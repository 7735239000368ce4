//! The upstream request: the client's members with the model's own name, the deployment's additions, and the usage
//! of a stream always asked for.

use super::address::endpoint;
use super::words::{into_raw, member};
use super::{embedding, messages, values, words};
use crate::api::members::Members;
use crate::providers::operation::Operation;
use crate::providers::outgoing;
use crate::providers::parameters::admit::admit;
use crate::providers::parameters::row::Rule;
use crate::providers::provider::{Call, TransformError};
use crate::providers::target::Target;
use bytes::Bytes;
use http::{HeaderValue, Request};
use std::borrow::Cow;

/// Builds the upstream request.
pub(super) fn build(mut call: Call<'_, '_>, target: &Target) -> Result<Request<Bytes>, TransformError> {
    let extra_body = call.members.take("extra_body");
    outgoing::fill_in(call.members, target)?;
    admit(&mut call, &target.profile, &target.model)?;
    let mut path = call.operation.path();
    match call.operation {
        Operation::Chat => adapt_chat(&mut call, target)?,
        Operation::Embedding => path = embedding::adapt(call.members, &target.profile)?,
        _ => {}
    }
    let Call { operation, members, stream, .. } = call;
    if path == embedding::IMAGES {
        members.take("model");
    } else {
        members.set("model", member(&model_name(operation, target), "model")?);
    }
    if stream && operation.generates() && target.profile.takes(operation).takes("stream_options") {
        ask_for_usage(members)?;
    }
    outgoing::add_extra_body(members, target, extra_body)?;
    with_headers(path, target, members.to_json())
}

/// Parameters, messages and tools in the provider's form.
fn adapt_chat(call: &mut Call<'_, '_>, target: &Target) -> Result<(), TransformError> {
    let profile = &target.profile;
    values::adapt(call, profile, &target.model)?;
    messages::adapt(call.members, profile)?;
    if !profile.has(Rule::KeepsCacheMarks) {
        words::remove(call.members, "tools", &["cache_control"])?;
    }
    if !profile.row.tool_words_refused.is_empty() {
        words::remove(call.members, "tools", profile.row.tool_words_refused)?;
    }
    if !call.stream && profile.has(Rule::SaysNoStream) {
        call.members.set("stream", member(&false, "stream")?);
    }
    for (name, json) in profile.row.chat_members {
        if !call.members.has(name) {
            call.members.set(*name, into_raw(json.as_bytes().to_vec(), name)?);
        }
    }
    Ok(())
}

/// The model in the provider's words.
fn model_name(operation: Operation, target: &Target) -> Cow<'_, str> {
    let is_short = operation == Operation::Chat && !target.model.contains('/');
    if is_short && target.profile.has(Rule::FireworksModelNames) {
        return Cow::Owned(format!("accounts/fireworks/models/{}", target.model));
    }
    Cow::Borrowed(&target.model)
}

/// Asks for the usage event of a stream, keeping the client's other stream options.
fn ask_for_usage(members: &mut Members<'_>) -> Result<(), TransformError> {
    let mut options = match members.get("stream_options") {
        None => Members::default(),
        Some(options) => Members::parse(options.get().as_bytes()).map_err(|_| TransformError::Member {
            member: "stream_options",
            reason: "'stream_options' must be an object.".to_owned(),
        })?,
    };
    options.set("include_usage", member(&true, "stream_options")?);
    let options = into_raw(options.to_json(), "stream_options")?;
    members.set("stream_options", options);
    Ok(())
}

fn with_headers(path: &str, target: &Target, body: Vec<u8>) -> Result<Request<Bytes>, TransformError> {
    let mut request = outgoing::post(target, &endpoint(target, path), body)?;
    let headers = request.headers_mut();
    if let Some(organization) = &target.organization {
        let value = HeaderValue::try_from(organization).map_err(|error| outgoing::setting("organization", &error))?;
        headers.insert("openai-organization", value);
    }
    for (name, value) in target.profile.row.headers {
        headers.insert(*name, HeaderValue::from_static(value));
    }
    outgoing::add_headers(headers, target)?;
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::parameters::policy::Policy;
    use crate::providers::parameters::profile::Profile;
    use crate::providers::target::KeyHeader;
    use serde_json::{Value, json};

    fn target() -> Target {
        Target {
            provider: "openai",
            model: "gpt-4o".to_owned(),
            api_base: "http://upstream.test/v1".to_owned(),
            api_key: Some(crate::secret::Secret::new("sk-upstream")),
            identity: None,
            key_header: KeyHeader::Bearer,
            api_version: None,
            organization: None,
            extra_headers: Vec::new(),
            extra_body: serde_json::Map::new(),
            default_params: serde_json::Map::new(),
            known: None,
            profile: Profile::of("openai", "gpt-4o"),
            policy: Policy::default(),
        }
    }

    fn sent(body: &str, stream: bool, target: &Target) -> Request<Bytes> {
        let mut members = Members::parse(body.as_bytes()).unwrap();
        let (policy, dropped) = (&target.policy, &mut Vec::new());
        build(Call { operation: Operation::Chat, members: &mut members, stream, policy, dropped }, target).unwrap()
    }

    fn body(request: &Request<Bytes>) -> Value {
        serde_json::from_slice(request.body()).unwrap()
    }

    #[test]
    fn the_model_is_renamed_and_everything_else_passes() {
        let request = sent(r#"{"model":"mine","messages":[],"frob":{"x":1.0}}"#, false, &target());
        assert_eq!(request.uri(), "http://upstream.test/v1/chat/completions");
        assert_eq!(request.headers()["authorization"], "Bearer sk-upstream");
        assert_eq!(&request.body()[..], br#"{"model":"gpt-4o","messages":[],"frob":{"x":1.0}}"#);
    }

    #[test]
    fn the_usage_of_a_stream_is_always_asked_for() {
        let asked = |sent_body: &str| body(&sent(sent_body, true, &target()))["stream_options"].clone();
        assert_eq!(asked(r#"{"stream":true}"#), json!({"include_usage": true}));
        assert_eq!(
            asked(r#"{"stream":true,"stream_options":{"include_usage":false,"x":1}}"#),
            json!({"include_usage": true, "x": 1})
        );
    }

    #[test]
    fn nulls_count_as_absent() {
        assert_eq!(body(&sent(r#"{"stop":null,"n":1}"#, false, &target())), json!({"n": 1, "model": "gpt-4o"}));
    }

    #[test]
    fn defaults_give_way_to_the_client_and_extra_body_of_the_deployment_does_not() {
        let mut target = target();
        target.default_params.insert("temperature".into(), json!(0.1));
        target.default_params.insert("max_tokens".into(), json!(33));
        target.extra_body.insert("vendor".into(), json!(1));
        let request = sent(r#"{"temperature":0.9,"vendor":2,"extra_body":{"flag":true}}"#, false, &target);
        assert_eq!(
            body(&request),
            json!({"temperature": 0.9, "vendor": 1, "model": "gpt-4o", "max_tokens": 33, "flag": true})
        );
    }
}
