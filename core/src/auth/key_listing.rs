//! The list of all keys: one small item a key, in order of creation, with what a list is filtered by and when the key's
//! budget starts afresh, so that finding the keys whose period has ended reads the list alone. The keys of a user and of a
//! team are listed once more by themselves, so that neither list grows with the keys of others; and they are counted.

use super::key_record::KeyRecord;
use crate::calendar;
use crate::clock::Timestamp;
use crate::id::KeyHash;
use crate::store::item::{Item, Key};
use crate::store::write::{Change, Condition, Write};
use std::collections::BTreeSet;

/// The partition of the list. Keys are made far less often than one partition can take writes.
pub const PARTITION: &str = "KEYS";

/// The partition of how many there are. Counted in sixteen parts, so that keys that are made at once seldom wait for each
/// other.
pub(super) const COUNT: &str = "KEYS_COUNT";

/// The attribute of one part.
const COUNTED: &str = "count";

/// Whose keys are found without looking at those of others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// The keys of this user.
    User(String),
    /// The keys of this team.
    Team(String),
    /// The key itself.
    Key(KeyHash),
}

/// Where the keys of an owner stand.
pub(super) enum Found<'o> {
    /// In a list of their own.
    Listed(String),
    /// By itself.
    Alone(&'o KeyHash),
}

impl Owner {
    pub(super) fn keys(&self) -> Found<'_> {
        match self {
            Self::User(id) => Found::Listed(format!("KEYS_OF_USER#{id}")),
            Self::Team(id) => Found::Listed(format!("KEYS_OF_TEAM#{id}")),
            Self::Key(hash) => Found::Alone(hash),
        }
    }
}

/// The attribute that says when a key's budget starts afresh, in the list as in the record.
pub(in crate::auth) const BUDGET_RESET_AT: &str = "budget_reset_at";

/// The member of a key's document that says when its secret is replaced next.
pub const KEY_ROTATION_AT: &str = "key_rotation_at";

/// The attribute that says so in the list, in milliseconds.
const ROTATES_AT: &str = "rotates_at";

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
    /// When its secret is replaced next.
    pub rotates_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Some of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyPage {
    /// Its keys.
    pub listings: Vec<KeyListing>,
    /// Where the next begins; `None`: this was the last.
    pub next: Option<String>,
}

impl KeyListing {
    /// Where it stands in the list.
    pub fn position(&self) -> String {
        position(self.created_at, &self.hash)
    }

    fn owners(&self) -> [Option<Owner>; 3] {
        let [user, team] = owners(self.user_id.as_deref(), self.team_id.as_deref());
        [user, team, Some(Owner::Key(self.hash.clone()))]
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
    /// Only keys of these are asked for; `None`: of everybody.
    pub among: Option<BTreeSet<Owner>>,
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
            && self
                .among
                .as_ref()
                .is_none_or(|owners| listing.owners().iter().flatten().any(|owner| owners.contains(owner)))
    }

    /// The lists in which every key stands that is asked for: as few and as short as can be. `None`: the list of all.
    pub(super) fn owners(&self) -> Option<BTreeSet<Owner>> {
        if let Some(hash) = &self.hash {
            return Some(BTreeSet::from([Owner::Key(hash.clone())]));
        }
        if let Some(team) = &self.team_id {
            return Some(BTreeSet::from([Owner::Team(team.clone())]));
        }
        if let Some(user) = &self.user_id {
            let teams = self.or_of_teams.iter().cloned().map(Owner::Team);
            return Some(teams.chain([Owner::User(user.clone())]).collect());
        }
        self.among.clone()
    }

    fn is_of_teams(&self, listing: &KeyListing) -> bool {
        listing.team_id.as_ref().is_some_and(|team| self.or_of_teams.contains(team))
    }
}

fn owners(user: Option<&str>, team: Option<&str>) -> [Option<Owner>; 2] {
    [user.map(|id| Owner::User(id.to_owned())), team.map(|id| Owner::Team(id.to_owned()))]
}

/// The place of a key in the list of all. It never changes, as neither part does.
pub fn listing_key(record: &KeyRecord) -> Key {
    Key::new(PARTITION, position(record.created_at, &record.hash))
}

fn position(created_at: Timestamp, hash: &KeyHash) -> String {
    format!("{:015}#{hash}", created_at.millis().max(0))
}

