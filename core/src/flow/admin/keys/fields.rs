//! What a key can be asked to be: the fields of `/key/generate` and `/key/update`, and how they change a record.
//! Fields that nothing enforces yet are stored and given back.

use super::schedule::schedule;
use crate::auth::key_record::{ALLOWED_IPS, KeyRecord};
use crate::clock::Timestamp;
use crate::duration::Duration;
use crate::egress::network::{Network, NoNetwork};
use crate::flow::admin::body::{Field, Kind};
use crate::flow::admin::error::{AdminError, Problem, Step};
use crate::flow::admin::records::forms::id_in;
use crate::money::NanoDollars;
use serde_json::{Map, Value};

/// The kinds of key, and the routes that each may call.
const KEY_TYPES: [&str; 4] = ["llm_api", "management", "read_only", "default"];

/// Most bytes of an alias: it is part of a key of the table.
const ALIAS_BYTES_MAX: usize = 255;

/// Fields of a request that change a key's record.
pub const FIELDS: &[Field] = &[
    ("key", Kind::Text),
    ("key_alias", Kind::Text),
    ("duration", Kind::Text),
    ("models", Kind::TextList),
    ("spend", Kind::Number),
    ("max_budget", Kind::Number),
    ("soft_budget", Kind::Number),
    ("budget_duration", Kind::Text),
    ("budget_id", Kind::Text),
    ("user_id", Kind::Text),
    ("team_id", Kind::Text),
    ("agent_id", Kind::Text),
    ("organization_id", Kind::Text),
    ("project_id", Kind::Text),
    ("max_parallel_requests", Kind::Integer),
    ("rpm_limit", Kind::Integer),
    ("tpm_limit", Kind::Integer),
    ("tpd_limit", Kind::Integer),
    ("aliases", Kind::TextMap),
    ("blocked", Kind::Flag),
    ("allowed_routes", Kind::TextList),
    (ALLOWED_IPS, Kind::TextList),
    ("key_type", Kind::OneOf(&KEY_TYPES)),
    ("metadata", Kind::Map),
    ("config", Kind::Map),
    ("permissions", Kind::Map),
    ("model_max_budget", Kind::Map),
    ("budget_fallbacks", Kind::Map),
    ("budget_limits", Kind::List),
    ("allowed_cache_controls", Kind::List),
    ("object_permission", Kind::Map),
    ("router_settings", Kind::Map),
    ("access_group_ids", Kind::TextList),
    ("policies", Kind::TextList),
    ("auto_rotate", Kind::Flag),
    ("rotation_interval", Kind::Text),
    ("model_rpm_limit", Kind::Map),
    ("model_tpm_limit", Kind::Map),
    ("model_max_parallel_requests", Kind::Map),
    ("mcp_rpm_limit", Kind::Map),
    ("tag_rpm_limit", Kind::Map),
    ("rpm_limit_type", Kind::Text),
    ("tpm_limit_type", Kind::Text),
    ("guardrails", Kind::TextList),
    ("prompts", Kind::TextList),
    ("tags", Kind::TextList),
    ("enforced_params", Kind::TextList),
    ("disable_global_guardrails", Kind::Flag),
    ("enable_prompt_caching", Kind::Flag),
    ("throttle_on_budget_exceeded", Kind::Flag),
    ("default_estimated_output_tokens", Kind::Integer),
    ("default_estimated_output_tokens_per_model", Kind::Map),
    ("allowed_passthrough_routes", Kind::List),
    ("denied_passthrough_routes", Kind::List),
    ("allowed_vector_store_indexes", Kind::List),
    ("temp_budget_increase", Kind::Number),
    ("temp_budget_expiry", Kind::Text),
    ("budget_mode", Kind::Text),
    ("budget_policy", Kind::Text),
    ("send_invite_email", Kind::Flag),
];

/// Fields that are kept inside the key's metadata, where LiteLLM's tools look for them.
pub const METADATA_FIELDS: &[&str] = &[
    "model_rpm_limit",
    "model_tpm_limit",
    "model_max_parallel_requests",
    "mcp_rpm_limit",
    "tag_rpm_limit",
    "rpm_limit_type",
    "tpm_limit_type",
    "guardrails",
    "prompts",
    "tags",
    "enforced_params",
    "disable_global_guardrails",
    "enable_prompt_caching",
    "throttle_on_budget_exceeded",
    "default_estimated_output_tokens",
    "default_estimated_output_tokens_per_model",
    "allowed_passthrough_routes",
    "denied_passthrough_routes",
    "allowed_vector_store_indexes",
    "temp_budget_increase",
    "temp_budget_expiry",
    "budget_mode",
    "budget_policy",
    ALLOWED_IPS,
];

/// Fields that are kept as they came.
const DOCUMENT_FIELDS: &[&str] = &[
    "agent_id",
    "organization_id",
    "project_id",
    "tpd_limit",
    "config",
    "permissions",
    "model_max_budget",
    "budget_fallbacks",
    "budget_limits",
    "allowed_cache_controls",
    "object_permission",
    "router_settings",
    "access_group_ids",
    "policies",
    "auto_rotate",
    "rotation_interval",
];

/// Refuses what cannot be done.
fn refuse_what_is_not_done(fields: &Map<String, Value>) -> Result<(), AdminError> {
    let asked = |name: &str| fields.get(name) == Some(&Value::Bool(true));
    if asked("send_invite_email") {
        let reason = "no mail is sent from here; hand the key over yourself";
        return Err(AdminError::Unsupported { field: "send_invite_email", reason });
    }
    Ok(())
}

