//! Where a job stopped, kept in the table for its next run. A lost cursor costs work done twice, never work left out.

use crate::store::item::{Item, Key, Value};
use crate::store::table::{Freshness, ReadError, Table, WriteError};
use crate::store::write::Write;

const PARTITION: &str = "MAINTENANCE";
const AT: &str = "at";

/// Where `job` stopped; `None`: at the end, or it never ran.
pub(super) async fn read(table: &dyn Table, job: &str) -> Result<Option<Value>, ReadError> {
    let item = table.get(&Key::new(PARTITION, job), Freshness::Latest).await?;
    Ok(item.and_then(|mut item| item.attributes.remove(AT)))
}

/// Keeps where `job` stopped; `None`: it begins again at the start.
pub(super) async fn keep(table: &dyn Table, job: &str, at: Option<Value>) -> Result<(), WriteError> {
    let key = Key::new(PARTITION, job);
    let write = match at {
        Some(at) => Write::Put { item: Item::new(key).with(AT, at), when: Vec::new() },
        None => Write::Delete { key, when: Vec::new() },
    };
    table.write(write).await.map(drop)
}
