//! How records are shown: LiteLLM's JSON, null where Postern has nothing to say.

use crate::auth::key_record::StoredKey;
use crate::auth::records::{Record, StoredRecord};
use crate::auth::rights::Actor;
use crate::calendar::rfc3339;
use crate::flow::admin::keys::render as keys;
use crate::limits::{BudgetPeriod, Limits};
use serde_json::{Map, Value, json};

pub use keys::{dollars, time};

/// In an end user's other fields: the id under which the limits of its own are shown as a budget.
pub const OWN_BUDGET_ID: &str = "own_budget_id";

/// A team with its members.
pub fn team(stored: &StoredRecord, members: &[Record]) -> Map<String, Value> {
    let record = &stored.record;
    let kept = |name: &str, otherwise: Value| record.document.get(name).cloned().unwrap_or(otherwise);
    let mut shown = object(json!({
        "team_alias": record.alias,
        "team_id": record.id.name(),
        "organization_id": kept("organization_id", Value::Null),
        "admins": [],
        "members": [],
        "members_with_roles": members.iter().map(member).collect::<Vec<_>>(),
        "team_member_permissions": kept("team_member_permissions", json!([])),
        "metadata": record.metadata,
        "tpd_limit": kept("tpd_limit", Value::Null),
        "soft_budget": dollars(record.limits.soft_budget),
        "budget_limits": kept("budget_limits", Value::Null),
        "models": record.models,
        "blocked": record.limits.is_blocked(),
        "router_settings": kept("router_settings", json!({})),
        "access_group_ids": kept("access_group_ids", json!([])),
        "default_team_member_models": kept("default_team_member_models", json!([])),
        "spend": stored.totals.spend().dollars(),
        "model_id": null,
        "model_spend": {},
        "model_max_budget": kept("model_max_budget", json!({})),
        "policies": kept("policies", json!([])),
        "allow_team_guardrail_config": false,
        "litellm_model_table": null,
        "object_permission": kept("object_permission", Value::Null),
        "object_permission_id": null,
        "updated_at": rfc3339(record.updated_at),
        "created_at": rfc3339(record.created_at),
    }));
    shown.extend(limits(&record.limits));
    let granted = record.document.iter().filter(|(name, _)| name.starts_with("team_member_"));
    shown.extend(granted.map(|(name, value)| (name.clone(), value.clone())));
    shown
}

/// A team as it is told about by itself.
pub fn team_info(stored: &StoredRecord, members: &[Record]) -> Map<String, Value> {
    let mut shown = team(stored, members);
    let members = members.iter().map(|record| {
        let mut member = member(record);
        member.insert("user_alias".to_owned(), Value::Null);
        Value::Object(member)
    });
    shown.insert("members_with_roles".to_owned(), members.collect());
    shown.extend(object(json!({
        "team_member_budget_table": null,
        "access_group_models": null,
        "access_group_mcp_server_ids": null,
        "access_group_agent_ids": null,
        "access_group_details": null,
        "organization_models": null,
        "model_max_budget_usage": {},
        "caller_edit_access": {"kind": "unrestricted"},
    })));
    shown
}

/// The members of a team as a sentence of an error tells them.
pub fn python_members(members: &[Record]) -> String {
    let quoted = |text: Option<&str>| text.map_or_else(|| "None".to_owned(), |text| format!("'{text}'"));
    let one = |member: &Record| {
        let (email, role) = (quoted(member.text("user_email")), member.text("role").unwrap_or("user"));
        format!("Member(user_id='{}', user_email={email}, role='{role}')", member.id.name())
    };
    format!("[{}]", members.iter().map(one).collect::<Vec<_>>().join(", "))
}

/// What a team says of a member, with what it spent there.
pub fn membership(team: &str, stored: &StoredRecord) -> Map<String, Value> {
    let record = &stored.record;
    let own = !record.limits.is_unlimited();
    object(json!({
        "user_id": record.id.name(),
        "team_id": team,
        "budget_id": record.limits.budget_id,
        "spend": stored.totals.spend().dollars(),
        "total_spend": stored.totals.total.dollars(),
        "litellm_budget_table": own.then(|| own_budget(record, None)),
    }))
}

fn member(record: &Record) -> Map<String, Value> {
    object(json!({
        "user_id": record.id.name(),
        "user_email": record.text("user_email"),
        "role": record.text("role").unwrap_or("user"),
    }))
}

