//! The credentials in the table. Every text among the values is sealed for its own place; names and descriptions are
//! not.
//!
//! | partition | sort | holds |
//! |---|---|---|
//! | `CREDENTIALS` | the name | `values`: JSON, each text sealed; `info`: JSON; `created_at`, `updated_at`, `created_by`, `updated_by` |

use super::values::{CredentialValue, CredentialValues};
use crate::clock::Timestamp;
use crate::crypto::resealed::{Judged, Work};
use crate::crypto::{Place, SealError, Sealer};
use crate::secret::Secret;
use crate::store::item::{Item, Key, SORT_BYTES_MAX};
use crate::store::table::{Freshness, Query, ReadError, Table, WriteError};
use crate::store::write::{Change, Condition, Write};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Where the credentials stand.
pub(super) const PARTITION: &str = "CREDENTIALS";
/// The attribute that holds the sealed values.
pub(super) const VALUES: &str = "values";
/// Credentials read at a time.
const PAGE: usize = 100;
/// Longest name, in bytes.
pub const NAME_BYTES_MAX: usize = SORT_BYTES_MAX;

/// The table of which values' places speak.
const TABLE: &str = "credentials";

/// The credentials of one table.
#[derive(Clone)]
pub struct CredentialStore {
    pub(super) table: Arc<dyn Table>,
    pub(super) sealer: Sealer,
}

/// A credential as it is stored: its values are sealed.
#[derive(Clone, Debug, PartialEq)]
pub struct SealedCredential {
    /// Its name.
    pub name: String,
    /// What is known of it, in the open.
    pub info: Map<String, Value>,
    /// The sealed values, as JSON text.
    pub(super) values: String,
}

/// Why a credential was not stored or read.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// There is one of this name already.
    #[error("there is a credential of this name already")]
    Taken,
    /// There is none of this name.
    #[error("there is no credential of this name")]
    NotFound,
    /// Somebody else changed it meanwhile. Nothing was changed.
    #[error("the credential was changed meanwhile")]
    Changed,
    /// It cannot be sealed or opened.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The table could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The table could not be written.
    #[error(transparent)]
    Write(WriteError),
}

/// Who changes a credential, and when.
#[derive(Clone, Copy, Debug)]
pub struct By<'b> {
    /// Who, where it is known.
    pub actor: Option<&'b str>,
    /// When.
    pub now: Timestamp,
}

impl SealedCredential {
    /// The names of its values.
    pub fn fields(&self) -> Vec<String> {
        parsed(&self.values).into_iter().map(|(field, _)| field).collect()
    }
}

impl CredentialStore {
    /// Credentials in `table`, sealed by `sealer`.
    pub fn new(table: Arc<dyn Table>, sealer: Sealer) -> Self {
        Self { table, sealer }
    }

    /// Stores a new credential.
    ///
    /// # Errors
    /// [`CredentialError::Taken`]; [`CredentialError::Seal`] where there is no key.
    pub async fn create(
        &self,
        name: &str,
        values: &CredentialValues,
        info: &Map<String, Value>,
        by: By<'_>,
    ) -> Result<(), CredentialError> {
        let sealed = self.seal(name, values).await?;
        let item = Item::new(key(name))
            .with(VALUES, text(&sealed))
            .with("info", text(info))
            .with("created_at", by.now.millis())
            .with("updated_at", by.now.millis())
            .with_some("created_by", by.actor)
            .with_some("updated_by", by.actor);
        match self.table.write(Write::Put { item, when: vec![Condition::Absent] }).await {
            Err(WriteError::ConditionFailed { .. }) => Err(CredentialError::Taken),
            other => other.map(drop).map_err(CredentialError::Write),
        }
    }

    /// Sets some values and some of what is known, and leaves the others as they are.
    ///
    /// # Errors
    /// [`CredentialError::NotFound`], [`CredentialError::Changed`].
    pub async fn update(
        &self,
        name: &str,
        values: &CredentialValues,
        info: &Map<String, Value>,
        by: By<'_>,
    ) -> Result<(), CredentialError> {
        let stored = self.get(name).await?.ok_or(CredentialError::NotFound)?;
        let mut merged = parsed(&stored.values);
        merged.extend(self.seal(name, values).await?);
        let mut known = stored.info;
        known.extend(info.clone());
        let mut changes = vec![
            Change::Set(VALUES.to_owned(), text(&merged).into()),
            Change::Set("info".to_owned(), text(&known).into()),
            Change::Set("updated_at".to_owned(), by.now.millis().into()),
        ];
        changes.extend(by.actor.map(|actor| Change::Set("updated_by".to_owned(), actor.into())));
        self.change(name, stored.values, changes).await
    }

