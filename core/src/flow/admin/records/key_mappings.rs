//! `/jwt/key/mapping/…`: which virtual key stands for whoever shows a token whose claim has a certain value.

use super::documents;
use super::forms::{id_in, required_id};
use super::record_admin::RecordAdmin;
use crate::auth::key_mappings::{IS_ACTIVE, KEY, id_of, mappings};
use crate::auth::rights::Actor;
use crate::calendar::rfc3339;
use crate::clock::Timestamp;
use crate::flow::admin::body::{self, Field, Kind};
use crate::flow::admin::error::{AdminError, Problem};
use crate::flow::admin::params::Params;
use crate::id::KeyHash;
use crate::store::documents::DocumentError;
use serde_json::{Map, Value, json};
use std::cmp::Reverse;

/// Fields of a body that makes a mapping.
pub const NEW: &[Field] = &[
    ("jwt_claim_name", Kind::Text),
    ("jwt_claim_value", Kind::Text),
    ("key", Kind::Text),
    ("token", Kind::Text),
    ("jwt_issuer", Kind::Text),
    ("description", Kind::Text),
];

/// Fields of a body that changes one.
pub const CHANGED: &[Field] = &[
    ("id", Kind::Text),
    ("key", Kind::Text),
    ("token", Kind::Text),
    ("jwt_issuer", Kind::Text),
    ("description", Kind::Text),
    ("is_active", Kind::Flag),
];

/// Fields of a body that names one.
pub const NAMED: &[Field] = &[("id", Kind::Text)];

/// Most mappings of one page.
const PAGE_SIZE_MAX: u64 = 100;

