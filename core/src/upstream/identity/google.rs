//! An account on Google Cloud: a service account signs a statement of who it is, a person who signed in shows what they were
//! given for it, and a machine asks the server beside it. Each is exchanged for a token.
//!
//! Wire format: <https://developers.google.com/identity/protocols/oauth2/service-account#httprest>

use super::error::IdentityError;
use super::exchange::{asked, exchange};
use super::tokens::{Token, TokenKey};
use crate::clock::Timestamp;
use crate::providers::identity::{GoogleAccount, GoogleCredentials};
use crate::secret::Secret;
use crate::upstream::transport::Transport;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};
use rustls::SignatureScheme;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};

/// What a token is good for: everything that the account may do.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// Where tokens come from where a key does not say.
const TOKEN_ADDRESS: &str = "https://oauth2.googleapis.com/token";
/// Where a machine of Google Cloud asks for its own token.
const MACHINE_ADDRESS: &str =
    "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token";
/// What that server wants to see, so that nobody is tricked into asking it.
const FLAVOR: (HeaderName, HeaderValue) =
    (HeaderName::from_static("metadata-flavor"), HeaderValue::from_static("Google"));
/// How long a statement holds, in seconds: the longest that is taken.
const STATEMENT_SECONDS: i64 = 3600;

/// A key, as Google Cloud gives it out.
#[derive(Deserialize)]
struct Key {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    client_email: String,
    #[serde(default)]
    private_key: Option<Secret>,
    #[serde(default)]
    private_key_id: Option<String>,
    #[serde(default)]
    token_uri: Option<String>,
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    client_secret: Option<Secret>,
    #[serde(default)]
    refresh_token: Option<Secret>,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
}

#[derive(Serialize)]
struct Statement<'a> {
    iss: &'a str,
    scope: &'static str,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

pub(super) fn key(account: &GoogleAccount) -> TokenKey {
    match &account.credentials {
        GoogleCredentials::Given(json) => TokenKey::of(["google", "given", json.expose()]),
        GoogleCredentials::File(path) => TokenKey::of(["google", "file", path]),
        GoogleCredentials::Machine => TokenKey::of(["google", "machine"]),
    }
}

/// Fetches a token. A file is read anew for each, about once an hour, so that a key may be changed in its place.
pub(super) async fn token(
    transport: &dyn Transport,
    account: &GoogleAccount,
    now: Timestamp,
) -> Result<Token, IdentityError> {
    let key = match &account.credentials {
        GoogleCredentials::Machine => return of_machine(transport, now).await,
        GoogleCredentials::Given(json) => parse(json.expose())?,
        GoogleCredentials::File(path) => {
            let json =
                std::fs::read_to_string(path).map_err(|error| unfit(format!("`{path}` cannot be read: {error}")))?;
            parse(&json)?
        }
    };
    let address = key.token_uri.as_deref().unwrap_or(TOKEN_ADDRESS);
    match key.kind.as_str() {
        "service_account" => {
            let assertion = statement(&key, address, now)?;
            let form =
                [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", assertion.as_str())];
            exchange(transport, address, &form, now).await
        }
        "authorized_user" => {
            let said = |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.expose().to_owned());
            let missing = || unfit("a person's credentials need `client_secret` and `refresh_token`".to_owned());
            let secret = said(&key.client_secret).ok_or_else(missing)?;
            let refresh = said(&key.refresh_token).ok_or_else(missing)?;
            let form = [
                ("grant_type", "refresh_token"),
                ("client_id", key.client_id.as_str()),
                ("client_secret", secret.as_str()),
                ("refresh_token", refresh.as_str()),
            ];
            exchange(transport, address, &form, now).await
        }
        other => {
            Err(unfit(format!("credentials of the type `{other}` are not supported; use a service account's key")))
        }
    }
}

async fn of_machine(transport: &dyn Transport, now: Timestamp) -> Result<Token, IdentityError> {
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = http::Uri::from_static(MACHINE_ADDRESS);
    request.headers_mut().insert(FLAVOR.0, FLAVOR.1);
    asked(transport, request, MACHINE_ADDRESS, now).await
}

fn parse(json: &str) -> Result<Key, IdentityError> {
    // The parser's reason could repeat what it stumbled over: a secret, perhaps.
    serde_json::from_str(json)
        .map_err(|error| unfit(format!("no JSON of a key (line {}, column {})", error.line(), error.column())))
}

fn unfit(reason: String) -> IdentityError {
    IdentityError::Setting { setting: "vertex_credentials", reason }
}

/// The signed statement: a JSON Web Token (RFC 7519) with RS256.
fn statement(key: &Key, address: &str, now: Timestamp) -> Result<String, IdentityError> {
    let header = Header { alg: "RS256", typ: "JWT", kid: key.private_key_id.as_deref() };
    let (iat, exp) = (now.seconds(), now.seconds().saturating_add(STATEMENT_SECONDS));
    let statement = Statement { iss: &key.client_email, scope: SCOPE, aud: address, iat, exp };
    let encoded = |json: Result<Vec<u8>, serde_json::Error>| {
        json.map(|json| URL_SAFE_NO_PAD.encode(json)).map_err(|error| unfit(error.to_string()))
    };
    let (header, statement) = (encoded(serde_json::to_vec(&header))?, encoded(serde_json::to_vec(&statement))?);
    let message = format!("{header}.{statement}");
    let signature = sign(key, message.as_bytes())?;
    Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

fn sign(key: &Key, message: &[u8]) -> Result<Vec<u8>, IdentityError> {
    let no_key = || unfit("its `private_key` is no RSA key".to_owned());
    let pem = key.private_key.as_ref().ok_or_else(no_key)?;
    let der = PrivateKeyDer::from_pem_slice(pem.expose().as_bytes()).map_err(|_| no_key())?;
    let key = any_supported_type(&der).map_err(|_| no_key())?;
    let signer = key.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256]).ok_or_else(no_key)?;
    signer.sign(message).map_err(|_| no_key())
}

#[cfg(test)]
#[path = "google_tests.rs"]
mod tests;
