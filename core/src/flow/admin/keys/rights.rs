//! Which keys somebody may make and change who does not administer everything: keys of its own, and those of the teams
//! and organizations that it administers, none of them with more rights than what it hangs from.

use super::key_admin::KeyAdmin;
use crate::auth::key_record::KeyRecord;
use crate::auth::records::{Record, RecordId, RecordKind};
use crate::auth::rights::Actor;
use crate::auth::route::is_of_models;
use crate::flow::admin::error::AdminError;
use crate::flow::admin::rights::bounds::{Bounds, Silence, check_within, narrow};
use crate::flow::admin::rights::fields;
use serde_json::{Map, Value};

/// What a key may call that somebody makes for another: whoever holds it acts as that other.
const ROUTES_FOR_ANOTHER: &str = "llm_api_routes";

/// Whether a new key is for a person or for a team's service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MadeFor {
    Person,
    Service,
}

impl KeyAdmin {
    /// Checks a key that is about to be made, and makes it say what it inherits from its maker.
    pub(super) async fn check_new(
        &self,
        actor: &Actor,
        asked: &Map<String, Value>,
        (key, made_for): (&mut KeyRecord, MadeFor),
    ) -> Result<(), AdminError> {
        if actor.is_unbounded() {
            return Ok(());
        }
        check_spend(asked)?;
        if key.user_id.is_none() && made_for == MadeFor::Person {
            key.user_id.clone_from(&actor.user_id);
        }
        self.check_place(actor, key).await?;
        let blank = KeyRecord::new(key.hash.clone(), String::new(), key.created_at, None);
        // A soft budget brings a budget's id of its own, which says nothing.
        fields::check_key(&blank, key)?;
        match key.user_id.as_deref() {
            Some(user) if actor.is_user(user) => {
                let own = Bounds::of_caller(actor);
                narrow(key, &own);
                check_within(&Bounds::of_key(key), &own, Silence::Widens, "the key that you present")?;
            }
            Some(_) => confine(key)?,
            None => {}
        }
        self.check_parents(key).await
    }

    /// Checks a change of a key.
    pub(super) async fn check_change(
        &self,
        actor: &Actor,
        asked: &Map<String, Value>,
        (before, after): (&KeyRecord, &KeyRecord),
    ) -> Result<(), AdminError> {
        if actor.is_unbounded() {
            return Ok(());
        }
        self.check_touches(actor, before)?;
        check_spend(asked)?;
        let place = |key: &KeyRecord| {
            let organization = key.document.get("organization_id").cloned();
            (key.user_id.clone(), key.team_id.clone(), organization)
        };
        let moves = place(before) != place(after);
        if moves {
            if !actor.scope().oversees_key(before) {
                return Err(forbidden("A key is moved by those who administer its team or organization."));
            }
            self.check_place(actor, after).await?;
        }
        let of_another = after.user_id.as_deref().is_some_and(|user| !actor.is_user(user));
        let same_routes = !moves && before.allowed_routes == after.allowed_routes;
        if of_another && !same_routes && !is_of_models(&after.allowed_routes) {
            return Err(AdminError::Wider { field: "allowed_routes", whose: "a key of another user".to_owned() });
        }
        fields::check_key(before, after)?;
        if actor.owns(before) || actor.owns(after) {
            let whose = "the key as it is";
            check_within(&Bounds::of_key(after), &Bounds::of_key(before), Silence::Widens, whose)?;
        }
        self.check_parents(after).await
    }

    /// Checks that somebody may have a key's new secret, and with it all that the key may do.
    pub(super) async fn check_secret(&self, actor: &Actor, key: &KeyRecord) -> Result<(), AdminError> {
        if actor.is_unbounded() || key.hash == actor.key {
            return Ok(());
        }
        match key.user_id.as_deref() {
            Some(user) if actor.is_user(user) => {
                let own = Bounds::of_caller(actor);
                check_within(&Bounds::of_key(key), &own, Silence::Widens, "the key that you present")
            }
            Some(_) if !is_of_models(&key.allowed_routes) => Err(forbidden(
                "The key acts for another user: whoever has it is that user. It is theirs to regenerate.",
            )),
            _ => Ok(()),
        }
    }

    /// That a key may be changed at all.
    pub(super) fn check_touches(&self, actor: &Actor, key: &KeyRecord) -> Result<(), AdminError> {
        match actor.scope().changes_key(key) {
            true => Ok(()),
            false => Err(forbidden("You are not allowed to change this key.")),
        }
    }

    /// That a key may be blocked, let in again, or have its spend set anew: what nobody does to a key of its own.
    pub(super) fn check_oversees(&self, actor: &Actor, key: &KeyRecord) -> Result<(), AdminError> {
        let oversees = actor.is_unbounded() || (actor.scope().oversees_key(key) && !actor.owns(key));
        if oversees { Ok(()) } else { Err(forbidden("You are not allowed to block this key or to reset its spend.")) }
    }

