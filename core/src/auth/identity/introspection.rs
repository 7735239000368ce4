//! Tokens that say nothing by themselves: their issuer is asked what they are.
//!
//! Wire formats: RFC 7662 section 2 where the gateway is a client of the issuer. Without that the bearer's own token is
//! shown to the address, as to a userinfo endpoint (OpenID Connect Core 1.0 section 5.3), which LiteLLM does too.

use super::claims::{text, texts};
use super::error::TokenError;
use super::jwt::names_one_of;
use super::mapping::{Identified, SpeaksFor, Teams};
use super::told::routes_of;
use crate::clock::Timestamp;
use crate::config::UserRole;
use crate::limits::Limits;
use crate::secret::Secret;
use crate::secrets::{CallError, Calls};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Where issuers are asked for tokens, and what they answer.
pub struct Introspection {
    calls: Arc<dyn Calls>,
    settings: IntrospectionSettings,
}

/// How an issuer is asked.
#[derive(Clone, Debug)]
pub struct IntrospectionSettings {
    /// Where.
    pub address: Uri,
    /// As which of its clients, with what password; `None`: with the token itself.
    pub client: Option<(String, Secret)>,
    /// Where an answer says for whom a token is, it must be for one of these; none: for anybody.
    pub audiences: Vec<String>,
    /// The field of the answer that names the user.
    pub user_field: String,
    /// The field that names the user's role.
    pub role_field: String,
    /// The field that names the team.
    pub team_field: String,
}

impl Introspection {
    /// Asks over `calls`.
    pub fn new(calls: Arc<dyn Calls>, settings: IntrospectionSettings) -> Self {
        Self { calls, settings }
    }

    /// Who presents this token, and when it ends, as far as the issuer says that.
    ///
    /// # Errors
    /// [`TokenError::Inactive`], [`TokenError::NotTold`]; [`TokenError::Claim`], [`TokenError::Expired`] and
    /// [`TokenError::Audience`].
    pub async fn check(&self, token: &str, now: Timestamp) -> Result<(Identified, Option<Timestamp>), TokenError> {
        let told = self.told(token).await?;
        let ends = told.get("exp").and_then(Value::as_f64).map(|seconds| Timestamp::from_seconds(seconds as i64));
        if ends.is_some_and(|ends| ends <= now) {
            return Err(TokenError::Expired);
        }
        let audiences = &self.settings.audiences;
        if !audiences.is_empty() && told.contains_key("aud") && !names_one_of(&told, "aud", audiences) {
            return Err(TokenError::Audience);
        }
        Ok((self.identified(&told)?, ends))
    }

    async fn told(&self, token: &str) -> Result<Map<String, Value>, TokenError> {
        let failed = |error: CallError| TokenError::NotTold(Some(error));
        let request = self.request(token).map_err(failed)?;
        let (head, body) = self.calls.call(request).await.map_err(failed)?.into_parts();
        let is_client = self.settings.client.is_some();
        match head.status {
            status if status.is_success() => {
                let told: Map<String, Value> = serde_json::from_slice(&body).map_err(|error| failed(error.into()))?;
                // A userinfo endpoint says nothing of it: what it answers for counts.
                let is_active = told.get("active").map_or(!is_client, |active| *active == Value::Bool(true));
                if is_active { Ok(told) } else { Err(TokenError::Inactive) }
            }
            // What stands there is the token itself.
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if !is_client => {
                Err(TokenError::Inactive)
            }
            status => {
                tracing::warn!(address = %self.settings.address, %status, "an issuer does not say what a token is");
                Err(failed(format!("the issuer answered with {status}").into()))
            }
        }
    }

    fn request(&self, token: &str) -> Result<Request<Bytes>, CallError> {
        let (method, shown, body) = match &self.settings.client {
            Some((id, secret)) => {
                let pair = Secret::new(format!("{}:{}", form(id), form(secret.expose())));
                let shown = Secret::new(format!("Basic {}", STANDARD.encode(pair.expose())));
                (Method::POST, shown, asked(token))
            }
            None => (Method::GET, Secret::new(format!("Bearer {token}")), Bytes::new()),
        };
        let mut request = Request::new(body);
        (*request.method_mut(), *request.uri_mut()) = (method, self.settings.address.clone());
        let mut shown = HeaderValue::from_str(shown.expose())?;
        shown.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, shown);
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        if self.settings.client.is_some() {
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            request.headers_mut().insert(CONTENT_TYPE, form);
        }
        Ok(request)
    }

    fn identified(&self, told: &Map<String, Value>) -> Result<Identified, TokenError> {
        let IntrospectionSettings { user_field, role_field, team_field, .. } = &self.settings;
        let user = text(told, user_field)?;
        let teams = Teams::AnyOf(texts(told, team_field)?);
        let role = texts(told, role_field)?.iter().find_map(|role| UserRole::named(role));
        let is_known = user.is_some() || !teams.ids().is_empty();
        let subject = match &user {
            Some(user) => user.clone(),
            None => text(told, "sub")?.or(text(told, "client_id")?).unwrap_or_default(),
        };
        Ok(Identified {
            speaks_for: if is_known { SpeaksFor::Known } else { SpeaksFor::Nobody },
            subject,
            user,
            email: None,
            teams,
            organization: None,
            end_user: None,
            role,
            may_be_unknown: true,
            routes: routes_of(role),
            scope_routes: None,
            models: Vec::new(),
            limits: Limits::default(),
        })
    }
}

/// The form that asks what a token is.
fn asked(token: &str) -> Bytes {
    let pairs = [("token", token), ("token_type_hint", "access_token")];
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into()
}

/// A client's name or password, as RFC 6749 section 2.3.1 writes it.
fn form(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
