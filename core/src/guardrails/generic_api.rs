//! The kind `generic_guardrail_api`: a service that speaks LiteLLM's protocol for guardrails of anybody's own.
//!
//! <https://docs.litellm.ai/docs/adding_provider/generic_guardrail_api>

use super::calls::{Calls, NoAnswer};
use super::question::{Call, Judge, Question, Side};
use super::shown_headers::shown;
use super::verdict::{Unjudged, Verdict};
use crate::config::guardrails::GenericService;
use async_trait::async_trait;
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What a client is told where the service gives no reason.
const NO_REASON: &str = "Content violates policy";

/// Statuses with which a service, or what stands before it, says that it cannot be reached.
const UNREACHABLE: [StatusCode; 3] =
    [StatusCode::BAD_GATEWAY, StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT];

/// A service.
pub struct GenericApi {
    service: GenericService,
    calls: Arc<dyn Calls>,
    headers: HeaderMap,
    /// The header that callers' keys stand in, where the configuration names one.
    key_header: Option<String>,
}

/// What it answers.
#[derive(Deserialize)]
struct Answer {
    action: Option<String>,
    blocked_reason: Option<String>,
    texts: Option<Vec<String>>,
    images: Option<Value>,
    tools: Option<Value>,
    structured_messages: Option<Value>,
}

impl GenericApi {
    /// The service that is asked through `calls`. `key_header`: the header that callers' keys stand in, where the
    /// configuration names one.
    pub fn new(service: GenericService, calls: Arc<dyn Calls>, key_header: Option<String>) -> Self {
        let json = HeaderValue::from_static("application/json");
        let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, json.clone()), (ACCEPT, json)]);
        for (name, value) in &service.headers {
            // Both were checked when the configuration was read.
            if let (Ok(name), Ok(mut value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value.expose())) {
                value.set_sensitive(true);
                headers.insert(name, value);
            }
        }
        Self { service, calls, headers, key_header }
    }

    /// Asks, and again where the service took the request and gave no answer.
    async fn answered(&self, body: &Bytes) -> Result<Response<Bytes>, Unjudged> {
        let mut retries = self.service.retries;
        loop {
            let mut request = Request::new(body.clone());
            (*request.method_mut(), *request.uri_mut()) = (Method::POST, self.service.address.clone());
            request.headers_mut().clone_from(&self.headers);
            let NoAnswer { was_sent, cause } = match self.calls.call(request).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if !was_sent || retries == 0 {
                let why = "it cannot be reached, or did not answer in time".to_owned();
                return Err(Unjudged { is_unreachable: true, why, cause: Some(cause) });
            }
            retries -= 1;
        }
    }

    fn body(&self, question: &Question<'_>) -> Bytes {
        let Question { side, content, call } = question;
        let some = |list: &[Value]| if list.is_empty() { Value::Null } else { Value::Array(list.to_vec()) };
        let images = if content.images.is_empty() { Value::Null } else { json!(content.images) };
        let headers = shown(call.headers, &self.service.shown_headers, self.key_header.as_deref());
        let body = json!({
            "input_type": match side { Side::Request => "request", Side::Answer => "response" },
            "litellm_call_id": call.id,
            "litellm_trace_id": null,
            "structured_messages": content.messages,
            "images": images,
            "tools": content.tools,
            "texts": content.texts,
            "request_data": caller(call),
            "request_headers": headers,
            "litellm_version": env!("CARGO_PKG_VERSION"),
            "additional_provider_specific_params": self.service.params,
            "tool_calls": some(&content.tool_calls),
            "model": call.model,
        });
        Bytes::from(body.to_string())
    }
}

/// Whose call it is: of the key its hash, of what is not known nothing.
fn caller(call: &Call<'_>) -> Value {
    let (principal, above) = (call.principal, &call.principal.above);
    let told = [
        ("user_api_key_hash", Some(principal.key.as_str())),
        ("user_api_key_alias", principal.key_alias.as_deref()),
        ("user_api_key_user_id", principal.user_id.as_deref()),
        ("user_api_key_team_id", principal.team_id.as_deref()),
        ("user_api_key_team_alias", above.team.as_ref().and_then(|team| team.alias.as_deref())),
        ("user_api_key_end_user_id", call.end_user),
        ("user_api_key_org_id", above.organization.as_ref().map(|organization| organization.id.as_str())),
    ];
    let told = told.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::from(value?))));
    Value::Object(told.collect::<Map<_, _>>())
}

#[async_trait]
impl Judge for GenericApi {
    async fn judge(&self, question: &Question<'_>) -> Result<Verdict, Unjudged> {
        let (head, body) = self.answered(&self.body(question)).await?.into_parts();
        if head.status.is_redirection() {
            let why = "it answers with a redirect, which is not followed: set `api_base` to the address that answers";
            return Err(Unjudged::unusable(why));
        }
        if !head.status.is_success() {
            let is_unreachable = UNREACHABLE.contains(&head.status);
            let why = format!("it answered with the status {}", head.status.as_u16());
            return Err(Unjudged { is_unreachable, why, cause: None });
        }
        // The parser's own error could quote what is said.
        let answer = serde_json::from_slice::<Answer>(&body);
        let answer = answer.map_err(|_| Unjudged::unusable("its answer is not of the form that is expected"))?;
        answer.verdict(question)
    }
}

impl Answer {
    fn verdict(self, question: &Question<'_>) -> Result<Verdict, Unjudged> {
        let sent = &question.content.texts;
        match self.action.as_deref() {
            Some("BLOCKED") => {
                let reason = self.blocked_reason.filter(|reason| !reason.is_empty());
                return Ok(Verdict::Blocked(reason.unwrap_or_else(|| NO_REASON.to_owned())));
            }
            None | Some("NONE" | "GUARDRAIL_INTERVENED") => {}
            // `blocked` or `DENY` may well have meant no.
            Some(_) => return Err(Unjudged::unusable("its answer says an action that nobody knows")),
        }
        let has_intervened = self.action.as_deref() == Some("GUARDRAIL_INTERVENED");
        let changes_more = self.changes_more(question);
        let texts = self.texts.filter(|texts| !texts.is_empty() && texts != sent);
        match texts {
            Some(texts) if texts.len() == sent.len() => Ok(Verdict::Changed(texts)),
            Some(_) => Err(Unjudged::unusable("it gives back another number of texts than it was sent")),
            None if has_intervened && changes_more => {
                Err(Unjudged::unusable("it changes something else than `texts`, and only those can be changed"))
            }
            None => Ok(Verdict::Passed),
        }
    }

    /// Whether it gives back something else than it was sent, beside the texts.
    fn changes_more(&self, question: &Question<'_>) -> bool {
        let content = question.content;
        let images = Value::from(content.images.clone());
        let differs = |told: &Option<Value>, sent: Option<&Value>| {
            let told = told.as_ref().filter(|told| told.as_array().is_some_and(|list| !list.is_empty()));
            told.is_some_and(|told| Some(told) != sent)
        };
        differs(&self.images, Some(&images))
            || differs(&self.tools, content.tools.as_ref())
            || differs(&self.structured_messages, content.messages.as_ref())
    }
}

#[cfg(test)]
mod tests;
