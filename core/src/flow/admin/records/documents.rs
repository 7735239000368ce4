//! Changing a document as often as others change it meanwhile.

use crate::flow::admin::error::AdminError;
use crate::store::documents::{Document, DocumentError, Documents};
use serde_json::{Map, Value};

/// Most times a change is tried that meets another of the same document.
const ATTEMPTS_MAX: u32 = 16;

/// Changes a document to what `change` makes of it; `None`: there is none.
pub(in crate::flow::admin) async fn change(
    documents: &Documents,
    id: &str,
    change: impl Fn(&mut Map<String, Value>) -> Result<(), AdminError>,
) -> Result<Option<Document>, AdminError> {
    for _ in 0..ATTEMPTS_MAX {
        let Some(before) = documents.get(id).await? else { return Ok(None) };
        let mut value = before.value.clone();
        change(&mut value)?;
        match documents.replace(&before, value).await {
            Err(DocumentError::Changed) => {}
            done => return Ok(Some(done?)),
        }
    }
    Err(AdminError::Busy)
}

/// Removes a document and says what it was; `None`: there was none.
pub(in crate::flow::admin) async fn remove(documents: &Documents, id: &str) -> Result<Option<Document>, AdminError> {
    for _ in 0..ATTEMPTS_MAX {
        let Some(before) = documents.get(id).await? else { return Ok(None) };
        match documents.remove(&before).await {
            Err(DocumentError::Changed) => {}
            Err(error) => return Err(error.into()),
            Ok(()) => return Ok(Some(before)),
        }
    }
    Err(AdminError::Busy)
}
