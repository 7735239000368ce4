//! How a key is shown: LiteLLM's JSON, null where Postern has nothing to say. The key itself is never part of it.

use crate::auth::key_record::{ALLOWED_IPS, KeyRecord, KeyTotals, StoredKey};
use crate::calendar::rfc3339;
use crate::clock::Timestamp;
use crate::limits::BudgetPeriod;
use crate::money::NanoDollars;
use serde_json::{Map, Value, json};

/// Settings of a key's own router; those not given are null.
const ROUTER_SETTINGS: [&str; 19] = [
    "routing_strategy_args",
    "routing_strategy",
    "routing_groups",
    "retry_policy",
    "model_group_retry_policy",
    "model_group_affinity_config",
    "allowed_fails",
    "cooldown_time",
    "num_retries",
    "timeout",
    "max_retries",
    "retry_after",
    "fallbacks",
    "context_window_fallbacks",
    "model_group_alias",
    "enable_tag_filtering",
    "weights",
    "tag_routing_prefix",
    "optional_pre_call_checks",
];

/// The record with its totals, `token` first, and the budget made for it alone where `with_budget`.
pub fn record(stored: &StoredKey, with_budget: bool) -> Map<String, Value> {
    let mut shown = Map::new();
    shown.insert("token".to_owned(), stored.record.hash.as_str().into());
    shown.extend(identity(&stored.record, &stored.totals));
    shown.extend(limits(&stored.record));
    shown.extend(history(&stored.record, &stored.totals));
    if with_budget {
        shown.insert("litellm_budget_table".to_owned(), own_budget(&stored.record));
    }
    shown
}

/// Fields that went into the metadata, and are shown there alone.
const SHOWN_IN_METADATA: [&str; 6] = [
    "temp_budget_increase",
    "temp_budget_expiry",
    "budget_mode",
    "budget_policy",
    "model_max_parallel_requests",
    ALLOWED_IPS,
];

/// The answer to the one request that sees the key itself.
pub fn generated(record: &KeyRecord, key: &str, spent: NanoDollars) -> Value {
    let mut shown = generated_fields(record, spent);
    shown.insert("key".to_owned(), key.into());
    for name in super::fields::METADATA_FIELDS {
        if !SHOWN_IN_METADATA.contains(name) {
            shown.insert((*name).to_owned(), Value::Null);
        }
    }
    shown.insert("router_settings".to_owned(), router_settings(record));
    shown.insert("litellm_budget_table".to_owned(), own_budget(record));
    Value::Object(shown)
}

fn generated_fields(record: &KeyRecord, spent: NanoDollars) -> Map<String, Value> {
    let kept = |name: &str, otherwise: Value| record.document.get(name).cloned().unwrap_or(otherwise);
    let hash = record.hash.as_str();
    object(json!({
        "key_alias": record.key_alias,
        "duration": null,
        "models": record.models,
        "spend": spent.dollars(),
        "max_budget": dollars(record.limits.max_budget),
        "user_id": record.user_id,
        "team_id": record.team_id,
        "agent_id": kept("agent_id", Value::Null),
        "max_parallel_requests": record.limits.max_parallel_requests,
        "metadata": record.metadata,
        "tpm_limit": record.limits.tpm_limit,
        "rpm_limit": record.limits.rpm_limit,
        "tpd_limit": kept("tpd_limit", Value::Null),
        "budget_duration": record.limits.budget_duration.as_ref().map(BudgetPeriod::as_str),
        "budget_limits": kept("budget_limits", Value::Null),
        "allowed_cache_controls": kept("allowed_cache_controls", json!([])),
        "config": kept("config", json!({})),
        "permissions": kept("permissions", json!({})),
        "model_max_budget": kept("model_max_budget", json!({})),
        "budget_fallbacks": kept("budget_fallbacks", json!({})),
        "policies": kept("policies", Value::Null),
        "blocked": record.limits.blocked,
        "aliases": record.aliases,
        "object_permission": kept("object_permission", Value::Null),
        "budget_id": record.limits.budget_id,
        "end_user_budget_id": null,
        "allowed_routes": record.allowed_routes,
        "access_group_ids": kept("access_group_ids", json!([])),
        "key_name": record.key_name,
        "key_type": record.key_type,
        "expires": time(record.expires),
        "token_id": hash,
        "organization_id": kept("organization_id", Value::Null),
        "project_id": kept("project_id", Value::Null),
        "token": hash,
        "created_by": record.created_by,
        "updated_by": record.updated_by,
        "created_at": rfc3339(record.created_at),
        "updated_at": rfc3339(record.updated_at),
    }))
}

