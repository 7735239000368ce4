//! What each kind of record can be asked to be, and how the fields of a request change one. Limits are limits, the
//! settings that LiteLLM keeps in metadata go there, and every other field of the kind is kept as it came.

use crate::auth::records::Record;
use crate::auth::records::directory::limits_of_members;
use crate::auth::records::record::ID_BYTES_MAX;
use crate::clock::Timestamp;
use crate::flow::admin::body::{self, Field, Kind};
use crate::flow::admin::error::{AdminError, Problem};
use serde_json::{Map, Value};

/// The fields of one kind of record.
pub struct Form {
    /// The field that says how people call it; empty where there is none.
    alias: &'static str,
    /// Fields of the kind that are kept as they come.
    kept: &'static [Field],
    /// Fields that the operation itself reads.
    read: &'static [Field],
}

const LIMITS: &[Field] = &[
    ("max_budget", Kind::Number),
    ("soft_budget", Kind::Number),
    ("budget_duration", Kind::Text),
    ("budget_reset_at", Kind::Text),
    ("budget_id", Kind::Text),
    ("rpm_limit", Kind::Integer),
    ("tpm_limit", Kind::Integer),
    ("max_parallel_requests", Kind::Integer),
    ("blocked", Kind::Flag),
    ("models", Kind::TextList),
    ("metadata", Kind::Map),
];

/// Fields that are kept inside the metadata, where LiteLLM's tools look for them.
const IN_METADATA: &[Field] = &[
    ("model_rpm_limit", Kind::Map),
    ("model_tpm_limit", Kind::Map),
    ("model_max_parallel_requests", Kind::Map),
    ("temp_budget_increase", Kind::Number),
    ("temp_budget_expiry", Kind::Text),
    ("budget_mode", Kind::Text),
    ("budget_policy", Kind::Text),
    ("guardrails", Kind::TextList),
    ("prompts", Kind::TextList),
    ("tags", Kind::TextList),
];

/// A team.
pub const TEAM: Form = Form {
    alias: "team_alias",
    kept: &[
        ("organization_id", Kind::Text),
        ("model_max_budget", Kind::Map),
        ("tpd_limit", Kind::Integer),
        ("model_aliases", Kind::TextMap),
        ("object_permission", Kind::Map),
        ("router_settings", Kind::Map),
        ("access_group_ids", Kind::TextList),
        ("policies", Kind::TextList),
        ("budget_limits", Kind::List),
        ("default_team_member_models", Kind::TextList),
        ("team_member_permissions", Kind::TextList),
        ("team_member_budget", Kind::Number),
        ("team_member_budget_duration", Kind::Text),
        ("team_member_rpm_limit", Kind::Integer),
        ("team_member_tpm_limit", Kind::Integer),
        ("team_member_soft_budget", Kind::Number),
        ("team_member_max_parallel_requests", Kind::Integer),
        ("team_member_key_duration", Kind::Text),
    ],
    read: &[
        ("team_id", Kind::Text),
        ("members_with_roles", Kind::List),
        ("admins", Kind::List),
        ("members", Kind::List),
    ],
};

/// A user.
pub const USER: Form = Form {
    alias: "user_alias",
    kept: &[
        ("user_email", Kind::Text),
        ("user_role", Kind::OneOf(&ROLES)),
        ("sso_user_id", Kind::Text),
        ("organization_id", Kind::Text),
        ("model_max_budget", Kind::Map),
        ("allowed_cache_controls", Kind::List),
        ("policies", Kind::TextList),
        ("object_permission", Kind::Map),
    ],
    read: &[
        ("user_id", Kind::Text),
        ("teams", Kind::List),
        ("auto_create_key", Kind::Flag),
        ("send_invite_email", Kind::Flag),
        ("key_alias", Kind::Text),
        ("duration", Kind::Text),
        ("spend", Kind::Number),
        ("password", Kind::Text),
    ],
};

/// Roles of users.
const ROLES: [&str; 6] =
    ["proxy_admin", "proxy_admin_viewer", "org_admin", "internal_user", "internal_user_viewer", "customer"];

/// A shared budget.
pub const BUDGET: Form =
    Form { alias: "", kept: &[("model_max_budget", Kind::Map), ("tpd_limit", Kind::Integer)], read: &[] };

/// An end user.
pub const CUSTOMER: Form = Form {
    alias: "alias",
    kept: &[
        ("model_max_budget", Kind::Map),
        ("allowed_model_region", Kind::OneOf(&["eu", "us"])),
        ("default_model", Kind::Text),
        ("object_permission", Kind::Map),
    ],
    read: &[("user_id", Kind::Text), ("spend", Kind::Number)],
};

