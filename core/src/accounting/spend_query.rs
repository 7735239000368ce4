//! Reading the spend log back: the rows of a span of time, newest first, sixteen shards a day merged. Holds a page of
//! each shard in memory, however long the span.

use super::spend_log::SpendLog;
use super::spend_row::{SpendRow, partition};
use crate::calendar::{self, DAY_MILLIS};
use crate::clock::Timestamp;
use crate::id::KeyHash;
use crate::store::item::Item;
use crate::store::table::{Freshness, Query, ReadError, SortRange, Table};
use futures_util::future::try_join_all;
use std::collections::VecDeque;
use std::ops::ControlFlow;

/// Days before the span's end that are looked at, at most. A longer span is cut at its start: each day costs a read of
/// sixteen shards, whether or not it holds rows.
pub const SPAN_DAYS_MAX: i64 = 366;

/// Rows of one shard read at a time.
const SHARD_PAGE: usize = 100;

/// Which rows are asked for: those that arrived within the span and equal every value given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpendQuery {
    /// The span's first millisecond.
    pub from: Timestamp,
    /// The span's last millisecond.
    pub until: Timestamp,
    /// The key that paid.
    pub key: Option<KeyHash>,
    /// The key's user.
    pub user_id: Option<String>,
    /// The key's team.
    pub team_id: Option<String>,
}

impl SpendQuery {
    /// All rows of a span.
    pub fn span(from: Timestamp, until: Timestamp) -> Self {
        Self { from, until, key: None, user_id: None, team_id: None }
    }

    fn admits(&self, row: &SpendRow) -> bool {
        self.key.as_ref().is_none_or(|key| *key == row.key)
            && (self.user_id.is_none() || self.user_id == row.details.user_id)
            && (self.team_id.is_none() || self.team_id == row.details.team_id)
    }

    fn earliest(&self) -> Timestamp {
        self.from.max(self.until.plus_millis(-SPAN_DAYS_MAX * DAY_MILLIS))
    }
}

impl SpendLog {
    /// Shows `visit` each row asked for, the newest first, until it breaks off.
    ///
    /// # Errors
    /// As [`Table::query`]; [`ReadError::Corrupt`] where a row cannot be read.
    pub async fn visit(
        &self,
        query: &SpendQuery,
        mut visit: impl FnMut(SpendRow) -> ControlFlow<()>,
    ) -> Result<(), ReadError> {
        let earliest = query.earliest();
        let mut day = query.until;
        while midnight(day) >= midnight(earliest) {
            let mut shards: Vec<Shard> = (0..16).map(|shard| Shard::new(day, shard, earliest, query.until)).collect();
            while let Some(item) = self.next(&mut shards).await? {
                let row = SpendRow::from_item(&item)?;
                if query.admits(&row) && visit(row).is_break() {
                    return Ok(());
                }
            }
            day = day.plus_millis(-DAY_MILLIS);
        }
        Ok(())
    }

    /// The newest rows asked for, `limit` at most.
    ///
    /// # Errors
    /// As [`SpendLog::visit`].
    pub async fn newest(&self, query: &SpendQuery, limit: usize) -> Result<Vec<SpendRow>, ReadError> {
        let mut rows = Vec::new();
        self.visit(query, |row| {
            if rows.len() < limit {
                rows.push(row);
            }
            if rows.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })
        .await?;
        Ok(rows)
    }

    /// The newest row that any shard still holds.
    async fn next(&self, shards: &mut [Shard]) -> Result<Option<Item>, ReadError> {
        let empty = shards.iter_mut().filter(|shard| shard.needs_rows());
        try_join_all(empty.map(|shard| shard.fill(self.table.as_ref()))).await?;
        let newest = shards.iter_mut().max_by(|a, b| a.front().cmp(&b.front()));
        Ok(newest.and_then(|shard| shard.rows.pop_front()))
    }
}

/// One shard of one day, read page by page.
struct Shard {
    query: Query,
    rows: VecDeque<Item>,
    exhausted: bool,
}

impl Shard {
    fn new(day: Timestamp, shard: u8, from: Timestamp, until: Timestamp) -> Self {
        let query = Query {
            // Ids begin with the time of arrival; `~` sorts behind every id of a millisecond.
            range: SortRange::Between(id_prefix(from), id_prefix(until) + "~"),
            descending: true,
            limit: SHARD_PAGE,
            freshness: Freshness::Latest,
            ..Query::partition(partition(&calendar::day(day), shard))
        };
        Self { query, rows: VecDeque::new(), exhausted: false }
    }

    fn needs_rows(&self) -> bool {
        self.rows.is_empty() && !self.exhausted
    }

    fn front(&self) -> Option<&str> {
        self.rows.front().map(|item| item.key.sort.as_str())
    }

    /// Reads pages until there is a row or no more page: a page may be empty and yet not the last.
    async fn fill(&mut self, table: &dyn Table) -> Result<(), ReadError> {
        while self.needs_rows() {
            let page = table.query(&self.query).await?;
            self.rows.extend(page.items);
            self.exhausted = page.next.is_none();
            self.query.after = page.next;
        }
        Ok(())
    }
}

fn midnight(at: Timestamp) -> i64 {
    at.millis().div_euclid(DAY_MILLIS)
}

/// The first twelve digits of the ids of calls that arrived at `at`.
pub(super) fn id_prefix(at: Timestamp) -> String {
    let millis = u64::try_from(at.millis()).unwrap_or(0) & 0xffff_ffff_ffff;
    format!("{:08x}-{:04x}", millis >> 16, millis & 0xffff)
}
