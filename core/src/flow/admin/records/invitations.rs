//! `/invitation/…`: a user who is asked to come in, by a link that holds the invitation's id. It ends after seven days.

use super::documents;
use super::forms::required_id;
use super::record_admin::RecordAdmin;
use super::render::time;
use crate::auth::records::{RecordId, RecordKind};
use crate::auth::rights::Actor;
use crate::calendar::{DAY_MILLIS, rfc3339};
use crate::clock::Timestamp;
use crate::flow::admin::body::{self, Field, Kind};
use crate::flow::admin::error::{AdminError, Problem};
use crate::flow::admin::params::Params;
use crate::store::documents::Documents;
use serde_json::{Map, Value, json};

/// Days until an invitation ends.
const DAYS: i64 = 7;

/// Fields of a body that says who is invited.
pub const INVITED: &[Field] = &[("user_id", Kind::Text)];

/// Fields of a body that accepts an invitation.
pub const ACCEPTED: &[Field] = &[("invitation_id", Kind::Text), ("is_accepted", Kind::Flag)];

/// Fields of a body that names an invitation.
pub const NAMED: &[Field] = &[("invitation_id", Kind::Text)];

impl RecordAdmin {
    /// Invites the body's `user_id`.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::Refused`] where there is no such user.
    pub async fn new_invitation(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let asked = body::read(body, INVITED)?;
        let user = required_id(&asked, "user_id")?;
        if self.records.record(&RecordId::of(RecordKind::User, user)).await?.is_none() {
            return Err(AdminError::Refused(format!(
                "User id={user} does not exist. Create it with `/user/new` first."
            )));
        }
        let id = self.new_id()?;
        let invitation = fields(json!({
            "id": id,
            "user_id": user,
            "is_accepted": false,
            "accepted_at": null,
            "expires_at": rfc3339(now.plus_millis(DAYS * DAY_MILLIS)),
            "created_at": rfc3339(now),
            "created_by": actor.user_id,
            "updated_at": rfc3339(now),
            "updated_by": actor.user_id,
        }));
        Ok(self.invitations().create(&id, invitation).await?.value.into())
    }

    /// The invitation of the parameter `invitation_id`.
    ///
    /// # Errors
    /// [`AdminError::Refused`] where there is none.
    pub async fn invitation_info(&self, params: &Params) -> Result<Value, AdminError> {
        let id = params.text("invitation_id").ok_or_else(|| Problem::missing(&["query", "invitation_id"]))?;
        Ok(self.invitations().get(id).await?.ok_or_else(unknown)?.value.into())
    }

    /// Says whether an invitation was accepted.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::Refused`] where there is none, or it has ended.
    pub async fn update_invitation(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let asked = body::read(body, ACCEPTED)?;
        let id = required_id(&asked, "invitation_id")?;
        let accepted = asked.get("is_accepted").and_then(Value::as_bool);
        let accepted = accepted.ok_or_else(|| Problem::missing(&["body", "is_accepted"]))?;
        let change = |invitation: &mut Map<String, Value>| {
            let ends = invitation.get("expires_at").and_then(Value::as_str).and_then(crate::calendar::parse);
            if accepted && ends.is_some_and(|ends| ends <= now) {
                return Err(AdminError::Refused("The invitation has ended. Make another.".to_owned()));
            }
            invitation.extend(fields(json!({
                "is_accepted": accepted,
                "accepted_at": time(accepted.then_some(now)),
                "updated_at": rfc3339(now),
                "updated_by": actor.user_id,
            })));
            Ok(())
        };
        let changed = documents::change(&self.invitations(), id, change).await?;
        Ok(changed.ok_or_else(unknown)?.value.into())
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::Refused`] where there is none.
    pub async fn delete_invitation(&self, body: &[u8]) -> Result<Value, AdminError> {
        let asked = body::read(body, NAMED)?;
        let removed = documents::remove(&self.invitations(), required_id(&asked, "invitation_id")?).await?;
        Ok(removed.ok_or_else(unknown)?.value.into())
    }

    pub(super) fn invitations(&self) -> Documents {
        self.records.documents("INVITATIONS")
    }
}

fn unknown() -> AdminError {
    AdminError::Refused("Invitation id does not exist in the database.".to_owned())
}

fn fields(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}
