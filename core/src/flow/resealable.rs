//! Everything in the table that is sealed under the operator's key, as lists that are walked one after the other: by
//! maintenance when keys change, and by administrators who want to know or to hasten it.

use crate::accounting::subject_keys::StoredSubjectKeys;
use crate::credentials::store::CredentialStore;
use crate::crypto::resealed::{Resealed, Work};
use crate::flow::admin::config::versions::ConfigVersions;
use crate::flow::sign_in::sealing_key::SealingKey;
use crate::routing::stored::StoredModels;
use crate::store::table::ReadError;
use std::fmt;

/// What is sealed.
pub struct Resealable {
    /// Named credentials.
    pub credentials: CredentialStore,
    /// Keys of users and end users.
    pub subjects: StoredSubjectKeys,
    /// Models of the table.
    pub models: StoredModels,
    /// Settings of the table.
    pub settings: ConfigVersions,
    /// The key of sign-ins.
    pub sign_in: SealingKey,
}

/// How far a walk has come: a list, and the last of its entries that was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The list, from 0.
    pub list: u8,
    /// `None`: nothing of it yet.
    pub after: Option<String>,
}

/// A kind of entries. Keys of subjects are several lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    /// Named credentials.
    Credentials,
    /// Keys of users and end users: this shard.
    Subjects(u8),
    /// Models of the table.
    Models,
    /// Settings of the table.
    Settings,
    /// The key of sign-ins.
    SignIn,
}

impl Location {
    fn of(list: u8) -> Option<Self> {
        const SHARDS: u8 = StoredSubjectKeys::SHARDS;
        match list.checked_sub(1) {
            None => Some(Self::Credentials),
            Some(shard) if shard < SHARDS => Some(Self::Subjects(shard)),
            Some(list) => [Self::Models, Self::Settings, Self::SignIn].get(usize::from(list - SHARDS)).copied(),
        }
    }

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Subjects(_) => "subject_keys",
            Self::Models => "model_table",
            Self::Settings => "config",
            Self::SignIn => "sign_in_key",
        }
    }
}

impl Position {
    /// Where the walk goes on after a page that told this as its last entry.
    pub fn advance(&mut self, last: Option<String>) {
        self.list = self.list.saturating_add(u8::from(last.is_none()));
        self.after = last;
    }

    /// Reads what [`fmt::Display`] wrote. `None`: it is no such thing.
    pub fn parse(text: &str) -> Option<Self> {
        let (list, after) = text.split_once('/')?;
        let list = list.parse().ok()?;
        Location::of(list)?;
        Some(Self { list, after: (!after.is_empty()).then(|| after.to_owned()) })
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.list, self.after.as_deref().unwrap_or_default())
    }
}

impl Resealable {
    /// The next entries at a position, at most `limit`. `None`: the walk is over.
    ///
    /// # Errors
    /// As [`crate::store::table::Table::query`].
    pub async fn next(
        &self,
        at: &Position,
        limit: usize,
        work: Work,
    ) -> Result<Option<(Location, Resealed)>, ReadError> {
        let Some(location) = Location::of(at.list) else { return Ok(None) };
        let after = at.after.clone();
        let page = match location {
            Location::Credentials => self.credentials.reseal(after, limit, work).await?,
            Location::Subjects(shard) => self.subjects.reseal(shard, after, (limit, work)).await?,
            Location::Models => self.models.reseal(after, limit, work).await?,
            Location::Settings => self.settings.reseal(after, limit, work).await?,
            Location::SignIn => self.sign_in.reseal(after, limit, work).await?,
        };
        Ok(Some((location, page)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_was_told_and_nothing_else_is_one() {
        for (list, after) in [(0, Some("a/b")), (0, None), (16, Some("user#u")), (19, None)] {
            let position = Position { list, after: after.map(str::to_owned) };
            assert_eq!(Position::parse(&position.to_string()), Some(position));
        }
        assert!(["", "0", "20/", "x/y", "-1/", "300/a"].iter().all(|text| Position::parse(text).is_none()));
    }
}
