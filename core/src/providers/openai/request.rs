//! The upstream request: the client's members with the model's own name, the deployment's additions, and the usage
//! of a stream always asked for.

use crate::api::members::{Members, raw};
use crate::providers::operation::Operation;
use crate::providers::provider::{Call, TransformError};
use crate::providers::target::Target;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, Request};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Builds the upstream request.
pub(super) fn build(call: Call<'_, '_>, target: &Target) -> Result<Request<Bytes>, TransformError> {
    let Call { operation, members, stream } = call;
    let extra_body = members.take("extra_body");
    // A member that is `null` means the same as one that is absent, and some upstreams refuse it.
    members.retain(|_, value| value.get() != "null");
    members.set("model", member(&target.model, "model")?);
    if stream && operation != Operation::Embedding {
        ask_for_usage(members)?;
    }
    let body = with_additions(members, target, extra_body)?;
    with_headers(operation, target, body)
}

fn member(value: &impl serde::Serialize, name: &'static str) -> Result<Box<RawValue>, TransformError> {
    raw(value).map_err(|error| TransformError::Member { member: name, reason: error.to_string() })
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

fn into_raw(json: Vec<u8>, name: &'static str) -> Result<Box<RawValue>, TransformError> {
    let malformed = |reason: String| TransformError::Member { member: name, reason };
    let text = String::from_utf8(json).map_err(|error| malformed(error.to_string()))?;
    RawValue::from_string(text).map_err(|error| malformed(error.to_string()))
}

/// Adds the deployment's defaults, then the client's `extra_body`, then the deployment's.
fn with_additions(
    members: &mut Members<'_>,
    target: &Target,
    extra_body: Option<Cow<'_, RawValue>>,
) -> Result<Vec<u8>, TransformError> {
    if extra_body.is_none() && target.default_params.is_empty() && target.extra_body.is_empty() {
        return Ok(members.to_json());
    }
    let written = members.to_json();
    let malformed = |reason: String| TransformError::Member { member: "extra_body", reason };
    let mut merged = Members::parse(&written).map_err(|error| malformed(error.to_string()))?;
    for (name, value) in &target.default_params {
        if merged.get(name).is_none() {
            merged.set(name, member(value, "extra_body")?);
        }
    }
    let extra_text = extra_body.as_ref().map_or("{}", |extra| extra.get());
    let extra =
        Members::parse(extra_text.as_bytes()).map_err(|_| malformed("'extra_body' must be an object.".into()))?;
    for (name, value) in extra.iter() {
        merged.set(name, value.to_owned());
    }
    for (name, value) in &target.extra_body {
        merged.set(name, member(value, "extra_body")?);
    }
    Ok(merged.to_json())
}

fn with_headers(operation: Operation, target: &Target, body: Vec<u8>) -> Result<Request<Bytes>, TransformError> {
    let setting = |setting, reason: String| TransformError::Setting { setting, reason };
    let mut request = Request::new(Bytes::from(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() =
        endpoint(&target.api_base, operation).parse().map_err(|error| setting("api_base", format!("{error}")))?;
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    if let Some(key) = &target.api_key {
        let mut value = HeaderValue::try_from(format!("Bearer {}", key.expose()))
            .map_err(|_| setting("api_key", "it holds bytes that a header cannot carry".to_owned()))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    if let Some(organization) = &target.organization {
        let value = HeaderValue::try_from(organization).map_err(|error| setting("organization", error.to_string()))?;
        headers.insert("openai-organization", value);
    }
    for (name, value) in &target.extra_headers {
        let name = HeaderName::try_from(name).map_err(|error| setting("extra_headers", error.to_string()))?;
        let value = HeaderValue::try_from(value).map_err(|error| setting("extra_headers", error.to_string()))?;
        headers.insert(name, value);
    }
    Ok(request)
}

/// The operation's address: the path goes behind the base's own path, before its query.
fn endpoint(api_base: &str, operation: Operation) -> String {
    let (base, query) = api_base.split_once('?').map_or((api_base, None), |(base, query)| (base, Some(query)));
    let base = base.trim_end_matches('/');
    let path = operation.path();
    let joined = if base.ends_with(path) { base.to_owned() } else { format!("{base}{path}") };
    match query {
        Some(query) => format!("{joined}?{query}"),
        None => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn target() -> Target {
        Target {
            provider: "openai",
            model: "gpt-4o".to_owned(),
            api_base: "http://upstream.test/v1".to_owned(),
            api_key: Some(crate::secret::Secret::new("sk-upstream")),
            organization: None,
            extra_headers: Vec::new(),
            extra_body: serde_json::Map::new(),
            default_params: serde_json::Map::new(),
            known: None,
        }
    }

    fn sent(body: &str, stream: bool, target: &Target) -> Request<Bytes> {
        let mut members = Members::parse(body.as_bytes()).unwrap();
        build(Call { operation: Operation::Chat, members: &mut members, stream }, target).unwrap()
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

    #[test]
    fn the_base_may_be_a_whole_address_or_carry_a_query() {
        let at = |base| endpoint(base, Operation::Chat);
        assert_eq!(at("http://u/v1/"), "http://u/v1/chat/completions");
        assert_eq!(at("http://u/v1/chat/completions"), "http://u/v1/chat/completions");
        assert_eq!(at("http://u/v1?x=1"), "http://u/v1/chat/completions?x=1");
    }
}
