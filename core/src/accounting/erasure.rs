//! Taking a person out of the spend log: rows of a day are made nobody's, or removed, and the day's sums name the person no
//! more. What was charged stays charged, and what was spent stays in the sums.

use super::spend_log::SpendLog;
use super::spend_removal::RemovalError;
use super::spend_row::{SHARDS_MAX, SpendDetails, SpendRow, partition};
use super::spend_sums::{self, Shared, Sums};
use crate::calendar;
use crate::clock::Timestamp;
use crate::store::item::Item;
use crate::store::table::{Query, WriteError};
use crate::store::write::{Change, Condition, Write};
use futures_util::future::try_join_all;
use serde_json::Map;

/// Rows of one shard read at a time.
const PAGE: usize = 200;

/// Whose rows are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Person {
    /// A user: those of its keys' calls.
    User(String),
    /// An end user, whom the requests name.
    EndUser(String),
}

/// What becomes of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erasure {
    /// They stay, and say no more who it was.
    Anonymised,
    /// They go.
    Removed,
}

impl Person {
    /// Whether a row is of this person's call.
    pub fn made(&self, row: &SpendRow) -> bool {
        self.is(row.details.user_id.as_deref(), row.details.end_user.as_deref())
    }

    fn is(&self, user: Option<&str>, end_user: Option<&str>) -> bool {
        match self {
            Self::User(id) => user == Some(id),
            Self::EndUser(id) => end_user == Some(id),
        }
    }

    /// Takes out of a row what says who it was: a key's alias is its user's to choose, and the rest the client's.
    fn taken_out_of(&self, details: SpendDetails) -> SpendDetails {
        let (user_id, end_user, key_alias) = match self {
            Self::User(_) => (None, None, None),
            Self::EndUser(_) => (details.user_id, None, details.key_alias),
        };
        let metadata = Map::new();
        let (requester_ip, user_agent, content) = (None, None, None);
        SpendDetails { user_id, end_user, key_alias, requester_ip, user_agent, content, metadata, ..details }
    }

    fn taken_out_of_sums(&self, shared: Shared) -> Shared {
        match self {
            _ if !self.is(shared.user.as_deref(), shared.end_user.as_deref()) => shared,
            Self::User(_) => Shared { user: None, end_user: None, key_alias: None, ..shared },
            Self::EndUser(_) => Shared { end_user: None, ..shared },
        }
    }
}

impl SpendLog {
    /// Takes a person out of the rows of calls that arrived on the day that `day` lies in, and out of that day's sums; says
    /// how many rows. Repeating it is safe, and finds what was stored meanwhile.
    ///
    /// # Errors
    /// [`RemovalError`]: some rows may be done.
    pub async fn erase_day(&self, day: Timestamp, person: &Person, erasure: Erasure) -> Result<u64, RemovalError> {
        let day = calendar::day(day);
        let rows = (0..SHARDS_MAX).map(|shard| self.erase_rows(partition(&day, shard), person, erasure));
        let erased = try_join_all(rows).await?.into_iter().sum();
        // The sums come after the rows, so that nobody sums them up once more.
        let sums = (0..SHARDS_MAX).map(|shard| self.erase_sums(spend_sums::summed(&day, shard), person));
        try_join_all(sums).await?;
        Ok(erased)
    }

