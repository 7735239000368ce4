//! People who are to be taken out of the spend log, until they are: asked for by whoever deletes them, done by maintenance.
//!
//! | list | a document | holds |
//! |---|---|---|
//! | `ERASURES` | a hash of who it is | `user` or `end_user`; `removed`: whether the rows go; `asked_at`: milliseconds; `day`: the next to be looked at, going back, in days since the Unix epoch |

use crate::accounting::erasure::{Erasure, Person};
use crate::clock::Timestamp;
use crate::crypto::key_hash;
use crate::store::documents::{Document, DocumentError, Documents};
use crate::store::table::ReadError;
use serde_json::{Map, Value, json};

/// The list.
pub const LIST: &str = "ERASURES";

/// Those who are to be taken out.
pub struct Erasures {
    documents: Documents,
}

/// One of them.
pub struct Pending {
    /// Who it is.
    pub person: Person,
    /// What becomes of the rows.
    pub erasure: Erasure,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// The next day to be looked at, going back, in days since the Unix epoch; `None`: none was yet.
    pub day: Option<i64>,
    document: Document,
}

impl Erasures {
    /// Those of the list [`LIST`] of a table.
    pub fn new(documents: Documents) -> Self {
        Self { documents }
    }

    /// Asks for it. Asking again begins again.
    ///
    /// # Errors
    /// As [`Documents::create`].
    pub async fn ask(&self, person: &Person, erasure: Erasure, now: Timestamp) -> Result<(), DocumentError> {
        let (kind, id) = match person {
            Person::User(id) => ("user", id),
            Person::EndUser(id) => ("end_user", id),
        };
        let asked = json!({kind: id, "removed": erasure == Erasure::Removed, "asked_at": now.millis()});
        let asked = asked.as_object().cloned().unwrap_or_default();
        // Ids may be longer than a document's may.
        let name = format!("{kind}-{}", key_hash::hash(id).as_str());
        match self.documents.create(&name, asked.clone()).await {
            Err(DocumentError::Taken) => match self.documents.get(&name).await? {
                Some(before) => self.documents.replace(&before, asked).await.map(drop),
                None => self.documents.create(&name, asked).await.map(drop),
            },
            done => done.map(drop),
        }
    }

    /// Who is still to be taken out.
    ///
    /// # Errors
    /// As [`Documents::list`].
    pub async fn pending(&self) -> Result<Vec<Pending>, ReadError> {
        Ok(self.documents.list().await?.into_iter().filter_map(pending).collect())
    }

    /// Goes on with another day next time. Whoever asked again meanwhile begins again.
    ///
    /// # Errors
    /// As [`Documents::replace`].
    pub async fn reached(&self, pending: &Pending, day: i64) -> Result<(), DocumentError> {
        let mut value = pending.document.value.clone();
        value.insert("day".to_owned(), day.into());
        unless_changed(self.documents.replace(&pending.document, value).await.map(drop))
    }

    /// It is done.
    ///
    /// # Errors
    /// As [`Documents::remove`].
    pub async fn done(&self, pending: &Pending) -> Result<(), DocumentError> {
        unless_changed(self.documents.remove(&pending.document).await)
    }
}

fn unless_changed(result: Result<(), DocumentError>) -> Result<(), DocumentError> {
    match result {
        Err(DocumentError::Changed) => Ok(()),
        other => other,
    }
}

fn pending(document: Document) -> Option<Pending> {
    let text = |value: &Map<String, Value>, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let value = &document.value;
    let person = match text(value, "user") {
        Some(id) => Person::User(id),
        None => Person::EndUser(text(value, "end_user")?),
    };
    let removed = value.get("removed").and_then(Value::as_bool).unwrap_or(false);
    let erasure = if removed { Erasure::Removed } else { Erasure::Anonymised };
    let asked_at = Timestamp::from_millis(value.get("asked_at").and_then(Value::as_i64).unwrap_or(0));
    let day = value.get("day").and_then(Value::as_i64);
    Some(Pending { person, erasure, asked_at, day, document })
}