    /// That a key may stand where it says: for its user, in its team, in its organization.
    async fn check_place(&self, actor: &Actor, key: &KeyRecord) -> Result<(), AdminError> {
        let scope = actor.scope();
        let (user, mut home) = (key.user_id.as_deref(), None);
        match key.team_id.as_deref() {
            Some(team) => {
                let record = self.records.record(&RecordId::team(team)).await?;
                let record = record.filter(|_| scope.sees_team(team));
                let record = record.ok_or_else(|| no_team_of_yours(team))?;
                self.check_user_in_team(actor, user, team).await?;
                home = record.text("organization_id").map(str::to_owned);
            }
            None => self.check_personal(actor, user).await?,
        }
        let organization = key.document.get("organization_id").and_then(Value::as_str);
        match organization {
            Some(id) if home.as_deref() != Some(id) && !scope.reaches_organization(id) => {
                Err(forbidden(&format!("User can only create keys for their own organization. Got={id}")))
            }
            _ => Ok(()),
        }
    }

    async fn check_user_in_team(&self, actor: &Actor, user: Option<&str>, team: &str) -> Result<(), AdminError> {
        let Some(user) = user else { return Ok(()) };
        if !actor.is_user(user) && !actor.scope().changes_team(team) {
            return Err(not_yourself(actor, user));
        }
        match self.records.record(&RecordId::member(team, user)).await? {
            Some(_) => Ok(()),
            None if actor.is_user(user) && actor.scope().changes_team(team) => Ok(()),
            None => Err(forbidden(&format!("User={user} not assigned to team={team}"))),
        }
    }

    /// That a key that is in no team may be for this user.
    async fn check_personal(&self, actor: &Actor, user: Option<&str>) -> Result<(), AdminError> {
        let Some(user) = user else { return Err(forbidden("A key needs a user or a team.")) };
        if actor.is_user(user) {
            let own = actor.scope().own_user.is_some();
            return if own { Ok(()) } else { Err(forbidden("You make keys for your teams only. Name a `team_id`.")) };
        }
        let record = self.records.record(&RecordId::of(RecordKind::User, user)).await?;
        let home = record.as_ref().and_then(|record| record.text("organization_id"));
        if actor.scope().oversees_user(home) { Ok(()) } else { Err(not_yourself(actor, user)) }
    }

    /// That a key says nowhere more than the records that it hangs from.
    async fn check_parents(&self, key: &KeyRecord) -> Result<(), AdminError> {
        let own = Bounds::of_key(key);
        let (team, user) = (key.team_id.as_deref(), key.user_id.as_deref());
        let team_record = self.parent(team.map(RecordId::team)).await?;
        let organization = key.document.get("organization_id").and_then(Value::as_str);
        let organization = organization.or(team_record.as_ref().and_then(|team| team.text("organization_id")));
        let organization = self.parent(organization.map(|id| RecordId::of(RecordKind::Organization, id))).await?;
        let member = self.parent(team.zip(user).map(|(team, user)| RecordId::member(team, user))).await?;
        let user = self.parent(user.map(|user| RecordId::of(RecordKind::User, user))).await?;
        let in_team = team_record.is_some();
        let parents = [(team_record, "its team"), (member, "its team member"), (organization, "its organization")];
        for (record, whose) in parents {
            if let Some(record) = record {
                check_within(&own, &Bounds::of_record(&record), Silence::Inherits, whose)?;
            }
        }
        let Some(user) = user else { return Ok(()) };
        let mut bounds = Bounds::of_record(&user);
        if in_team {
            // A team's models are for all of its members.
            bounds.models.clear();
        }
        check_within(&own, &bounds, Silence::Inherits, "its user")
    }

    /// A record with the limits of the shared budget that it is under.
    async fn parent(&self, id: Option<RecordId>) -> Result<Option<Record>, AdminError> {
        let Some(id) = id else { return Ok(None) };
        let Some(record) = self.records.record(&id).await? else { return Ok(None) };
        Ok(Some(self.records.under_its_budget(record).await?))
    }
}

/// Lets a key do no more than call models.
pub(super) fn confine(key: &mut KeyRecord) -> Result<(), AdminError> {
    if key.allowed_routes.is_empty() {
        key.allowed_routes = vec![ROUTES_FOR_ANOTHER.to_owned()];
    }
    match is_of_models(&key.allowed_routes) {
        true => Ok(()),
        false => Err(AdminError::Wider { field: "allowed_routes", whose: "a key for another user".to_owned() }),
    }
}

fn check_spend(asked: &Map<String, Value>) -> Result<(), AdminError> {
    match asked.get("spend") {
        None | Some(Value::Null) => Ok(()),
        Some(_) => Err(AdminError::Closed("spend".to_owned())),
    }
}

fn forbidden(message: &str) -> AdminError {
    AdminError::Forbidden(message.to_owned())
}

fn no_team_of_yours(team: &str) -> AdminError {
    AdminError::Forbidden(format!(
        "User can only create keys for their own team, where its members may. Got={team}. Ask its administrators to \
         grant it with `/team/permissions_update`."
    ))
}

fn not_yourself(actor: &Actor, user: &str) -> AdminError {
    let own = actor.user_id.as_deref().unwrap_or("None");
    AdminError::Forbidden(format!("User can only create keys for themselves. Got user_id={user}, Your ID={own}"))
}
