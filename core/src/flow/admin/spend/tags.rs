//! `/tag/distinct`, `/tag/summary`, `/tag/dau`, `/tag/wau` and `/tag/mau`: who uses what, by the tags of calls. A user is
//! that of the key that paid; what no user paid counts for nobody.

use super::span::{Days, Wanted, all};
use super::spend_admin::SpendAdmin;
use crate::accounting::spend_sums::Sum;
use crate::auth::rights::Actor;
use crate::calendar::{self, DAY_MILLIS};
use crate::clock::Timestamp;
use crate::flow::admin::error::AdminError;
use crate::flow::admin::params::Params;
use crate::money::NanoDollars;
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Most tags that are listed.
const TAGS_MAX: usize = 250;

/// How many days, weeks or months are told.
const PERIODS: i64 = 7;

/// What is told of tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagReport {
    /// Which there are.
    Distinct,
    /// How each was used.
    Summary,
    /// Its users on each day.
    Daily,
    /// Its users in each week.
    Weekly,
    /// Its users in each thirty days.
    Monthly,
}

/// Which tags are meant.
pub(super) struct TagFilter {
    exact: Vec<String>,
    part: Option<String>,
}

impl TagFilter {
    /// `tag_filters`: these tags; else `tag_filter`: those that have it in them, in whichever case.
    pub(super) fn read(params: &Params) -> Self {
        Self { exact: params.list("tag_filters"), part: params.text("tag_filter").map(str::to_lowercase) }
    }

    pub(super) fn admits(&self, tag: &str) -> bool {
        if self.exact.is_empty() {
            return self.part.as_deref().is_none_or(|part| tag.to_lowercase().contains(part));
        }
        self.exact.iter().any(|exact| exact == tag)
    }
}

/// How one tag was used.
#[derive(Default)]
struct Use<'d> {
    sum: Sum,
    users: BTreeSet<&'d str>,
}

impl SpendAdmin {
    /// How tags were used by those whom the caller may see. The summary is of the days that are named, the list of the
    /// last thirty; users are counted up to now, over seven days, weeks, or times thirty days.
    ///
    /// # Errors
    /// [`AdminError::Refused`] for a summary without `start_date` and `end_date`; [`AdminError::Date`], and those of the
    /// store.
    pub async fn tag_report(
        &self,
        actor: &Actor,
        report: TagReport,
        params: &Params,
        now: Timestamp,
    ) -> Result<Value, AdminError> {
        let (filter, everything) = (TagFilter::read(params), Wanted::default());
        let results = match report {
            TagReport::Distinct => {
                let days = self.days_or_recent(actor, &Params::default(), &everything, now).await?;
                let used = used(&days, |_| true, &filter);
                used.iter().take(TAGS_MAX).map(|(tag, _)| json!({ "tag": tag })).collect()
            }
            TagReport::Summary => {
                let days = self.named_days(actor, params, &everything).await?;
                used(&days, |_| true, &filter).iter().map(|(tag, used)| summary(tag, used)).collect()
            }
            TagReport::Daily => {
                let first = now.plus_millis(-(PERIODS - 1) * DAY_MILLIS);
                let days = self.days_between(actor, (first, now), &everything).await?;
                let mut shown = Vec::new();
                for day in days.keys().rev() {
                    let told = |tag: &str, users| json!({"tag": tag, "active_users": users, "date": day});
                    shown.extend(active(&days, |of| of == day, &filter).map(|(tag, users)| told(tag, users)));
                }
                shown
            }
            TagReport::Weekly => self.periods(actor, &filter, (7, "Week", "%b %d"), now).await?,
            TagReport::Monthly => self.periods(actor, &filter, (30, "Month", "%b"), now).await?,
        };
        Ok(json!({ "results": results }))
    }

    /// The users of tags in each of the last periods of so many days, the earliest first. The last ends tomorrow, as
    /// LiteLLM's does.
    async fn periods(
        &self,
        actor: &Actor,
        filter: &TagFilter,
        (length, word, form): (i64, &str, &str),
        now: Timestamp,
    ) -> Result<Vec<Value>, AdminError> {
        let tomorrow = now.plus_millis(DAY_MILLIS);
        let first = tomorrow.plus_millis(-(PERIODS * length - 1) * DAY_MILLIS);
        let days = self.days_between(actor, (first, now), &Wanted::default()).await?;
        let mut shown = Vec::new();
        for number in 1..=PERIODS {
            let end = tomorrow.plus_millis(-(PERIODS - number) * length * DAY_MILLIS);
            let start = end.plus_millis(-(length - 1) * DAY_MILLIS);
            let (begins, ends) = (calendar::day(start), calendar::day(end));
            let name = format!("{word} {number} ({})", calendar::civil(start).strftime(form));
            let within = |day: &str| begins.as_str() <= day && day <= ends.as_str();
            shown.extend(active(&days, within, filter).map(|(tag, users)| {
                json!({"tag": tag, "active_users": users, "date": name, "period_start": begins, "period_end": ends})
            }));
        }
        Ok(shown)
    }
}

/// How each tag was used on some of the days, the most used first. A call counts for each of its tags.
fn used<'d>(days: &'d Days, on: impl Fn(&str) -> bool, filter: &TagFilter) -> Vec<(&'d str, Use<'d>)> {
    let mut found: BTreeMap<&str, Use<'d>> = BTreeMap::new();
    for (shared, sum) in all(days.iter().filter(|(day, _)| on(day))) {
        // Of a tag that a call names twice, it counts once.
        let tags: BTreeSet<&str> = shared.tags.iter().map(String::as_str).filter(|tag| filter.admits(tag)).collect();
        for tag in tags {
            let entry = found.entry(tag).or_default();
            entry.sum.add(sum);
            entry.users.extend(shared.user.as_deref());
        }
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by_key(|(_, used)| Reverse(used.sum.calls));
    found
}

/// Tags with how many users they had on some of the days, the most first.
fn active<'d>(days: &'d Days, on: impl Fn(&str) -> bool, filter: &TagFilter) -> impl Iterator<Item = (&'d str, usize)> {
    let used = used(days, on, filter).into_iter().map(|(tag, used)| (tag, used.users.len()));
    let mut active: Vec<_> = used.filter(|(_, users)| *users > 0).collect();
    active.sort_by_key(|(_, users)| Reverse(*users));
    active.into_iter()
}

fn summary(tag: &str, Use { sum, users }: &Use<'_>) -> Value {
    json!({
        "tag": tag,
        "unique_users": users.len(),
        "total_requests": sum.calls,
        "successful_requests": sum.calls - sum.failed,
        "failed_requests": sum.failed,
        "total_tokens": sum.prompt_tokens + sum.completion_tokens,
        "total_spend": NanoDollars::new(sum.nanos).dollars(),
    })
}
