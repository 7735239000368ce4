//! Secrets of HashiCorp Vault's key-value engine, version 2.
//!
//! Wire format: <https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2>

use super::call::{Answer, CallError, Calls, escaped, request, sensitive, unavailable};
use super::source::{SecretError, SecretKeeper, SecretSource};
use super::vault_login::{Login, Session};
use crate::clock::Clock;
use crate::secret::Secret;
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

const TOKEN: HeaderName = HeaderName::from_static("x-vault-token");
const NAMESPACE: HeaderName = HeaderName::from_static("x-vault-namespace");
/// Under which a secret's text stands, as LiteLLM has it.
const FIELD: &str = "key";
const ADVICE: &str = "the token's policy needs `read` on `MOUNT/data/…`, and `create`, `update` and `delete` where \
                      virtual keys are stored";

/// Where Vault is, and what of it is ours.
#[derive(Clone, Debug)]
pub struct VaultPlace {
    /// Its address, without a path.
    pub address: String,
    /// Our namespace, where it has several.
    pub namespace: Option<String>,
    /// Where the key-value engine is mounted.
    pub mount: String,
    /// What the names of our secrets begin with.
    pub prefix: Option<String>,
    /// What stored secrets are described as.
    pub description: Option<String>,
}

/// Reads and writes secrets of one Vault.
pub struct Vault {
    place: VaultPlace,
    calls: Arc<dyn Calls>,
    session: Session,
}

#[derive(Deserialize)]
struct Found {
    data: Version,
}

#[derive(Deserialize)]
struct Version {
    /// Nothing in a version that was deleted.
    data: Option<Map<String, Value>>,
}

impl Vault {
    /// A source that logs in when it is first asked.
    pub fn new(mut place: VaultPlace, login: Login, calls: Arc<dyn Calls>, clock: Arc<dyn Clock>) -> Self {
        place.address.truncate(place.address.trim_end_matches('/').len());
        Self { place, calls, session: Session::new(login, clock) }
    }

    fn path(&self, engine: &str, name: &str) -> String {
        let prefix = self.place.prefix.as_deref().map(|prefix| format!("{}/", prefix.trim_matches('/')));
        let name = format!("{}{name}", prefix.unwrap_or_default());
        let (address, mount) = (&self.place.address, self.place.mount.trim_matches('/'));
        format!("{address}/v1/{}/{engine}/{}", escaped(mount, true), escaped(&name, true))
    }

    /// Sends a request as whom we are logged in. A token that is refused may have been revoked: once, another is asked
    /// for.
    async fn send(
        &self,
        name: &str,
        method: Method,
        address: &str,
        body: Option<Value>,
    ) -> Result<Response<Bytes>, SecretError> {
        let mut is_second = false;
        loop {
            let told = |cause: CallError| unavailable(name, cause);
            let mut request = request(method.clone(), address, body.clone()).map_err(told)?;
            let namespace = self.namespace().map_err(told)?;
            let token = self.session.token(&self.place.address, namespace.as_ref(), self.calls.as_ref(), name).await?;
            request.headers_mut().insert(TOKEN, sensitive(&token).map_err(told)?);
            if let Some(namespace) = namespace {
                request.headers_mut().insert(NAMESPACE, namespace);
            }
            let answer = self.calls.call(request).await.map_err(told)?;
            if answer.status() == StatusCode::FORBIDDEN && !is_second && self.session.forget(&token).await {
                is_second = true;
                continue;
            }
            return Ok(answer);
        }
    }

    fn namespace(&self) -> Result<Option<HeaderValue>, CallError> {
        Ok(self.place.namespace.as_deref().map(HeaderValue::from_str).transpose()?)
    }
}

#[async_trait]
impl SecretSource for Vault {
    async fn fetch(&self, name: &str) -> Result<Option<Secret>, SecretError> {
        let response = self.send(name, Method::GET, &self.path("data", name), None).await?;
        let answer = Answer { name, response, advice: ADVICE };
        let data = answer.document::<Found>()?.and_then(|found| found.data.data);
        Ok(data.map(|data| match data.get(FIELD) {
            Some(Value::String(text)) => Secret::new(text.as_str()),
            Some(other) => Secret::new(other.to_string()),
            // All of it, whose fields may be secrets of their own.
            None => Secret::new(Value::Object(data).to_string()),
        }))
    }
}

#[async_trait]
impl SecretKeeper for Vault {
    async fn write(&self, name: &str, value: &Secret) -> Result<(), SecretError> {
        let mut data = json!({ FIELD: value.expose() });
        if let (Some(description), Some(data)) = (&self.place.description, data.as_object_mut()) {
            data.insert("description".to_owned(), description.as_str().into());
        }
        let body = json!({ "data": data });
        let response = self.send(name, Method::POST, &self.path("data", name), Some(body)).await?;
        Answer { name, response, advice: ADVICE }.done()
    }

    async fn delete(&self, name: &str) -> Result<(), SecretError> {
        let response = self.send(name, Method::DELETE, &self.path("data", name), None).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(());
        }
        Answer { name, response, advice: ADVICE }.done()
    }
}

#[cfg(test)]
#[path = "vault_tests.rs"]
mod tests;