/// An organization.
pub const ORGANIZATION: Form = Form {
    alias: "organization_alias",
    kept: &[("model_max_budget", Kind::Map), ("object_permission", Kind::Map)],
    read: &[("organization_id", Kind::Text), ("spend", Kind::Number)],
};

/// A tag. Its models are those that it routes to, not those that may be called.
pub const TAG: Form = Form {
    alias: "",
    kept: &[("description", Kind::Text), ("model_info", Kind::Map), ("model_max_budget", Kind::Map)],
    read: &[("name", Kind::Text)],
};

/// What a team says of a member.
pub const MEMBER: Form = Form {
    alias: "",
    kept: &[("role", Kind::OneOf(&["admin", "user"])), ("user_email", Kind::Text)],
    read: &[
        ("team_id", Kind::Text),
        ("user_id", Kind::Text),
        ("member", Kind::Any),
        ("max_budget_in_team", Kind::Number),
    ],
};

impl Form {
    /// Reads a body.
    ///
    /// # Errors
    /// [`AdminError::Form`] lists every mistake.
    pub fn read(&self, bytes: &[u8]) -> Result<Map<String, Value>, AdminError> {
        body::read(bytes, &self.fields())
    }

    /// Every field that a body may have.
    pub fn fields(&self) -> Vec<Field> {
        let alias = [(self.alias, Kind::Text)];
        let alias = if self.alias.is_empty() { &[] } else { &alias[..] };
        [LIMITS, IN_METADATA, self.kept, self.read, alias].concat()
    }

    /// Makes `record` what the checked fields ask for. A field that is there and null goes back to nothing.
    ///
    /// # Errors
    /// [`AdminError::Amount`], [`AdminError::BudgetPeriod`], [`AdminError::Form`] for limits that are none: `record` is
    /// then half changed and to be thrown away.
    pub fn apply(&self, asked: &Map<String, Value>, record: &mut Record, now: Timestamp) -> Result<(), AdminError> {
        record.limits.read(asked, now)?;
        if let Some(models) = asked.get("models") {
            record.models = models.as_array().into_iter().flatten().filter_map(text).collect();
        }
        if let Some(alias) = asked.get(self.alias) {
            record.alias = text(alias);
        }
        if let Some(metadata) = asked.get("metadata") {
            record.metadata = metadata.as_object().cloned().unwrap_or_default();
        }
        for (fields, kept) in [(IN_METADATA, &mut record.metadata), (self.kept, &mut record.document)] {
            for (name, _) in fields {
                match asked.get(*name) {
                    None => {}
                    Some(Value::Null) => drop(kept.shift_remove(*name)),
                    Some(value) => drop(kept.insert((*name).to_owned(), value.clone())),
                }
            }
        }
        limits_of_members(&record.document, now)?;
        // What is a setting follows from the metadata as it now is, whichever way it got there.
        Ok(record.limits.read_kept(&record.metadata, &record.document)?)
    }
}

/// The id in a field; `None` where none is given.
///
/// # Errors
/// [`AdminError::Form`] for one that is too long.
pub fn id_in<'a>(asked: &'a Map<String, Value>, field: &'static str) -> Result<Option<&'a str>, AdminError> {
    let id = asked.get(field).and_then(Value::as_str).filter(|id| !id.is_empty());
    if id.is_some_and(|id| id.len() > ID_BYTES_MAX) {
        let message = format!("String should have at most {ID_BYTES_MAX} characters");
        return Err(Problem::new("string_too_long", vec!["body".into(), field.into()], message).into());
    }
    Ok(id)
}

/// The id in a field that must be there.
///
/// # Errors
/// [`AdminError::Form`].
pub fn required_id<'a>(asked: &'a Map<String, Value>, field: &'static str) -> Result<&'a str, AdminError> {
    id_in(asked, field)?.ok_or_else(|| Problem::missing(&["body", field]).into())
}

/// The ids in a list that must be there.
///
/// # Errors
/// [`AdminError::Form`].
pub fn required_ids(bytes: &[u8], field: &'static str) -> Result<Vec<String>, AdminError> {
    let asked = body::read(bytes, &[(field, Kind::TextList)])?;
    let list = asked.get(field).and_then(Value::as_array).ok_or_else(|| Problem::missing(&["body", field]))?;
    Ok(list.iter().filter_map(text).collect())
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
