//! How a row of the spend log is shown: LiteLLM's JSON, null where Postern has nothing to say.

use crate::accounting::spend_row::{Outcome, SpendRow};
use crate::calendar::rfc3339;
use crate::crypto::subject::SubjectKeyError;
use crate::usage::Doubt;
use serde_json::{Map, Value, json};

/// Fields of a row's metadata that nothing here fills.
const EMPTY_METADATA: [&str; 30] = [
    "max_retries",
    "batch_models",
    "actor_agent_id",
    "cost_breakdown",
    "azure_spillover",
    "router_metadata",
    "target_agent_id",
    "billing_agent_id",
    "eval_information",
    "routing_decision",
    "attempted_retries",
    "autorouter_savings",
    "attempted_fallbacks",
    "compression_savings",
    "agent_execution_mode",
    "internal_call_origin",
    "original_model_group",
    "proxy_server_request",
    "batch_failed_requests",
    "guardrail_information",
    "model_map_information",
    "mcp_tool_call_metadata",
    "verified_human_user_id",
    "cold_storage_object_key",
    "used_client_oauth_token",
    "user_api_key_project_id",
    "user_api_key_team_alias",
    "litellm_overhead_time_ms",
    "batch_successful_requests",
    "vector_store_request_metadata",
];

/// The row as `/spend/logs/v2` lists it.
pub fn listed(row: &SpendRow) -> Map<String, Value> {
    let details = &row.details;
    let (id, usage) = (row.request_id.to_string(), &details.usage);
    let mut shown = object(json!({
        "request_id": id,
        "call_type": details.call_type,
        "api_key": row.key.as_str(),
        "spend": row.cost.dollars(),
        "total_tokens": usage.total(),
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "startTime": rfc3339(details.started_at),
        "endTime": rfc3339(details.ended_at),
        "completionStartTime": rfc3339(details.first_token_at.unwrap_or(details.ended_at)),
        "model": details.model,
        "model_id": details.deployment_id.as_ref().map_or("", |id| id.as_str()),
        "model_group": details.model_group,
        "custom_llm_provider": details.provider,
        "api_base": details.api_base,
        "user": details.user_id.as_deref().unwrap_or_default(),
    }));
    shown.insert("metadata".to_owned(), Value::Object(metadata(row, &id)));
    shown.extend(object(json!({
        "cache_hit": if details.cache_hit { "True" } else { "False" },
        "cache_key": details.metadata.get("cache_key").and_then(Value::as_str).unwrap_or("Cache OFF"),
        "request_tags": details.tags,
        "team_id": details.team_id.as_deref().unwrap_or_default(),
        "organization_id": details.organization_id.as_deref().unwrap_or_default(),
        "end_user": details.end_user.as_deref().unwrap_or_default(),
        "requester_ip_address": details.requester_ip,
        "session_id": id,
        "status": status(&details.outcome),
        "mcp_namespaced_tool_name": null,
        "agent_id": null,
        "litellm_call_id": id,
        "request_duration_ms": details.ended_at.millis_since(details.started_at),
    })));
    shown
}

/// The row as `/spend/logs` shows it: with the places of request and answer, which are not stored.
pub fn shown(row: &SpendRow) -> Value {
    let mut shown = listed(row);
    let stored_at = rfc3339(row.details.ended_at);
    shown.extend(object(json!({
        "messages": {},
        "response": {},
        "billing_agent_id": null,
        "proxy_server_request": {},
        "created_at": stored_at,
        "updated_at": stored_at,
    })));
    Value::Object(shown)
}

/// Adds what is kept of the call. Nothing where nothing is, or where a key that it needs is destroyed.
pub(super) fn add_content(shown: &mut Value, content: Result<Option<Value>, SubjectKeyError>) {
    let mut content = match content {
        Ok(Some(content)) => content,
        Ok(None) => return,
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "what is kept of a call cannot be opened");
            return;
        }
    };
    let request = content.get_mut("request").map(Value::take).unwrap_or_default();
    let messages = ["messages", "input", "prompt"].iter().find_map(|name| request.get(name)).cloned();
    let response = content.get_mut("response").map(Value::take).unwrap_or_default();
    let Some(shown) = shown.as_object_mut() else { return };
    shown.insert("messages".to_owned(), messages.unwrap_or_else(|| json!({})));
    shown.insert("response".to_owned(), response);
    shown.insert("proxy_server_request".to_owned(), request);
}

fn metadata(row: &SpendRow, id: &str) -> Map<String, Value> {
    let details = &row.details;
    let mut shown: Map<String, Value> = EMPTY_METADATA.iter().map(|&name| (name.to_owned(), Value::Null)).collect();
    shown.extend(object(json!({
        "status": status(&details.outcome),
        "user_agent": details.user_agent,
        "usage_object": usage(row),
        "user_api_key": row.key.as_str(),
        "user_api_key_alias": details.key_alias,
        "user_api_key_user_id": details.user_id,
        "user_api_key_team_id": details.team_id,
        "user_api_key_org_id": details.organization_id,
        "litellm_call_id": id,
        "error_information": error_information(row),
        "applied_guardrails": [],
        "litellm_roi_estimator": false,
        "requester_ip_address": details.requester_ip,
        "spend_logs_metadata": if details.metadata.is_empty() { Value::Null } else { details.metadata.clone().into() },
        "additional_usage_values": {},
    })));
    let doubts: Vec<_> = details.usage.doubts.iter().map(Doubt::name).collect();
    if !doubts.is_empty() {
        // `estimated`: the provider told no usage, and it was counted here.
        shown.insert("usage_doubts".to_owned(), json!(doubts));
    }
    shown
}

fn usage(row: &SpendRow) -> Value {
    let usage = &row.details.usage;
    if usage.total() == 0 {
        return json!({});
    }
    json!({
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total(),
        "prompt_tokens_details": {
            "cached_tokens": usage.cache_read_tokens,
            "audio_tokens": usage.audio_prompt_tokens,
            "image_tokens": usage.image_prompt_tokens,
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens,
            "audio_tokens": usage.audio_completion_tokens,
            "image_tokens": usage.image_completion_tokens,
        },
    })
}

fn error_information(row: &SpendRow) -> Value {
    match &row.details.outcome {
        Outcome::Success => Value::Null,
        Outcome::Failure { class, code, message } => json!({
            "traceback": "",
            "error_code": code,
            "error_class": class,
            "llm_provider": row.details.provider,
            "error_message": message,
        }),
    }
}

fn status(outcome: &Outcome) -> &'static str {
    if outcome.is_success() { "success" } else { "failure" }
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounting::spend_row::SpendDetails;
    use crate::crypto::key_hash;
    use crate::id::RequestId;
    use crate::money::NanoDollars;

    #[test]
    fn usage_that_was_counted_here_is_marked() {
        let mut row = SpendRow {
            request_id: RequestId::at(Default::default(), &[0; 10]),
            key: key_hash::hash("sk-1"),
            cost: NanoDollars::ZERO,
            details: SpendDetails::default(),
        };
        assert_eq!(metadata(&row, "id").get("usage_doubts"), None);
        row.details.usage.doubts.note(Doubt::Estimated);
        assert_eq!(metadata(&row, "id").get("usage_doubts"), Some(&json!(["estimated"])));
    }
}
