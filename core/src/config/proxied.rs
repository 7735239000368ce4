//! Who calls, as a proxy in front says it: which of its headers means what, and from where it calls.

use super::lenient;
use crate::egress::network::Network;
use http::HeaderName;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// The part of `general_settings` that is about such a proxy.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ProxiedSettings {
    /// Whether its word is taken.
    #[serde(rename = "enable_oauth2_proxy_auth", deserialize_with = "lenient::flag")]
    pub is_enabled: bool,
    /// The header of each field.
    #[serde(rename = "oauth2_config_mappings", deserialize_with = "headers")]
    pub headers: BTreeMap<ProxiedField, HeaderName>,
    /// From where it calls; what others write in these headers is not read.
    #[serde(rename = "oauth2_proxy_trusted_ips", deserialize_with = "lenient::networks")]
    pub proxies: Option<Vec<Network>>,
}

/// What a header of the proxy says, by LiteLLM's names of a caller's fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProxiedField {
    /// The user.
    UserId,
    /// The user's e-mail address.
    UserEmail,
    /// The user's role.
    UserRole,
    /// The team.
    TeamId,
    /// The organization.
    OrgId,
    /// The end user of every call.
    EndUserId,
    /// Something of the caller's that stays the same.
    Token,
    /// The only models, between commas.
    Models,
    /// What the caller may spend, in dollars.
    MaxBudget,
    /// Requests a minute.
    RpmLimit,
    /// Tokens a minute.
    TpmLimit,
    /// Requests in flight.
    MaxParallelRequests,
}

fn headers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<ProxiedField, HeaderName>, D::Error> {
    let named = BTreeMap::<ProxiedField, String>::deserialize(deserializer)?;
    let header = |(field, name): (ProxiedField, String)| {
        let wrong = |_| D::Error::custom(format!("`{name}` cannot be the name of a header"));
        Ok((field, name.to_ascii_lowercase().parse().map_err(wrong)?))
    };
    named.into_iter().map(header).collect()
}
