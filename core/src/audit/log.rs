//! Reads the log, and sees whether it is whole.

use super::entry::{Entry, Head, PARTITION, PREFIX, head_key};
use crate::clock::Timestamp;
use crate::store::table::{Freshness, Query, ReadError, SortRange, Table};
use std::sync::Arc;

/// Records read at a time.
const PAGE: usize = 500;

/// The log of a table.
#[derive(Clone)]
pub struct AuditLog {
    table: Arc<dyn Table>,
}

/// Which records are wanted: those that equal every text given, of this span.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Who did it.
    pub user: Option<String>,
    /// With which key, by its hash.
    pub key: Option<String>,
    /// What was done.
    pub action: Option<String>,
    /// With an object of which kind.
    pub kind: Option<String>,
    /// With which one.
    pub object: Option<String>,
    /// From then on.
    pub from: Option<Timestamp>,
    /// Until then, included.
    pub to: Option<Timestamp>,
}

/// What is found of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chain {
    /// It is whole: so many records.
    Whole(i64),
    /// It is not what it was.
    Broken {
        /// The number of the first record that is missing, altered, or out of place.
        number: i64,
        /// What is wrong.
        fault: &'static str,
    },
}

impl Wanted {
    fn admits(&self, entry: &Entry) -> bool {
        let is = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        is(&self.user, &entry.user)
            && is(&self.key, &entry.key)
            && is(&self.action, &entry.action)
            && is(&self.kind, &entry.kind)
            && is(&self.object, &entry.object)
            && self.to.is_none_or(|to| entry.at <= to)
    }
}

impl AuditLog {
    /// The log in `table`.
    pub fn new(table: Arc<dyn Table>) -> Self {
        Self { table }
    }

    /// One record.
    ///
    /// # Errors
    /// As [`Table::get`].
    pub async fn entry(&self, number: i64) -> Result<Option<Entry>, ReadError> {
        let item = self.table.get(&Entry::place(number), Freshness::Latest).await?;
        Ok(item.as_ref().and_then(Entry::of_item))
    }

    /// The records that are wanted, the latest first.
    ///
    /// # Errors
    /// As [`Table::query`].
    pub async fn list(&self, wanted: &Wanted) -> Result<Vec<Entry>, ReadError> {
        let mut found = Vec::new();
        let mut query = Query { descending: true, ..entries() };
        loop {
            let page = self.table.query(&query).await?;
            for entry in page.items.iter().filter_map(Entry::of_item) {
                // Records are in the order of time.
                if wanted.from.is_some_and(|from| entry.at < from) {
                    return Ok(found);
                }
                found.extend(Some(entry).filter(|entry| wanted.admits(entry)));
            }
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(found),
            }
        }
    }

    /// Whether no record is missing or altered.
    ///
    /// # Errors
    /// As [`Table::query`].
    pub async fn verify(&self) -> Result<Chain, ReadError> {
        // The head first: what is recorded meanwhile is beyond it.
        let head = self.table.get(&head_key(), Freshness::Latest).await?;
        let head = head.as_ref().and_then(Head::of_item).unwrap_or_else(Head::beginning);
        let (mut last, mut query) = (Head::beginning(), entries());
        loop {
            let page = self.table.query(&query).await?;
            for item in &page.items {
                let number = last.number.saturating_add(1);
                let broken = |fault| Ok(Chain::Broken { number, fault });
                let Some(entry) = Entry::of_item(item) else { return broken("it cannot be read") };
                match () {
                    () if entry.number != number => return broken("it is missing"),
                    () if !entry.is_unaltered() => return broken("it was altered"),
                    () if entry.previous != last.hash => return broken("it does not follow the one before"),
                    () => last = entry.head(),
                }
                if last.number == head.number && last != head {
                    return Ok(Chain::Broken { number, fault: "it is not the one that was recorded last" });
                }
            }
            match page.next {
                Some(next) => query.after = Some(next),
                None if last.number < head.number => {
                    return Ok(Chain::Broken { number: last.number.saturating_add(1), fault: "it is missing" });
                }
                None => return Ok(Chain::Whole(last.number)),
            }
        }
    }
}

fn entries() -> Query {
    Query { range: SortRange::Prefix(PREFIX.to_owned()), limit: PAGE, ..Query::partition(PARTITION) }
}