/// Its places in the lists of its user and its team.
fn owned(record: &KeyRecord) -> Vec<Key> {
    let of = owners(record.user_id.as_deref(), record.team_id.as_deref());
    let lists = of.iter().flatten().filter_map(|owner| match owner.keys() {
        Found::Listed(partition) => Some(partition),
        Found::Alone(_) => None,
    });
    lists.map(|partition| Key::new(partition, position(record.created_at, &record.hash))).collect()
}

/// Lists a new key, and counts it.
pub(super) fn list(record: &KeyRecord) -> Vec<Write> {
    let put = |item: Item| Write::Put { item, when: Vec::new() };
    let of_owners = owned(record).into_iter().map(|key| put(owned_item(record, key)));
    [put(to_item(record)), counted(&record.hash, 1)].into_iter().chain(of_owners).collect()
}

/// Takes a key from every list.
pub(super) fn unlist(record: &KeyRecord) -> Vec<Write> {
    let delete = |key: Key| Write::Delete { key, when: Vec::new() };
    let of_owners = owned(record).into_iter().map(delete);
    [delete(listing_key(record)), counted(&record.hash, -1)].into_iter().chain(of_owners).collect()
}

/// Lists a key anew in the lists of its owners, where it changed in what they tell. Holds only where nobody else has
/// changed that meanwhile: see [`unmoved`].
pub(super) fn relist(before: &KeyRecord, after: &KeyRecord) -> Vec<Write> {
    let (left, reached) = (owned(before), owned(after));
    let gone = left.iter().filter(|place| !reached.contains(place));
    let gone = gone.map(|place| Write::Delete { key: place.clone(), when: Vec::new() });
    let put = reached.iter().filter(|place| !left.contains(place) || tells(before) != tells(after));
    let put = put.map(|place| Write::Put { item: owned_item(after, place.clone()), when: Vec::new() });
    gone.chain(put).collect()
}

/// That a record's owners and alias are those of `record`, which is what says where and as what it is listed.
pub(super) fn unmoved(record: &KeyRecord) -> Vec<Condition> {
    let told = [("user_id", &record.user_id), ("team_id", &record.team_id), ("key_alias", &record.key_alias)];
    let is = |(name, value): (&str, &Option<String>)| match value {
        Some(value) => Condition::Equals(name.to_owned(), value.as_str().into()),
        None => Condition::Lacks(name.to_owned()),
    };
    told.map(is).into()
}

fn counted(hash: &KeyHash, by: i64) -> Write {
    let part: String = hash.as_str().chars().take(1).collect();
    Write::Update { key: Key::new(COUNT, part), changes: vec![Change::Add(COUNTED.to_owned(), by)], when: Vec::new() }
}

/// How many keys one part has counted.
pub(super) fn count_in(item: &Item) -> i64 {
    item.number(COUNTED).unwrap_or(0)
}

/// What lists of owners tell of a key: all but what jobs look for, who read the list of all.
fn tells(record: &KeyRecord) -> Item {
    let mut item = to_item(record);
    for at in [BUDGET_RESET_AT, ROTATES_AT] {
        item.attributes.remove(at);
    }
    item
}

fn owned_item(record: &KeyRecord, key: Key) -> Item {
    Item { key, ..tells(record) }
}

/// When a key's secret is replaced next.
pub fn rotates_at(record: &KeyRecord) -> Option<Timestamp> {
    record.document.get(KEY_ROTATION_AT).and_then(serde_json::Value::as_str).and_then(calendar::parse)
}

/// A key as it is listed.
pub(super) fn listing(record: &KeyRecord) -> Option<KeyListing> {
    from_item(&to_item(record))
}

/// The item that lists a key.
pub fn to_item(record: &KeyRecord) -> Item {
    Item::new(listing_key(record))
        .with_some("key_alias", record.key_alias.as_deref())
        .with_some("user_id", record.user_id.as_deref())
        .with_some("team_id", record.team_id.as_deref())
        .with_some("organization_id", record.document.get("organization_id").and_then(serde_json::Value::as_str))
        .with_some(BUDGET_RESET_AT, record.limits.budget_reset_at.map(Timestamp::millis))
        .with_some(ROTATES_AT, rotates_at(record).map(Timestamp::millis))
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
        rotates_at: item.number(ROTATES_AT).map(Timestamp::from_millis),
        created_at: Timestamp::from_millis(millis.parse().ok()?),
    })
}
