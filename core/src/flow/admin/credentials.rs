//! `/credentials`: named credentials of upstreams, made, listed, changed and deleted. Values go in and never come out
//! whole.

use super::body::{self, Field, Kind};
use super::error::{AdminError, Problem};
use crate::auth::rights::Actor;
use crate::clock::Timestamp;
use crate::config::ConfiguredCredential;
use crate::credentials::known::KnownCredentials;
use crate::credentials::store::{By, CredentialError, CredentialStore, NAME_BYTES_MAX, SealedCredential};
use crate::credentials::values::{CredentialValue, CredentialValues};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Fields of a body that says what a credential is.
pub const FIELDS: &[Field] = &[
    ("credential_name", Kind::Text),
    ("credential_values", Kind::Map),
    ("credential_info", Kind::Map),
    ("model_id", Kind::Text),
];

/// The operations on credentials.
pub struct CredentialAdmin {
    store: CredentialStore,
    known: Arc<KnownCredentials>,
    configured: Vec<ConfiguredCredential>,
}

impl CredentialAdmin {
    /// Operations on `store`; calls of this process use `known`. `configured` are those of the file: shown, not changed.
    pub fn new(store: CredentialStore, known: Arc<KnownCredentials>, configured: Vec<ConfiguredCredential>) -> Self {
        Self { store, known, configured }
    }

    /// Stores a new credential.
    ///
    /// # Errors
    /// [`AdminError::CredentialTaken`], [`AdminError::Sealing`], and the mistakes of a body.
    pub async fn create(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let mut asked = read(body)?;
        let name = asked.get("credential_name").and_then(Value::as_str).unwrap_or_default().to_owned();
        if name.is_empty() {
            return Err(Problem::missing(&["body", "credential_name"]).into());
        }
        if name.len() > NAME_BYTES_MAX {
            let message = format!("must be at most {NAME_BYTES_MAX} bytes long");
            return Err(Problem::new("string_too_long", vec!["body".into(), "credential_name".into()], message).into());
        }
        if asked.get("model_id").is_some_and(Value::is_string) {
            let reason = "a deployment's credential is not copied; send `credential_values`";
            return Err(AdminError::Unsupported { field: "model_id", reason });
        }
        let Some(values) = map(&mut asked, "credential_values") else {
            return Err(Problem::missing(&["body", "credential_values"]).into());
        };
        self.refuse_configured(&name)?;
        let info = map(&mut asked, "credential_info").unwrap_or_default();
        let by = By { actor: actor.user_id.as_deref(), now };
        let created = self.store.create(&name, &CredentialValues::of(values), &info, by).await;
        self.changed(&name, created, "created")
    }

    /// Sets some values of a credential, and some of what is known of it.
    ///
    /// # Errors
    /// [`AdminError::NoSuchCredential`], [`AdminError::Busy`], and those of [`CredentialAdmin::create`].
    pub async fn update(&self, actor: &Actor, name: &str, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let mut asked = read(body)?;
        if asked.get("credential_name").and_then(Value::as_str).is_some_and(|given| given != name) {
            let reason = "a credential keeps its name, which deployments refer to; make another and delete this one";
            return Err(AdminError::Unsupported { field: "credential_name", reason });
        }
        self.refuse_configured(name)?;
        let values = CredentialValues::of(map(&mut asked, "credential_values").unwrap_or_default());
        let info = map(&mut asked, "credential_info").unwrap_or_default();
        let by = By { actor: actor.user_id.as_deref(), now };
        let updated = self.store.update(name, &values, &info, by).await;
        self.changed(name, updated, "updated")
    }

    /// Deletes a credential. Deployments that name it cannot be called any more.
    ///
    /// # Errors
    /// [`AdminError::NoSuchCredential`].
    pub async fn delete(&self, name: &str) -> Result<Value, AdminError> {
        self.refuse_configured(name)?;
        let deleted = self.store.delete(name).await;
        self.changed(name, deleted, "deleted")
    }

    /// All credentials, their values masked: those of the configuration first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list(&self) -> Result<Value, AdminError> {
        let mut shown: Vec<Value> = self.configured.iter().map(configured).collect();
        for sealed in self.store.all().await? {
            shown.push(self.shown(&sealed).await);
        }
        Ok(json!({"success": true, "credentials": shown}))
    }

    /// One credential, its values masked.
    ///
    /// # Errors
    /// [`AdminError::NoSuchCredential`].
    pub async fn one(&self, name: &str) -> Result<Value, AdminError> {
        if let Some(known) = self.configured.iter().find(|known| known.name == name) {
            return Ok(configured(known));
        }
        match self.store.get(name).await? {
            Some(sealed) => Ok(self.shown(&sealed).await),
            None => Err(AdminError::NoSuchCredential(name.to_owned())),
        }
    }

    /// A credential that stays closed is listed all the same, so that it can be seen, replaced and deleted.
    async fn shown(&self, sealed: &SealedCredential) -> Value {
        let values = match self.store.open(sealed).await {
            Ok(values) => values.masked(),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(credential = sealed.name, error, "a credential stays closed");
                sealed.fields().into_iter().map(|field| (field, Value::from("****"))).collect()
            }
        };
        shown(&sealed.name, values, &sealed.info)
    }

    fn refuse_configured(&self, name: &str) -> Result<(), AdminError> {
        match self.configured.iter().any(|known| known.name == name) {
            true => Err(AdminError::CredentialConfigured(name.to_owned())),
            false => Ok(()),
        }
    }

    fn changed(&self, name: &str, done: Result<(), CredentialError>, what: &str) -> Result<Value, AdminError> {
        self.known.forget();
        match done {
            Ok(()) => Ok(json!({"success": true, "message": format!("Credential {what} successfully")})),
            Err(CredentialError::Taken) => Err(AdminError::CredentialTaken(name.to_owned())),
            Err(CredentialError::NotFound) => Err(AdminError::NoSuchCredential(name.to_owned())),
            Err(CredentialError::Changed) => Err(AdminError::Busy),
            Err(CredentialError::Seal(error)) => Err(AdminError::Sealing(error)),
            Err(CredentialError::Read(error)) => Err(AdminError::Read(error)),
            Err(CredentialError::Write(error)) => Err(AdminError::Write(error)),
        }
    }
}

fn read(bytes: &[u8]) -> Result<Map<String, Value>, AdminError> {
    body::read(bytes, FIELDS)
}

fn map(asked: &mut Map<String, Value>, field: &str) -> Option<Map<String, Value>> {
    match asked.remove(field) {
        Some(Value::Object(map)) => Some(map),
        _ => None,
    }
}

fn configured(known: &ConfiguredCredential) -> Value {
    let values = known.values.iter().map(|(name, value)| (name.clone(), CredentialValue::Secret(value.clone())));
    shown(&known.name, CredentialValues(values.collect()).masked(), &known.info)
}

fn shown(name: &str, values: Map<String, Value>, info: &Map<String, Value>) -> Value {
    json!({"credential_name": name, "credential_values": values, "credential_info": info})
}
