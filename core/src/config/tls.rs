//! How TLS towards an upstream is to be, said by one deployment or for all of them. What the texts mean, and which of
//! several sayings holds, is decided where policies are made (`tls::policy`).

use super::environment::truth;
use super::lenient;
use crate::secret::Secret;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The settings about TLS, as `litellm_params` and `litellm_settings` have them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct TlsParams {
    /// Whether the upstream's certificate is checked, and against which authorities.
    #[serde(deserialize_with = "verify")]
    pub ssl_verify: Option<Verify>,
    /// How weak keys and signatures may be, as OpenSSL counts.
    #[serde(deserialize_with = "level")]
    pub ssl_security_level: Option<SecurityLevel>,
    /// The certificate that we show: the path of a PEM file, `s3://…`, or the PEM itself.
    #[serde(deserialize_with = "lenient::secret")]
    pub ssl_certificate: Option<Secret>,
    /// Its key, where it does not stand in the same PEM.
    #[serde(deserialize_with = "lenient::secret")]
    pub ssl_key: Option<Secret>,
    /// The one key exchange that is offered.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub ssl_ecdh_curve: Option<String>,
    /// Which of the gateway's clients the deployment uses. Nobody writes it: it is found at start.
    #[serde(skip)]
    pub channel: Channel,
}

impl TlsParams {
    /// Each setting that is said, with its name; for what tells deployments apart.
    pub fn said(&self) -> impl Iterator<Item = (&'static str, String)> {
        let secret = |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.expose().to_owned());
        [
            ("ssl_verify", self.ssl_verify.as_ref().map(|verify| verify.text().to_owned())),
            ("ssl_security_level", self.ssl_security_level.map(|level| level.number().to_string())),
            ("ssl_certificate", secret(&self.ssl_certificate)),
            ("ssl_key", secret(&self.ssl_key)),
            ("ssl_ecdh_curve", self.ssl_ecdh_curve.clone()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }

    /// The `s3://` addresses among them.
    pub fn objects(&self) -> impl Iterator<Item = &str> {
        let verify = self.ssl_verify.as_ref().map(Verify::text);
        let secrets = [&self.ssl_certificate, &self.ssl_key].into_iter().flatten().map(Secret::expose);
        verify.into_iter().chain(secrets).filter(|text| text.starts_with(OBJECT))
    }
}

/// How the address of an object begins.
pub const OBJECT: &str = "s3://";

/// The number of a client that calls go through: one for each distinct policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Channel(pub usize);

/// Whether an upstream's certificate is checked.
#[derive(Clone, Debug)]
pub enum Verify {
    /// Against `SSL_CERT_FILE` where that is set, else against the authorities that are compiled in.
    On,
    /// Not at all.
    Off,
    /// Against these authorities alone: the path of a PEM file, `s3://…`, or the PEM itself.
    Bundle(Secret),
}

impl Verify {
    /// Reads a variable or a setting. `None`: it is empty.
    pub fn parse(text: &str) -> Option<Self> {
        match truth(text.trim()) {
            Some(true) => Some(Self::On),
            Some(false) => Some(Self::Off),
            None if text.trim().is_empty() => None,
            None => Some(Self::Bundle(Secret::new(text))),
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::On => "true",
            Self::Off => "false",
            Self::Bundle(text) => text.expose(),
        }
    }
}

/// OpenSSL's security level, 0 to 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SecurityLevel(u8);

impl SecurityLevel {
    /// Reads `DEFAULT@SECLEVEL=n`, or the number alone. `None`: it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix("DEFAULT").unwrap_or(text);
        let text = text.strip_prefix(':').unwrap_or(text);
        let text = text.strip_prefix("@SECLEVEL=").unwrap_or(text);
        text.parse().ok().filter(|level| *level <= 5).map(Self)
    }

    /// Its number.
    pub fn number(self) -> u8 {
        self.0
    }
}

fn verify<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Verify>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Bool(true) => Ok(Some(Verify::On)),
        Value::Bool(false) => Ok(Some(Verify::Off)),
        Value::String(text) => Ok(Verify::parse(&text)),
        _ => Err(D::Error::custom("must be `true`, `false` or the path of a file of certificates")),
    }
}

fn level<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecurityLevel>, D::Error> {
    let text = lenient::text(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    let level = SecurityLevel::parse(&text);
    level.map(Some).ok_or_else(|| D::Error::custom("must be `DEFAULT@SECLEVEL=0` to `DEFAULT@SECLEVEL=5`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_read_in_the_spellings_that_people_use() {
        for text in ["DEFAULT@SECLEVEL=1", "DEFAULT:@SECLEVEL=1", "@SECLEVEL=1", "1", " 1 "] {
            assert_eq!(SecurityLevel::parse(text).map(SecurityLevel::number), Some(1), "{text}");
        }
        for text in ["", "6", "-1", "DEFAULT", "ECDHE-RSA-AES256-GCM-SHA384", "DEFAULT@SECLEVEL=x"] {
            assert_eq!(SecurityLevel::parse(text), None, "{text}");
        }
    }

    #[test]
    fn verification_is_a_truth_or_a_bundle() {
        assert!(matches!(Verify::parse("True"), Some(Verify::On)));
        assert!(matches!(Verify::parse("0"), Some(Verify::Off)));
        assert!(matches!(Verify::parse("/etc/ca.pem"), Some(Verify::Bundle(text)) if text.expose() == "/etc/ca.pem"));
        assert!(Verify::parse(" ").is_none());
    }
}