    async fn erase_rows(&self, partition: String, person: &Person, erasure: Erasure) -> Result<u64, RemovalError> {
        let mut query = Query { limit: PAGE, ..Query::partition(partition) };
        let mut erased = 0;
        loop {
            let page = self.table.query(&query).await?;
            for item in &page.items {
                match SpendRow::from_item(item) {
                    Ok(row) if person.made(&row) => {
                        erased += u64::from(self.erase_row(item, row, person, erasure).await?);
                    }
                    Ok(_) => {}
                    // It must not keep the others from being done.
                    Err(error) => tracing::warn!(%error, "a row is passed over"),
                }
            }
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(erased),
            }
        }
    }

    /// Whether it was done. A row that was corrected meanwhile is met again when the day is gone through again.
    async fn erase_row(
        &self,
        item: &Item,
        row: SpendRow,
        person: &Person,
        erasure: Erasure,
    ) -> Result<bool, WriteError> {
        let write = match erasure {
            Erasure::Removed => Write::Delete { key: item.key.clone(), when: vec![as_read(item, "row")] },
            Erasure::Anonymised => {
                // Text, numbers, lists and maps with text keys always serialise.
                let text = serde_json::to_string(&person.taken_out_of(row.details)).unwrap_or_default();
                changed(item, "row", text)
            }
        };
        self.done(write).await
    }

    async fn erase_sums(&self, partition: String, person: &Person) -> Result<(), RemovalError> {
        let mut query = Query { limit: PAGE, ..Query::partition(partition) };
        loop {
            let page = self.table.query(&query).await?;
            for item in &page.items {
                let before = spend_sums::sums_in(item)?;
                let mut after = Sums::new();
                for (shared, sum) in before.clone() {
                    after.entry(person.taken_out_of_sums(shared)).or_default().add(&sum);
                }
                if after != before {
                    self.done(changed(item, "sums", spend_sums::text_of(after))).await?;
                }
            }
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(()),
            }
        }
    }

    async fn done(&self, write: Write) -> Result<bool, WriteError> {
        match self.table.write(write).await {
            Ok(_) => Ok(true),
            Err(WriteError::ConditionFailed { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn changed(item: &Item, name: &str, text: String) -> Write {
    let changes = vec![Change::Set(name.to_owned(), text.into())];
    Write::Update { key: item.key.clone(), changes, when: vec![as_read(item, name)] }
}

fn as_read(item: &Item, name: &str) -> Condition {
    Condition::Equals(name.to_owned(), item.text(name).unwrap_or_default().into())
}

#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests {
    use super::super::spend_row::tests::row;
    use super::*;
    use crate::accounting::spend_query::SpendQuery;
    use crate::clock::SystemClock;
    use crate::store::embedded::EmbeddedTable;
    use serde_json::json;
    use std::sync::Arc;

    const NOON: i64 = 1_763_726_400_000;
    const DAY: i64 = 86_400_000;

    async fn log() -> SpendLog {
        let log = SpendLog::new(Arc::new(EmbeddedTable::in_memory(Arc::new(SystemClock)).unwrap()), None);
        for (tail, user, end_user) in [(1, "u-1", "e-1"), (2, "u-2", "e-1"), (3, "u-2", "e-2")] {
            let mut row = row(NOON, tail, 1_000);
            row.details.user_id = Some(user.to_owned());
            row.details.end_user = Some(end_user.to_owned());
            row.details.requester_ip = Some("198.51.100.7".to_owned());
            row.details.metadata.insert("name".to_owned(), json!("Ada"));
            log.settle(&row).await.unwrap();
        }
        for shard in 0..SHARDS_MAX {
            log.sum_up((at(NOON), shard), at(NOON + DAY), 100).await.unwrap();
        }
        log
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    async fn rows(log: &SpendLog) -> Vec<SpendRow> {
        log.newest(&SpendQuery::span(at(NOON - 1), at(NOON + 1)), 10).await.unwrap()
    }

    #[tokio::test]
    async fn rows_and_sums_say_no_more_who_it_was_and_still_what_it_cost() {
        let log = log().await;
        let before: i64 = log.sums_of(at(NOON)).await.unwrap().values().map(|sum| sum.nanos).sum();
        let person = Person::User("u-1".to_owned());
        assert_eq!(log.erase_day(at(NOON), &person, Erasure::Anonymised).await.unwrap(), 1);
        assert_eq!(log.erase_day(at(NOON), &person, Erasure::Anonymised).await.unwrap(), 0, "once");
        let rows = rows(&log).await;
        let told = serde_json::to_string(&rows.iter().map(|row| &row.details).collect::<Vec<_>>()).unwrap();
        assert!(rows.len() == 3 && !told.contains("u-1") && told.matches("u-2").count() == 2, "{told}");
        assert_eq!((told.matches("Ada").count(), told.matches("e-1").count()), (2, 1));
        let sums = log.sums_of(at(NOON)).await.unwrap();
        assert!(sums.keys().all(|shared| shared.user.as_deref() != Some("u-1")));
        assert_eq!(sums.values().map(|sum| sum.nanos).sum::<i64>(), before);
    }

    #[tokio::test]
    async fn an_end_users_rows_go_and_others_stay() {
        let log = log().await;
        let person = Person::EndUser("e-1".to_owned());
        assert_eq!(log.erase_day(at(NOON), &person, Erasure::Removed).await.unwrap(), 2);
        let left = rows(&log).await;
        assert_eq!(left.iter().map(|row| row.details.end_user.as_deref()).collect::<Vec<_>>(), [Some("e-2")]);
        let sums = log.sums_of(at(NOON)).await.unwrap();
        assert!(sums.keys().all(|shared| shared.end_user.as_deref() != Some("e-1")));
        assert_eq!(sums.values().map(|sum| sum.nanos).sum::<i64>(), 3_000, "what was spent is still known");
    }
}
