//! The headers that LiteLLM's clients read, and the upstream's own under another name.

use crate::flow::model_call::Facts;
use crate::principal::Principal;
use crate::providers::target::Target;
use http::header::{CONNECTION, CONTENT_LENGTH, SET_COOKIE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::fmt::Display;

/// Adds what is known of a call to its answer's headers.
pub(super) fn describe(facts: &Facts, headers: &mut HeaderMap) {
    set(headers, "x-litellm-call-id", facts.id);
    headers.insert("x-litellm-version", HeaderValue::from_static(env!("CARGO_PKG_VERSION")));
    if let Some(group) = &facts.model_group {
        set(headers, "x-litellm-model-group", group);
    }
    if let Some(deployment) = &facts.deployment {
        set(headers, "x-litellm-model-id", deployment.id.as_str());
        if let Some(target) = deployment.target() {
            set(headers, "x-litellm-model-api-base", shown_base(target));
        }
        headers.insert("x-litellm-attempted-retries", HeaderValue::from_static("0"));
        headers.insert("x-litellm-attempted-fallbacks", HeaderValue::from_static("0"));
    }
    if let Some(cost) = facts.cost {
        set(headers, "x-litellm-response-cost", cost);
    }
    if let Some(principal) = &facts.principal {
        describe_key(principal, headers);
    }
    set(headers, "x-litellm-response-duration-ms", facts.duration_ms);
    set(headers, "x-litellm-overhead-duration-ms", facts.duration_ms - facts.upstream_ms);
    if !facts.dropped.is_empty() {
        set(headers, "x-postern-dropped", facts.dropped.join(","));
    }
    if let Some(upstream) = &facts.upstream_headers {
        pass_on(upstream, headers);
    }
}

fn describe_key(principal: &Principal, headers: &mut HeaderMap) {
    set(headers, "x-litellm-key-spend", principal.spend.get().dollars());
    if let Some(budget) = principal.max_budget {
        set(headers, "x-litellm-key-max-budget", budget.dollars());
    }
    if let Some(limit) = principal.rpm_limit {
        set(headers, "x-litellm-key-rpm-limit", limit);
    }
    if let Some(limit) = principal.tpm_limit {
        set(headers, "x-litellm-key-tpm-limit", limit);
    }
}

/// The address without a query, which may hold a credential.
fn shown_base(target: &Target) -> &str {
    target.api_base.split('?').next().unwrap_or_default()
}

/// Sets a header. A value that a header cannot carry (a model's name in another script) is left out.
fn set(headers: &mut HeaderMap, name: &'static str, value: impl Display) {
    if let Ok(value) = HeaderValue::try_from(value.to_string()) {
        headers.insert(name, value);
    }
}

/// The upstream's headers: rate limits under their own names, everything under `llm_provider-`.
fn pass_on(upstream: &HeaderMap, headers: &mut HeaderMap) {
    for (name, value) in upstream {
        if [CONNECTION, CONTENT_LENGTH, SET_COOKIE, TRANSFER_ENCODING].contains(name) {
            continue;
        }
        if name.as_str().starts_with("x-ratelimit-") {
            headers.insert(name, value.clone());
        }
        if let Ok(name) = HeaderName::try_from(format!("llm_provider-{name}")) {
            headers.insert(name, value.clone());
        }
    }
}
