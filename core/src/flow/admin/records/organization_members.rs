//! `/organization/member_…`: who is in an organization, and as what. Members are documents, a list an organization.

use super::documents;
use super::forms::{self, id_in, required_id};
use super::record_admin::RecordAdmin;
use super::render;
use super::rights::check_organization;
use crate::auth::records::{Record, RecordId, RecordKind, StoredRecord};
use crate::auth::rights::Actor;
use crate::calendar::rfc3339;
use crate::clock::Timestamp;
use crate::flow::admin::body::{self, Field, Kind};
use crate::flow::admin::error::{AdminError, Problem};
use crate::store::documents::{Document, DocumentError, Documents};
use serde_json::{Map, Value, json};

/// What a member of an organization can be.
const ROLES: [&str; 3] = ["org_admin", "internal_user", "internal_user_viewer"];

/// Fields of a body that names a member.
pub const FIELDS: &[Field] = &[
    ("organization_id", Kind::Text),
    ("member", Kind::Any),
    ("user_id", Kind::Text),
    ("user_email", Kind::Text),
    ("role", Kind::OneOf(&ROLES)),
    ("max_budget_in_organization", Kind::Number),
];

impl RecordAdmin {
    /// Adds the body's `member` (one, or a list) to an organization. A user that is not known is made.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::Missing`]; [`AdminError::Refused`] for who is a member already.
    pub async fn add_organization_members(
        &self,
        actor: &Actor,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Value, AdminError> {
        let asked = read(body)?;
        let organization = self.organization_of(actor, &asked).await?;
        let entries = match asked.get("member") {
            Some(Value::Array(entries)) => entries.clone(),
            Some(entry @ Value::Object(_)) => vec![entry.clone()],
            _ => return Err(Problem::missing(&["body", "member"]).into()),
        };
        let mut members = Vec::new();
        for entry in entries {
            let member = body::read(&serde_json::to_vec(&entry).unwrap_or_default(), FIELDS)?;
            let id = id_in(&member, "user_id")?.or(id_in(&member, "user_email")?).map(str::to_owned);
            let id = id.ok_or_else(|| Problem::rule("Either user_id or user_email must be provided"))?;
            members.push((id, member));
        }
        let (mut users, mut memberships) = (Vec::new(), Vec::new());
        for (id, member) in &members {
            let role = member.get("role").and_then(Value::as_str).unwrap_or("internal_user");
            let value = json!({"user_role": role, "user_email": member.get("user_email"), "created_at": rfc3339(now),
                "updated_at": rfc3339(now)});
            self.records.note_organization(id, &organization).await?;
            let done = self.members_of(&organization).create(id, fields(value)).await;
            let added = match done {
                Err(DocumentError::Taken) => {
                    let message = format!("User id={id} is already a member of organization {organization}");
                    return Err(AdminError::Refused(message));
                }
                done => done?,
            };
            let user = self.user_behind(actor, id, member.get("user_email"), now).await?;
            users.push(Value::Object(render::user_for(actor, &user)));
            memberships.push(shown(&organization, &added));
        }
        Ok(json!({
            "organization_id": organization,
            "updated_users": users,
            "updated_organization_memberships": memberships,
        }))
    }

    /// Changes a member's role.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::Missing`]; [`AdminError::Refused`] for who is no member.
    pub async fn update_organization_member(
        &self,
        actor: &Actor,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Value, AdminError> {
        let asked = read(body)?;
        let organization = self.organization_of(actor, &asked).await?;
        let id = self.member_named(&organization, &asked).await?;
        let change = |member: &mut Map<String, Value>| {
            member.extend(asked.get("role").map(|role| ("user_role".to_owned(), role.clone())));
            member.insert("updated_at".to_owned(), rfc3339(now).into());
            Ok(())
        };
        let changed = documents::change(&self.members_of(&organization), &id, change).await?;
        Ok(shown(&organization, &changed.ok_or_else(|| not_a_member(&organization))?))
    }

    /// Takes a member out of an organization.
    ///
    /// # Errors
    /// As [`RecordAdmin::update_organization_member`].
    pub async fn delete_organization_member(&self, actor: &Actor, body: &[u8]) -> Result<Value, AdminError> {
        let asked = read(body)?;
        let organization = self.organization_of(actor, &asked).await?;
        let id = self.member_named(&organization, &asked).await?;
        let removed = documents::remove(&self.members_of(&organization), &id).await?;
        Ok(shown(&organization, &removed.ok_or_else(|| not_a_member(&organization))?))
    }

    /// The members of an organization, as they are shown.
    pub(super) async fn organization_members(&self, organization: &str) -> Result<Vec<Value>, AdminError> {
        let members = self.members_of(organization).list().await?;
        Ok(members.iter().map(|member| shown(organization, member)).collect())
    }

    /// Takes everybody out of an organization that goes.
    pub(super) async fn clear_organization(&self, organization: &str) -> Result<(), AdminError> {
        for member in self.members_of(organization).list().await? {
            documents::remove(&self.members_of(organization), &member.id).await?;
        }
        Ok(())
    }

    /// Takes a user who goes out of every organization.
    pub(super) async fn leave_organizations(&self, user: &str) -> Result<(), AdminError> {
        for organization in self.records.list(RecordKind::Organization).await? {
            documents::remove(&self.members_of(&organization.name), user).await?;
        }
        Ok(())
    }

    fn members_of(&self, organization: &str) -> Documents {
        self.records.members_of_organization(organization)
    }

    async fn organization_of(&self, actor: &Actor, asked: &Map<String, Value>) -> Result<String, AdminError> {
        let id = RecordId::of(RecordKind::Organization, required_id(asked, "organization_id")?);
        check_organization(actor, id.name())?;
        Ok(self.find(&id).await?.record.id.name().to_owned())
    }

    async fn member_named(&self, organization: &str, asked: &Map<String, Value>) -> Result<String, AdminError> {
        let text = |name: &str| asked.get(name).and_then(Value::as_str);
        let email = match (text("user_id"), text("user_email")) {
            (Some(id), _) => return Ok(id.to_owned()),
            (None, Some(email)) => email,
            (None, None) => return Err(Problem::rule("Either user_id or user_email must be provided").into()),
        };
        let members = self.members_of(organization).list().await?;
        let named = |member: &&Document| {
            member.id == email || member.value.get("user_email").is_some_and(|of_member| of_member == email)
        };
        Ok(members.iter().find(named).ok_or_else(|| not_a_member(organization))?.id.clone())
    }

    /// The user of this id, made where there is none.
    pub(super) async fn user_behind(
        &self,
        actor: &Actor,
        id: &str,
        email: Option<&Value>,
        now: Timestamp,
    ) -> Result<StoredRecord, AdminError> {
        let id = RecordId::of(RecordKind::User, id);
        let mut fields = Map::new();
        fields.extend(email.filter(|email| !email.is_null()).map(|email| ("user_email".to_owned(), email.clone())));
        // Whoever may name a member may name somebody new, of whom nothing else is said.
        let mut record = Record::new(id.clone(), now, actor.user_id.as_deref());
        forms::USER.apply(&fields, &mut record, now)?;
        match self.create(record).await {
            Err(AdminError::Taken(_)) => self.find(&id).await,
            made => made,
        }
    }
}

fn read(body: &[u8]) -> Result<Map<String, Value>, AdminError> {
    let asked = body::read(body, FIELDS)?;
    if asked.get("max_budget_in_organization").is_some_and(|budget| !budget.is_null()) {
        let reason = "limit the organization, or the user as a member of a team";
        return Err(AdminError::Unsupported { field: "max_budget_in_organization", reason });
    }
    Ok(asked)
}

fn not_a_member(organization: &str) -> AdminError {
    AdminError::Refused(format!("The user is not a member of organization {organization}"))
}

fn shown(organization: &str, member: &Document) -> Value {
    let mut shown = fields(json!({
        "user_id": member.id,
        "organization_id": organization,
        "spend": null,
        "budget_id": null,
        "user": null,
        "litellm_budget_table": null,
    }));
    shown.extend(member.value.clone());
    shown.into()
}

fn fields(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}
