//! Which TLS policy holds for a deployment (or anything else that names settings of its own), and who said so.
//!
//! The order is LiteLLM's: what is said explicitly, then the variable, then `litellm_settings`. Where certificates are
//! to be checked and nobody names a bundle, `SSL_CERT_FILE` does, else the compiled-in authorities hold.

use super::curve::Curve;
use super::level::Level;
use super::material::{Material, MaterialError, Objects};
use crate::config::Environment;
use crate::config::tls::{SecurityLevel, TlsParams, Verify};
use std::fmt;

/// The variable that names a file of certificates to trust in place of the compiled-in ones.
pub const CERT_FILE: &str = "SSL_CERT_FILE";
const VERIFY: &str = "SSL_VERIFY";
const LEVEL: &str = "SSL_SECURITY_LEVEL";
const CERTIFICATE: &str = "SSL_CERTIFICATE";
const KEY: &str = "SSL_KEY";
const CURVE: &str = "SSL_ECDH_CURVE";

/// Whose certificates are trusted.
#[derive(Clone, Debug, PartialEq)]
pub enum Trust {
    /// Anybody's: nothing is checked.
    Nothing,
    /// Mozilla's authorities, compiled in.
    BuiltIn,
    /// These alone.
    Bundle(Material),
}

/// The certificate that we show.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnCertificate {
    /// The chain, and perhaps the key.
    pub chain: Material,
    /// The key, where it stands elsewhere.
    pub key: Option<Material>,
}

/// How connections are made. Two deployments of one policy share a client.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Whose certificates are trusted.
    pub trust: Trust,
    /// How weak keys and signatures may be; `None`: as at level 2.
    pub level: Option<SecurityLevel>,
    /// The certificate that we show.
    pub certificate: Option<OwnCertificate>,
    /// The one key exchange that is offered; `None`: all that the level admits.
    pub curve: Option<Curve>,
}

/// Who said something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The deployment itself, by this setting.
    Explicit(String),
    /// A variable of the environment.
    Variable(&'static str),
    /// `litellm_settings`, by this name.
    Settings(&'static str),
    /// Nobody.
    BuiltIn,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Explicit(setting) => f.write_str(setting),
            Self::Variable(name) => f.write_str(name),
            Self::Settings(name) => write!(f, "litellm_settings.{name}"),
            Self::BuiltIn => f.write_str("default"),
        }
    }
}

/// Who said each part of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaidBy {
    /// Whether certificates are checked.
    pub verify: Source,
    /// Against which authorities.
    pub authorities: Source,
    /// The level.
    pub level: Source,
    /// Our certificate.
    pub certificate: Source,
    /// The key exchange.
    pub curve: Source,
}

/// A policy, and how it came to be.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The policy.
    pub policy: Policy,
    /// Who said it.
    pub said_by: SaidBy,
    /// What the operator should know.
    pub warnings: Vec<String>,
}

/// A setting about TLS cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A file of certificates or a key.
    #[error(transparent)]
    Material(#[from] MaterialError),
    /// A variable says no level.
    #[error("environment variable {LEVEL} must be `DEFAULT@SECLEVEL=0` to `DEFAULT@SECLEVEL=5`")]
    NotALevel,
    /// A key exchange that the level does not admit.
    #[error(
        "`{curve}` (from `{curve_source}`) is too weak for level {level} (from `{level_source}`): choose another curve, \
         or lower `ssl_security_level`"
    )]
    WeakCurve {
        /// The curve.
        curve: &'static str,
        /// Who said it.
        curve_source: String,
        /// The level.
        level: u8,
        /// Who said that.
        level_source: String,
    },
    /// A key for no certificate.
    #[error("`{0}` names the key of a certificate, and no certificate is named beside it: set `ssl_certificate` too")]
    KeyAlone(String),
    /// What was read cannot be made a client of.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
}

/// What policies are made from, whoever asks.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// The environment.
    pub environment: &'a Environment,
    /// `litellm_settings`.
    pub settings: &'a TlsParams,
    /// Objects that were fetched.
    pub objects: &'a Objects,
}

