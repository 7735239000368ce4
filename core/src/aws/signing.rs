//! Signs a request (Signature Version 4). Pure: no network, no clock.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>

use crate::clock::Timestamp;
use crate::secret::Secret;
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::Request;
use http::header::AUTHORIZATION;
use std::error::Error;
use std::time::{Duration, UNIX_EPOCH};

/// Headers that are signed where a request has them, besides its host.
const SIGNED: [&str; 2] = ["content-type", "x-vault-aws-iam-server-id"];
const SESSION_TOKEN: &str = "x-amz-security-token";

/// A key of AWS.
#[derive(Clone, Debug)]
pub struct SigningKey {
    /// Its id.
    pub id: String,
    /// The key itself.
    pub secret: Secret,
    /// What belongs to a key that lasts for a while only.
    pub session_token: Option<Secret>,
}

/// The request cannot be signed: its address or a header is at fault.
#[derive(Debug, thiserror::Error)]
#[error("a request to AWS could not be signed")]
pub struct Unsignable(#[source] Box<dyn Error + Send + Sync>);

/// Signs a request for a service in a region. The type of its content and its host are signed with it; other headers
/// may be changed on the way.
///
/// # Errors
/// [`Unsignable`].
pub fn sign_request(
    request: &mut Request<Bytes>,
    key: &SigningKey,
    (region, service): (&str, &str),
    at: Timestamp,
) -> Result<(), Unsignable> {
    let failed = |cause: Box<dyn Error + Send + Sync>| Unsignable(cause);
    let token = key.session_token.as_ref().map(|token| token.expose().to_owned());
    let identity = Credentials::new(key.id.clone(), key.secret.expose(), token, None, "postern").into();
    let since_epoch = Duration::from_millis(u64::try_from(at.millis()).unwrap_or_default());
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(UNIX_EPOCH + since_epoch)
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| failed(error.into()))?
        .into();
    let uri = request.uri().to_string();
    let said = |name: &&'static str| Some((*name, request.headers().get(*name)?.to_str().ok()?));
    let headers = SIGNED.iter().filter_map(said);
    let body = SignableBody::Bytes(request.body());
    let signable = SignableRequest::new(request.method().as_str(), &uri, headers, body);
    let signed = signable.and_then(|signable| sign(signable, &parameters)).map_err(|error| failed(error.into()))?;
    let (instructions, _) = signed.into_parts();
    instructions.apply_to_request_http1x(request);
    for name in [AUTHORIZATION.as_str(), SESSION_TOKEN] {
        if let Some(value) = request.headers_mut().get_mut(name) {
            value.set_sensitive(true);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::CONTENT_TYPE;

    fn signed(uri: &str, session_token: Option<&str>) -> Request<Bytes> {
        let request = Request::post(uri).header(CONTENT_TYPE, "application/json").header("x-other", "1");
        let mut request = request.body(Bytes::from_static(b"{}")).expect("a request");
        let session_token = session_token.map(Secret::new);
        let key = SigningKey { id: "AKIDEXAMPLE".to_owned(), secret: Secret::new("secret"), session_token };
        let at = Timestamp::from_seconds(1_700_000_000);
        sign_request(&mut request, &key, ("us-east-1", "bedrock"), at).expect("signed");
        request
    }

    #[test]
    fn the_kind_of_content_and_the_host_are_signed() {
        let request = signed("https://bedrock-runtime.us-east-1.amazonaws.com/model/a.b%3A0/converse", None);
        let shown = request.headers()[AUTHORIZATION].to_str().expect("text");
        let scope = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20231114/us-east-1/bedrock/aws4_request, \
                     SignedHeaders=content-type;host;x-amz-date, Signature=";
        assert!(shown.starts_with(scope), "{shown}");
        assert_eq!(request.headers()["x-amz-date"], "20231114T221320Z");
        assert!(request.headers()[AUTHORIZATION].is_sensitive());
    }

    #[test]
    fn what_belongs_to_a_passing_key_is_sent_and_signed() {
        let request = signed("http://127.0.0.1:1/model/a:0/invoke", Some("token"));
        assert_eq!(request.headers()["x-amz-security-token"], "token");
        let shown = request.headers()[AUTHORIZATION].to_str().expect("text");
        assert!(shown.contains("content-type;host;x-amz-date;x-amz-security-token"), "{shown}");
    }
}
