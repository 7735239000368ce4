//! Callers whom a proxy in front has signed in, and names in headers. That these headers are the proxy's is seen to where
//! requests come in: what anybody else writes there is taken off. Pure.

use super::error::TokenError;
use super::mapping::Identified;
use super::told::Told;
use crate::config::UserRole;
use crate::config::proxied::ProxiedField;
use crate::crypto::key_hash;
use crate::id::KeyHash;
use crate::limits::Limits;
use crate::money::NanoDollars;
use http::{HeaderMap, HeaderName};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::str::FromStr;

/// Which headers say what.
#[derive(Debug)]
pub struct Proxied {
    headers: BTreeMap<ProxiedField, HeaderName>,
}

/// Fields of which one is enough to say who calls.
const NAMES: [ProxiedField; 6] = [
    ProxiedField::Token,
    ProxiedField::UserId,
    ProxiedField::UserEmail,
    ProxiedField::TeamId,
    ProxiedField::OrgId,
    ProxiedField::EndUserId,
];

impl Proxied {
    /// Those of the configuration.
    pub fn new(headers: BTreeMap<ProxiedField, HeaderName>) -> Self {
        Self { headers }
    }

    /// Whether the headers say who calls.
    pub fn names(&self, headers: &HeaderMap) -> bool {
        NAMES.into_iter().any(|field| self.text(field, headers).is_some_and(|text| !text.is_empty()))
    }

    /// What is told, as one name to remember it by. No key can have it, as no key holds a line break.
    pub fn hash(&self, headers: &HeaderMap) -> KeyHash {
        let mut told = "proxied".to_owned();
        for (field, name) in &self.headers {
            for value in headers.get_all(name) {
                // Whatever bytes it has: nobody is taken for somebody else.
                let _ = write!(told, "\n{field:?} {value:?}");
            }
        }
        key_hash::hash(&told)
    }

    /// Who calls.
    ///
    /// # Errors
    /// [`TokenError::Header`] names the header that cannot be read; [`TokenError::Denied`]: none says who calls.
    pub fn identified(&self, headers: &HeaderMap) -> Result<Identified, TokenError> {
        let text = |field| self.said(field, headers);
        let role = match text(ProxiedField::UserRole)? {
            Some(word) => Some(UserRole::named(&word).ok_or_else(|| self.wrong(ProxiedField::UserRole))?),
            None => None,
        };
        let models = text(ProxiedField::Models)?.unwrap_or_default();
        let models = models.split(',').map(str::trim).filter(|model| !model.is_empty());
        let told = Told {
            token: text(ProxiedField::Token)?,
            user: text(ProxiedField::UserId)?,
            email: text(ProxiedField::UserEmail)?,
            team: text(ProxiedField::TeamId)?,
            organization: text(ProxiedField::OrgId)?,
            end_user: text(ProxiedField::EndUserId)?,
            role,
            models: models.map(str::to_owned).collect(),
            routes: None,
            limits: self.limits(headers)?,
        };
        told.identified().ok_or(TokenError::Denied)
    }

    fn limits(&self, headers: &HeaderMap) -> Result<Limits, TokenError> {
        Ok(Limits {
            max_budget: self.number::<f64>(ProxiedField::MaxBudget, headers)?.map(NanoDollars::from_dollars),
            rpm_limit: self.number(ProxiedField::RpmLimit, headers)?,
            tpm_limit: self.number(ProxiedField::TpmLimit, headers)?,
            max_parallel_requests: self.number(ProxiedField::MaxParallelRequests, headers)?,
            ..Limits::default()
        })
    }

    /// A limit: a number, 0 or more.
    fn number<T>(&self, field: ProxiedField, headers: &HeaderMap) -> Result<Option<T>, TokenError>
    where
        T: FromStr + PartialOrd + Default,
    {
        let Some(text) = self.said(field, headers)? else { return Ok(None) };
        let number = text.parse::<T>().ok().filter(|number| *number >= T::default());
        number.map(Some).ok_or_else(|| self.wrong(field))
    }

