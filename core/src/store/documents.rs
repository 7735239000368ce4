//! JSON documents in a table: a list of named maps, each changed by compare-and-set, and a stamp that moves with every
//! change, so that whoever holds a copy of the list sees with one small read whether it is still true.
//!
//! | partition | sort | holds |
//! |---|---|---|
//! | the list's name | the document's id | `value`: JSON text; `version`: moves with each change |
//! | `STAMP#<list>` | `STAMP` | `changes`: moves with each change of any document |

use super::item::{Item, Key};
use super::table::{Freshness, Query, ReadError, SortRange, Table, WriteError};
use super::write::{Change, Condition, Write};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Longest id in bytes.
pub const ID_BYTES_MAX: usize = 255;

/// Documents read at a time when a list is walked.
const PAGE: usize = 200;

/// One list of documents.
#[derive(Clone)]
pub struct Documents {
    table: Arc<dyn Table>,
    list: String,
}

/// One document as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Its id within its list.
    pub id: String,
    /// What it holds.
    pub value: Map<String, Value>,
    version: i64,
}

/// Why a document was not changed.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// There is one of this id already.
    #[error("there is a document of this id already")]
    Taken,
    /// Somebody changed or removed it since it was read. Nothing was changed.
    #[error("the document was changed meanwhile")]
    Changed,
    /// The table could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The table could not be written, or did not say whether it was.
    #[error(transparent)]
    Write(WriteError),
}

impl Documents {
    /// The documents of this list.
    pub fn new(table: Arc<dyn Table>, list: impl Into<String>) -> Self {
        Self { table, list: list.into() }
    }

    /// Whether a document can have this id.
    pub fn is_possible(id: &str) -> bool {
        !id.is_empty() && id.len() <= ID_BYTES_MAX
    }

    /// A document.
    ///
    /// # Errors
    /// As [`Table::get`].
    pub async fn get(&self, id: &str) -> Result<Option<Document>, ReadError> {
        if !Self::is_possible(id) {
            return Ok(None);
        }
        self.table.get(&self.place(id), Freshness::Latest).await?.as_ref().map(read).transpose()
    }

    /// All documents, by id.
    ///
    /// # Errors
    /// As [`Table::query`].
    pub async fn list(&self) -> Result<Vec<Document>, ReadError> {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let (documents, next) = self.page(after, PAGE).await?;
            found.extend(documents);
            match next {
                Some(_) => after = next,
                None => return Ok(found),
            }
        }
    }

    /// The next documents after an id, and where to go on; `None`: there are no more.
    ///
    /// # Errors
    /// As [`Table::query`].
    pub async fn page(
        &self,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Document>, Option<String>), ReadError> {
        let query = Query { limit, after, range: SortRange::All, ..Query::partition(self.list.as_str()) };
        let page = self.table.query(&query).await?;
        Ok((page.items.iter().map(read).collect::<Result<_, _>>()?, page.next))
    }

    /// The last documents by id, the last first; with `before`, of those before it.
    ///
    /// # Errors
    /// As [`Table::query`].
    pub async fn newest(&self, before: Option<String>, limit: usize) -> Result<Vec<Document>, ReadError> {
        let list = Query::partition(self.list.as_str());
        let query = Query { limit, after: before, descending: true, range: SortRange::All, ..list };
        self.table.query(&query).await?.items.iter().map(read).collect()
    }

    /// How often the list was changed.
    ///
    /// # Errors
    /// As [`Table::get`].
    pub async fn stamp(&self) -> Result<i64, ReadError> {
        let item = self.table.get(&self.stamp_place(), Freshness::Latest).await?;
        Ok(item.and_then(|item| item.number("changes")).unwrap_or(0))
    }

    /// Stores a new document.
    ///
    /// # Errors
    /// [`DocumentError::Taken`].
    pub async fn create(&self, id: &str, value: Map<String, Value>) -> Result<Document, DocumentError> {
        let document = Document { id: id.to_owned(), value, version: 1 };
        let put = Write::Put { item: self.item(&document), when: vec![Condition::Absent] };
        match self.write(put).await {
            Err(WriteError::ConditionFailed { index: 0, .. }) => Err(DocumentError::Taken),
            Err(unknown @ WriteError::OutcomeUnknown(_)) => match self.get(id).await? {
                Some(stored) if stored == document => Ok(document),
                _ => Err(DocumentError::Write(unknown)),
            },
            Err(error) => Err(changed(error)),
            Ok(()) => Ok(document),
        }
    }

    /// Puts `value` in the place of what was read.
    ///
    /// # Errors
    /// [`DocumentError::Changed`].
    pub async fn replace(&self, before: &Document, value: Map<String, Value>) -> Result<Document, DocumentError> {
        let after = Document { id: before.id.clone(), value, version: before.version + 1 };
        let put = Write::Put { item: self.item(&after), when: vec![as_read(before)] };
        self.write(put).await.map_err(changed)?;
        Ok(after)
    }

    /// Removes what was read.
    ///
    /// # Errors
    /// [`DocumentError::Changed`].
    pub async fn remove(&self, before: &Document) -> Result<(), DocumentError> {
        let delete = Write::Delete { key: self.place(&before.id), when: vec![as_read(before)] };
        self.write(delete).await.map_err(changed)
    }

    async fn write(&self, write: Write) -> Result<(), WriteError> {
        let moved = vec![Change::Add("changes".to_owned(), 1)];
        let stamp = Write::Update { key: self.stamp_place(), changes: moved, when: Vec::new() };
        self.table.transact(None, vec![write, stamp]).await
    }

    fn place(&self, id: &str) -> Key {
        Key::new(self.list.as_str(), id)
    }

    fn stamp_place(&self) -> Key {
        Key::new(format!("STAMP#{}", self.list), "STAMP")
    }

    fn item(&self, document: &Document) -> Item {
        // Maps with text keys always serialise.
        let text = serde_json::to_string(&document.value).unwrap_or_default();
        Item::new(self.place(&document.id)).with("value", text).with("version", document.version)
    }
}

