//! What is known of a team, a user, a budget and so on. Plain data.

use crate::auth::key_record::KeyTotals;
use crate::auth::key_record::tags_of;
use crate::clock::Timestamp;
use crate::limits::Limits;
use crate::principal::{CacheRights, GuardrailRules, Holder, Role};
use crate::store::item::Key;
use serde_json::{Map, Value};
use std::fmt;
use std::sync::Arc;

/// Longest id in bytes. Ids are parts of keys of the table.
pub const ID_BYTES_MAX: usize = 255;

/// The sort key of a record in its partition.
const RECORD: &str = "RECORD";
/// The sort key of its running totals.
const TOTALS: &str = "SPEND";

/// Kinds of records that stand for themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordKind {
    /// A team of users and keys.
    Team,
    /// Somebody who has keys.
    User,
    /// An organization of teams.
    Organization,
    /// Limits that several records share.
    Budget,
    /// An end user: whom a request names as its `user`.
    Customer,
    /// A tag of requests.
    Tag,
}

/// Which record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RecordId {
    /// One that stands for itself.
    Of(RecordKind, String),
    /// What a team says of one of its members.
    Member {
        /// The team.
        team: String,
        /// The member's user id.
        user: String,
    },
}

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Which one it is.
    pub id: RecordId,
    /// How people call it.
    pub alias: Option<String>,
    /// Public names of the models that may be called below it; empty: all.
    pub models: Vec<String>,
    /// Its limits. Those that are settings stand in `metadata` and `document` too, as they came.
    pub limits: Limits,
    /// The owner's own data, and settings that LiteLLM keeps there.
    pub metadata: Map<String, Value>,
    /// Every other field of its kind (`organization_id`, `user_email`, `user_role`), as it came.
    pub document: Map<String, Value>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The user who made it.
    pub created_by: Option<String>,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The user who last changed it.
    pub updated_by: Option<String>,
}

/// A record with what was spent below it.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredRecord {
    /// The record.
    pub record: Record,
    /// What was spent, as for a key.
    pub totals: KeyTotals,
}

impl RecordKind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Team => "TEAM#",
            Self::User => "USER#",
            Self::Organization => "ORG#",
            Self::Budget => "BUDGET#",
            Self::Customer => "CUSTOMER#",
            Self::Tag => "TAG#",
        }
    }

    /// The partition that lists all of this kind.
    pub const fn list(self) -> &'static str {
        match self {
            Self::Team => "TEAMS",
            Self::User => "USERS",
            Self::Organization => "ORGS",
            Self::Budget => "BUDGETS",
            Self::Customer => "CUSTOMERS",
            Self::Tag => "TAGS",
        }
    }
}

impl RecordId {
    /// The record of this kind with this id.
    pub fn of(kind: RecordKind, id: impl Into<String>) -> Self {
        Self::Of(kind, id.into())
    }

    /// The team with this id.
    pub fn team(id: impl Into<String>) -> Self {
        Self::of(RecordKind::Team, id)
    }

    /// What `team` says of `user`.
    pub fn member(team: impl Into<String>, user: impl Into<String>) -> Self {
        Self::Member { team: team.into(), user: user.into() }
    }

    /// Its id within its kind; of a member the user's.
    pub fn name(&self) -> &str {
        match self {
            Self::Of(_, id) => id,
            Self::Member { user, .. } => user,
        }
    }

    /// Whether a record of this id can be: its parts are neither empty nor longer than [`ID_BYTES_MAX`].
    pub fn is_possible(&self) -> bool {
        let fits = |part: &str| !part.is_empty() && part.len() <= ID_BYTES_MAX;
        match self {
            Self::Of(_, id) => fits(id),
            Self::Member { team, user } => fits(team) && fits(user),
        }
    }

    /// Where the record stands.
    pub fn place(&self) -> Key {
        match self {
            Self::Of(..) => Key::new(self.partition(), RECORD),
            Self::Member { user, .. } => Key::new(self.partition(), format!("MEMBER#{user}")),
        }
    }

    /// Where its running totals stand. Accounting adds to them.
    pub fn totals_place(&self) -> Key {
        match self {
            Self::Of(..) => Key::new(self.partition(), TOTALS),
            Self::Member { user, .. } => Key::new(self.partition(), format!("{TOTALS}#{user}")),
        }
    }

    fn partition(&self) -> String {
        match self {
            Self::Of(kind, id) => format!("{}{id}", kind.prefix()),
            Self::Member { team, .. } => format!("{}{team}", RecordKind::Team.prefix()),
        }
    }

    /// The record at this place; `None` where another kind of item stands there.
    pub fn parse(place: &Key) -> Option<Self> {
        use RecordKind::{Budget, Customer, Organization, Tag, Team, User};
        let kinds = [Team, User, Organization, Budget, Customer, Tag];
        let (kind, id) =
            kinds.into_iter().find_map(|kind| Some((kind, place.partition.strip_prefix(kind.prefix())?)))?;
        match place.sort.strip_prefix("MEMBER#") {
            Some(user) if kind == Team => Some(Self::member(id, user)),
            None if place.sort == RECORD => Some(Self::of(kind, id)),
            _ => None,
        }
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Of(kind, id) => write!(f, "{}{id}", kind.prefix()),
            Self::Member { team, user } => write!(f, "{}{team}#{user}", RecordKind::Team.prefix()),
        }
    }
}

impl Record {
    /// A record that limits nothing, made at `now` by `by`.
    pub fn new(id: RecordId, now: Timestamp, by: Option<&str>) -> Self {
        Self {
            id,
            alias: None,
            models: Vec::new(),
            limits: Limits::default(),
            metadata: Map::new(),
            document: Map::new(),
            created_at: now,
            created_by: by.map(str::to_owned),
            updated_at: now,
            updated_by: by.map(str::to_owned),
        }
    }

    /// A text among its other fields.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.document.get(field).and_then(Value::as_str)
    }

    /// What counts for those below it.
    pub fn into_holder(self) -> Holder {
        let id = self.id.name().to_owned();
        let tags = tags_of(&self.metadata);
        let cache = CacheRights::of(&self.metadata, &self.document).map(Arc::new);
        let region = self.text("allowed_model_region").map(str::to_owned);
        let is_user = matches!(self.id, RecordId::Of(RecordKind::User, _));
        let role = self.text("user_role").filter(|_| is_user).and_then(Role::of_user);
        let guardrails = GuardrailRules::of(&self.metadata).map(Arc::new);
        Holder {
            id,
            alias: self.alias,
            models: self.models,
            limits: self.limits.made_at(self.created_at),
            tags,
            cache,
            guardrails,
            region,
            role,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_is_found_again_at_its_place() {
        use RecordKind::{Budget, Customer, Organization, Tag, Team, User};
        for kind in [Team, User, Organization, Budget, Customer, Tag] {
            let id = RecordId::of(kind, "a#b");
            assert_eq!(RecordId::parse(&id.place()), Some(id.clone()));
            assert_eq!(RecordId::parse(&id.totals_place()), None);
        }
        let member = RecordId::member("t", "u#1");
        assert_eq!(RecordId::parse(&member.place()), Some(member.clone()));
        assert_eq!(RecordId::parse(&member.totals_place()), None);
    }

    #[test]
    fn an_id_that_no_table_takes_is_not_possible() {
        assert!(!RecordId::of(RecordKind::Customer, "").is_possible());
        assert!(!RecordId::of(RecordKind::Customer, "x".repeat(256)).is_possible());
        assert!(!RecordId::member("t", "").is_possible());
        assert!(RecordId::member("t", "u").is_possible());
    }
}
