//! Lists and maps in an item: JSON text, left out where they are empty.

use crate::store::item::Item;
use crate::store::table::ReadError;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A list or a map as text; `None` where it is empty.
pub(super) fn json(value: &impl Serialize, empty: bool) -> Option<String> {
    // Lists and maps of text always serialise.
    if empty { None } else { serde_json::to_string(value).ok() }
}

/// The list or map in an attribute; empty where there is none.
pub(super) fn parsed<T: DeserializeOwned + Default>(item: &Item, name: &str) -> Result<T, ReadError> {
    item.text(name).map_or_else(|| Ok(T::default()), |text| serde_json::from_str(text).map_err(|_| corrupt(item, name)))
}

pub(super) fn corrupt(item: &Item, name: &str) -> ReadError {
    ReadError::Corrupt(format!("attribute `{name}` of `{}` / `{}`", item.key.partition, item.key.sort))
}
