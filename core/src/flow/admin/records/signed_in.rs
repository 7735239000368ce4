//! The user behind a person who has signed in at an identity provider: found by who that is there, by its id, or by its
//! mail address, bound to that person from then on, and made where there is none.

use super::defaults::Defaults;
use super::forms;
use super::record_admin::RecordAdmin;
use super::users::teams_in;
use crate::auth::records::user_index::UserField;
use crate::auth::records::{Record, RecordId, RecordKind};
use crate::auth::rights::{Actor, Scope};
use crate::auth::sign_in::error::SignInError;
use crate::auth::sign_in::person::Person;
use crate::clock::Timestamp;
use crate::config::UserRole;
use crate::config::sso::SsoKind;
use crate::crypto::key_hash;
use crate::flow::admin::error::AdminError;
use crate::flow::sign_in::error::SignInFailure;
use crate::principal::{Principal, Role};
use serde_json::{Map, Value};
use std::sync::Arc;

/// The field of a user that says who that is at the provider.
const SUBJECT: &str = "sso_user_id";
/// The member of its metadata that says which provider.
const PROVIDER: &str = "auth_provider";

/// Whose a user is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    /// Nobody's yet.
    Free,
    /// This person's.
    Own,
    /// Another one's.
    Other,
}

impl RecordAdmin {
    /// The user behind a person, made what the provider says of it. `admin` is the one who administers everything.
    ///
    /// # Errors
    /// [`SignInError::Bound`], [`SignInError::Several`], [`SignInError::Blocked`]; those of the store.
    pub async fn signed_in(
        &self,
        person: &Person,
        admin: Option<&str>,
        now: Timestamp,
    ) -> Result<Record, SignInFailure> {
        if let Some(found) = self.user_behind_person(person).await? {
            return self.bind(found, person, admin, now).await;
        }
        match self.make_user(person, admin, now).await {
            // Another sign-in of the same person was first.
            Err(SignInFailure::Admin(AdminError::Taken(_))) => match self.user_behind_person(person).await? {
                Some(found) => self.bind(found, person, admin, now).await,
                None => Err(SignInError::Bound(person.id.clone()).into()),
            },
            made => made,
        }
    }

    /// A user who has signed in before, if it is let in still.
    ///
    /// # Errors
    /// [`SignInError::Blocked`]; those of the store.
    pub async fn still_signed_in(&self, user: &str) -> Result<(Record, Vec<String>), SignInFailure> {
        let record = self.records.record(&user_id(user)).await?.filter(|record| !record.limits.is_blocked());
        let record = record.ok_or_else(|| SignInError::Blocked(user.to_owned()))?;
        Ok((record, self.records.teams_of(user).await?))
    }

