//! The members of a team: a record each, beside the team's, and a note with the user of which teams there are.

use super::item;
use super::record::{Record, RecordId, RecordKind};
use super::store::{LIST_PAGE, RecordStore, RecordStoreError};
use crate::store::item::{Item, Key};
use crate::store::table::{Query, ReadError, SortRange};
use crate::store::write::{Condition, Write};

const MEMBER: &str = "MEMBER#";
const TEAM: &str = "TEAM#";

impl RecordStore {
    /// Makes a user a member of a team that is there.
    ///
    /// # Errors
    /// [`RecordStoreError::Taken`] where the user is one already, [`RecordStoreError::Changed`] where the team is not
    /// there.
    pub async fn add_member(&self, member: &Record) -> Result<(), RecordStoreError> {
        let RecordId::Member { team, user } = &member.id else { return Err(RecordStoreError::NotFound) };
        let team_exists =
            Write::Check { key: RecordId::of(RecordKind::Team, team).place(), when: vec![Condition::Exists] };
        let note = Write::Put { item: Item::new(note_of(team, user)), when: Vec::new() };
        self.create(member, vec![team_exists, note]).await
    }

    /// Takes a member out of its team, with what it spent there.
    ///
    /// # Errors
    /// [`RecordStoreError::NotFound`] where the user is no member.
    pub async fn remove_member(&self, member: &Record) -> Result<(), RecordStoreError> {
        let RecordId::Member { team, user } = &member.id else { return Err(RecordStoreError::NotFound) };
        self.delete(member, vec![Write::Delete { key: note_of(team, user), when: Vec::new() }]).await
    }

    /// The members of a team, in the order they joined.
    ///
    /// # Errors
    /// As [`RecordStore::record`].
    pub async fn members(&self, team: &str) -> Result<Vec<Record>, ReadError> {
        let partition = RecordId::of(RecordKind::Team, team).place().partition;
        let items = self.below(partition, MEMBER).await?;
        let mut members = items.iter().map(item::from_item).collect::<Result<Vec<_>, _>>()?;
        let position = |member: &Record| member.document.get("position").and_then(serde_json::Value::as_i64);
        members.sort_by_key(|member| (member.created_at, position(member)));
        Ok(members)
    }

    /// The teams that a user is a member of.
    ///
    /// # Errors
    /// As [`crate::store::table::Table::query`].
    pub async fn teams_of(&self, user: &str) -> Result<Vec<String>, ReadError> {
        let partition = RecordId::of(RecordKind::User, user).place().partition;
        let items = self.below(partition, TEAM).await?;
        Ok(items.iter().filter_map(|item| item.key.sort.strip_prefix(TEAM).map(str::to_owned)).collect())
    }

    async fn below(&self, partition: String, prefix: &str) -> Result<Vec<Item>, ReadError> {
        let range = SortRange::Prefix(prefix.to_owned());
        let mut query = Query { range, limit: LIST_PAGE, ..Query::partition(partition) };
        let mut found = Vec::new();
        loop {
            let page = self.table.query(&query).await?;
            found.extend(page.items);
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(found),
            }
        }
    }
}

fn note_of(team: &str, user: &str) -> Key {
    Key::new(RecordId::of(RecordKind::User, user).place().partition, format!("{TEAM}{team}"))
}
