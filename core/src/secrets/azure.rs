//! Secrets of Azure Key Vault, and the identity that a machine of Azure has.
//!
//! Wire format: <https://learn.microsoft.com/en-us/rest/api/keyvault/secrets>

use super::call::{Answer, CallError, Calls, request, sensitive, unavailable};
use super::source::{SecretError, SecretKeeper, SecretSource};
use crate::clock::{Clock, Timestamp};
use crate::secret::Secret;
use async_trait::async_trait;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What tokens of Microsoft Entra must be good for.
pub const KEY_VAULT_SCOPE: &str = "https://vault.azure.net/.default";
const RESOURCE: &str = "https%3A%2F%2Fvault.azure.net";
const VERSION: &str = "api-version=7.4";
const ADVICE: &str = "the identity needs `Key Vault Secrets User` on the vault, and `Key Vault Secrets Officer` where \
                      virtual keys are stored";
/// Where a machine asks for its own token.
const MACHINE: &str = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01";
/// How long before its end a token is no longer used.
const MARGIN_MILLIS: i64 = 120_000;

/// Reads and writes the secrets of one vault. The calls show who we are.
pub struct AzureKeyVault {
    address: String,
    tags: BTreeMap<String, String>,
    calls: Arc<dyn Calls>,
}

#[derive(Deserialize)]
struct Bundle {
    value: Secret,
}

impl AzureKeyVault {
    /// The vault at `address`; what is stored is tagged.
    pub fn new(address: &str, tags: BTreeMap<String, String>, calls: Arc<dyn Calls>) -> Self {
        Self { address: address.trim_end_matches('/').to_owned(), tags, calls }
    }

    async fn send(&self, name: &str, method: Method, body: Option<Value>) -> Result<Response<Bytes>, SecretError> {
        let told = |cause: CallError| unavailable(name, cause);
        let address = format!("{}/secrets/{}?{VERSION}", self.address, id(name));
        self.calls.call(request(method, &address, body).map_err(told)?).await.map_err(told)
    }
}

/// A name as the vault takes it: letters, digits and `-`. `OPENAI_API_KEY` is `OPENAI-API-KEY` there.
fn id(name: &str) -> String {
    name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect()
}

#[async_trait]
impl SecretSource for AzureKeyVault {
    async fn fetch(&self, name: &str) -> Result<Option<Secret>, SecretError> {
        let response = self.send(name, Method::GET, None).await?;
        let found = Answer { name, response, advice: ADVICE }.document::<Bundle>()?;
        Ok(found.map(|bundle| bundle.value))
    }
}

#[async_trait]
impl SecretKeeper for AzureKeyVault {
    async fn write(&self, name: &str, value: &Secret) -> Result<(), SecretError> {
        let body = json!({ "value": value.expose(), "tags": self.tags });
        let response = self.send(name, Method::PUT, Some(body)).await?;
        Answer { name, response, advice: ADVICE }.done()
    }

    async fn delete(&self, name: &str) -> Result<(), SecretError> {
        let response = self.send(name, Method::DELETE, None).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(());
        }
        Answer { name, response, advice: ADVICE }.done()
    }
}

/// Where a machine's identity is asked for.
#[derive(Clone, Debug)]
pub struct MachineIdentity {
    /// The server of a container or function (`IDENTITY_ENDPOINT`); the machine's own where unset.
    pub endpoint: Option<String>,
    /// What that server wants to see (`IDENTITY_HEADER`).
    pub header: Option<Secret>,
    /// Which of several identities (`AZURE_CLIENT_ID`).
    pub client_id: Option<String>,
}

/// Calls that show the machine's own identity. Its token is kept while it lasts.
///
/// <https://learn.microsoft.com/en-us/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>
pub struct AsMachine {
    identity: MachineIdentity,
    calls: Arc<dyn Calls>,
    clock: Arc<dyn Clock>,
    token: tokio::sync::Mutex<Option<(Secret, Timestamp)>>,
}

#[derive(Deserialize)]
struct Given {
    access_token: Secret,
    /// Seconds since the epoch, as a text or a number.
    expires_on: Value,
}

impl AsMachine {
    /// Shows the identity with each call.
    pub fn new(identity: MachineIdentity, calls: Arc<dyn Calls>, clock: Arc<dyn Clock>) -> Self {
        Self { identity, calls, clock, token: tokio::sync::Mutex::default() }
    }

    async fn token(&self) -> Result<Secret, CallError> {
        let mut kept = self.token.lock().await;
        let now = self.clock.now();
        if let Some((token, _)) = kept.as_ref().filter(|(_, ends)| ends.plus_millis(-MARGIN_MILLIS) > now) {
            return Ok(token.clone());
        }
        let answer = self.calls.call(self.asked()?).await?;
        if !answer.status().is_success() {
            return Err(format!("the machine has no identity (status {})", answer.status().as_u16()).into());
        }
        // The parser's own error could quote the token.
        let given: Given =
            serde_json::from_slice(answer.body()).map_err(|_| "the machine's identity is of an unknown form")?;
        let ends = given.expires_on.as_i64().or_else(|| given.expires_on.as_str()?.parse().ok());
        let ends = ends.map_or_else(|| now.plus_millis(2 * MARGIN_MILLIS), Timestamp::from_seconds);
        Ok(kept.insert((given.access_token, ends)).0.clone())
    }

