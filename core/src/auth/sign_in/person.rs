//! From what a provider says to who somebody is. Pure.

use super::error::SignInError;
use crate::auth::identity::claims::{text, texts};
use crate::auth::identity::error::TokenError;
use crate::config::UserRole;
use crate::config::sso::SsoKind;
use serde_json::{Map, Value};

/// Which claim says what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimNames {
    /// The user's id.
    pub id: String,
    /// Its mail address, by the first of these that is there.
    pub email: Vec<String>,
    /// Its name.
    pub name: String,
    /// Its first name.
    pub first_name: String,
    /// Its last name.
    pub last_name: String,
    /// Its role here, by the first of these that is there.
    pub role: Vec<String>,
    /// Who vouches for it.
    pub provider: Option<String>,
    /// How it is known that the mail address is its own.
    pub mail: MailTrust,
}

/// How it is known that a mail address is the person's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailTrust {
    /// It is, unless the provider says that it is not (`email_verified: false`).
    UnlessDenied,
    /// Only where the provider says so (`email_verified`, `xms_edov`).
    IfConfirmed,
}

/// Somebody whom a provider knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Which provider.
    pub kind: SsoKind,
    /// The provider's name as records keep it.
    pub provider: String,
    /// Who that is at the provider, for ever.
    pub subject: String,
    /// The id that a record here would have.
    pub id: String,
    /// The mail address, where it is the person's own. In lower case.
    pub email: Option<String>,
    /// How people call it.
    pub name: Option<String>,
    /// The role that the provider gives it.
    pub role: Option<UserRole>,
}

impl ClaimNames {
    /// Somebody with these claims.
    ///
    /// # Errors
    /// [`SignInError::Nobody`]; [`SignInError::Token`] for a claim that is neither a text nor a list.
    pub fn person(&self, kind: SsoKind, claims: &Map<String, Value>) -> Result<Person, SignInError> {
        let read = |name: &str| text(claims, name).map_err(SignInError::Token);
        let (subject, id) = (read("sub")?, read(&self.id)?);
        let nobody = || SignInError::Nobody(self.id.clone());
        let subject = subject.or_else(|| id.clone()).ok_or_else(nobody)?;
        let email = first(&self.email, read)?.map(|email| email.trim().to_lowercase());
        let names = [read(&self.first_name)?, read(&self.last_name)?];
        let whole = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
        // The usual claim for the name is the subject, which is none.
        let name = read(&self.name)?.filter(|name| *name != subject);
        let provider = self.provider.as_deref().map_or(Ok(None), read)?;
        Ok(Person {
            kind,
            provider: provider.unwrap_or_else(|| kind.as_str().to_owned()),
            id: id.unwrap_or_else(|| subject.clone()),
            subject,
            email: email.filter(|email| email.contains('@') && self.mail.holds(claims)),
            name: Some(whole).filter(|whole| !whole.is_empty()).or(name),
            role: self.role(claims)?,
        })
    }

    /// The widest of the roles that are told; what is no role of ours is passed over.
    fn role(&self, claims: &Map<String, Value>) -> Result<Option<UserRole>, SignInError> {
        for name in &self.role {
            let told = texts(claims, name).map_err(SignInError::Token)?;
            let widest_first = [
                UserRole::ProxyAdmin,
                UserRole::ProxyAdminViewer,
                UserRole::InternalUser,
                UserRole::InternalUserViewer,
            ];
            let mut held = widest_first.into_iter().filter(|role| told.iter().any(|told| told == role.as_str()));
            if let Some(role) = held.next() {
                return Ok(Some(role));
            }
        }
        Ok(None)
    }
}

impl MailTrust {
    fn holds(self, claims: &Map<String, Value>) -> bool {
        let says = |name: &str| match claims.get(name) {
            Some(Value::Bool(said)) => Some(*said),
            Some(Value::String(said)) => Some(said.eq_ignore_ascii_case("true") || said == "1"),
            Some(Value::Number(said)) => Some(said.as_i64() == Some(1)),
            _ => None,
        };
        match self {
            Self::UnlessDenied => says("email_verified") != Some(false),
            Self::IfConfirmed => says("email_verified").or_else(|| says("xms_edov")) == Some(true),
        }
    }
}

impl Person {
    /// That the mail address is of one of these domains; of no list, that of anybody counts.
    ///
    /// # Errors
    /// [`SignInError::Domain`].
    pub fn check_domain(&self, domains: &[String]) -> Result<(), SignInError> {
        let own = self.email.as_deref().and_then(|email| email.rsplit_once('@')).map(|(_, domain)| domain);
        let is_among =
            |own: &str| domains.iter().any(|domain| domain.trim_start_matches('@').eq_ignore_ascii_case(own));
        match domains.is_empty() || own.is_some_and(is_among) {
            true => Ok(()),
            false => Err(SignInError::Domain(domains.join(", "))),
        }
    }
}

fn first<T>(names: &[String], read: impl Fn(&str) -> Result<Option<T>, SignInError>) -> Result<Option<T>, SignInError> {
    for name in names {
        if let Some(found) = read(name)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

impl From<TokenError> for SignInError {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}
