//! Sums of the spend log, so that reports do not read it: per day and shard a few items, each the sum of a stretch of
//! rows. Maintenance makes them an hour behind the calls; what is newer is read from the rows, so that a report is right
//! without any of them. A row stored later than that hour after its call came is in no sum.
//!
//! | partition | sort | holds |
//! |---|---|---|
//! | `SUMS#<day>#<shard>` | where the stretch begins | `until`: the first place behind it; `sums`: JSON text |

use super::spend_log::SpendLog;
use super::spend_query::id_prefix;
use super::spend_row::{SHARDS_MAX, SpendRow, partition};
use crate::calendar::{self, DAY_MILLIS};
use crate::clock::Timestamp;
use crate::store::item::{Item, Key};
use crate::store::table::{Freshness, Query, ReadError, SortRange, WriteError};
use crate::store::write::{Condition, Write};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long after a call came its row may still be stored, in milliseconds: longer than a call may last and maintenance
/// waits for it.
const LATE_MILLIS: i64 = 60 * 60 * 1000;

/// Sums are made for whole stretches of this length, so that they are not written anew with every run.
const STEP_MILLIS: i64 = 10 * 60 * 1000;

/// Bytes of one item's sums from which the next stretch has an item of its own. Far below what a table takes.
const SUMS_BYTES_MAX: usize = 64 * 1024;

/// Rows read at a time.
const PAGE: usize = 500;

/// What calls have in common that are summed together.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Shared {
    /// The hash of the key that paid.
    pub key: String,
    /// Its alias.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_alias: Option<String>,
    /// Its user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Its team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// The organization that it counts for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// The end user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_user: Option<String>,
    /// The public model name.
    pub group: String,
    /// The deployment's model.
    pub model: String,
    /// The provider.
    pub provider: String,
    /// The kind of call.
    pub call_type: String,
    /// The tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// What is summed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sum {
    /// Cost, in nano-dollars.
    pub nanos: i64,
    /// Calls.
    pub calls: i64,
    /// Calls that ended with an error.
    pub failed: i64,
    /// Calls answered from the cache.
    pub cached: i64,
    /// Tokens of requests.
    pub prompt_tokens: i64,
    /// Tokens of answers.
    pub completion_tokens: i64,
    /// Tokens read from the provider's cache.
    pub cache_read_tokens: i64,
    /// Tokens written to it.
    pub cache_write_tokens: i64,
    /// Milliseconds that answered calls took.
    pub millis: i64,
}

/// Sums by what calls have in common.
pub type Sums = BTreeMap<Shared, Sum>;

impl Sum {
    /// Adds another.
    pub fn add(&mut self, other: &Self) {
        self.nanos = self.nanos.saturating_add(other.nanos);
        self.calls += other.calls;
        self.failed += other.failed;
        self.cached += other.cached;
        self.prompt_tokens = self.prompt_tokens.saturating_add(other.prompt_tokens);
        self.completion_tokens = self.completion_tokens.saturating_add(other.completion_tokens);
        self.cache_read_tokens = self.cache_read_tokens.saturating_add(other.cache_read_tokens);
        self.cache_write_tokens = self.cache_write_tokens.saturating_add(other.cache_write_tokens);
        self.millis = self.millis.saturating_add(other.millis);
    }

    fn of(row: &SpendRow) -> Self {
        let (usage, details) = (&row.details.usage, &row.details);
        let count = |tokens: u64| i64::try_from(tokens).unwrap_or(i64::MAX);
        let answered = details.outcome.is_success();
        Self {
            nanos: row.cost.nanos(),
            calls: 1,
            failed: i64::from(!answered),
            cached: i64::from(details.cache_hit),
            prompt_tokens: count(usage.prompt_tokens),
            completion_tokens: count(usage.completion_tokens),
            cache_read_tokens: count(usage.cache_read_tokens),
            cache_write_tokens: count(usage.cache_write_tokens),
            millis: if answered { details.ended_at.millis_since(details.started_at).max(0) } else { 0 },
        }
    }
}

