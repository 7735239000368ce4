//! Rows of the log for reports that no sum answers, bounded in days and in rows: days on which the sums know of no such
//! call are not read.

use super::logs::sees;
use super::spend_admin::SpendAdmin;
use crate::accounting::spend_query::SpendQuery;
use crate::accounting::spend_row::SpendRow;
use crate::accounting::spend_sums::{Shared, Sum};
use crate::auth::rights::Actor;
use crate::calendar::DAY_MILLIS;
use crate::clock::Timestamp;
use crate::crypto::key_hash;
use crate::flow::admin::error::AdminError;
use crate::flow::admin::params::Params;
use crate::id::KeyHash;
use std::ops::ControlFlow;

/// Days before the span's end that are looked at, at most. A longer span is cut at its start.
const DAYS_MAX: i64 = 31;

/// Rows that are read for one report, the newest first. What more there is is left out, and the report says so.
const ROWS_MAX: usize = 50_000;

/// Which rows a report reads.
#[derive(Clone, Debug)]
pub(super) struct Scan {
    /// The span, both ends included.
    pub(super) span: (Timestamp, Timestamp),
    /// The public model name; `None`: any.
    pub(super) group: Option<String>,
    /// The key that paid.
    pub(super) key: Option<KeyHash>,
    /// The end user.
    pub(super) end_user: Option<String>,
    /// Whether only calls that failed are read.
    pub(super) only_failed: bool,
}

impl Scan {
    /// What `_selected_model_group`, `api_key` and `customer` ask for, between `startTime` and `endTime`; where nobody says
    /// when, in the last `days` days. `None`: no row can be meant.
    ///
    /// # Errors
    /// [`AdminError::Date`].
    pub(super) fn read(params: &Params, days: i64, now: Timestamp) -> Result<Option<Self>, AdminError> {
        let until = params.time("endTime")?.map_or(now, |end| end_of(end, now));
        let from = params.time("startTime")?.map_or_else(|| until.plus_millis(-days * DAY_MILLIS), |(at, _)| at);
        // What its page sends where nothing is chosen.
        let chosen = |name| params.text(name).filter(|text| *text != "undefined" && *text != "null");
        let key = chosen("api_key").map(key_hash::hash_if_needed);
        Ok((key != Some(None)).then(|| Self {
            span: (from, until),
            group: chosen("_selected_model_group").map(str::to_owned),
            key: key.flatten(),
            end_user: chosen("customer").map(str::to_owned),
            only_failed: false,
        }))
    }

    fn admits_sum(&self, shared: &Shared, sum: &Sum) -> bool {
        self.group.as_ref().is_none_or(|group| *group == shared.group)
            && self.key.as_ref().is_none_or(|key| key.as_str() == shared.key)
            && (self.end_user.is_none() || self.end_user == shared.end_user)
            && (!self.only_failed || sum.failed > 0)
    }

    fn admits(&self, row: &SpendRow) -> bool {
        self.group.as_ref().is_none_or(|group| *group == row.details.model_group)
            && (self.end_user.is_none() || self.end_user == row.details.end_user)
            && (!self.only_failed || !row.details.outcome.is_success())
    }
}

/// An end that is a day means all of it. Nothing can have arrived later than now; a day is left for clocks that differ.
pub(super) fn end_of((at, is_day): (Timestamp, bool), now: Timestamp) -> Timestamp {
    let end = if is_day { at.plus_millis(DAY_MILLIS - 1) } else { at };
    end.min(now.plus_millis(DAY_MILLIS))
}

impl SpendAdmin {
    /// Shows `take` the rows that the caller may see, the newest first. Whether some were left out, as there are more than
    /// 50,000 to read or as the span is longer than 31 days.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn scan(
        &self,
        actor: &Actor,
        scan: &Scan,
        mut take: impl FnMut(SpendRow),
    ) -> Result<bool, AdminError> {
        let (from, until) = scan.span;
        let last = until.millis().div_euclid(DAY_MILLIS);
        let asked = from.millis().div_euclid(DAY_MILLIS);
        let first = asked.max(last - (DAYS_MAX - 1));
        let (mut read, mut is_more) = (0, false);
        for day in (first..=last).rev() {
            let midnight = Timestamp::from_millis(day * DAY_MILLIS);
            let sums = self.log.sums_of(midnight).await?;
            if !sums.iter().any(|(shared, sum)| scan.admits_sum(shared, sum)) {
                continue;
            }
            let span = (from.max(midnight), until.min(midnight.plus_millis(DAY_MILLIS - 1)));
            let query = SpendQuery { key: scan.key.clone(), ..SpendQuery::span(span.0, span.1) };
            let visit = |row: SpendRow| {
                if read == ROWS_MAX {
                    is_more = true;
                    return ControlFlow::Break(());
                }
                read += 1;
                if scan.admits(&row) && sees(actor, &row) {
                    take(row);
                }
                ControlFlow::Continue(())
            };
            self.log.visit(&query, visit).await?;
            if is_more {
                return Ok(true);
            }
        }
        Ok(asked < first)
    }
}
