//! `/tag/…`: tags of requests, and what may be spent under each.

use super::forms::{self, required_id, required_ids};
use super::record_admin::RecordAdmin;
use super::render;
use crate::auth::records::{Record, RecordId, RecordKind};
use crate::auth::rights::Actor;
use crate::clock::Timestamp;
use crate::flow::admin::error::AdminError;
use serde_json::{Map, Value, json};

impl RecordAdmin {
    /// Makes a tag.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::Taken`].
    pub async fn new_tag(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let asked = forms::TAG.read(body)?;
        let name = required_id(&asked, "name")?;
        let stored = self.make(actor, tag_id(name), (&forms::TAG, &asked), now).await?;
        Ok(json!({"message": format!("Tag {name} created successfully"), "tag": render::tag(&stored)}))
    }

    /// The body's `names` that there are, each under its name.
    ///
    /// # Errors
    /// [`AdminError::Missing`] where there is none of them.
    pub async fn tag_info(&self, body: &[u8]) -> Result<Value, AdminError> {
        let names = required_ids(body, "names")?;
        let mut shown = Map::new();
        for name in &names {
            let stored = self.records.get(&tag_id(name)).await?;
            shown.extend(stored.map(|stored| (name.clone(), render::tag(&stored))));
        }
        match names.first() {
            Some(name) if shown.is_empty() => Err(AdminError::Missing(tag_id(name))),
            _ => Ok(shown.into()),
        }
    }

    /// All tags that have a record.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list_tags(&self) -> Result<Value, AdminError> {
        Ok(self.all(RecordKind::Tag).await?.iter().map(render::tag).collect())
    }

    /// Changes what the body names of a tag.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::Missing`].
    pub async fn update_tag(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let asked = forms::TAG.read(body)?;
        let name = required_id(&asked, "name")?;
        let change = |record: &mut Record| forms::TAG.apply(&asked, record, now);
        let stored = self.change(actor, &tag_id(name), now, change).await?;
        Ok(json!({"message": format!("Tag {name} updated successfully"), "tag": render::tag(&stored)}))
    }

    /// Deletes a tag and what was spent under it.
    ///
    /// # Errors
    /// [`AdminError::Missing`].
    pub async fn delete_tag(&self, body: &[u8]) -> Result<Value, AdminError> {
        let asked = forms::TAG.read(body)?;
        let name = required_id(&asked, "name")?;
        self.remove(&tag_id(name)).await?.ok_or_else(|| AdminError::Missing(tag_id(name)))?;
        Ok(json!({"message": format!("Tag {name} deleted successfully")}))
    }
}

fn tag_id(name: &str) -> RecordId {
    RecordId::of(RecordKind::Tag, name)
}