    fn asked(&self) -> Result<Request<Bytes>, CallError> {
        let which = self.identity.client_id.as_deref().map(|id| format!("&client_id={id}")).unwrap_or_default();
        let place = match &self.identity.endpoint {
            Some(endpoint) => format!("{endpoint}?api-version=2019-08-01"),
            None => MACHINE.to_owned(),
        };
        let mut asked = request(Method::GET, &format!("{place}&resource={RESOURCE}{which}"), None)?;
        let (name, value) = match &self.identity.header {
            Some(header) => (HeaderName::from_static("x-identity-header"), sensitive(header)?),
            None => (HeaderName::from_static("metadata"), HeaderValue::from_static("true")),
        };
        asked.headers_mut().insert(name, value);
        Ok(asked)
    }
}

#[async_trait]
impl Calls for AsMachine {
    async fn call(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, CallError> {
        let token = self.token().await?;
        let shown = sensitive(&Secret::new(format!("Bearer {}", token.expose())))?;
        request.headers_mut().insert(AUTHORIZATION, shown);
        self.calls.call(request).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::call::scripted::Scripted;
    use super::*;
    use crate::clock::ManualClock;

    #[tokio::test]
    async fn a_secret_is_read_by_a_name_that_the_vault_can_have() {
        let found = r#"{"value":"sk-found","id":"https://v.vault.azure.net/secrets/OPENAI-API-KEY/1","attributes":{}}"#;
        let calls = Scripted::of([Some((200, found)), Some((404, r#"{"error":{"code":"SecretNotFound"}}"#))]);
        let vault = AzureKeyVault::new("https://v.vault.azure.net/", BTreeMap::new(), calls.clone());
        assert_eq!(vault.fetch("OPENAI_API_KEY").await.unwrap().unwrap().expose(), "sk-found");
        assert!(vault.fetch("OTHER").await.unwrap().is_none());
        assert_eq!(calls.lines()[0], "GET https://v.vault.azure.net/secrets/OPENAI-API-KEY?api-version=7.4");
    }

    #[tokio::test]
    async fn a_key_is_written_tagged_and_deleted() {
        let calls = Scripted::of([Some((200, "{}")), Some((404, "{}"))]);
        let tags = BTreeMap::from([("Team".to_owned(), "ai".to_owned())]);
        let vault = AzureKeyVault::new("https://v.vault.azure.net", tags, calls.clone());
        vault.write("litellm/ours", &Secret::new("sk-a")).await.unwrap();
        vault.delete("litellm/ours").await.unwrap();
        let address = "https://v.vault.azure.net/secrets/litellm-ours?api-version=7.4";
        assert_eq!(calls.lines(), [format!("PUT {address}"), format!("DELETE {address}")]);
        assert_eq!(calls.body(0), json!({"value": "sk-a", "tags": {"Team": "ai"}}));
    }

    #[tokio::test]
    async fn a_machine_shows_its_own_identity_and_asks_for_it_while_it_lasts_once() {
        let token = r#"{"access_token":"t1","expires_on":"1763703600","resource":"https://vault.azure.net"}"#;
        let found = r#"{"value":"v"}"#;
        let again =
            [Some((200, token)), Some((200, found)), Some((200, found)), Some((200, token)), Some((200, found))];
        let calls = Scripted::of(again);
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_763_700_000)));
        let identity = MachineIdentity { endpoint: None, header: None, client_id: Some("c".to_owned()) };
        let machine = Arc::new(AsMachine::new(identity, calls.clone(), clock.clone()));
        let vault = AzureKeyVault::new("https://v.vault.azure.net", BTreeMap::new(), machine);
        vault.fetch("A").await.unwrap();
        vault.fetch("A").await.unwrap();
        clock.advance_millis(3_500_000);
        vault.fetch("A").await.unwrap();
        let asked = format!("GET {MACHINE}&resource={RESOURCE}&client_id=c");
        assert_eq!((calls.lines()[0].as_str(), calls.lines()[3].as_str()), (asked.as_str(), asked.as_str()));
        assert_eq!(calls.header(0, "metadata").as_deref(), Some("true"));
        assert_eq!(calls.header(2, "authorization").as_deref(), Some("Bearer t1"));
    }

    #[tokio::test]
    async fn a_container_asks_the_server_that_it_is_told() {
        let calls = Scripted::of([Some((500, "")), None]);
        let identity = MachineIdentity {
            endpoint: Some("http://127.0.0.1:41/msi/token".to_owned()),
            header: Some(Secret::new("shown")),
            client_id: None,
        };
        let machine = Arc::new(AsMachine::new(identity, calls.clone(), Arc::new(ManualClock::default())));
        let vault = AzureKeyVault::new("https://v.vault.azure.net", BTreeMap::new(), machine);
        assert!(vault.fetch("A").await.unwrap_err().passes());
        let asked = format!("GET http://127.0.0.1:41/msi/token?api-version=2019-08-01&resource={RESOURCE}");
        assert_eq!(
            (calls.lines()[0].as_str(), calls.header(0, "x-identity-header").as_deref()),
            (asked.as_str(), Some("shown"))
        );
    }
}