fn as_read(before: &Document) -> Condition {
    Condition::Equals("version".to_owned(), before.version.into())
}

fn changed(error: WriteError) -> DocumentError {
    match error {
        WriteError::ConditionFailed { .. } | WriteError::Conflict => DocumentError::Changed,
        other => DocumentError::Write(other),
    }
}

fn read(item: &Item) -> Result<Document, ReadError> {
    let corrupt = || ReadError::Corrupt(format!("document `{}` / `{}`", item.key.partition, item.key.sort));
    Ok(Document {
        id: item.key.sort.clone(),
        value: item.text("value").and_then(|text| serde_json::from_str(text).ok()).ok_or_else(corrupt)?,
        version: item.number("version").ok_or_else(corrupt)?,
    })
}

#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::store::embedded::EmbeddedTable;
    use serde_json::json;

    fn value(json: &Value) -> Map<String, Value> {
        json.as_object().unwrap().clone()
    }

    #[tokio::test]
    async fn a_change_of_what_is_no_longer_there_is_refused() {
        let table = Arc::new(EmbeddedTable::in_memory(Arc::new(SystemClock)).unwrap());
        let documents = Documents::new(table, "THINGS");
        assert_eq!((documents.get("a").await.unwrap(), documents.stamp().await.unwrap()), (None, 0));
        let first = documents.create("a", value(&json!({"n": 1}))).await.unwrap();
        assert!(matches!(documents.create("a", Map::new()).await, Err(DocumentError::Taken)));
        let second = documents.replace(&first, value(&json!({"n": 2}))).await.unwrap();
        assert!(matches!(documents.replace(&first, Map::new()).await, Err(DocumentError::Changed)));
        assert!(matches!(documents.remove(&first).await, Err(DocumentError::Changed)));
        assert_eq!(documents.list().await.unwrap(), std::slice::from_ref(&second));
        assert_eq!(documents.stamp().await.unwrap(), 2);
        let later = documents.create("b", Map::new()).await.unwrap();
        assert_eq!(documents.newest(None, 1).await.unwrap(), std::slice::from_ref(&later));
        assert_eq!(documents.newest(Some("b".to_owned()), 9).await.unwrap(), std::slice::from_ref(&second));
        documents.remove(&later).await.unwrap();
        documents.remove(&second).await.unwrap();
        assert_eq!((documents.get("a").await.unwrap(), documents.stamp().await.unwrap()), (None, 5));
    }
}