/// A user, a member of these teams.
pub fn user(stored: &StoredRecord, teams: &[String]) -> Map<String, Value> {
    let record = &stored.record;
    let kept = |name: &str, otherwise: Value| record.document.get(name).cloned().unwrap_or(otherwise);
    let mut shown = object(json!({
        "verified_subjects": null,
        "user_id": record.id.name(),
        "user_alias": record.alias,
        "team_id": null,
        "sso_user_id": kept("sso_user_id", Value::Null),
        "organization_id": kept("organization_id", Value::Null),
        "object_permission_id": null,
        "password_reset_required": null,
        "last_breach_check_at": null,
        "teams": teams,
        "user_role": kept("user_role", Value::Null),
        "spend": stored.totals.spend().dollars(),
        "user_email": kept("user_email", Value::Null),
        "models": record.models,
        "metadata": record.metadata,
        "allowed_cache_controls": kept("allowed_cache_controls", json!([])),
        "policies": kept("policies", json!([])),
        "model_spend": {},
        "model_max_budget": kept("model_max_budget", json!({})),
        "created_at": rfc3339(record.created_at),
        "updated_at": rfc3339(record.updated_at),
        "litellm_organization_table": null,
        "organization_memberships": null,
        "invitations_created": null,
        "invitations_updated": null,
        "invitations_user": null,
        "object_permission": kept("object_permission", Value::Null),
    }));
    shown.extend(limits(&record.limits));
    shown
}

/// A user as those are told about it who add it to a team or an organization: more to an administrator of everything.
pub fn user_for(actor: &Actor, stored: &StoredRecord) -> Map<String, Value> {
    let mut shown = user(stored, &[]);
    if !actor.is_unbounded() {
        shown.retain(|name, _| ["user_id", "user_email", "user_alias"].contains(&name.as_str()));
    }
    shown
}

/// A user as it is told about with its keys.
pub fn user_info(stored: &StoredRecord, teams: &[String]) -> Map<String, Value> {
    let mut shown = user(stored, teams);
    shown.insert("organization_memberships".to_owned(), json!([]));
    shown.insert("model_max_budget_usage".to_owned(), json!({}));
    if stored.record.limits.blocked.is_some() {
        shown.insert("blocked".to_owned(), stored.record.limits.is_blocked().into());
    }
    shown
}

/// A user by itself.
pub fn user_alone(stored: &StoredRecord, teams: &[String]) -> Value {
    const FIELDS: [&str; 18] = [
        "user_id",
        "user_email",
        "user_alias",
        "user_role",
        "spend",
        "max_budget",
        "tpm_limit",
        "rpm_limit",
        "models",
        "budget_duration",
        "budget_reset_at",
        "metadata",
        "created_at",
        "updated_at",
        "sso_user_id",
        "teams",
        "object_permission",
        "model_max_budget",
    ];
    let mut whole = user(stored, teams);
    let mut shown: Map<_, _> =
        FIELDS.iter().filter_map(|name| Some(((*name).to_owned(), whole.shift_remove(*name)?))).collect();
    shown.insert("model_max_budget_usage".to_owned(), json!({}));
    shown.into()
}

/// The answer to the making of a user: that of its key, where one was made, with the user's own fields.
pub fn new_user(stored: &StoredRecord, key: Option<Value>, teams: Option<Value>) -> Map<String, Value> {
    let record = &stored.record;
    let kept = |name: &str| record.document.get(name).cloned().unwrap_or_default();
    let mut shown = key.map(object).unwrap_or_default();
    shown.extend(object(json!({
        "user_id": record.id.name(),
        "user_alias": record.alias,
        "user_email": kept("user_email"),
        "user_role": kept("user_role"),
        "teams": teams,
        "models": record.models,
        "metadata": record.metadata,
        "max_budget": dollars(record.limits.max_budget),
        "budget_duration": record.limits.budget_duration.as_ref().map(BudgetPeriod::as_str),
        "tpm_limit": record.limits.tpm_limit,
        "rpm_limit": record.limits.rpm_limit,
        "max_parallel_requests": record.limits.max_parallel_requests,
        "created_at": rfc3339(record.created_at),
        "updated_at": rfc3339(record.updated_at),
        "token": null,
        "token_id": null,
    })));
    shown
}

/// A key as it is shown below a team or a user.
pub fn key_of(stored: &StoredKey, team_alias: Option<&str>) -> Map<String, Value> {
    let mut shown = keys::record(stored, true);
    shown.extend(team_alias.map(|alias| ("team_alias".to_owned(), alias.into())));
    shown
}

/// An end user, and the shared budget it is under.
pub fn customer(stored: &StoredRecord, shared: Option<&Record>) -> Value {
    let record = &stored.record;
    let kept = |name: &str| record.document.get(name).cloned().unwrap_or_default();
    let own = record.text(OWN_BUDGET_ID);
    let table = shared.map(short_budget).or(own.map(|id| Value::Object(own_budget(record, Some(id)))));
    json!({
        "user_id": record.id.name(),
        "blocked": record.limits.is_blocked(),
        "alias": record.alias,
        "spend": stored.totals.spend().dollars(),
        "allowed_model_region": kept("allowed_model_region"),
        "default_model": kept("default_model"),
        "models": record.models,
        "budget_id": record.limits.budget_id.as_deref().or(own),
        "litellm_budget_table": table,
        "object_permission_id": null,
        "object_permission": kept("object_permission"),
    })
}

