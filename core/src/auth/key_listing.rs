//! The list of all keys: one small item a key, in order of creation, with what a list is filtered by and when the key's
//! budget starts afresh, so that finding the keys whose period has ended reads the list alone.

use super::key_record::KeyRecord;
use crate::clock::Timestamp;
use crate::id::KeyHash;
use crate::store::item::{Item, Key};
use std::collections::BTreeSet;

/// The partition of the list. Keys are made far less often than one partition can take writes.
pub const PARTITION: &str = "KEYS";

/// The attribute that says when a key's budget starts afresh, in the list as in the record.
pub(in crate::auth) const BUDGET_RESET_AT: &str = "budget_reset_at";

/// One key in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyListing {
    /// Which key.
    pub hash: KeyHash,
    /// Its alias.
    pub key_alias: Option<String>,
    /// Its user.
    pub user_id: Option<String>,
    /// Its team.
    pub team_id: Option<String>,
    /// Its organization.
    pub organization_id: Option<String>,
    /// When its budget's period ends.
    pub budget_reset_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl KeyListing {
    /// Where it stands in the list.
    pub fn position(&self) -> String {
        position(self.created_at, &self.hash)
    }
}

/// Which keys are asked for: those that equal every value given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyFilter {
    /// The key's hash.
    pub hash: Option<KeyHash>,
    /// Its alias.
    pub key_alias: Option<String>,
    /// Its user.
    pub user_id: Option<String>,
    /// Its team.
    pub team_id: Option<String>,
    /// Its organization.
    pub organization_id: Option<String>,
    /// Keys of these teams count as the user's.
    pub or_of_teams: BTreeSet<String>,
}

impl KeyFilter {
    /// Whether `listing` is asked for.
    pub fn admits(&self, listing: &KeyListing) -> bool {
        let same = |wanted: &Option<String>, is: &Option<String>| wanted.is_none() || wanted == is;
        self.hash.as_ref().is_none_or(|hash| *hash == listing.hash)
            && same(&self.key_alias, &listing.key_alias)
            && (same(&self.user_id, &listing.user_id) || self.is_of_teams(listing))
            && same(&self.team_id, &listing.team_id)
            && same(&self.organization_id, &listing.organization_id)
    }

    fn is_of_teams(&self, listing: &KeyListing) -> bool {
        listing.team_id.as_ref().is_some_and(|team| self.or_of_teams.contains(team))
    }
}

/// The place of a key in the list. It never changes, as neither part does.
pub fn listing_key(record: &KeyRecord) -> Key {
    Key::new(PARTITION, position(record.created_at, &record.hash))
}

fn position(created_at: Timestamp, hash: &KeyHash) -> String {
    format!("{:015}#{hash}", created_at.millis().max(0))
}

/// The item that lists a key.
pub fn to_item(record: &KeyRecord) -> Item {
    Item::new(listing_key(record))
        .with_some("key_alias", record.key_alias.as_deref())
        .with_some("user_id", record.user_id.as_deref())
        .with_some("team_id", record.team_id.as_deref())
        .with_some("organization_id", record.document.get("organization_id").and_then(serde_json::Value::as_str))
        .with_some(BUDGET_RESET_AT, record.limits.budget_reset_at.map(Timestamp::millis))
}

/// The listing in an item; `None` where the item is not of this make.
pub fn from_item(item: &Item) -> Option<KeyListing> {
    let (millis, hash) = item.key.sort.split_once('#')?;
    let text = |name: &str| item.text(name).map(str::to_owned);
    Some(KeyListing {
        hash: KeyHash::parse(hash)?,
        key_alias: text("key_alias"),
        user_id: text("user_id"),
        team_id: text("team_id"),
        organization_id: text("organization_id"),
        budget_reset_at: item.number(BUDGET_RESET_AT).map(Timestamp::from_millis),
        created_at: Timestamp::from_millis(millis.parse().ok()?),
    })
}
