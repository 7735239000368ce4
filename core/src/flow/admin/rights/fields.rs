//! Fields that administrators of the proxy alone change. What is not named as free here is theirs.

use crate::auth::key_record::KeyRecord;
use crate::auth::records::Record;
use crate::flow::admin::error::AdminError;
use crate::flow::admin::keys::fields::METADATA_FIELDS;
use crate::limits::Limits;
use serde_json::{Map, Value};

/// Free fields, among those that are kept as they come, of keys.
const KEY_DOCUMENT: &[&str] = &["organization_id", "model_max_budget", "rotation_count", "last_rotation_at"];

/// The same of teams, for those who administer them.
const TEAM_DOCUMENT: &[&str] = &[
    "organization_id",
    "model_max_budget",
    "default_team_member_models",
    "team_member_permissions",
    "team_member_budget",
    "team_member_budget_duration",
    "team_member_rpm_limit",
    "team_member_tpm_limit",
    "team_member_soft_budget",
    "team_member_max_parallel_requests",
    "team_member_key_duration",
];

/// The same of users, for those who administer their organization.
const USER_DOCUMENT: &[&str] = &["user_email", "user_role", "organization_id", "model_max_budget"];

/// The same of members.
const MEMBER_DOCUMENT: &[&str] = &["role", "user_email", "position"];

/// Of the settings that are kept inside of metadata those that are not closed: they are judged, as limits and as what binds.
const JUDGED_METADATA: [&str; 6] =
    ["model_rpm_limit", "model_tpm_limit", "model_max_parallel_requests", "guardrails", "tags", "enforced_params"];

/// Closed settings inside of metadata that are written there alone.
const CLOSED_METADATA: [&str; 2] = ["cache", "logging"];

/// Which fields of a record are free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Of a team.
    Team,
    /// Of a user.
    User,
    /// Of a member of a team.
    Member,
}

/// That a key's closed fields are as they were.
///
/// # Errors
/// [`AdminError::Closed`] names the first that is not.
pub fn check_key(before: &KeyRecord, after: &KeyRecord) -> Result<(), AdminError> {
    check((&before.limits, &before.metadata), (&after.limits, &after.metadata))?;
    check_document(&before.document, &after.document, KEY_DOCUMENT)
}

/// That a record's closed fields are as they were.
///
/// # Errors
/// [`AdminError::Closed`] names the first that is not.
pub fn check_record(before: &Record, after: &Record, of: Of) -> Result<(), AdminError> {
    check((&before.limits, &before.metadata), (&after.limits, &after.metadata))?;
    let free = match of {
        Of::Team => TEAM_DOCUMENT,
        Of::User => USER_DOCUMENT,
        Of::Member => MEMBER_DOCUMENT,
    };
    check_document(&before.document, &after.document, free)
}

/// That all limits are as they were.
///
/// # Errors
/// [`AdminError::Closed`].
pub fn check_limits(before: &Limits, after: &Limits) -> Result<(), AdminError> {
    if before == after { Ok(()) } else { Err(AdminError::Closed("max_budget".to_owned())) }
}

fn check(before: (&Limits, &Map<String, Value>), after: (&Limits, &Map<String, Value>)) -> Result<(), AdminError> {
    let fields = [
        ("budget_id", before.0.budget_id == after.0.budget_id),
        ("blocked", before.0.is_blocked() == after.0.is_blocked()),
        ("temp_budget_increase", before.0.temporary_increase == after.0.temporary_increase),
        ("budget_mode", before.0.budget_mode == after.0.budget_mode),
        ("budget_policy", before.0.budget_policy == after.0.budget_policy),
    ];
    if let Some((field, _)) = fields.into_iter().find(|(_, is_same)| !is_same) {
        return Err(AdminError::Closed(field.to_owned()));
    }
    let changed = |field: &&&str| before.1.get(**field) != after.1.get(**field);
    let settings = METADATA_FIELDS.iter().filter(|field| !JUDGED_METADATA.contains(field));
    settings.chain(&CLOSED_METADATA).find(changed).map_or(Ok(()), |field| Err(AdminError::Closed((*field).to_owned())))
}

fn check_document(before: &Map<String, Value>, after: &Map<String, Value>, free: &[&str]) -> Result<(), AdminError> {
    let names = before.keys().chain(after.keys());
    let changed = |name: &&String| before.get(*name) != after.get(*name) && !free.contains(&name.as_str());
    match names.into_iter().find(changed) {
        None => Ok(()),
        Some(name) => Err(AdminError::Closed(name.clone())),
    }
}
