//! Which records somebody may make and change who does not administer everything: the teams that it administers, and
//! the teams, members and users of its organizations, none of them with more rights than what they hang from.

use super::record_admin::RecordAdmin;
use crate::auth::records::{Record, RecordId, RecordKind};
use crate::auth::rights::{Actor, Standing};
use crate::flow::admin::error::AdminError;
use crate::flow::admin::rights::bounds::{Bounds, Silence, check_within};
use crate::flow::admin::rights::fields::{self, Of};
use crate::principal::Role;
use serde_json::{Map, Value};

impl RecordAdmin {
    /// Checks a record that is about to be made.
    pub(super) async fn check_new(&self, actor: &Actor, record: &Record) -> Result<(), AdminError> {
        if actor.is_unbounded() {
            return Ok(());
        }
        let blank = Record::new(record.id.clone(), record.created_at, None);
        match &record.id {
            RecordId::Of(RecordKind::Team, _) => {
                fields::check_record(&blank, record, Of::Team)?;
                self.check_below_organization(actor, record).await
            }
            RecordId::Of(RecordKind::User, _) => {
                fields::check_record(&blank, record, Of::User)?;
                check_role(record)?;
                self.check_below_organization(actor, record).await
            }
            _ => Err(not_yours()),
        }
    }

    /// Checks a new member of a team.
    pub(super) async fn check_new_member(&self, actor: &Actor, record: &Record) -> Result<(), AdminError> {
        let RecordId::Member { team, .. } = &record.id else { return Err(not_yours()) };
        check_team(actor, team)?;
        if actor.is_unbounded() {
            return Ok(());
        }
        fields::check_record(&Record::new(record.id.clone(), record.created_at, None), record, Of::Member)?;
        self.check_below_team(record, team).await
    }

    /// Checks a change of a record.
    pub(super) async fn check_change(&self, actor: &Actor, before: &Record, after: &Record) -> Result<(), AdminError> {
        if actor.is_unbounded() {
            return Ok(());
        }
        match &before.id {
            RecordId::Of(RecordKind::Team, id) => {
                check_team(actor, id)?;
                fields::check_record(before, after, Of::Team)?;
                self.check_team_change(actor, before, after).await
            }
            RecordId::Of(RecordKind::User, _) => {
                self.check_user(actor, before).await?;
                fields::check_record(before, after, Of::User)?;
                check_role(after)?;
                self.check_below_organization(actor, after).await
            }
            RecordId::Member { team, user } => {
                check_team(actor, team)?;
                fields::check_record(before, after, Of::Member)?;
                if actor.is_user(user) {
                    let (own, as_is) = (Bounds::of_record(after), Bounds::of_record(before));
                    check_within(&own, &as_is, Silence::Widens, "your membership as it is")?;
                }
                self.check_below_team(after, team).await
            }
            RecordId::Of(..) => Err(not_yours()),
        }
    }

    /// Checks that a user may be changed by somebody: its organization is administered, it is somebody else, and it is
    /// not an administrator itself.
    pub(super) async fn check_user(&self, actor: &Actor, user: &Record) -> Result<(), AdminError> {
        if actor.is_unbounded() {
            return Ok(());
        }
        let id = user.id.name();
        let oversees = actor.scope().oversees_user(user.text("organization_id"));
        if !oversees || actor.is_user(id) || !is_plain(user) {
            return Err(not_yours());
        }
        // It may administer an organization that the caller does not.
        let standing = Standing::read(&self.records, id).await?;
        if standing.organizations.iter().all(|id| actor.scope().reaches_organization(id)) {
            Ok(())
        } else {
            Err(not_yours())
        }
    }

    /// Checks that a record may be blocked, let in again, or removed.
    pub(super) async fn check_removes(&self, actor: &Actor, id: &RecordId) -> Result<(), AdminError> {
        if actor.is_unbounded() {
            return Ok(());
        }
        match id {
            RecordId::Of(RecordKind::Team, team) => check_team(actor, team),
            RecordId::Of(RecordKind::User, _) => match self.records.record(id).await? {
                Some(user) => self.check_user(actor, &user).await,
                None => Err(not_yours()),
            },
            RecordId::Of(..) | RecordId::Member { .. } => Err(not_yours()),
        }
    }