impl Sources<'_> {
    /// The policy of something that says `explicit`, in a section called `holder`.
    ///
    /// # Errors
    /// [`PolicyError`] names the setting. Files are not read yet.
    pub fn resolve(&self, holder: &str, explicit: &TlsParams) -> Result<Resolved, PolicyError> {
        let ((trust, authorities), verify) = self.trust(holder, explicit)?;
        let (level, level_source) = self.level(holder, explicit)?;
        let (certificate, certificate_source) = self.certificate(holder, explicit)?;
        let mut warnings = Vec::new();
        let (curve, curve_source) = self.curve(holder, explicit, &mut warnings);
        let row = Level::of(level);
        if let Some(curve) = curve.filter(|curve| !row.admits(*curve)) {
            return Err(PolicyError::WeakCurve {
                curve: curve.name(),
                curve_source: curve_source.to_string(),
                level: row.number,
                level_source: level_source.to_string(),
            });
        }
        let said_by =
            SaidBy { verify, authorities, level: level_source, certificate: certificate_source, curve: curve_source };
        Ok(Resolved { policy: Policy { trust, level, certificate, curve }, said_by, warnings })
    }

    fn trust(&self, holder: &str, explicit: &TlsParams) -> Result<((Trust, Source), Source), PolicyError> {
        let variable = self.environment.text(VERIFY).and_then(Verify::parse);
        let (verify, source) = chosen(
            explicit.ssl_verify.clone().map(|verify| (verify, explicitly(holder, "ssl_verify"))),
            variable.map(|verify| (verify, Source::Variable(VERIFY))),
            self.settings.ssl_verify.clone().map(|verify| (verify, Source::Settings("ssl_verify"))),
        )
        .unwrap_or((Verify::On, Source::BuiltIn));
        let trust = match (&verify, self.environment.text(CERT_FILE)) {
            (Verify::Off, _) => (Trust::Nothing, source.clone()),
            (Verify::Bundle(text), _) => {
                let bundle = Material::of(text.expose(), &source.to_string(), self.objects)?;
                (Trust::Bundle(bundle), source.clone())
            }
            (Verify::On, Some(file)) => {
                (Trust::Bundle(Material::of(file, CERT_FILE, self.objects)?), Source::Variable(CERT_FILE))
            }
            (Verify::On, None) => (Trust::BuiltIn, Source::BuiltIn),
        };
        Ok((trust, source))
    }

    fn level(&self, holder: &str, explicit: &TlsParams) -> Result<(Option<SecurityLevel>, Source), PolicyError> {
        let variable =
            self.environment.text(LEVEL).map(|text| SecurityLevel::parse(text).ok_or(PolicyError::NotALevel));
        let found = chosen(
            explicit.ssl_security_level.map(|level| (level, explicitly(holder, "ssl_security_level"))),
            variable.transpose()?.map(|level| (level, Source::Variable(LEVEL))),
            self.settings.ssl_security_level.map(|level| (level, Source::Settings("ssl_security_level"))),
        );
        Ok(found.map_or((None, Source::BuiltIn), |(level, source)| (Some(level), source)))
    }

    /// Certificate and key come from one place: a key said elsewhere belongs to another certificate.
    fn certificate(&self, holder: &str, explicit: &TlsParams) -> Result<(Option<OwnCertificate>, Source), PolicyError> {
        let variable = |name: &'static str| (self.environment.secret(name), Source::Variable(name));
        let set = |text: &Option<_>, name| (text.clone(), Source::Settings(name));
        let said = |text: &Option<_>, name| (text.clone(), explicitly(holder, name));
        let places = [
            (said(&explicit.ssl_certificate, "ssl_certificate"), said(&explicit.ssl_key, "ssl_key")),
            (variable(CERTIFICATE), variable(KEY)),
            (set(&self.settings.ssl_certificate, "ssl_certificate"), set(&self.settings.ssl_key, "ssl_key")),
        ];
        for ((chain, source), (key, key_source)) in places {
            let key = key.map(|key| Material::of(key.expose(), &key_source.to_string(), self.objects)).transpose()?;
            match (chain, key) {
                (Some(chain), key) => {
                    let chain = Material::of(chain.expose(), &source.to_string(), self.objects)?;
                    let key = key.or_else(|| chain.beside("key"));
                    return Ok((Some(OwnCertificate { chain, key }), source));
                }
                (None, Some(_)) => return Err(PolicyError::KeyAlone(key_source.to_string())),
                (None, None) => {}
            }
        }
        Ok((None, Source::BuiltIn))
    }

    fn curve(&self, holder: &str, explicit: &TlsParams, warnings: &mut Vec<String>) -> (Option<Curve>, Source) {
        let found = chosen(
            explicit.ssl_ecdh_curve.clone().map(|name| (name, explicitly(holder, "ssl_ecdh_curve"))),
            self.environment.text(CURVE).map(|name| (name.to_owned(), Source::Variable(CURVE))),
            self.settings.ssl_ecdh_curve.clone().map(|name| (name, Source::Settings("ssl_ecdh_curve"))),
        );
        let Some((name, source)) = found.filter(|(name, _)| !name.is_empty()) else { return (None, Source::BuiltIn) };
        match Curve::parse(&name) {
            Some(curve) => (Some(curve), source),
            None => {
                let known = Curve::ALL.map(Curve::name).join(", ");
                warnings.push(format!(
                    "{source}: `{name}` names no curve that is known here ({known}); the default key exchange stays"
                ));
                (None, Source::BuiltIn)
            }
        }
    }
}

fn explicitly(holder: &str, name: &str) -> Source {
    Source::Explicit(format!("{holder}.{name}"))
}

fn chosen<T>(
    explicit: Option<(T, Source)>,
    variable: Option<(T, Source)>,
    setting: Option<(T, Source)>,
) -> Option<(T, Source)> {
    explicit.or(variable).or(setting)
}

#[cfg(test)]
mod tests;
