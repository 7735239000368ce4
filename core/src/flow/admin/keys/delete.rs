//! `POST /key/delete`: keys by themselves, their hashes or their aliases. Their spend rows stay.

use super::key_admin::KeyAdmin;
use crate::auth::key_store::KeyStoreError;
use crate::auth::rights::Actor;
use crate::flow::admin::body::{self, Field, Kind};
use crate::flow::admin::error::{AdminError, Problem};
use crate::id::KeyHash;
use serde_json::{Map, Value, json};

/// Fields of the body.
pub const FIELDS: &[Field] = &[("keys", Kind::TextList), ("key_aliases", Kind::TextList)];

/// Most times a deletion is tried that meets a change of the same key.
const ATTEMPTS_MAX: u32 = 4;

impl KeyAdmin {
    /// Deletes keys, and answers which: as they were named, aliases by alias.
    ///
    /// # Errors
    /// [`AdminError::Form`]; [`AdminError::NoKeysFound`] where none of them was there; [`AdminError::Forbidden`] where one
    /// is not the caller's to delete: none is deleted then.
    pub async fn delete(&self, actor: &Actor, body: &[u8]) -> Result<Value, AdminError> {
        let asked = body::read(body, FIELDS)?;
        let (keys, aliases) = (names(&asked, "keys"), names(&asked, "key_aliases"));
        if keys.is_none() && aliases.is_none() {
            let message = "At least one of 'keys' or 'key_aliases' must be provided.";
            return Err(Problem::rule(message).into());
        }
        let by_key = keys.iter().flatten().map(|key| (Some(*key), None));
        let by_alias = aliases.iter().flatten().map(|alias| (None, Some(*alias)));
        // Who may delete every key needs none of them read for it.
        for (key, alias) in by_key.chain(by_alias).filter(|_| !actor.is_unbounded()) {
            if let Some(stored) = self.find(key, alias).await? {
                self.check_touches(actor, &stored.record)?;
            }
        }
        let mut deleted = Vec::new();
        for key in keys.into_iter().flatten() {
            if self.delete_one(Some(actor), Some(key), None).await? {
                deleted.push(key);
            }
        }
        for alias in aliases.into_iter().flatten() {
            if self.delete_one(Some(actor), None, Some(alias)).await? {
                deleted.push(alias);
            }
        }
        if deleted.is_empty() { Err(AdminError::NoKeysFound) } else { Ok(json!({ "deleted_keys": deleted })) }
    }

    /// Deletes the key with this hash; none is no error.
    pub(in crate::flow::admin) async fn remove(&self, hash: &KeyHash) -> Result<bool, AdminError> {
        self.delete_one(None, Some(hash.as_str()), None).await
    }

    /// Deletes a key, for somebody who may; `None`: for the gateway itself.
    async fn delete_one(
        &self,
        actor: Option<&Actor>,
        key: Option<&str>,
        alias: Option<&str>,
    ) -> Result<bool, AdminError> {
        for _ in 0..ATTEMPTS_MAX {
            let Some(stored) = self.find(key, alias).await? else { return Ok(false) };
            if let Some(actor) = actor {
                self.check_touches(actor, &stored.record)?;
            }
            let done = self.keys.delete(&stored.record).await;
            self.cache.invalidate(&stored.record.hash);
            match done {
                Ok(()) => {
                    if let Some(kept) = &self.stored {
                        kept.forget(&stored.record).await;
                    }
                    return Ok(true);
                }
                Err(KeyStoreError::NotFound) => return Ok(false),
                Err(KeyStoreError::Changed) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(AdminError::Busy)
    }
}

fn names<'a>(asked: &'a Map<String, Value>, field: &str) -> Option<Vec<&'a str>> {
    let list = asked.get(field)?.as_array()?;
    Some(list.iter().filter_map(Value::as_str).collect())
}