    async fn check_team_change(&self, actor: &Actor, before: &Record, after: &Record) -> Result<(), AdminError> {
        let home = |team: &Record| team.text("organization_id").map(str::to_owned);
        let reaches = |home: Option<String>| home.is_some_and(|id| actor.scope().reaches_organization(&id));
        if reaches(home(before)) {
            return self.check_below_organization(actor, after).await;
        }
        if home(before) != home(after) {
            return Err(AdminError::Closed("organization_id".to_owned()));
        }
        // Its administrators are under its limits, and do not set them.
        fields::check_limits(&before.limits, &after.limits)?;
        let (own, as_is) = (Bounds::of_record(after), Bounds::of_record(before));
        check_within(&own, &as_is, Silence::Widens, "the team as it is")
    }

    /// That a team or a user is in an organization of the caller's, and says no more than it.
    async fn check_below_organization(&self, actor: &Actor, record: &Record) -> Result<(), AdminError> {
        let id = record.text("organization_id").filter(|id| actor.scope().reaches_organization(id));
        let id = id.ok_or_else(|| {
            AdminError::Forbidden(
                "Name an `organization_id` that you administer: it must be in one of yours.".to_owned(),
            )
        })?;
        let organization = self.find(&RecordId::of(RecordKind::Organization, id)).await?.record;
        let organization = self.records.under_its_budget(organization).await?;
        let (own, above) = (Bounds::of_record(record), Bounds::of_record(&organization));
        check_within(&own, &above, Silence::Inherits, "its organization")
    }

    async fn check_below_team(&self, member: &Record, team: &str) -> Result<(), AdminError> {
        let team = self.records.under_its_budget(self.find(&RecordId::team(team)).await?.record).await?;
        let (own, above) = (Bounds::of_record(member), Bounds::of_record(&team));
        check_within(&own, &above, Silence::Inherits, "its team")
    }
}

/// That a request sets no one's spend.
pub(super) fn check_spend(actor: &Actor, asked: &Map<String, Value>) -> Result<(), AdminError> {
    match asked.get("spend") {
        Some(spend) if !spend.is_null() && !actor.is_unbounded() => Err(AdminError::Closed("spend".to_owned())),
        _ => Ok(()),
    }
}

/// That a team is the caller's to change.
pub(super) fn check_team(actor: &Actor, team: &str) -> Result<(), AdminError> {
    match actor.scope().changes_team(team) {
        true => Ok(()),
        false => {
            Err(AdminError::Forbidden(format!("Call not allowed. User not proxy admin OR team admin. team_id={team}")))
        }
    }
}

/// That a team is the caller's to see.
pub(super) fn check_sees_team(actor: &Actor, team: &str) -> Result<(), AdminError> {
    match actor.scope().sees_team(team) {
        true => Ok(()),
        false => Err(AdminError::Forbidden(format!("User not allowed to access this team. team_id={team}"))),
    }
}

/// That a user, whose home is this organization, is the caller's to see.
pub(super) fn check_sees_user(actor: &Actor, id: &str, home: Option<&str>) -> Result<(), AdminError> {
    match actor.scope().sees_user(id, home) {
        true => Ok(()),
        false => {
            let own = actor.user_id.as_deref().unwrap_or("None");
            let message = format!("key not allowed to access this user's info. user_id={id}, key's user_id={own}");
            Err(AdminError::Forbidden(message))
        }
    }
}

/// That an organization is the caller's.
pub(super) fn check_organization(actor: &Actor, id: &str) -> Result<(), AdminError> {
    match actor.scope().reaches_organization(id) {
        true => Ok(()),
        false => Err(AdminError::Forbidden(format!(
            "You do not have the required role to perform this action in organization {id}"
        ))),
    }
}

/// That a user is no more than those whom administrators of organizations make.
fn check_role(user: &Record) -> Result<(), AdminError> {
    if is_plain(user) { Ok(()) } else { Err(AdminError::Closed("user_role".to_owned())) }
}

fn is_plain(user: &Record) -> bool {
    let role = user.text("user_role").and_then(Role::of_user);
    matches!(role, None | Some(Role::InternalUser | Role::InternalUserViewer))
}

fn not_yours() -> AdminError {
    AdminError::Forbidden("You are not allowed to make or change this record.".to_owned())
}
