//! Single sign-on as the file says it: providers, and who may sign in. What else there is to say of a provider stands in
//! variables of the environment.

use super::lenient;
use crate::secret::Secret;
use serde::Deserialize;

/// The part of `general_settings` that is about single sign-on.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SsoSettings {
    /// The providers.
    #[serde(rename = "sso_providers")]
    pub providers: Vec<SsoProvider>,
    /// Who may sign in.
    #[serde(rename = "ui_access_mode")]
    pub access: SignInAccess,
}

/// One provider. What it does not say, the variables of its kind do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SsoProvider {
    /// Which one.
    #[serde(rename = "provider")]
    pub kind: SsoKind,
    /// The name by which it knows the gateway.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub client_id: Option<String>,
    /// The password that goes with it.
    #[serde(default, deserialize_with = "lenient::secret")]
    pub client_secret: Option<Secret>,
    /// The only domains of mail that may sign in; `None`: those of `ALLOWED_EMAIL_DOMAINS`.
    #[serde(default)]
    pub allowed_domains: Option<Vec<String>>,
}

/// Which provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SsoKind {
    /// Google.
    Google,
    /// Microsoft Entra ID.
    #[serde(alias = "azure", alias = "entra")]
    Microsoft,
    /// Any other that speaks OpenID Connect.
    #[serde(alias = "okta", alias = "oidc")]
    Generic,
}

/// Who may sign in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInAccess {
    /// Everybody whom a provider lets in.
    #[default]
    #[serde(alias = "sso")]
    All,
    /// Administrators, and those who see everything.
    AdminOnly,
}

impl SsoKind {
    /// All of them, in the order in which people are asked to choose.
    pub const ALL: [Self; 3] = [Self::Google, Self::Microsoft, Self::Generic];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Microsoft => "microsoft",
            Self::Generic => "generic",
        }
    }

    /// The one of this word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_provider_is_read_and_one_that_is_not_known_is_named() {
        let read = |value| serde_json::from_value::<SsoSettings>(value).map_err(|error| error.to_string());
        let settings = read(json!({"sso_providers": [{"provider": "okta", "client_id": "c", "client_secret": "s",
            "allowed_domains": ["corp.test"]}], "ui_access_mode": "admin_only"}))
        .unwrap();
        assert_eq!((settings.providers[0].kind, settings.access), (SsoKind::Generic, SignInAccess::AdminOnly));
        assert!(!format!("{settings:?}").contains("\"s\""));
        assert!(read(json!({"sso_providers": [{"provider": "myspace"}]})).unwrap_err().contains("myspace"));
        assert!(
            read(json!({"sso_providers": [{"provider": "google", "tenant": "t"}]})).unwrap_err().contains("tenant")
        );
        assert_eq!(read(json!({"ui_access_mode": "sso"})).unwrap().access, SignInAccess::All);
    }
}
