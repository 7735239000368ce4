//! Secrets of Google Secret Manager.
//!
//! Wire format: <https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets>

use super::call::{Answer, CallError, Calls, request, unavailable};
use super::source::{SecretError, SecretKeeper, SecretSource};
use crate::secret::Secret;
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where the service is.
pub const GOOGLE_SECRETS: &str = "https://secretmanager.googleapis.com";
const READ_ADVICE: &str = "the account needs the role `roles/secretmanager.secretAccessor` on it";
const WRITE_ADVICE: &str = "the account needs the role `roles/secretmanager.admin` in the project";

/// Reads and writes the secrets of one project. The calls show the account.
pub struct GoogleSecrets {
    address: String,
    project: String,
    labels: BTreeMap<String, String>,
    calls: Arc<dyn Calls>,
}

#[derive(Deserialize)]
struct Accessed {
    payload: Payload,
}

#[derive(Deserialize)]
struct Payload {
    data: String,
}

impl GoogleSecrets {
    /// The secrets of `project`; what is stored is labelled.
    pub fn new(
        address: &str,
        project: impl Into<String>,
        labels: BTreeMap<String, String>,
        calls: Arc<dyn Calls>,
    ) -> Self {
        Self { address: address.trim_end_matches('/').to_owned(), project: project.into(), labels, calls }
    }

    fn path(&self, rest: &str) -> String {
        format!("{}/v1/projects/{}/secrets{rest}", self.address, self.project)
    }

    async fn send(
        &self,
        name: &str,
        method: Method,
        address: &str,
        body: Option<Value>,
    ) -> Result<Response<Bytes>, SecretError> {
        let told = |cause: CallError| unavailable(name, cause);
        self.calls.call(request(method, address, body).map_err(told)?).await.map_err(told)
    }
}

/// A name as the service takes it: letters, digits, `-` and `_`.
fn id(name: &str) -> Result<&str, SecretError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if name.bytes().all(fits) && (1..=255).contains(&name.len()) {
        return Ok(name);
    }
    let reason = "names in Google Secret Manager are of letters, digits, `-` and `_`";
    Err(SecretError::Name { name: name.to_owned(), reason })
}

/// What a stored key is called: steps of its name stand with `-` between them.
fn stored(name: &str) -> String {
    name.chars().map(|letter| if letter.is_ascii_alphanumeric() || letter == '_' { letter } else { '-' }).collect()
}

#[async_trait]
impl SecretSource for GoogleSecrets {
    async fn fetch(&self, name: &str) -> Result<Option<Secret>, SecretError> {
        let address = self.path(&format!("/{}/versions/latest:access", id(name)?));
        let response = self.send(name, Method::GET, &address, None).await?;
        let Some(found) = (Answer { name, response, advice: READ_ADVICE }).document::<Accessed>()? else {
            return Ok(None);
        };
        let binary = || SecretError::Binary { name: name.to_owned() };
        let bytes = STANDARD.decode(found.payload.data).map_err(|_| binary())?;
        String::from_utf8(bytes).map(Secret::new).map(Some).map_err(|_| binary())
    }
}

#[async_trait]
impl SecretKeeper for GoogleSecrets {
    async fn write(&self, name: &str, value: &Secret) -> Result<(), SecretError> {
        let stored = stored(name);
        let body = json!({ "replication": { "automatic": {} }, "labels": self.labels });
        let address = self.path(&format!("?secretId={stored}"));
        let response = self.send(name, Method::POST, &address, Some(body)).await?;
        // One that is there already gets another version.
        if response.status() != StatusCode::CONFLICT {
            Answer { name, response, advice: WRITE_ADVICE }.done()?;
        }
        let body = json!({ "payload": { "data": STANDARD.encode(value.expose()) } });
        let address = self.path(&format!("/{stored}:addVersion"));
        let response = self.send(name, Method::POST, &address, Some(body)).await?;
        Answer { name, response, advice: WRITE_ADVICE }.done()
    }

    async fn delete(&self, name: &str) -> Result<(), SecretError> {
        let response = self.send(name, Method::DELETE, &self.path(&format!("/{}", stored(name))), None).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(());
        }
        Answer { name, response, advice: WRITE_ADVICE }.done()
    }
}

#[cfg(test)]
mod tests {
    use super::super::call::scripted::Scripted;
    use super::*;

    fn secrets(calls: &Arc<Scripted>) -> GoogleSecrets {
        let labels = BTreeMap::from([("team".to_owned(), "ai".to_owned())]);
        GoogleSecrets::new(GOOGLE_SECRETS, "proj-1", labels, calls.clone())
    }

    #[tokio::test]
    async fn the_latest_version_is_read() {
        let found = r#"{"name":"projects/1/secrets/A/versions/3","payload":{"data":"c2stZm91bmQ=","dataCrc32c":"1"}}"#;
        let calls = Scripted::of([Some((200, found)), Some((404, r#"{"error":{"code":404}}"#))]);
        let secrets = secrets(&calls);
        assert_eq!(secrets.fetch("A").await.unwrap().unwrap().expose(), "sk-found");
        assert!(secrets.fetch("B").await.unwrap().is_none());
        let expected = "GET https://secretmanager.googleapis.com/v1/projects/proj-1/secrets/A/versions/latest:access";
        assert_eq!(calls.lines()[0], expected);
        assert!(matches!(secrets.fetch("a/b").await, Err(SecretError::Name { .. })));
    }

    #[tokio::test]
    async fn a_key_is_made_or_gets_another_version_and_is_deleted() {
        let calls = Scripted::of([Some((409, "{}")), Some((200, "{}")), Some((200, "{}"))]);
        let secrets = secrets(&calls);
        secrets.write("litellm/ours", &Secret::new("sk-a")).await.unwrap();
        secrets.delete("litellm/ours").await.unwrap();
        let base = "https://secretmanager.googleapis.com/v1/projects/proj-1/secrets";
        let expected = [
            format!("POST {base}?secretId=litellm-ours"),
            format!("POST {base}/litellm-ours:addVersion"),
            format!("DELETE {base}/litellm-ours"),
        ];
        assert_eq!(calls.lines(), expected);
        assert_eq!(calls.body(0), json!({"replication": {"automatic": {}}, "labels": {"team": "ai"}}));
        assert_eq!(calls.body(1), json!({"payload": {"data": "c2stYQ=="}}));
    }

    #[tokio::test]
    async fn a_refusal_says_which_role_is_missing() {
        let calls = Scripted::of([Some((403, r#"{"error":{"status":"PERMISSION_DENIED"}}"#))]);
        let denied = secrets(&calls).fetch("A").await.unwrap_err().to_string();
        assert!(denied.contains("roles/secretmanager.secretAccessor"), "{denied}");
    }
}
