//! Records that tokens name: made where the settings say so and they are missing, and memberships and roles made what
//! tokens say.

use super::error::TokenError;
use super::mapping::Identified;
use super::tokens::Tokens;
use crate::auth::records::store::{RECORD_DEFAULTS, TEAM_DEFAULTS, USER_DEFAULTS};
use crate::auth::records::{Directory, Record, RecordId, RecordKind, RecordStoreError};
use crate::clock::Timestamp;
use crate::principal::Above;
use serde_json::{Map, Value};
use std::error::Error;

impl Tokens {
    /// Makes what is missing above a caller. Whether anything was made.
    ///
    /// # Errors
    /// [`TokenError`] names the record that is missing and may not be made.
    pub async fn make_missing(
        &self,
        who: &Identified,
        team: Option<&String>,
        above: &Above,
        now: Timestamp,
    ) -> Result<bool, TokenError> {
        let mut has_made = false;
        if let Some(user) = who.user.as_ref().filter(|_| above.user.is_none()) {
            let id = RecordId::of(RecordKind::User, user.as_str());
            if !self.settings.user_id_upsert || !id.is_possible() {
                return Err(TokenError::UnknownUser(user.clone()));
            }
            let mut asked = Map::new();
            asked.extend(who.email.as_deref().map(|email| ("user_email".to_owned(), email.into())));
            asked.extend(who.role.map(|role| ("user_role".to_owned(), role.as_str().into())));
            self.make(id, (USER_DEFAULTS, asked), now).await?;
            has_made = true;
        }
        if let Some(team) = team.filter(|_| above.team.is_none()) {
            let id = RecordId::team(team.as_str());
            if !self.settings.team_id_upsert || !id.is_possible() {
                return Err(TokenError::UnknownTeam(team.clone()));
            }
            self.make(id, (TEAM_DEFAULTS, Map::new()), now).await?;
            has_made = true;
        }
        Ok(has_made)
    }

    /// Whether memberships are to be noted.
    pub fn notes_memberships(&self) -> bool {
        self.settings.upsert_sso_user_to_team || self.settings.sync_user_role_and_teams
    }

    /// Makes the user a member of the token's teams, and, where the settings say so, of no others, and gives it the role
    /// that the token says.
    ///
    /// # Errors
    /// [`TokenError::NotStored`].
    pub async fn note_memberships(
        &self,
        who: &Identified,
        user: &str,
        directory: &Directory,
        now: Timestamp,
    ) -> Result<(), TokenError> {
        let syncs = self.settings.sync_user_role_and_teams;
        let names_teams = self.settings.team_id_jwt_field.is_some() || self.settings.team_ids_jwt_field.is_some();
        let wanted = who.teams.ids();
        let has = self.records.teams_of(user).await.map_err(not_stored)?;
        for team in wanted.iter().filter(|team| !has.contains(team)) {
            let id = RecordId::member(team.as_str(), user);
            if !id.is_possible() {
                continue;
            }
            let mut member = Record::new(id, now, None);
            member.document.insert("role".to_owned(), "user".into());
            match self.records.add_member(&member).await {
                // There is no such team, or somebody else was first.
                Ok(()) | Err(RecordStoreError::Taken | RecordStoreError::Changed) => directory.forget(&member.id),
                Err(error) => return Err(not_stored(error)),
            }
        }
        for team in has.iter().filter(|team| syncs && names_teams && !wanted.contains(team)) {
            let id = RecordId::member(team.as_str(), user);
            let Some(member) = self.records.record(&id).await.map_err(not_stored)? else { continue };
            match self.records.remove_member(&member).await {
                Ok(()) | Err(RecordStoreError::NotFound) => directory.forget(&id),
                Err(error) => return Err(not_stored(error)),
            }
        }
        if syncs { self.set_role(who, user, directory, now).await } else { Ok(()) }
    }

    async fn set_role(
        &self,
        who: &Identified,
        user: &str,
        directory: &Directory,
        now: Timestamp,
    ) -> Result<(), TokenError> {
        let Some(role) = who.role else { return Ok(()) };
        let id = RecordId::of(RecordKind::User, user);
        let Some(before) = self.records.record(&id).await.map_err(not_stored)? else { return Ok(()) };
        if before.text("user_role") == Some(role.as_str()) {
            return Ok(());
        }
        let mut after = before.clone();
        after.document.insert("user_role".to_owned(), role.as_str().into());
        after.updated_at = now;
        self.records.update(&before, &after).await.map_err(not_stored)?;
        directory.forget(&id);
        Ok(())
    }

    /// Makes a record as an administrator would who says no more than `asked`.
    async fn make(
        &self,
        id: RecordId,
        (defaults, mut asked): (&str, Map<String, Value>),
        now: Timestamp,
    ) -> Result<(), TokenError> {
        let said = self.records.documents(RECORD_DEFAULTS).get(defaults).await.map_err(not_stored)?;
        for (name, value) in said.into_iter().flat_map(|said| said.value) {
            asked.entry(name).or_insert(value);
        }
        let configured = if defaults == USER_DEFAULTS { &self.user_defaults } else { &self.team_defaults };
        configured.fill(&mut asked);
        let mut record = Record::new(id, now, None);
        record.limits.read(&asked, now).map_err(not_stored)?;
        let models = asked.get("models").and_then(Value::as_array).into_iter().flatten();
        record.models = models.filter_map(Value::as_str).map(str::to_owned).collect();
        let kept = ["user_email", "user_role"].into_iter().filter(|_| defaults == USER_DEFAULTS);
        let kept = kept.filter_map(|name| Some((name.to_owned(), asked.get(name)?.clone())));
        record.document.extend(kept.filter(|(_, value)| !value.is_null()));
        match self.records.create(&record, Vec::new()).await {
            Ok(()) => self.join_usual_teams(&record.id, now).await,
            Err(RecordStoreError::Taken) => Ok(()),
            Err(error) => Err(not_stored(error)),
        }
    }

    /// Puts a new user into the teams that new users are put into.
    async fn join_usual_teams(&self, id: &RecordId, now: Timestamp) -> Result<(), TokenError> {
        let is_user = matches!(id, RecordId::Of(RecordKind::User, _));
        let teams = self.user_defaults.teams.iter().flatten().filter(|_| is_user);
        for team in teams {
            let mut member = Record::new(RecordId::member(team.id.as_str(), id.name()), now, None);
            member.document.insert("role".to_owned(), team.role.as_str().into());
            member.limits.max_budget = team.max_budget;
            match self.records.add_member(&member).await {
                // There is no such team, or somebody else was first.
                Ok(()) | Err(RecordStoreError::Taken | RecordStoreError::Changed) => {}
                Err(error) => return Err(not_stored(error)),
            }
        }
        Ok(())
    }
}

fn not_stored(error: impl Error + Send + Sync + 'static) -> TokenError {
    TokenError::NotStored(Box::new(error))
}