    /// What one header says, once; nothing where it is not there or empty.
    fn said(&self, field: ProxiedField, headers: &HeaderMap) -> Result<Option<String>, TokenError> {
        let values = self.headers.get(&field).map_or(0, |name| headers.get_all(name).iter().count());
        match (values, self.text(field, headers)) {
            (0, _) => Ok(None),
            (1, Some(text)) => Ok(Some(text.to_owned()).filter(|text| !text.is_empty())),
            _ => Err(self.wrong(field)),
        }
    }

    fn text<'h>(&self, field: ProxiedField, headers: &'h HeaderMap) -> Option<&'h str> {
        headers.get(self.headers.get(&field)?)?.to_str().ok().map(str::trim)
    }

    fn wrong(&self, field: ProxiedField) -> TokenError {
        TokenError::Header(self.headers.get(&field).map(ToString::to_string).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxied() -> Proxied {
        let named = [
            (ProxiedField::UserId, "x-user"),
            (ProxiedField::TeamId, "x-team"),
            (ProxiedField::UserRole, "x-role"),
            (ProxiedField::Models, "x-models"),
            (ProxiedField::MaxBudget, "x-budget"),
            (ProxiedField::RpmLimit, "x-rpm"),
        ];
        Proxied::new(named.map(|(field, name)| (field, HeaderName::from_static(name))).into())
    }

    fn headers(told: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in told {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn headers_say_who_calls_and_what_they_may() {
        let told = headers(&[
            ("x-user", " jo "),
            ("x-team", "t"),
            ("x-models", "a, b,"),
            ("x-budget", "1.5"),
            ("x-rpm", "3"),
            ("x-other", "!"),
        ]);
        assert!(proxied().names(&told));
        let who = proxied().identified(&told).unwrap();
        assert_eq!((who.subject.as_str(), who.user.as_deref()), ("jo", Some("jo")));
        assert_eq!((who.teams.ids(), who.models), (&["t".to_owned()][..], vec!["a".to_owned(), "b".to_owned()]));
        let budget = Some(NanoDollars::from_dollars(1.5));
        assert_eq!((who.limits.max_budget, who.limits.rpm_limit, who.limits.tpm_limit), (budget, Some(3), None));
        assert_eq!(who.routes, ["openai_routes", "info_routes"], "one whose role nobody says calls models");
        let admin = proxied().identified(&headers(&[("x-user", "jo"), ("x-role", "proxy_admin")])).unwrap();
        assert_eq!((admin.role, admin.routes), (Some(UserRole::ProxyAdmin), Vec::new()));
    }

    #[test]
    fn headers_that_name_nobody_are_nobodys() {
        for told in [&[("x-models", "a")][..], &[("x-user", "")], &[("x-role", "proxy_admin")], &[]] {
            assert!(!proxied().names(&headers(told)), "{told:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_names_its_header() {
        for told in [
            [("x-user", "jo"), ("x-user", "al")],
            [("x-user", "jo"), ("x-budget", "much")],
            [("x-user", "jo"), ("x-budget", "-1")],
            [("x-user", "jo"), ("x-rpm", "1.5")],
            [("x-user", "jo"), ("x-role", "owner")],
        ] {
            let refused = proxied().identified(&headers(&told)).unwrap_err();
            assert!(matches!(&refused, TokenError::Header(name) if name == told[1].0), "{told:?}: {refused}");
        }
    }

    #[test]
    fn nobody_is_remembered_as_somebody_else() {
        let hash = |told: &[(&'static str, &str)]| proxied().hash(&headers(told));
        let one = hash(&[("x-user", "jo"), ("x-team", "t")]);
        assert_eq!(one, hash(&[("x-team", "t"), ("x-user", "jo"), ("x-else", "1")]));
        for other in [&[("x-user", "jo")][..], &[("x-user", "t"), ("x-team", "jo")], &[("x-user", "jo\" Team \"t")]] {
            assert_ne!(one, hash(other), "{other:?}");
        }
    }
}
