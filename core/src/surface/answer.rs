//! The headers that LiteLLM's clients read, and the upstream's own under another name.

use crate::admission::left::Left;
use crate::flow::model_call::Facts;
use crate::principal::Principal;
use crate::providers::target::Target;
use http::header::{CONNECTION, CONTENT_LENGTH, SET_COOKIE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Room for what is added to an answer, so that the map does not grow step by step.
const HEADERS_USUAL: usize = 24;

/// How every header of the upstream begins in our answer.
const PASSED_PREFIX: &[u8] = b"llm_provider-";

const CALL_ID: HeaderName = HeaderName::from_static("x-litellm-call-id");
const VERSION: HeaderName = HeaderName::from_static("x-litellm-version");
const MODEL_GROUP: HeaderName = HeaderName::from_static("x-litellm-model-group");
const MODEL_ID: HeaderName = HeaderName::from_static("x-litellm-model-id");
const API_BASE: HeaderName = HeaderName::from_static("x-litellm-model-api-base");
const RETRIES: HeaderName = HeaderName::from_static("x-litellm-attempted-retries");
const FALLBACKS: HeaderName = HeaderName::from_static("x-litellm-attempted-fallbacks");
const MAX_RETRIES: HeaderName = HeaderName::from_static("x-litellm-max-retries");
const MAX_FALLBACKS: HeaderName = HeaderName::from_static("x-litellm-max-fallbacks");
const COST: HeaderName = HeaderName::from_static("x-litellm-response-cost");
const DURATION: HeaderName = HeaderName::from_static("x-litellm-response-duration-ms");
const OVERHEAD: HeaderName = HeaderName::from_static("x-litellm-overhead-duration-ms");
const DROPPED: HeaderName = HeaderName::from_static("x-postern-dropped");
const GUARDRAILS: HeaderName = HeaderName::from_static("x-litellm-applied-guardrails");
const CACHE_KEY: HeaderName = HeaderName::from_static("x-litellm-cache-key");
const CACHE_HIT: HeaderName = HeaderName::from_static("x-litellm-cache-hit");
const SIMILARITY: HeaderName = HeaderName::from_static("x-litellm-semantic-similarity");
const KEY_SPEND: HeaderName = HeaderName::from_static("x-litellm-key-spend");
const KEY_MAX_BUDGET: HeaderName = HeaderName::from_static("x-litellm-key-max-budget");
const KEY_RPM_LIMIT: HeaderName = HeaderName::from_static("x-litellm-key-rpm-limit");
const KEY_TPM_LIMIT: HeaderName = HeaderName::from_static("x-litellm-key-tpm-limit");

/// Adds what is known of a call to its answer's headers.
pub(super) fn describe(facts: &Facts, headers: &mut HeaderMap) {
    headers.reserve(HEADERS_USUAL + facts.upstream_headers.as_ref().map_or(0, HeaderMap::len));
    set(headers, CALL_ID, facts.id.to_string());
    headers.insert(VERSION, HeaderValue::from_static(env!("CARGO_PKG_VERSION")));
    if let Some(group) = &facts.model_group {
        set(headers, MODEL_GROUP, group.as_str());
    }
    if let Some(deployment) = &facts.deployment {
        set(headers, MODEL_ID, deployment.id.as_str());
        if let Some(target) = deployment.target() {
            set(headers, API_BASE, shown_base(target));
        }
        headers.insert(RETRIES, facts.retries.into());
        headers.insert(FALLBACKS, facts.fallbacks.into());
    }
    for (name, most) in [(MAX_RETRIES, facts.retries_max), (MAX_FALLBACKS, facts.fallbacks_max)] {
        if let Some(most) = most {
            headers.insert(name, most.into());
        }
    }
    if let Some(cost) = facts.cost {
        set(headers, COST, cost.to_string());
    }
    if let Some(key) = &facts.cache_key {
        set(headers, CACHE_KEY, key.as_str());
        headers.insert(CACHE_HIT, HeaderValue::from_static(if facts.cache_hit { "True" } else { "False" }));
    }
    if let Some(similarity) = facts.similarity {
        // As many digits as are right, and no sign before nothing.
        set(headers, SIMILARITY, format!("{:?}", (similarity * 1e4).round() / 1e4 + 0.0));
    }
    if let Some(principal) = &facts.principal {
        describe_key(principal, headers);
    }
    headers.insert(DURATION, facts.duration_ms.into());
    headers.insert(OVERHEAD, (facts.duration_ms - facts.upstream_ms).into());
    for left in &facts.left {
        headers.extend(limit_headers(left));
    }
    if !facts.guardrails.is_empty() {
        set(headers, GUARDRAILS, facts.guardrails.join(","));
    }
    if !facts.dropped.is_empty() {
        set(headers, DROPPED, facts.dropped.join(","));
    }
    if let Some(upstream) = &facts.upstream_headers {
        pass_on(upstream, headers);
    }
}

/// What is left of a limit, under the names that LiteLLM's clients read. The ways to an upstream are nobody's limits but
/// the operator's.
pub(super) fn limit_headers(left: &Left) -> Vec<(HeaderName, HeaderValue)> {
    let Left { kind, rate, limit, left } = left;
    if OPERATORS.contains(kind) {
        return Vec::new();
    }
    let header = |word: &str, number: i64| {
        let name = HeaderName::try_from(format!("x-ratelimit-{kind}-{word}-{rate}")).ok()?;
        Some((name, HeaderValue::from(number)))
    };
    [header("limit", *limit), header("remaining", *left)].into_iter().flatten().collect()
}

/// Kinds of scopes that are no caller's.
const OPERATORS: [&str; 5] = ["access_group", "deployment", "provider", "proxy", "tag_config"];

fn describe_key(principal: &Principal, headers: &mut HeaderMap) {
    set(headers, KEY_SPEND, principal.spend.get().dollars().to_string());
    if let Some(budget) = principal.limits.max_budget {
        set(headers, KEY_MAX_BUDGET, budget.dollars().to_string());
    }
    if let Some(limit) = principal.limits.rpm_limit {
        headers.insert(KEY_RPM_LIMIT, limit.into());
    }
    if let Some(limit) = principal.limits.tpm_limit {
        headers.insert(KEY_TPM_LIMIT, limit.into());
    }
}

/// The address without a query, which may hold a credential.
fn shown_base(target: &Target) -> &str {
    target.api_base.split('?').next().unwrap_or_default()
}

/// Sets a header. A value that a header cannot carry (a model's name in another script) is left out.
fn set(headers: &mut HeaderMap, name: HeaderName, value: impl TryInto<HeaderValue>) {
    if let Ok(value) = value.try_into() {
        headers.insert(name, value);
    }
}

/// The upstream's headers: rate limits under their own names, where the gateway has none of that name to tell (an
/// upstream may be a gateway itself), and everything under `llm_provider-`.
fn pass_on(upstream: &HeaderMap, headers: &mut HeaderMap) {
    let mut passed = PASSED_PREFIX.to_vec();
    for (name, value) in upstream {
        if [CONNECTION, CONTENT_LENGTH, SET_COOKIE, TRANSFER_ENCODING].contains(name) {
            continue;
        }
        if name.as_str().starts_with("x-ratelimit-") {
            headers.entry(name).or_insert_with(|| value.clone());
        }
        passed.truncate(PASSED_PREFIX.len());
        passed.extend_from_slice(name.as_str().as_bytes());
        if let Ok(name) = HeaderName::from_bytes(&passed) {
            headers.insert(name, value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_upstream_tells_of_its_limits_does_not_take_the_place_of_what_the_gateway_tells() {
        let ours = "x-ratelimit-api_key-remaining-requests";
        let upstream = [(ours, "7"), ("x-ratelimit-remaining-requests", "8")];
        let upstream = upstream.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let mut headers = HeaderMap::from_iter([(HeaderName::from_static(ours), HeaderValue::from_static("2"))]);
        pass_on(&HeaderMap::from_iter(upstream), &mut headers);
        assert_eq!(headers[ours], "2");
        assert_eq!(headers["x-ratelimit-remaining-requests"], "8");
        assert_eq!(headers["llm_provider-x-ratelimit-api_key-remaining-requests"], "7");
    }
}