/// Makes `record` what the checked fields of a request ask for. A field that is there and null goes back to nothing.
///
/// # Errors
/// [`AdminError::Amount`], [`AdminError::Lifetime`], [`AdminError::BudgetPeriod`], [`AdminError::Unsupported`], and
/// [`AdminError::Form`] for another limit that is none, or an alias that is too long: `record` is then half changed
/// and to be thrown away.
pub fn apply(fields: &Map<String, Value>, record: &mut KeyRecord, now: Timestamp) -> Result<(), AdminError> {
    refuse_what_is_not_done(fields)?;
    if let Some(alias) = fields.get("key_alias") {
        record.key_alias = alias_in(alias)?;
    }
    // Both are parts of keys of the table.
    for owner in ["user_id", "team_id"] {
        id_in(fields, owner)?;
    }
    set(fields, "user_id", &mut record.user_id, text);
    set(fields, "team_id", &mut record.team_id, text);
    if let Some(models) = fields.get("models") {
        record.models = texts(models);
    }
    if let Some(aliases) = fields.get("aliases") {
        let pairs = aliases.as_object().into_iter().flatten();
        record.aliases = pairs.filter_map(|(name, model)| Some((name.clone(), text(model)?))).collect();
    }
    apply_routes(fields, record);
    record.limits.read(fields, now)?;
    if let Some(duration) = fields.get("duration") {
        record.expires = lifetime(duration, now)?;
    }
    apply_documents(fields, record);
    schedule(fields, record, now)?;
    check_networks(&record.metadata)?;
    // What is a setting follows from the metadata as it now is, whichever way it got there.
    Ok(record.limits.read_kept(&record.metadata, &record.document)?)
}

/// That the addresses which a key may call from are addresses, or networks of them.
fn check_networks(metadata: &Map<String, Value>) -> Result<(), AdminError> {
    let listed = match metadata.get(ALLOWED_IPS) {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::Array(listed)) => listed.as_slice(),
        Some(_) => {
            let place = vec!["body".into(), ALLOWED_IPS.into()];
            return Err(Problem::new("list_type", place, "Input should be a valid list").into());
        }
    };
    let is_none = |network: &Value| network.as_str().is_none_or(|text| text.parse::<Network>().is_err());
    match listed.iter().position(is_none) {
        None => Ok(()),
        Some(at) => {
            let place = vec!["body".into(), ALLOWED_IPS.into(), Step::Index(at)];
            Err(Problem::new("value_error", place, NoNetwork.to_string()).into())
        }
    }
}

/// An amount of dollars in a field.
///
/// # Errors
/// [`AdminError::Amount`] where it is negative or no number.
pub fn amount(fields: &Map<String, Value>, field: &'static str) -> Result<Option<NanoDollars>, AdminError> {
    match fields.get(field).and_then(Value::as_f64) {
        Some(value) if !value.is_finite() || value < 0.0 => Err(AdminError::Amount { field: field.to_owned(), value }),
        amount => Ok(amount.map(NanoDollars::from_dollars)),
    }
}

/// An empty alias is none, as it could not tell keys apart.
fn alias_in(value: &Value) -> Result<Option<String>, AdminError> {
    let alias = text(value).filter(|alias| !alias.is_empty());
    if alias.as_ref().is_some_and(|alias| alias.len() > ALIAS_BYTES_MAX) {
        let message = format!("String should have at most {ALIAS_BYTES_MAX} characters");
        return Err(Problem::new("string_too_long", vec!["body".into(), "key_alias".into()], message).into());
    }
    Ok(alias)
}

fn apply_routes(fields: &Map<String, Value>, record: &mut KeyRecord) {
    if let Some(routes) = fields.get("allowed_routes") {
        record.allowed_routes = texts(routes);
    }
    if let Some(key_type) = fields.get("key_type").and_then(Value::as_str) {
        record.key_type = Some(key_type.to_owned());
        let group = match key_type {
            "llm_api" => Some("llm_api_routes"),
            "management" => Some("management_routes"),
            "read_only" => Some("info_routes"),
            _ => None,
        };
        if let Some(group) = group.filter(|_| record.allowed_routes.is_empty()) {
            record.allowed_routes = vec![group.to_owned()];
        }
    }
}

fn lifetime(duration: &Value, now: Timestamp) -> Result<Option<Timestamp>, AdminError> {
    match duration.as_str() {
        // LiteLLM's word for "never".
        None | Some("-1") => Ok(None),
        Some(text) => Ok(Some(Duration::parse(text)?.after(now))),
    }
}

fn apply_documents(fields: &Map<String, Value>, record: &mut KeyRecord) {
    if let Some(metadata) = fields.get("metadata") {
        record.metadata = metadata.as_object().cloned().unwrap_or_default();
    }
    for (names, document) in [(METADATA_FIELDS, &mut record.metadata), (DOCUMENT_FIELDS, &mut record.document)] {
        for name in names {
            match fields.get(*name) {
                None => {}
                Some(Value::Null) => drop(document.shift_remove(*name)),
                Some(value) => drop(document.insert((*name).to_owned(), value.clone())),
            }
        }
    }
}

fn set<T>(fields: &Map<String, Value>, name: &str, target: &mut Option<T>, read: impl Fn(&Value) -> Option<T>) {
    if let Some(value) = fields.get(name) {
        *target = read(value);
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(text).collect()
}
