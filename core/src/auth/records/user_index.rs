//! Users by their mail address and by who they are at an identity provider, so that whoever signs in is found without a
//! look at all others. Written with the record, in one transaction. An entry only says where to look: the record says
//! who it is.
//!
//! | partition | sort | holds |
//! |---|---|---|
//! | `USERS_BY_EMAIL#<hash>` | the user's id | that the user has the address whose small letters have this hash |
//! | `USERS_BY_SSO#<hash>` | the user's id | the same of `sso_user_id` |

use super::record::{Record, RecordId, RecordKind};
use crate::crypto::key_hash;
use crate::store::item::{Item, Key};
use crate::store::write::Write;

/// By what users are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserField {
    /// The mail address; large and small letters are one.
    Email,
    /// Who the user is at the identity provider.
    Subject,
}

impl UserField {
    const ALL: [Self; 2] = [Self::Email, Self::Subject];

    fn name(self) -> &'static str {
        match self {
            Self::Email => "user_email",
            Self::Subject => "sso_user_id",
        }
    }

    /// Where those with this value stand. A value may be longer than a key, so its hash stands for it.
    pub(super) fn partition(self, value: &str) -> String {
        match self {
            Self::Email => format!("USERS_BY_EMAIL#{}", key_hash::hash(&value.to_ascii_lowercase())),
            Self::Subject => format!("USERS_BY_SSO#{}", key_hash::hash(value)),
        }
    }

    /// Whether a user has this value.
    pub(super) fn is(self, record: &Record, value: &str) -> bool {
        let own = record.text(self.name()).unwrap_or_default();
        if self == Self::Email { own.eq_ignore_ascii_case(value) } else { own == value }
    }
}

/// The writes that keep the index true where `before` becomes `after`; `None`: it is not there.
pub(super) fn moves(before: Option<&Record>, after: Option<&Record>) -> Vec<Write> {
    let (before, after) = (places(before), places(after));
    let gone = before.iter().filter(|place| !after.contains(place));
    let new = after.iter().filter(|place| !before.contains(place));
    let gone = gone.map(|place| Write::Delete { key: place.clone(), when: Vec::new() });
    gone.chain(new.map(|place| Write::Put { item: Item::new(place.clone()), when: Vec::new() })).collect()
}

fn places(record: Option<&Record>) -> Vec<Key> {
    let Some(record) = record else { return Vec::new() };
    let RecordId::Of(RecordKind::User, id) = &record.id else { return Vec::new() };
    let value = |field: UserField| Some((field, record.text(field.name()).filter(|value| !value.is_empty())?));
    let known = UserField::ALL.into_iter().filter_map(value);
    known.map(|(field, value)| Key::new(field.partition(value), id.as_str())).collect()
}
