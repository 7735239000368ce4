//! What the operator says of sign-ins, and how it is shown: secrets are not.

use crate::config::sso::{SignInAccess, SsoKind};
use crate::money::NanoDollars;
use serde_json::{Map, Value, json};
use url::Url;

/// What the operator says.
#[derive(Clone, Debug)]
pub struct SignInSettings {
    /// Where browsers reach the gateway; `None`: nobody says.
    pub base: Option<Url>,
    /// The user who administers everything.
    pub admin: Option<String>,
    /// Who may sign in.
    pub access: SignInAccess,
    /// What a session's key may spend.
    pub session_budget: NanoDollars,
    /// The header that keys go in.
    pub key_header: String,
    /// Where people sign out.
    pub logout: Option<String>,
    /// Whether users make keys for their teams only.
    pub teams_only: bool,
    /// What is set, by LiteLLM's names; of secrets that they are.
    pub shown: Vec<(&'static str, Option<String>)>,
}

/// What clients of LiteLLM look for, in its order; null where nobody says it, or nothing here reads it.
const NAMES: [&str; 20] = [
    "google_client_id",
    "google_client_secret",
    "microsoft_client_id",
    "microsoft_client_secret",
    "microsoft_tenant",
    "generic_client_id",
    "generic_client_secret",
    "generic_authorization_endpoint",
    "generic_token_endpoint",
    "generic_userinfo_endpoint",
    "generic_scope",
    "saml_idp_metadata_url",
    "saml_idp_metadata_xml",
    "saml_sp_entity_id",
    "saml_allow_unsolicited",
    "proxy_base_url",
    "user_email",
    "ui_access_mode",
    "role_mappings",
    "team_mappings",
];

/// In the place of a secret.
pub const MASK: &str = "********";

impl SignInSettings {
    /// Where a provider sends people back to.
    pub fn callback(&self) -> Option<String> {
        Some(format!("{}/sso/callback", self.base.as_ref()?.as_str().trim_end_matches('/')))
    }

    /// What stands before every path as browsers know it.
    pub fn base_path(&self) -> &str {
        self.base.as_ref().map_or("", Url::path).trim_end_matches('/')
    }

    /// Whether browsers reach the gateway by TLS.
    pub fn is_https(&self) -> bool {
        self.base.as_ref().is_some_and(|base| base.scheme() == "https")
    }

    /// What a page is told before somebody signs in.
    pub fn for_pages(&self, kinds: &[SsoKind]) -> Value {
        json!({
            "PROXY_BASE_URL": self.base.as_ref().map(Url::as_str),
            "PROXY_LOGOUT_URL": self.logout,
            "DEFAULT_TEAM_DISABLED": self.teams_only,
            "SSO_ENABLED": !kinds.is_empty(),
            // Nothing here is slower for it.
            "NUM_SPEND_LOGS_ROWS": 0,
            "DISABLE_EXPENSIVE_DB_QUERIES": false,
        })
    }

    /// What administrators are shown.
    pub fn for_administrators(&self) -> Value {
        let access = match self.access {
            SignInAccess::All => "all",
            SignInAccess::AdminOnly => "admin_only",
        };
        let mut values: Map<String, Value> = NAMES.iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
        values.extend(self.shown.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
        values.insert("proxy_base_url".to_owned(), json!(self.base.as_ref().map(Url::as_str)));
        values.insert("user_email".to_owned(), json!(self.admin));
        values.insert("ui_access_mode".to_owned(), access.into());
        let described = |name: &String| (name.clone(), json!({"type": "string", "description": described(name)}));
        let properties: Map<String, Value> = values.keys().map(described).collect();
        let description = "Single sign-on as the environment and the configuration set it up";
        json!({"values": values, "field_schema": {"description": description, "properties": properties}})
    }
}

fn described(name: &str) -> &'static str {
    match name {
        "proxy_base_url" => "Where browsers reach the gateway",
        "user_email" => "The user who administers everything",
        "ui_access_mode" => "Who may sign in",
        "generic_scope" => "What the provider is asked for",
        "role_mappings" | "team_mappings" => "Not available: roles come from a claim (GENERIC_USER_ROLE_ATTRIBUTE)",
        name if name.starts_with("saml_") => "Not available: sign in with OpenID Connect",
        name if name.ends_with("_secret") => "The password that goes with the client id",
        name if name.ends_with("_client_id") => "The name by which the provider knows the gateway",
        name if name.ends_with("_tenant") => "The organization at Microsoft",
        _ => "Where the provider is asked",
    }
}