impl Shared {
    fn of(row: &SpendRow) -> Self {
        let details = &row.details;
        Self {
            key: row.key.as_str().to_owned(),
            key_alias: details.key_alias.clone(),
            user: details.user_id.clone(),
            team: details.team_id.clone(),
            organization: details.organization_id.clone(),
            end_user: details.end_user.clone(),
            group: details.model_group.clone(),
            model: details.model.clone(),
            provider: details.provider.to_string(),
            call_type: details.call_type.to_string(),
            tags: details.tags.clone(),
        }
    }
}

/// A stretch that was summed.
struct Stretch {
    from: String,
    until: String,
    bytes: usize,
    sums: Sums,
}

/// How far one piece of work came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Summed {
    /// Everything that is old enough is summed.
    All,
    /// There is more.
    Some,
}

impl SpendLog {
    /// The sums of one day (the day of `day`), from the items and, behind them, from the rows.
    ///
    /// # Errors
    /// As [`crate::store::table::Table::query`]; [`ReadError::Corrupt`] where an item cannot be read.
    pub async fn sums_of(&self, day: Timestamp) -> Result<Sums, ReadError> {
        let mut all = Sums::new();
        let name = calendar::day(day);
        for sums in try_join_all((0..SHARDS_MAX).map(|shard| self.sums_of_shard(&name, shard))).await? {
            merge(&mut all, sums);
        }
        Ok(all)
    }

    async fn sums_of_shard(&self, day: &str, shard: u8) -> Result<Sums, ReadError> {
        let mut query = Query { limit: PAGE, ..Query::partition(summed(day, shard)) };
        let (mut sums, mut until) = (Sums::new(), String::new());
        loop {
            let page = self.table.query(&query).await?;
            for item in &page.items {
                let stretch = read(item)?;
                until = until.max(stretch.until);
                merge(&mut sums, stretch.sums);
            }
            match page.next {
                Some(next) => query.after = Some(next),
                None => break,
            }
        }
        let mut rows = self.rows(day, shard, (&until, "~"));
        loop {
            let page = self.table.query(&rows).await?;
            add_rows(&mut sums, &page.items)?;
            match page.next {
                Some(next) => rows.after = Some(next),
                None => return Ok(sums),
            }
        }
    }

    /// Sums some more of one shard (0 to 15) of the day of `day`, `rows_max` rows or a page more, and counts them. Rows
    /// that are younger than an hour at `now` are left. Two that do the same at once do it once.
    ///
    /// # Errors
    /// As the table.
    pub async fn sum_up(
        &self,
        (day, shard): (Timestamp, u8),
        now: Timestamp,
        rows_max: usize,
    ) -> Result<(Summed, usize), SumError> {
        let name = calendar::day(day);
        let end = now.plus_millis(-LATE_MILLIS).millis().div_euclid(STEP_MILLIS) * STEP_MILLIS;
        let next_day = (day.millis().div_euclid(DAY_MILLIS) + 1) * DAY_MILLIS;
        let end = id_prefix(Timestamp::from_millis(end.min(next_day)));
        let newest = Query { descending: true, limit: 1, ..Query::partition(summed(&name, shard)) };
        let last = self.table.query(&newest).await?.items.first().map(read).transpose()?;
        let begins = last.as_ref().map_or(String::new(), |stretch| stretch.until.clone());
        if begins >= end {
            return Ok((Summed::All, 0));
        }
        let mut rows = self.rows(&name, shard, (&begins, &end));
        let (mut sums, mut read, mut until) = (Sums::new(), 0, end);
        let all = loop {
            let page = self.table.query(&rows).await?;
            add_rows(&mut sums, &page.items)?;
            read += page.items.len();
            match page.next {
                None => break Summed::All,
                Some(next) if read >= rows_max => {
                    until = format!("{next}!");
                    break Summed::Some;
                }
                Some(next) => rows.after = Some(next),
            }
        };
        if read > 0 {
            self.store_stretch((&name, shard), last, (begins, until), sums).await?;
        }
        Ok((all, read))
    }

