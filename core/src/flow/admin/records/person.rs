//! What the records say about one person, whole; and the request that the spend log forget one.

use super::record_admin::RecordAdmin;
use super::render;
use super::rights::check_sees_user;
use crate::accounting::erasure::{Erasure, Person};
use crate::auth::key_listing::KeyFilter;
use crate::auth::records::{RecordId, RecordKind};
use crate::auth::rights::Actor;
use crate::clock::Timestamp;
use crate::flow::admin::body::{Field, Kind};
use crate::flow::admin::error::AdminError;
use crate::flow::erasures::{self, Erasures};
use serde_json::{Map, Value, json};

/// What becomes of the spend rows of whoever is deleted: `true`, they say no more who it was; `false`, they go; nothing,
/// they stay as they are.
pub const ANONYMIZE: Field = ("anonymize", Kind::Flag);

impl RecordAdmin {
    /// The user, its keys (which none of it shows), and where it belongs. Others in the same teams are not shown.
    ///
    /// # Errors
    /// [`AdminError::Missing`]; [`AdminError::Forbidden`] for a user whom the caller may not see.
    pub async fn person(&self, actor: &Actor, id: &str) -> Result<Map<String, Value>, AdminError> {
        let user = RecordId::of(RecordKind::User, id);
        let stored = self.find(&user).await.or_else(|error| match actor.is_unbounded() {
            true => Err(error),
            false => check_sees_user(actor, id, None).and(Err(error)),
        })?;
        check_sees_user(actor, id, stored.record.text("organization_id"))?;
        let teams = self.records.teams_of(id).await?;
        let mut memberships = Vec::new();
        for team in &teams {
            if let Some(member) = self.records.get(&RecordId::member(team, id)).await? {
                memberships.push(Value::Object(render::membership(team, &member)));
            }
        }
        let mut organizations = Vec::new();
        for listing in self.records.list(RecordKind::Organization).await? {
            if let Some(member) = self.records.members_of_organization(&listing.name).get(id).await? {
                organizations.push(json!({"organization_id": listing.name, "membership": member.value}));
            }
        }
        let invitations = self.invitations().list().await?.into_iter().map(|invitation| invitation.value);
        let invitations: Vec<_> =
            invitations.filter(|invitation| invitation.get("user_id").is_some_and(|user| user == id)).collect();
        let keys = self.keys_of(&KeyFilter { user_id: Some(id.to_owned()), ..KeyFilter::default() }).await?;
        let keys: Vec<_> = keys.iter().map(|key| render::key_of(key, None)).collect();
        let mut person = Map::new();
        person.insert("user_id".to_owned(), id.into());
        person.insert("user".to_owned(), render::user(&stored, &teams).into());
        person.insert("keys".to_owned(), json!(keys));
        person.insert("team_memberships".to_owned(), memberships.into());
        person.insert("organization_memberships".to_owned(), organizations.into());
        person.insert("invitations".to_owned(), json!(invitations));
        Ok(person)
    }

    /// What is known of an end user beside its calls; nothing of one who has no record.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn end_user(&self, id: &str) -> Result<Map<String, Value>, AdminError> {
        let stored = self.records.get(&RecordId::of(RecordKind::Customer, id)).await?;
        let mut person = Map::new();
        person.insert("end_user_id".to_owned(), id.into());
        person.insert("customer".to_owned(), stored.map_or(Value::Null, |stored| render::customer(&stored, None)));
        Ok(person)
    }

    /// Asks for a person to be taken out of the spend log, where the request says what is to become of the rows.
    pub(super) async fn forget(
        &self,
        person: &Person,
        asked: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<(), AdminError> {
        let Some(anonymize) = asked.get(ANONYMIZE.0).and_then(Value::as_bool) else { return Ok(()) };
        let erasure = if anonymize { Erasure::Anonymised } else { Erasure::Removed };
        Ok(Erasures::new(self.records.documents(erasures::LIST)).ask(person, erasure, now).await?)
    }
}