/// An organization, the shared budget it is under, and its members and teams as they are shown.
pub fn organization(
    stored: &StoredRecord,
    shared: Option<&Record>,
    (members, teams): (Vec<Value>, Vec<Value>),
) -> Value {
    let record = &stored.record;
    json!({
        "organization_id": record.id.name(),
        "organization_alias": record.alias,
        "budget_id": record.limits.budget_id,
        "spend": stored.totals.spend().dollars(),
        "metadata": record.metadata,
        "models": record.models,
        "model_spend": {},
        "created_at": rfc3339(record.created_at),
        "created_by": record.created_by,
        "updated_at": rfc3339(record.updated_at),
        "updated_by": record.updated_by,
        "litellm_budget_table": shared.map_or_else(|| Value::Object(own_budget(record, None)), short_budget),
        "members": members,
        "teams": teams,
        "object_permission": record.document.get("object_permission"),
    })
}

/// A tag.
pub fn tag(stored: &StoredRecord) -> Value {
    let record = &stored.record;
    let mut shown = object(json!({
        "name": record.id.name(),
        "description": record.text("description"),
        "models": record.models,
        "model_info": record.document.get("model_info").cloned().unwrap_or_else(|| json!({})),
        "created_at": rfc3339(record.created_at),
        "updated_at": rfc3339(record.updated_at),
        "created_by": record.created_by,
    }));
    if !record.limits.is_unlimited() {
        shown.insert("spend".to_owned(), stored.totals.spend().dollars().into());
        shown.insert("budget_id".to_owned(), record.limits.budget_id.clone().into());
        shown.insert("litellm_budget_table".to_owned(), Value::Object(own_budget(record, None)));
    }
    shown.into()
}

/// A shared budget, whole.
pub fn budget(record: &Record) -> Map<String, Value> {
    let mut shown = own_budget(record, Some(record.id.name()));
    shown.extend(object(json!({
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
    })));
    shown
}

/// What each field of a budget means, and what it holds.
pub fn budget_settings(record: &Record) -> Value {
    const FIELDS: [(&str, &str, &str); 8] = [
        ("max_budget", "Float", "Requests will fail if this budget (in USD) is exceeded."),
        ("soft_budget", "Float", "Requests will NOT fail if this is exceeded. Will fire alerting though."),
        ("max_parallel_requests", "Integer", "Max concurrent requests allowed for this budget id."),
        ("tpm_limit", "Integer", "Max tokens per minute, allowed for this budget id."),
        ("rpm_limit", "Integer", "Max requests per minute, allowed for this budget id."),
        ("tpd_limit", "Integer", "Max tokens per day, charged by batch submissions, allowed for this budget id."),
        ("budget_duration", "String", "Max duration budget should be set for (e.g. '1hr', '1d', '28d')"),
        (
            "model_max_budget",
            "Object",
            "Max budget for each model (e.g. {'gpt-4o': {'max_budget': '0.0000001', 'budget_duration': '1d', \
             'tpm_limit': 1000, 'rpm_limit': 1000}})",
        ),
    ];
    let values = budget(record);
    let field = |(name, kind, description): &(&str, &str, &str)| {
        json!({
            "field_name": name,
            "field_type": kind,
            "field_description": description,
            "field_value": values.get(*name),
            "stored_in_db": true,
            "field_default_value": null,
            "premium_field": false,
            "nested_fields": null,
            "field_options": null,
            "field_tab": null,
            "source": "unset",
            "editable": true,
        })
    };
    FIELDS.iter().map(field).collect()
}

fn short_budget(record: &Record) -> Value {
    own_budget(record, Some(record.id.name())).into()
}

/// A record's own limits, shown as a budget.
fn own_budget(record: &Record, id: Option<&str>) -> Map<String, Value> {
    let kept = |name: &str| record.document.get(name).cloned().unwrap_or_default();
    let mut shown = limits(&record.limits);
    shown.extend(object(json!({
        "budget_id": id,
        "soft_budget": dollars(record.limits.soft_budget),
        "tpd_limit": kept("tpd_limit"),
        "model_max_budget": kept("model_max_budget"),
        "allowed_models": [],
        "temp_budget_increase": null,
        "temp_budget_expiry": null,
        "created_at": rfc3339(record.created_at),
    })));
    shown
}

fn limits(limits: &Limits) -> Map<String, Value> {
    object(json!({
        "max_budget": dollars(limits.max_budget),
        "budget_duration": limits.budget_duration.as_ref().map(BudgetPeriod::as_str),
        "budget_reset_at": time(limits.budget_reset_at),
        "tpm_limit": limits.tpm_limit,
        "rpm_limit": limits.rpm_limit,
        "max_parallel_requests": limits.max_parallel_requests,
    }))
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}
