//! The list of all records of a kind: one small item each, in order of creation, with what lists are filtered by and when
//! the record's budget starts afresh.

use super::record::{Record, RecordId, RecordKind};
use crate::auth::key_listing::BUDGET_RESET_AT;
use crate::clock::Timestamp;
use crate::store::item::{Item, Key};

/// What of a record's other fields a list is filtered by.
const FIELDS: [&str; 4] = ["organization_id", "user_email", "user_role", "sso_user_id"];

/// One record in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordListing {
    /// Its id within its kind.
    pub name: String,
    /// Its alias.
    pub alias: Option<String>,
    /// Its organization.
    pub organization_id: Option<String>,
    /// A user's address.
    pub user_email: Option<String>,
    /// A user's role.
    pub user_role: Option<String>,
    /// Who a user is at the identity provider.
    pub sso_user_id: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The place of a record in the list of its kind, which never changes. Members are listed with their team alone.
pub fn listing_key(record: &Record) -> Option<Key> {
    match &record.id {
        RecordId::Of(kind, name) => {
            Some(Key::new(kind.list(), format!("{:015}#{name}", record.created_at.millis().max(0))))
        }
        RecordId::Member { .. } => None,
    }
}

/// The item that lists a record.
pub fn to_item(record: &Record) -> Option<Item> {
    let item = Item::new(listing_key(record)?)
        .with_some("alias", record.alias.as_deref())
        .with_some(BUDGET_RESET_AT, record.limits.budget_reset_at.map(Timestamp::millis));
    Some(FIELDS.into_iter().fold(item, |item, field| item.with_some(field, record.text(field))))
}

/// The listing in an item; `None` where the item is not of this make.
pub fn from_item(item: &Item) -> Option<RecordListing> {
    let (millis, name) = item.key.sort.split_once('#')?;
    let text = |name: &str| item.text(name).map(str::to_owned);
    Some(RecordListing {
        name: name.to_owned(),
        alias: text("alias"),
        organization_id: text("organization_id"),
        user_email: text("user_email"),
        user_role: text("user_role"),
        sso_user_id: text("sso_user_id"),
        created_at: Timestamp::from_millis(millis.parse().ok()?),
    })
}

impl RecordListing {
    /// Which record it lists.
    pub fn id(&self, kind: RecordKind) -> RecordId {
        RecordId::of(kind, self.name.as_str())
    }
}
