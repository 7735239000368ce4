//! The way of a browser: to the provider, and back with a code.

use super::error::SignInFailure;
use super::sealing_key::SealingKey;
use super::settings::SignInSettings;
use crate::auth::records::Record;
use crate::auth::sign_in::attempt::Attempt;
use crate::auth::sign_in::command_line::Login;
use crate::auth::sign_in::command_line_store::DoneLogins;
use crate::auth::sign_in::error::SignInError;
use crate::auth::sign_in::exchange::told_reason;
use crate::auth::sign_in::person::Person;
use crate::auth::sign_in::provider::Provider;
use crate::auth::sign_in::session_token::Session;
use crate::author::{Author, acting};
use crate::clock::Timestamp;
use crate::config::sso::{SignInAccess, SsoKind};
use crate::crypto::{CipherKey, key_hash};
use crate::flow::admin::keys::key_admin::KeyAdmin;
use crate::flow::admin::keys::session::{SESSION_MILLIS, SessionOf};
use crate::flow::admin::records::record_admin::RecordAdmin;
use crate::principal::Role;
use crate::secret::Secret;
use serde_json::Value;
use std::net::IpAddr;
use std::sync::Arc;
use url::Url;

/// What stands in the record of a change where a request's route would.
const CALLBACK: &str = "GET /sso/callback";

/// Signs people in.
pub struct SignIn {
    /// The providers.
    pub providers: Vec<Provider>,
    /// What the operator says.
    pub settings: SignInSettings,
    /// What is sealed with.
    pub sealing: SealingKey,
    /// Logins of command lines that are done.
    pub logins: DoneLogins,
    /// Users.
    pub records: Arc<RecordAdmin>,
    /// Their keys.
    pub keys: Arc<KeyAdmin>,
}

/// Where a browser goes first.
#[derive(Debug)]
pub enum Begun {
    /// To the provider, keeping a cookie.
    At {
        /// Where.
        address: Url,
        /// The cookie's name.
        cookie: String,
        /// What it holds.
        kept: String,
    },
    /// To a page that asks with which provider.
    Choose(Vec<SsoKind>),
}

/// With what a browser comes back.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// What went along.
    pub state: Option<String>,
    /// The code.
    pub code: Option<Secret>,
    /// Why there is none.
    pub error: Option<String>,
    /// Who answers (RFC 9207).
    pub issuer: Option<String>,
    /// What the browser kept.
    pub kept: Option<String>,
    /// From where it comes.
    pub address: Option<IpAddr>,
}

/// Somebody who is signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// The user.
    pub user: String,
    /// Its mail address.
    pub email: Option<String>,
    /// Its role.
    pub role: String,
}

/// How a sign-in ends.
#[derive(Debug)]
pub enum Ended {
    /// With a key for the browser.
    Session {
        /// Who.
        who: SignedIn,
        /// The key.
        key: Secret,
        /// What the browser keeps.
        token: Secret,
    },
    /// With a page that asks for the code that a command line shows.
    CommandLine {
        /// Who.
        who: SignedIn,
        /// The login that waits.
        login: String,
        /// What the page gives back with the code.
        confirmation: String,
    },
}

impl SignIn {
    /// Which providers there are.
    pub fn kinds(&self) -> Vec<SsoKind> {
        self.providers.iter().map(|provider| provider.settings.kind).collect()
    }

    /// Sends a browser to the provider of this name; where none is named and there are several, it is asked.
    /// `command_line` waits for it.
    ///
    /// # Errors
    /// [`SignInFailure`].
    pub async fn begin(
        &self,
        provider: Option<&str>,
        command_line: Option<&str>,
        now: Timestamp,
    ) -> Result<Begun, SignInFailure> {
        let redirect = self.settings.callback().ok_or(SignInFailure::NotSetUp)?;
        let provider = match (provider, self.providers.as_slice()) {
            (_, []) => return Err(SignInFailure::NotSetUp),
            (None, [only]) => only,
            (None, _) => return Ok(Begun::Choose(self.kinds())),
            (Some(name), _) => self.provider(SsoKind::named(name))?,
        };
        let key = self.sealing.key().await?;
        if let Some(login) = command_line {
            Login::open(login, &key, now)?;
        }
        let endpoints = provider.endpoints(now).await?;
        let random = self.sealing.random();
        let attempt = Attempt::new(provider.settings.kind, command_line, random, now)?;
        let kept = attempt.sealed(&key, random)?;
        let cookie = Attempt::cookie_name(&attempt.state).ok_or(SignInError::Foreign)?;
        Ok(Begun::At { address: provider.begins_at(&endpoints, &attempt, &redirect), cookie, kept })
    }

