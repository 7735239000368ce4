//! The configuration's rules for keys: who makes which, what each request must name, what keys get and may not pass.

use crate::auth::key_record::KeyRecord;
use crate::auth::rights::Actor;
use crate::clock::Timestamp;
use crate::config::{KeyGenerationSettings, KeyParams};
use crate::duration::Duration;
use crate::flow::admin::error::AdminError;
use serde_json::{Map, Value};

/// `key_generation_settings`, `default_key_generate_params`, `upperbound_key_generate_params`, `default_team_disabled`.
#[derive(Clone, Debug, Default)]
pub struct KeyRules {
    /// Who makes keys, and what a request must name.
    pub generation: KeyGenerationSettings,
    /// What a key gets where its maker says nothing.
    pub defaults: KeyParams,
    /// What no key may pass; a key that says nothing gets it.
    pub ceilings: Option<KeyParams>,
    /// Whether keys of users alone are made by administrators of everything only.
    pub needs_team: bool,
}

impl KeyRules {
    /// Adds what a request for a new key leaves open.
    pub(super) fn fill(&self, asked: &mut Map<String, Value>) {
        self.defaults.fill(asked);
        if let Some(ceilings) = &self.ceilings {
            ceilings.fill(asked);
        }
    }

    /// That the caller may make a key of this kind, and names what must be named.
    ///
    /// # Errors
    /// [`AdminError::Refused`] and [`AdminError::Forbidden`].
    pub(super) fn check_maker(
        &self,
        actor: &Actor,
        asked: &Map<String, Value>,
        key: &KeyRecord,
    ) -> Result<(), AdminError> {
        let KeyGenerationSettings { team_key_generation: team, personal_key_generation: personal } = &self.generation;
        let required: &[String] = match key.team_id.as_deref() {
            Some(id) => {
                let role = if actor.scope().changes_team(id) { "admin" } else { "user" };
                let allowed = team.as_ref().and_then(|team| team.allowed_team_member_roles.as_ref());
                if let Some(allowed) = allowed.filter(|roles| !roles.iter().any(|allowed| allowed == role)) {
                    let message = format!("Team member role {role} not in allowed_team_member_roles={allowed:?}");
                    unless_unbounded(actor, message)?;
                }
                team.as_ref().map_or(&[], |team| &team.required_params)
            }
            None => {
                if self.needs_team {
                    unless_unbounded(actor, "Keys belong to a team here. Name a `team_id`.".to_owned())?;
                }
                let role = actor.role.as_str();
                let allowed = personal.as_ref().and_then(|personal| personal.allowed_user_roles.as_ref());
                if let Some(allowed) = allowed.filter(|roles| !roles.iter().any(|allowed| allowed == role)) {
                    let message = format!(
                        "Personal key creation has been restricted by admin. Allowed roles={allowed:?}. Your role={role}"
                    );
                    unless_unbounded(actor, message)?;
                }
                personal.as_ref().map_or(&[], |personal| &personal.required_params)
            }
        };
        match required.iter().find(|name| asked.get(name.as_str()).is_none_or(Value::is_null)) {
            Some(missing) => Err(AdminError::Refused(format!("Required param {missing} not in data"))),
            None => Ok(()),
        }
    }

    /// That a key passes no ceiling in what a request names.
    ///
    /// # Errors
    /// [`AdminError::Refused`].
    pub(super) fn check_ceilings(&self, asked: &Map<String, Value>, now: Timestamp) -> Result<(), AdminError> {
        for (name, most) in self.ceilings.iter().flat_map(KeyParams::fields) {
            let Some(value) = asked.get(name) else { continue };
            let is_within = match (&most, value) {
                (Value::String(most), value) => ends(value, now) <= ends(&Value::from(most.as_str()), now),
                (most, value) => value.as_f64().is_some_and(|value| most.as_f64().is_some_and(|most| value <= most)),
            };
            if !is_within {
                let message = format!("{name} is over max limit set in config - user_value={value}; max_value={most}");
                return Err(AdminError::Refused(message));
            }
        }
        Ok(())
    }
}

/// When a time that starts now is over; what is no time never is.
fn ends(value: &Value, now: Timestamp) -> Timestamp {
    let duration = value.as_str().map(Duration::parse).and_then(Result::ok);
    duration.map_or(Timestamp::from_millis(i64::MAX), |duration| duration.after(now))
}

fn unless_unbounded(actor: &Actor, message: String) -> Result<(), AdminError> {
    if actor.is_unbounded() { Ok(()) } else { Err(AdminError::Forbidden(message)) }
}
