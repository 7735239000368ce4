//! A service of the operator's own that says who a caller is: a webhook or a Lambda function. Nobody is let in of whom it
//! says nothing.
//!
//! Asked is with `{"api_key": "…"}`, what the caller presents. The answer's fields are those of LiteLLM's `UserAPIKeyAuth`.

use super::error::TokenError;
use super::keys_beside::KeysBeside;
use super::mapping::Identified;
use super::told::Told;
use crate::clock::Timestamp;
use crate::config::UserRole;
use crate::limits::Limits;
use crate::money::NanoDollars;
use crate::secrets::{CallError, Calls};
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use serde::Deserialize;
use serde_json::json;
use std::error::Error;
use std::sync::Arc;

/// Says that a function has failed.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>
const FUNCTION_ERROR: &str = "x-amz-function-error";

/// The operator's own service.
pub struct CustomAuth {
    calls: Arc<dyn Calls>,
    address: Uri,
    keys: KeysBeside,
}

/// What it answers. What is not there is not said.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Answer {
    #[serde(alias = "api_key")]
    token: Option<String>,
    user_id: Option<String>,
    user_email: Option<String>,
    user_role: Option<UserRole>,
    team_id: Option<String>,
    #[serde(alias = "organization_id")]
    org_id: Option<String>,
    end_user_id: Option<String>,
    models: Option<Vec<String>>,
    allowed_routes: Option<Vec<String>>,
    max_budget: Option<f64>,
    rpm_limit: Option<u64>,
    tpm_limit: Option<u64>,
    max_parallel_requests: Option<u64>,
    blocked: Option<bool>,
    /// Seconds since 1970.
    exp: Option<f64>,
}

impl CustomAuth {
    /// The service at `address`.
    pub fn new(calls: Arc<dyn Calls>, address: Uri, keys: KeysBeside) -> Self {
        Self { calls, address, keys }
    }

    /// Whether virtual keys count beside it.
    pub fn keys(&self) -> KeysBeside {
        self.keys
    }

    /// Who presents this, and until when that counts, as far as it says so.
    ///
    /// # Errors
    /// [`TokenError::Denied`], [`TokenError::Expired`], [`TokenError::NotTold`].
    pub async fn check(&self, token: &str, now: Timestamp) -> Result<(Identified, Option<Timestamp>), TokenError> {
        let answer = self.answer(token).await?.filter(|answer| answer.blocked != Some(true));
        let answer = answer.ok_or(TokenError::Denied)?;
        let ends = answer.exp.map(|seconds| Timestamp::from_millis((seconds * 1_000.0) as i64));
        if ends.is_some_and(|ends| ends <= now) {
            return Err(TokenError::Expired);
        }
        let identified = answer.told().identified().ok_or(TokenError::Denied)?;
        Ok((identified, ends))
    }

    async fn answer(&self, token: &str) -> Result<Option<Answer>, TokenError> {
        let failed = |error: CallError| {
            let cause = &*error as &dyn Error;
            tracing::warn!(address = %self.address, error = cause, "`custom_auth` says nothing of a caller");
            TokenError::NotTold(Some(error))
        };
        let (head, body) = self.calls.call(self.request(token)).await.map_err(failed)?.into_parts();
        match head.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Ok(None),
            status if !status.is_success() => Err(failed(format!("it answered with {status}").into())),
            _ if head.headers.contains_key(FUNCTION_ERROR) => Err(failed("the function has failed".into())),
            // The parser's own error could quote what is told.
            _ => serde_json::from_slice(&body).map_err(|error| {
                let place = format!("its answer, byte {}, is not of the form that is expected", error.column());
                failed(place.into())
            }),
        }
    }

    fn request(&self, token: &str) -> Request<Bytes> {
        let mut request = Request::new(Bytes::from(json!({"api_key": token}).to_string()));
        (*request.method_mut(), *request.uri_mut()) = (Method::POST, self.address.clone());
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().extend([(CONTENT_TYPE, json.clone()), (ACCEPT, json)]);
        request
    }
}

impl Answer {
    fn told(self) -> Told {
        let named = |name: Option<String>| name.filter(|name| !name.is_empty());
        let count = |limit: Option<u64>| limit.map(|limit| i64::try_from(limit).unwrap_or(i64::MAX));
        Told {
            token: named(self.token),
            user: named(self.user_id),
            email: named(self.user_email),
            team: named(self.team_id),
            organization: named(self.org_id),
            end_user: named(self.end_user_id),
            role: self.user_role,
            models: self.models.unwrap_or_default(),
            routes: self.allowed_routes.filter(|routes| !routes.is_empty()),
            limits: Limits {
                max_budget: self.max_budget.map(NanoDollars::from_dollars),
                rpm_limit: count(self.rpm_limit),
                tpm_limit: count(self.tpm_limit),
                max_parallel_requests: count(self.max_parallel_requests),
                ..Limits::default()
            },
        }
    }
}