    /// Takes a browser in that comes back.
    ///
    /// # Errors
    /// [`SignInFailure`].
    pub async fn finish(&self, answer: Answer, now: Timestamp) -> Result<Ended, SignInFailure> {
        let redirect = self.settings.callback().ok_or(SignInFailure::NotSetUp)?;
        let (state, kept) = answer.state.as_deref().zip(answer.kept.as_deref()).ok_or(SignInError::Foreign)?;
        let key = self.sealing.key().await?;
        let attempt = Attempt::open(state, kept, &key, now)?;
        let provider = self.provider(attempt.provider())?;
        if let Some(error) = &answer.error {
            return Err(SignInError::Denied(told_reason(error)).into());
        }
        let endpoints = provider.endpoints(now).await?;
        if let Some((issuer, signs)) = answer.issuer.as_ref().zip(endpoints.signs.as_ref())
            && !signs.is_of(issuer)
        {
            return Err(SignInError::OtherProvider.into());
        }
        let code = answer.code.as_ref().filter(|code| !code.expose().is_empty()).ok_or(SignInError::NoCode)?;
        let claims = provider.claims(&endpoints, (code.expose(), &attempt, &redirect), now).await?;
        let person = provider.settings.claims.person(provider.settings.kind, &claims)?;
        person.check_domain(&provider.settings.domains)?;
        acting(author(&person, answer.address), self.let_in(&person, &attempt, &key, now)).await
    }

    /// Finds or makes the user, and gives it what it signed in for.
    async fn let_in(
        &self,
        person: &Person,
        attempt: &Attempt,
        key: &CipherKey,
        now: Timestamp,
    ) -> Result<Ended, SignInFailure> {
        let record = self.records.signed_in(person, self.settings.admin.as_deref(), now).await?;
        let who = self.who(&record)?;
        if let Some(id) = attempt.command_line() {
            let login = Login::open(id, key, now)?;
            let confirmation = login.confirmation(&who.user, key, self.sealing.random())?;
            return Ok(Ended::CommandLine { who, login: id.to_owned(), confirmation });
        }
        let session = SessionOf::Browser(self.settings.session_budget);
        let own = self.keys.generate_for_session(&who.user, session, now).await?;
        let (email, header) = (who.email.as_deref(), self.settings.key_header.as_str());
        let ends = now.plus_millis(SESSION_MILLIS);
        let session = Session { user: &who.user, email, role: &who.role, key: &own, header, ends };
        let token = session.token(key);
        Ok(Ended::Session { who, key: own, token })
    }

    /// Who a user is, where it may sign in.
    pub(super) fn who(&self, record: &Record) -> Result<SignedIn, SignInError> {
        let said = record.document.get("user_role").and_then(Value::as_str);
        let (user, role) = (record.id.name().to_owned(), said.unwrap_or_default().to_owned());
        let is_admin = matches!(Role::of_user(&role), Some(Role::ProxyAdmin | Role::ProxyAdminViewer));
        if self.settings.access == SignInAccess::AdminOnly && !is_admin {
            return Err(SignInError::AdminsOnly { user, role });
        }
        Ok(SignedIn { user, email: record.text("user_email").map(str::to_owned), role })
    }

    fn provider(&self, kind: Option<SsoKind>) -> Result<&Provider, SignInError> {
        let found = self.providers.iter().find(|provider| Some(provider.settings.kind) == kind);
        let names = || self.kinds().iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ");
        found.ok_or_else(|| SignInError::NoSuchProvider(names()))
    }
}

/// Whoever signs in, as the one who acts.
fn author(person: &Person, address: Option<IpAddr>) -> Author {
    let key = key_hash::hash(&format!("sign-in\n{}\n{}", person.kind.as_str(), person.subject));
    Author { user: person.id.clone(), key: key.to_string(), address, route: CALLBACK.to_owned() }
}