    /// Stores what was summed: with the stretch before it, where that has room.
    async fn store_stretch(
        &self,
        (day, shard): (&str, u8),
        last: Option<Stretch>,
        (begins, until): (String, String),
        mut sums: Sums,
    ) -> Result<(), SumError> {
        let (from, when) = match last {
            Some(last) if last.bytes < SUMS_BYTES_MAX => {
                merge(&mut sums, last.sums);
                (last.from, Condition::Equals("until".to_owned(), last.until.as_str().into()))
            }
            // A sort key is never empty.
            _ => (format!("0{begins}"), Condition::Absent),
        };
        let item = Item::new(Key::new(summed(day, shard), from)).with("until", until).with("sums", text_of(sums));
        match self.table.write(Write::Put { item, when: vec![when] }).await {
            // Somebody else did the same.
            Ok(_) | Err(WriteError::ConditionFailed { .. }) => Ok(()),
            Err(error) => Err(SumError::Write(error)),
        }
    }

    fn rows(&self, day: &str, shard: u8, (from, until): (&str, &str)) -> Query {
        Query {
            // Ids begin with digits; a stretch ends between two of them.
            range: SortRange::Between(if from.is_empty() { "0".to_owned() } else { from.to_owned() }, until.to_owned()),
            limit: PAGE,
            freshness: Freshness::Latest,
            ..Query::partition(partition(day, shard))
        }
    }
}

/// Whether all rows of the day of `day` are old enough to be summed.
pub fn is_over(day: Timestamp, now: Timestamp) -> bool {
    let next_day = (day.millis().div_euclid(DAY_MILLIS) + 1) * DAY_MILLIS;
    now.plus_millis(-LATE_MILLIS).millis() >= next_day
}

/// Why rows were not summed. Trying again is safe.
#[derive(Debug, thiserror::Error)]
pub enum SumError {
    /// The table could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The table could not be written.
    #[error(transparent)]
    Write(WriteError),
}

/// The partition of one shard's sums of a day.
pub(super) fn summed(day: &str, shard: u8) -> String {
    format!("SUMS#{day}#{shard:x}")
}

/// Sums as the item holds them.
pub(super) fn text_of(sums: Sums) -> String {
    // Maps and numbers always serialise.
    serde_json::to_string(&sums.into_iter().collect::<Vec<_>>()).unwrap_or_default()
}

/// What an item sums up.
///
/// # Errors
/// [`ReadError::Corrupt`] names the item.
pub(super) fn sums_in(item: &Item) -> Result<Sums, ReadError> {
    Ok(read(item)?.sums)
}

fn merge(into: &mut Sums, other: Sums) {
    for (shared, sum) in other {
        into.entry(shared).or_default().add(&sum);
    }
}

fn add_rows(sums: &mut Sums, items: &[Item]) -> Result<(), ReadError> {
    for item in items {
        let row = SpendRow::from_item(item)?;
        sums.entry(Shared::of(&row)).or_default().add(&Sum::of(&row));
    }
    Ok(())
}

fn read(item: &Item) -> Result<Stretch, ReadError> {
    let corrupt = || ReadError::Corrupt(format!("sums `{}` / `{}`", item.key.partition, item.key.sort));
    let text = item.text("sums").ok_or_else(corrupt)?;
    let sums: Vec<(Shared, Sum)> = serde_json::from_str(text).map_err(|_| corrupt())?;
    Ok(Stretch {
        from: item.key.sort.clone(),
        until: item.text("until").ok_or_else(corrupt)?.to_owned(),
        bytes: text.len(),
        sums: sums.into_iter().collect(),
    })
}

#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests;