    /// Removes a credential.
    ///
    /// # Errors
    /// [`CredentialError::NotFound`].
    pub async fn delete(&self, name: &str) -> Result<(), CredentialError> {
        match self.table.write(Write::Delete { key: key(name), when: vec![Condition::Exists] }).await {
            Err(WriteError::ConditionFailed { .. }) => Err(CredentialError::NotFound),
            other => other.map(drop).map_err(CredentialError::Write),
        }
    }

    /// One credential, sealed.
    ///
    /// # Errors
    /// As [`Table::get`].
    pub async fn get(&self, name: &str) -> Result<Option<SealedCredential>, ReadError> {
        Ok(self.table.get(&key(name), Freshness::Latest).await?.as_ref().map(from_item))
    }

    /// All credentials, sealed, in the order of their names.
    ///
    /// # Errors
    /// As [`Table::query`].
    pub async fn all(&self) -> Result<Vec<SealedCredential>, ReadError> {
        let mut query = Query { limit: PAGE, ..Query::partition(PARTITION) };
        let mut found = Vec::new();
        loop {
            let page = self.table.query(&query).await?;
            found.extend(page.items.iter().map(from_item));
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(found),
            }
        }
    }

    /// Opens the values of a credential.
    ///
    /// # Errors
    /// [`SealError`] of the first value that stays closed.
    pub async fn open(&self, sealed: &SealedCredential) -> Result<CredentialValues, SealError> {
        let mut values = CredentialValues::default();
        for (field, value) in parsed(&sealed.values) {
            let opened = match value {
                Value::String(value) => {
                    let place = Place::new(TABLE, &sealed.name, &field);
                    CredentialValue::Secret(self.sealer.open(&place, &value).await?.secret)
                }
                other => CredentialValue::Plain(other),
            };
            values.0.insert(field, opened);
        }
        Ok(values)
    }

    /// How the values stand together: as JSON text where they are to be sealed anew.
    pub(super) async fn judged(&self, sealed: &SealedCredential, work: Work) -> Result<Judged, SealError> {
        let (mut values, mut stands, mut failed) = (parsed(&sealed.values), Judged::Current, None);
        for (field, value) in &mut values {
            let Value::String(old) = value else { continue };
            let place = Place::new(TABLE, &sealed.name, field);
            match self.sealer.judged(&place, old, work).await {
                Ok(Judged::Current) => {}
                Ok(Judged::Old) => stands = Judged::Old,
                Ok(Judged::Anew(new)) => (*old, stands) = (new, Judged::Anew(String::new())),
                // One field that cannot be opened keeps no other from being sealed anew.
                Err(error) => failed = Some(error),
            }
        }
        match (stands, failed) {
            (Judged::Anew(_), _) => Ok(Judged::Anew(text(&values))),
            (Judged::Current, Some(error)) => Err(error),
            (stands, _) => Ok(stands),
        }
    }

    /// Changes a credential whose values are still those that were read.
    pub(super) async fn change(&self, name: &str, read: String, changes: Vec<Change>) -> Result<(), CredentialError> {
        let when = vec![Condition::Equals(VALUES.to_owned(), read.into())];
        match self.table.write(Write::Update { key: key(name), changes, when }).await {
            Err(WriteError::ConditionFailed { old: None, .. }) => Err(CredentialError::NotFound),
            Err(WriteError::ConditionFailed { .. } | WriteError::Conflict) => Err(CredentialError::Changed),
            other => other.map(drop).map_err(CredentialError::Write),
        }
    }

    async fn seal(&self, name: &str, values: &CredentialValues) -> Result<Map<String, Value>, SealError> {
        let mut sealed = Map::new();
        for (field, value) in &values.0 {
            let value = match value {
                CredentialValue::Secret(secret) => {
                    Value::from(self.sealer.seal(&Place::new(TABLE, name, field), secret).await?)
                }
                // A map may hold anything: it is sealed as text where it is more than a switch or a number.
                CredentialValue::Plain(value) if value.is_object() || value.is_array() => {
                    let secret = Secret::new(value.to_string());
                    Value::from(self.sealer.seal(&Place::new(TABLE, name, field), &secret).await?)
                }
                CredentialValue::Plain(value) => value.clone(),
            };
            sealed.insert(field.clone(), value);
        }
        Ok(sealed)
    }
}

fn key(name: &str) -> Key {
    Key::new(PARTITION, name)
}

pub(super) fn from_item(item: &Item) -> SealedCredential {
    SealedCredential {
        name: item.key.sort.clone(),
        info: item.text("info").map(parsed).unwrap_or_default(),
        values: item.text(VALUES).unwrap_or("{}").to_owned(),
    }
}

fn parsed(json: &str) -> Map<String, Value> {
    serde_json::from_str(json).unwrap_or_default()
}

fn text(map: &Map<String, Value>) -> String {
    // Maps of JSON always serialise.
    serde_json::to_string(map).unwrap_or_default()
}