fn identity(record: &KeyRecord, totals: &KeyTotals) -> Map<String, Value> {
    let kept = |name: &str, otherwise: Value| record.document.get(name).cloned().unwrap_or(otherwise);
    object(json!({
        "key_name": record.key_name,
        "key_alias": record.key_alias,
        "soft_budget_cooldown": false,
        "spend": totals.spend().dollars(),
        "total_spend": totals.total.dollars(),
        "expires": time(record.expires),
        "models": record.models,
        "aliases": record.aliases,
        "config": kept("config", json!({})),
        "router_settings": kept("router_settings", json!({})),
        "user_id": record.user_id,
        "team_id": record.team_id,
        "agent_id": kept("agent_id", Value::Null),
        "project_id": kept("project_id", Value::Null),
        "permissions": kept("permissions", json!({})),
        "max_parallel_requests": record.limits.max_parallel_requests,
        "metadata": record.metadata,
        "blocked": record.limits.blocked,
    }))
}

fn limits(record: &KeyRecord) -> Map<String, Value> {
    let kept = |name: &str, otherwise: Value| record.document.get(name).cloned().unwrap_or(otherwise);
    object(json!({
        "tpm_limit": record.limits.tpm_limit,
        "rpm_limit": record.limits.rpm_limit,
        "tpd_limit": kept("tpd_limit", Value::Null),
        "max_budget": dollars(record.limits.max_budget),
        "budget_duration": record.limits.budget_duration.as_ref().map(BudgetPeriod::as_str),
        "budget_reset_at": time(record.limits.budget_reset_at),
        "allowed_cache_controls": kept("allowed_cache_controls", json!([])),
        "allowed_routes": record.allowed_routes,
        "key_type": record.key_type,
        "policies": kept("policies", json!([])),
        "access_group_ids": kept("access_group_ids", json!([])),
        "model_spend": {},
        "model_max_budget": kept("model_max_budget", json!({})),
        "budget_fallbacks": kept("budget_fallbacks", json!({})),
        "budget_id": record.limits.budget_id,
        "organization_id": kept("organization_id", Value::Null),
        "object_permission_id": null,
    }))
}

fn history(record: &KeyRecord, totals: &KeyTotals) -> Map<String, Value> {
    let kept = |name: &str, otherwise: Value| record.document.get(name).cloned().unwrap_or(otherwise);
    object(json!({
        "created_at": rfc3339(record.created_at),
        "created_by": record.created_by,
        "updated_at": rfc3339(record.updated_at),
        "updated_by": record.updated_by,
        "settings_updated_at": time(record.settings_updated_at),
        "last_active": time(totals.last_active),
        "rotation_count": kept("rotation_count", json!(0)),
        "auto_rotate": kept("auto_rotate", Value::Bool(false)),
        "rotation_interval": kept("rotation_interval", Value::Null),
        "last_rotation_at": kept("last_rotation_at", Value::Null),
        "key_rotation_at": kept("key_rotation_at", Value::Null),
        "budget_limits": kept("budget_limits", Value::Null),
        "litellm_budget_table": null,
        "litellm_organization_table": null,
        "litellm_project_table": null,
        "object_permission": kept("object_permission", Value::Null),
        "jwt_key_mappings": null,
    }))
}

/// The budget that was made for this key because it has a soft limit.
fn own_budget(record: &KeyRecord) -> Value {
    let Some(soft_budget) = record.limits.soft_budget else { return Value::Null };
    json!({
        "budget_id": record.limits.budget_id,
        "max_budget": null,
        "soft_budget": soft_budget.dollars(),
        "max_parallel_requests": null,
        "tpm_limit": null,
        "rpm_limit": null,
        "tpd_limit": null,
        "model_max_budget": {},
        "budget_duration": null,
        "budget_reset_at": null,
        "allowed_models": [],
        "temp_budget_increase": null,
        "temp_budget_expiry": null,
        "created_at": rfc3339(record.created_at),
        "created_by": record.created_by,
        "updated_at": rfc3339(record.updated_at),
        "updated_by": record.updated_by,
        "organization": null,
        "projects": null,
        "keys": null,
        "end_users": null,
        "tags": null,
        "model_access_groups": null,
        "team_membership": null,
        "organization_membership": null,
    })
}

fn router_settings(record: &KeyRecord) -> Value {
    let mut shown: Map<String, Value> = ROUTER_SETTINGS.iter().map(|&name| (name.to_owned(), Value::Null)).collect();
    shown.insert("model_group_alias".to_owned(), json!({}));
    if let Some(Value::Object(given)) = record.document.get("router_settings") {
        shown.extend(given.clone());
    }
    Value::Object(shown)
}

/// A point in time, or null.
pub fn time(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| rfc3339(at).into())
}

/// An amount in dollars, or null.
pub fn dollars(amount: Option<NanoDollars>) -> Value {
    amount.map_or(Value::Null, |amount| amount.dollars().into())
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}
