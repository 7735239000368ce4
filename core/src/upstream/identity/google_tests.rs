//! What each kind of account shows for a token, and what is said of those that cannot be used.

use super::*;
use crate::upstream::transport::{Bounds, TransportError, UpstreamBody};
use async_trait::async_trait;
use http::Response;
use serde_json::{Value, json};
use std::sync::Mutex;

/// A key that was made for tests and opens nothing.
const ACCOUNT: &str = include_str!("../../../../tests/fixtures/service-account.json");

/// Gives a token, and remembers what it was shown for it.
#[derive(Default)]
struct Giver {
    seen: Mutex<Vec<(String, String)>>,
}

#[async_trait]
impl Transport for Giver {
    async fn send(&self, request: Request<Bytes>, _: Bounds) -> Result<Response<UpstreamBody>, TransportError> {
        let body = String::from_utf8(request.body().to_vec()).unwrap();
        self.seen.lock().unwrap().push((request.uri().to_string(), body));
        let token = Bytes::from_static(br#"{"access_token":"ya29","expires_in":3599}"#);
        Ok(Response::new(UpstreamBody::Whole(token)))
    }
}

async fn shown(credentials: GoogleCredentials) -> Result<(String, String), IdentityError> {
    let giver = Giver::default();
    let now = Timestamp::from_seconds(1_763_700_000);
    let token = token(&giver, &GoogleAccount { credentials }, now).await?;
    assert_eq!((token.secret.expose(), token.ends), ("ya29", now.plus_millis(3_599_000)));
    Ok(giver.seen.into_inner().unwrap().remove(0))
}

fn part(token: &str, at: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(at).unwrap()).unwrap()).unwrap()
}

#[tokio::test]
async fn a_service_account_signs_a_statement_of_who_it_is_and_what_it_wants() {
    let (address, form) = shown(GoogleCredentials::Given(Secret::new(ACCOUNT))).await.unwrap();
    assert_eq!(address, "https://oauth.test/token");
    let assertion =
        form.strip_prefix("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=").unwrap();
    assert_eq!(part(assertion, 0), json!({"alg": "RS256", "typ": "JWT", "kid": "test-key"}));
    let claims = json!({
        "iss": "postern@proj-1.iam.gserviceaccount.com", "scope": SCOPE, "aud": "https://oauth.test/token",
        "iat": 1_763_700_000, "exp": 1_763_703_600,
    });
    assert_eq!(part(assertion, 1), claims);
    let signature = URL_SAFE_NO_PAD.decode(assertion.rsplit('.').next().unwrap()).unwrap();
    // This kind of signature is the same every time.
    let (message, _) = assertion.rsplit_once('.').unwrap();
    assert_eq!(sign(&parse(ACCOUNT).unwrap(), message.as_bytes()).unwrap(), signature);
    assert_eq!(signature.len(), 256);
}

#[tokio::test]
async fn a_person_shows_what_they_were_given_and_a_machine_asks_beside_it() {
    let person = r#"{"type":"authorized_user","client_id":"c","client_secret":"s","refresh_token":"r"}"#;
    let (address, form) = shown(GoogleCredentials::Given(Secret::new(person))).await.unwrap();
    let wanted = "grant_type=refresh_token&client_id=c&client_secret=s&refresh_token=r";
    assert_eq!((address.as_str(), form.as_str()), (TOKEN_ADDRESS, wanted));
    let (address, _) = shown(GoogleCredentials::Machine).await.unwrap();
    assert_eq!(address, MACHINE_ADDRESS);
}

#[tokio::test]
async fn a_key_in_a_file_is_read_there() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), ACCOUNT).unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    assert_eq!(shown(GoogleCredentials::File(path)).await.unwrap().0, "https://oauth.test/token");
    let lost = shown(GoogleCredentials::File("/nowhere/key.json".to_owned())).await.unwrap_err().to_string();
    assert!(lost.starts_with("the deployment's `vertex_credentials` is not valid: `/nowhere/key.json` cannot be read"));
}

#[tokio::test]
async fn credentials_that_cannot_be_used_say_why_and_never_what_they_are() {
    for (json, why) in [
        ("{\"private_key\": secret", "no JSON of a key (line 1, column 17)"),
        (r#"{"type":"service_account","private_key":"secret"}"#, "its `private_key` is no RSA key"),
        (r#"{"type":"external_account"}"#, "credentials of the type `external_account` are not supported"),
        (r#"{"type":"authorized_user"}"#, "a person's credentials need `client_secret` and `refresh_token`"),
    ] {
        let error = shown(GoogleCredentials::Given(Secret::new(json))).await.unwrap_err().to_string();
        assert!(error.contains(why) && !error.contains("secret\"") && !error.contains(": secret"), "{error}");
    }
}