impl RecordAdmin {
    /// Makes a mapping to the body's `key`, or to the one whose hash is `token`.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::MappingTaken`]; [`AdminError::Refused`] where there is no such key.
    pub async fn new_key_mapping(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let asked = body::read(body, NEW)?;
        let (claim, value) = (required_id(&asked, "jwt_claim_name")?, required_id(&asked, "jwt_claim_value")?);
        let issuer = id_in(&asked, "jwt_issuer")?;
        let key = self.mapped_key(&asked).await?;
        let key = key.ok_or_else(|| AdminError::Refused(format!("Provide exactly one of {KEY_OR_HASH}")))?;
        let id = id_of(issuer.unwrap_or_default(), claim, value);
        let mapping = fields(json!({
            "jwt_issuer": issuer,
            "jwt_claim_name": claim,
            "jwt_claim_value": value,
            KEY: key.as_str(),
            "description": asked.get("description"),
            IS_ACTIVE: true,
            "created_at": rfc3339(now),
            "created_by": actor.user_id,
            "updated_at": rfc3339(now),
            "updated_by": actor.user_id,
        }));
        let made = mappings(&self.records).create(&id, mapping).await;
        self.forget_callers();
        match made {
            Ok(made) => Ok(shown(&made.id, made.value)),
            Err(DocumentError::Taken) => {
                Err(AdminError::MappingTaken { claim: claim.to_owned(), value: value.to_owned() })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Changes what a mapping leads to, what is said of it, or whether it counts.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::NoSuchMapping`]; [`AdminError::Refused`] where there is no such key;
    /// [`AdminError::Unsupported`] for another issuer.
    pub async fn update_key_mapping(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let asked = body::read(body, CHANGED)?;
        let id = required_id(&asked, "id")?;
        let key = self.mapped_key(&asked).await?;
        let change = |mapping: &mut Map<String, Value>| {
            let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
            if asked.contains_key("jwt_issuer") && text(asked.get("jwt_issuer")) != text(mapping.get("jwt_issuer")) {
                let reason = "a mapping stays with its issuer; make another and delete this one";
                return Err(AdminError::Unsupported { field: "jwt_issuer", reason });
            }
            let told = ["description", IS_ACTIVE].into_iter();
            let told = told.filter_map(|name| asked.get(name).map(|value| (name.to_owned(), value.clone())));
            mapping.extend(told.filter(|(name, value)| name != IS_ACTIVE || value.is_boolean()));
            mapping.extend(key.as_ref().map(|key| (KEY.to_owned(), key.as_str().into())));
            mapping.extend(fields(json!({"updated_at": rfc3339(now), "updated_by": actor.user_id})));
            Ok(())
        };
        let changed = documents::change(&mappings(&self.records), id, change).await;
        self.forget_callers();
        let changed = changed?.ok_or(AdminError::NoSuchMapping)?;
        Ok(shown(&changed.id, changed.value))
    }

    /// Deletes a mapping; its key stays.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::NoSuchMapping`].
    pub async fn delete_key_mapping(&self, body: &[u8]) -> Result<Value, AdminError> {
        let asked = body::read(body, NAMED)?;
        let removed = documents::remove(&mappings(&self.records), required_id(&asked, "id")?).await;
        self.forget_callers();
        removed?.ok_or(AdminError::NoSuchMapping)?;
        Ok(json!({"status": "success"}))
    }

    /// The mappings, the latest first, page by page.
    ///
    /// # Errors
    /// The mistakes of parameters; those of the store.
    pub async fn key_mappings(&self, params: &Params) -> Result<Value, AdminError> {
        let page = params.number("page", 1, 1..=1 << 32)?;
        let size = params.number("size", 50, 1..=PAGE_SIZE_MAX)?;
        let mut all = mappings(&self.records).list().await?;
        let made = |value: &Map<String, Value>| value.get("created_at").and_then(Value::as_str).map(str::to_owned);
        all.sort_by_cached_key(|mapping| Reverse(made(&mapping.value)));
        let total = all.len() as u64;
        let skipped = usize::try_from((page - 1).saturating_mul(size)).unwrap_or(usize::MAX);
        let taken = usize::try_from(size).unwrap_or(usize::MAX);
        let page_of_all = all.into_iter().skip(skipped).take(taken);
        let told: Vec<Value> = page_of_all.map(|mapping| shown(&mapping.id, mapping.value)).collect();
        let pages = total.div_ceil(size);
        Ok(json!({"mappings": told, "total_count": total, "current_page": page, "total_pages": pages}))
    }

    /// The mapping of the parameter `id`.
    ///
    /// # Errors
    /// [`AdminError::NoSuchMapping`].
    pub async fn key_mapping(&self, params: &Params) -> Result<Value, AdminError> {
        let id = params.text("id").ok_or_else(|| Problem::missing(&["query", "id"]))?;
        let found = mappings(&self.records).get(id).await?.ok_or(AdminError::NoSuchMapping)?;
        Ok(shown(&found.id, found.value))
    }

    /// The key that a body names by itself or by its hash; `None`: it names none.
    async fn mapped_key(&self, asked: &Map<String, Value>) -> Result<Option<KeyHash>, AdminError> {
        let text = |field: &str| asked.get(field).and_then(Value::as_str);
        let meant = match (text("key"), text("token")) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => return Err(AdminError::Refused(format!("Provide at most one of {KEY_OR_HASH}"))),
            (None, Some(hash)) if KeyHash::parse(hash).is_none() => {
                let reason = "it must be the hash of a virtual key (SHA-256, 64 small hexadecimal digits); send the key \
                              itself as `key`";
                return Err(AdminError::Unsupported { field: "token", reason });
            }
            (key, hash) => key.or(hash),
        };
        match self.keys.find(meant, None).await? {
            Some(stored) => Ok(Some(stored.record.hash)),
            None => Err(AdminError::Refused("The provided key does not match an existing virtual key.".to_owned())),
        }
    }
}

const KEY_OR_HASH: &str = "`key` (the virtual key itself) and `token` (its hash).";

/// A mapping without its key's hash.
fn shown(id: &str, mut mapping: Map<String, Value>) -> Value {
    mapping.shift_remove(KEY);
    let id = std::iter::once(("id".to_owned(), Value::from(id)));
    id.chain(mapping).collect::<Map<_, _>>().into()
}

fn fields(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}