    /// These teams, as far as they are there and open, with how people call them.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn aliases_of_teams(&self, ids: &[String]) -> Result<Vec<(String, Option<String>)>, SignInFailure> {
        let mut named = Vec::with_capacity(ids.len());
        for id in ids {
            let team = self.records.record(&RecordId::team(id.as_str())).await?;
            named.extend(team.filter(|team| !team.limits.is_blocked()).map(|team| (id.clone(), team.alias)));
        }
        Ok(named)
    }

    async fn user_behind_person(&self, person: &Person) -> Result<Option<Record>, SignInFailure> {
        let by_id = self.records.record(&user_id(&person.id)).await?;
        if by_id.as_ref().is_some_and(|record| bound(record, person) == Bound::Own) {
            return Ok(by_id);
        }
        for subject in [&person.subject, &person.id] {
            let found = self.records.users_with(UserField::Subject, subject).await?;
            if let Some(record) = found.into_iter().find(|record| bound(record, person) == Bound::Own) {
                return Ok(Some(record));
            }
        }
        if let Some(record) = by_id {
            return free(record, person);
        }
        let Some(email) = &person.email else { return Ok(None) };
        let mut with_mail = self.records.users_with(UserField::Email, email).await?.into_iter();
        match (with_mail.next(), with_mail.next()) {
            (None, _) => Ok(None),
            (Some(_), Some(_)) => Err(SignInError::Several.into()),
            (Some(record), None) => free(record, person),
        }
    }

    /// Makes a user what the provider says of it.
    async fn bind(
        &self,
        record: Record,
        person: &Person,
        admin: Option<&str>,
        now: Timestamp,
    ) -> Result<Record, SignInFailure> {
        let id = record.id.name().to_owned();
        if record.limits.is_blocked() {
            return Err(SignInError::Blocked(id).into());
        }
        let role = role(&id, person, admin);
        let change = |record: &mut Record| {
            say(record, person);
            if let Some(role) = role {
                record.document.insert("user_role".to_owned(), role.as_str().into());
            }
            Ok(())
        };
        let mut after = record.clone();
        change(&mut after)?;
        if after == record {
            return Ok(record);
        }
        Ok(self.change(&actor(&id), &record.id, now, change).await?.record)
    }

    async fn make_user(&self, person: &Person, admin: Option<&str>, now: Timestamp) -> Result<Record, SignInFailure> {
        let id = user_id(&person.id);
        if !id.is_possible() {
            return Err(SignInError::Nobody("id".to_owned()).into());
        }
        let mut asked = Map::new();
        let role = role(&person.id, person, admin);
        asked.extend(role.map(|role| ("user_role".to_owned(), role.as_str().into())));
        // Administrators are not held to what other users get.
        if !matches!(role, Some(UserRole::ProxyAdmin | UserRole::ProxyAdminViewer)) {
            self.fill(Defaults::User, &mut asked).await?;
        }
        asked.entry("user_role").or_insert_with(|| UserRole::InternalUserViewer.as_str().into());
        let teams = teams_in(&asked, &person.id)?;
        let actor = actor(&person.id);
        let mut record = Record::new(id, now, Some(&person.id));
        forms::USER.apply(&asked, &mut record, now)?;
        say(&mut record, person);
        let made = self.create(record).await?.record;
        for (team, member) in &teams {
            match self.store_member(&actor, team, member, (0, now)).await {
                Ok(()) | Err(AdminError::AlreadyMember { .. }) => {}
                Err(AdminError::NoSuchTeam(team)) => {
                    tracing::warn!(
                        team,
                        "a team of `default_internal_user_params` is not there; a new user joins none"
                    );
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(made)
    }
}

/// Notes in a user's record what a provider says of the person.
fn say(record: &mut Record, person: &Person) {
    let mut note = |name: &str, value: &str| record.document.insert(name.to_owned(), value.into());
    note(SUBJECT, &person.subject);
    if let Some(email) = &person.email {
        note("user_email", email);
    }
    if record.alias.as_deref().is_none_or(str::is_empty) {
        record.alias.clone_from(&person.name);
    }
    record.metadata.insert(PROVIDER.to_owned(), person.provider.as_str().into());
}

fn free(record: Record, person: &Person) -> Result<Option<Record>, SignInFailure> {
    match bound(&record, person) {
        Bound::Free | Bound::Own => Ok(Some(record)),
        Bound::Other => Err(SignInError::Bound(record.id.name().to_owned()).into()),
    }
}

fn bound(record: &Record, person: &Person) -> Bound {
    let Some(subject) = record.text(SUBJECT).filter(|subject| !subject.is_empty()) else { return Bound::Free };
    let provider = record.metadata.get(PROVIDER).and_then(Value::as_str);
    let kind = provider.map(|provider| SsoKind::named(provider).unwrap_or(SsoKind::Generic));
    let is_same_provider = kind.is_none_or(|kind| kind == person.kind);
    // LiteLLM keeps the user's id there, and who makes users may not know more than that.
    let by_id = subject == person.id && (provider.is_none() || record.id.name() == subject);
    if is_same_provider && (subject == person.subject || by_id) { Bound::Own } else { Bound::Other }
}

fn role(id: &str, person: &Person, admin: Option<&str>) -> Option<UserRole> {
    if admin == Some(id) { Some(UserRole::ProxyAdmin) } else { person.role }
}

/// Whoever signs in makes the changes that follow from it, and only those.
fn actor(user: &str) -> Actor {
    let hash = key_hash::hash(&format!("sign-in\n{user}"));
    let principal = Principal { user_id: Some(user.to_owned()), ..Principal::bare(Role::VirtualKey, hash) };
    Actor::new(Arc::new(principal), Scope::everything())
}

fn user_id(id: &str) -> RecordId {
    RecordId::of(RecordKind::User, id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn person(kind: SsoKind, subject: &str, id: &str) -> Person {
        let (provider, subject, id) = (kind.as_str().to_owned(), subject.to_owned(), id.to_owned());
        Person { kind, provider, subject, id, email: None, name: None, role: None }
    }

    fn record(id: &str, subject: Option<&str>, provider: Option<&str>) -> Record {
        let mut record = Record::new(user_id(id), Timestamp::default(), None);
        record.document.extend(subject.map(|subject| (SUBJECT.to_owned(), json!(subject))));
        record.metadata.extend(provider.map(|provider| (PROVIDER.to_owned(), json!(provider))));
        record
    }

    #[test]
    fn a_user_is_whose_it_was_bound_to() {
        let generic = |subject, id| person(SsoKind::Generic, subject, id);
        for (record, person, wanted) in [
            (record("u", None, None), generic("s", "u"), Bound::Free),
            (record("u", Some(""), None), generic("s", "u"), Bound::Free),
            (record("u", Some("s"), Some("generic")), generic("s", "renamed"), Bound::Own),
            (record("u", Some("s"), Some("okta")), generic("s", "u"), Bound::Own),
            (record("u", Some("other"), Some("generic")), generic("s", "u"), Bound::Other),
            // Whoever calls itself as another one's subject is not that one.
            (record("u", Some("s"), Some("generic")), generic("t", "s"), Bound::Other),
            // As LiteLLM made it, or an administrator who knows no more than the name.
            (record("u", Some("u"), Some("okta")), generic("s", "u"), Bound::Own),
            (record("id", Some("u"), None), generic("s", "u"), Bound::Own),
            // The same name at another provider is another person.
            (record("u", Some("s"), Some("google")), generic("s", "u"), Bound::Other),
            (record("u", Some("s"), Some("okta")), person(SsoKind::Google, "s", "s"), Bound::Other),
        ] {
            assert_eq!(bound(&record, &person), wanted, "{record:?} {person:?}");
        }
    }
}
