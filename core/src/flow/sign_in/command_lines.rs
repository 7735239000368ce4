//! Command lines that wait for somebody to sign in, as LiteLLM's own does: begun by the command line, finished by the
//! person who types its code into the page, and fetched once.

use super::browser::SignIn;
use super::error::SignInFailure;
use crate::auth::sign_in::attempt::ATTEMPT_MILLIS;
use crate::auth::sign_in::command_line::{self, Login};
use crate::auth::sign_in::command_line_store::Standing;
use crate::auth::sign_in::error::SignInError;
use crate::author::{Author, acting};
use crate::clock::Timestamp;
use crate::crypto::key_hash;
use crate::flow::admin::keys::session::SessionOf;
use serde_json::{Value, json};
use std::net::IpAddr;

/// What stands in the record of a change where a request's route would.
const POLL: &str = "GET /sso/cli/poll/{key}";

/// How a command line asks whether somebody has signed in.
#[derive(Clone, Copy, Debug)]
pub struct Poll<'p> {
    /// The login's id.
    pub login: &'p str,
    /// What it polls with.
    pub secret: Option<&'p str>,
    /// The team that the person chose.
    pub team: Option<&'p str>,
    /// From where.
    pub address: Option<IpAddr>,
}

impl SignIn {
    /// Begins a login.
    ///
    /// # Errors
    /// [`SignInFailure`].
    pub async fn begin_command_line(&self, now: Timestamp) -> Result<Value, SignInFailure> {
        if self.providers.is_empty() {
            return Err(SignInFailure::NotSetUp);
        }
        let key = self.sealing.key().await?;
        let begun = command_line::begin(&key, self.sealing.random(), now)?;
        Ok(json!({
            "login_id": begun.login_id,
            "poll_secret": begun.poll_secret.expose(),
            "user_code": begun.user_code,
            "expires_in": ATTEMPT_MILLIS / 1000,
        }))
    }

    /// Finishes a login: the person has typed this code.
    ///
    /// # Errors
    /// [`SignInError::CommandLine`], [`SignInError::UserCode`]; those of the store.
    pub async fn confirm_command_line(
        &self,
        login: &str,
        (code, confirmation): (&str, &str),
        now: Timestamp,
    ) -> Result<(), SignInFailure> {
        let key = self.sealing.key().await?;
        let login = Login::open(login, &key, now)?;
        let user = login.confirmed(confirmation, &key)?;
        login.check_code(code)?;
        self.records.still_signed_in(&user).await?;
        Ok(self.logins.note(&login, &user).await?)
    }

    /// What a command line is told: that nobody has signed in yet, which teams there are to choose from, or the key.
    ///
    /// # Errors
    /// [`SignInError::CommandLine`], [`SignInError::PollSecret`], [`SignInError::Team`]; those of the store.
    pub async fn poll(&self, poll: Poll<'_>, now: Timestamp) -> Result<Value, SignInFailure> {
        let key = self.sealing.key().await?;
        let login = Login::open(poll.login, &key, now)?;
        login.check_secret(poll.secret)?;
        let user = match self.logins.standing(&login).await? {
            Standing::Pending => return Ok(json!({"status": "pending"})),
            Standing::Taken => return Err(SignInError::CommandLine.into()),
            Standing::Done(user) => user,
        };
        let (record, teams) = self.records.still_signed_in(&user).await?;
        self.who(&record)?;
        let named = self.records.aliases_of_teams(&teams).await?;
        let details: Vec<Value> = named.iter().map(|(id, alias)| json!({"team_id": id, "team_alias": alias})).collect();
        let teams: Vec<&str> = named.iter().map(|(id, _)| id.as_str()).collect();
        let team = match (poll.team, teams.as_slice()) {
            (Some(team), _) if !teams.contains(&team) => return Err(SignInError::Team(team.to_owned()).into()),
            (Some(team), _) => Some(team),
            (None, []) => None,
            (None, [only]) => Some(*only),
            (None, _) => {
                return Ok(json!({"status": "ready", "user_id": user, "teams": teams, "team_details": details,
                    "requires_team_selection": true}));
            }
        };
        self.logins.take(&login).await?;
        let made = self.keys.generate_for_session(&user, SessionOf::CommandLine(team), now);
        let own = acting(author(&user, poll.address), made).await?;
        Ok(json!({"status": "ready", "key": own.expose(), "user_id": user, "team_id": team, "teams": teams,
            "team_details": details}))
    }
}

fn author(user: &str, address: Option<IpAddr>) -> Author {
    let key = key_hash::hash(&format!("sign-in\n{user}"));
    Author { user: user.to_owned(), key: key.to_string(), address, route: POLL.to_owned() }
}
