//! The part of the command line that is about TLS.

use clap::{Args, ValueEnum};
use postern_core::surface::security_headers::HSTS_SECONDS;
use postern_core::tls::listener::{CERTIFICATE_FLAG, CLIENT_CA_FLAG, ClientSettings, KEY_FLAG, ListenerSettings};
use postern_core::tls::server::OldestVersion;
use std::path::PathBuf;
use std::time::Duration;

/// How the listener speaks TLS.
#[derive(Args, Debug)]
#[command(next_help_heading = "TLS")]
pub(crate) struct TlsOptions {
    /// Serve HTTPS with this certificate and those that lead to its authority (PEM)
    #[arg(long = "ssl_certfile_path", alias = "ssl-certfile-path", value_name = "FILE", env = "SSL_CERTFILE_PATH")]
    certificate: Option<PathBuf>,

    /// The certificate's key (PEM, not encrypted)
    #[arg(long = "ssl_keyfile_path", alias = "ssl-keyfile-path", value_name = "FILE", env = "SSL_KEYFILE_PATH")]
    key: Option<PathBuf>,

    /// The oldest version of TLS that is spoken
    #[arg(long = "tls_min_version", value_name = "VERSION", env = "POSTERN_TLS_MIN_VERSION", default_value = "1.2")]
    oldest: Oldest,

    /// The ciphers, as OpenSSL lists them, such as ECDHE+AESGCM
    #[arg(long = "ciphers", value_name = "LIST", env = "POSTERN_TLS_CIPHERS")]
    ciphers: Option<String>,

    /// Clients show certificates of these authorities (PEM)
    #[arg(long = "tls_client_ca_path", value_name = "FILE", env = "POSTERN_TLS_CLIENT_CA_PATH")]
    client_authorities: Option<PathBuf>,

    /// Whether a client without a certificate is turned away
    #[arg(long = "tls_client_auth", value_name = "WHEN", env = "POSTERN_TLS_CLIENT_AUTH", default_value = "required")]
    client_auth: ClientAuth,

    /// What those authorities have revoked (PEM)
    #[arg(long = "tls_client_crl_path", value_name = "FILE", env = "POSTERN_TLS_CLIENT_CRL_PATH")]
    client_revoked: Option<PathBuf>,

    /// How often the files are looked at for renewal, in seconds
    #[arg(long = "tls_reload_seconds", value_name = "SECONDS", env = "POSTERN_TLS_RELOAD_SECONDS",
        default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    reload_seconds: u32,

    /// For how long browsers are told to come back by HTTPS only, in seconds; 0 tells them nothing
    #[arg(long = "hsts_seconds", value_name = "SECONDS", env = "POSTERN_HSTS_SECONDS", default_value_t = HSTS_SECONDS)]
    hsts_seconds: u32,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Oldest {
    #[value(name = "1.2")]
    Tls12,
    #[value(name = "1.3")]
    Tls13,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ClientAuth {
    /// It is
    Required,
    /// It is not; a wrong certificate is refused
    Optional,
}

/// Options that do not go together.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsOptionsError {
    #[error("`{given}` is set and `{missing}` is not: HTTPS needs both, HTTP neither")]
    Half { given: &'static str, missing: &'static str },
    #[error("`{0}` is set, but HTTPS is not served: set `{CERTIFICATE_FLAG}` and `{KEY_FLAG}` too")]
    NoTls(&'static str),
    #[error("`--tls_client_crl_path` is set and `{CLIENT_CA_FLAG}` is not: nobody's certificates are asked for")]
    NoAuthority,
}

impl TlsOptions {
    /// What the listener is told; `None` where it speaks HTTP.
    pub(crate) fn settings(&self) -> Result<Option<ListenerSettings>, TlsOptionsError> {
        let half = |given, missing| Err(TlsOptionsError::Half { given, missing });
        let (certificate, key) = match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => (certificate.clone(), key.clone()),
            (Some(_), None) => return half(CERTIFICATE_FLAG, KEY_FLAG),
            (None, Some(_)) => return half(KEY_FLAG, CERTIFICATE_FLAG),
            (None, None) if self.client_authorities.is_some() => return Err(TlsOptionsError::NoTls(CLIENT_CA_FLAG)),
            (None, None) => return Ok(None),
        };
        let oldest = match self.oldest {
            Oldest::Tls12 => OldestVersion::Tls12,
            Oldest::Tls13 => OldestVersion::Tls13,
        };
        if self.client_revoked.is_some() && self.client_authorities.is_none() {
            return Err(TlsOptionsError::NoAuthority);
        }
        let clients = self.client_authorities.clone().map(|authorities| ClientSettings {
            authorities,
            revoked: self.client_revoked.clone(),
            required: self.client_auth == ClientAuth::Required,
        });
        Ok(Some(ListenerSettings { certificate, key, oldest, ciphers: self.ciphers.clone(), clients }))
    }

    /// How often the files are looked at again.
    pub(crate) fn look_again(&self) -> Duration {
        Duration::from_secs(self.reload_seconds.into())
    }

    /// For how long browsers are told to come back by HTTPS only, in seconds.
    pub(crate) fn hsts_seconds(&self) -> u32 {
        self.hsts_seconds
    }
}
