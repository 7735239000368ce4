//! `GET /spend/logs`, `GET /spend/logs/v2` and what is below them: the log row by row, or summed by day.

use super::row;
use super::span::Wanted;
use super::spend_admin::SpendAdmin;
use crate::accounting::spend_query::SpendQuery;
use crate::accounting::spend_row::SpendRow;
use crate::accounting::subject_keys::open_content;
use crate::auth::rights::Actor;
use crate::calendar;
use crate::clock::Timestamp;
use crate::flow::admin::error::{AdminError, Problem};
use crate::flow::admin::params::Params;
use crate::id::RequestId;
use crate::money::NanoDollars;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// Most rows in an answer that has no pages.
const ROWS_MAX: usize = 10_000;

/// Most rows that are counted for an answer with pages; beyond it the total is a lower bound and says so.
const COUNTED_MAX: u64 = 10_000;

#[derive(Default)]
struct Day {
    spend: NanoDollars,
    users: BTreeMap<String, NanoDollars>,
    models: BTreeMap<String, NanoDollars>,
    keys: BTreeMap<String, NanoDollars>,
}

impl SpendAdmin {
    /// The rows that the parameters ask for and the caller may see, newest first, 10,000 at most. A span given with both its ends is summed
    /// by day, unless `summarize` is false.
    ///
    /// # Errors
    /// [`AdminError::Form`], [`AdminError::Date`], and those of the store.
    pub async fn logs(&self, actor: &Actor, params: &Params, now: Timestamp) -> Result<Value, AdminError> {
        if let Some(request_id) = params.text("request_id") {
            return Ok(match self.found(actor, request_id).await? {
                Some(row) => json!([self.with_content(actor, &row).await]),
                None => json!([]),
            });
        }
        let summarize = params.flag("summarize")?.unwrap_or(true);
        let asked = self.asked(params, now)?;
        match asked.query {
            None => Ok(json!([])),
            Some(_) if asked.is_of_days && summarize => self.summed_days(actor, params).await,
            Some(query) if asked.has_span && summarize => self.days(actor, &query).await,
            Some(query) => {
                let mut rows = Vec::new();
                let visit = |row: SpendRow| {
                    rows.extend(Some(&row).filter(|row| sees(actor, row)).map(row::shown));
                    if rows.len() == ROWS_MAX { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                };
                self.log.visit(&query, visit).await?;
                Ok(rows.into())
            }
        }
    }

    /// One page of the rows that the parameters ask for, newest first.
    ///
    /// # Errors
    /// As [`SpendAdmin::logs`].
    pub async fn logs_page(&self, actor: &Actor, params: &Params, now: Timestamp) -> Result<Value, AdminError> {
        let page = params.number("page", 1, 1..=1_000_000)?;
        let size = params.number("page_size", 50, 1..=100)?;
        let (first, counted_max) = ((page - 1) * size, COUNTED_MAX.max(page * size));
        let (mut rows, mut total, mut capped) = (Vec::new(), 0, false);
        if let Some(query) = self.asked(params, now)?.query {
            let visit = |row: SpendRow| {
                if !sees(actor, &row) {
                    return ControlFlow::Continue(());
                }
                if (first..first + size).contains(&total) {
                    rows.push(Value::Object(row::listed(&row)));
                }
                capped = total == counted_max;
                total += u64::from(!capped);
                if capped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            self.log.visit(&query, visit).await?;
        }
        Ok(json!({
            "data": rows,
            "total": total,
            "page": page,
            "page_size": size,
            "total_pages": total.div_ceil(size),
            "total_is_capped": capped,
        }))
    }

    /// The calls of one session (`session_id`), newest first, as a page of [`SpendAdmin::logs_page`]. A session is the
    /// call that its id is of: none of several calls is kept, so that one row is read, and no log.
    ///
    /// # Errors
    /// [`AdminError::Form`] without `session_id`, and those of the store.
    pub async fn session_page(&self, actor: &Actor, params: &Params) -> Result<Value, AdminError> {
        let session = params.text("session_id").ok_or_else(|| Problem::missing(&["query", "session_id"]))?;
        let (page, size) = (params.number("page", 1, 1..=1_000_000)?, params.number("page_size", 50, 1..=100)?);
        let rows: Vec<SpendRow> = self.found(actor, session).await?.into_iter().collect();
        let total = rows.len() as u64;
        let shown = rows.iter().filter(|_| page == 1).map(row::listed);
        Ok(json!({
            "data": shown.collect::<Vec<_>>(),
            "total": total,
            "page": page,
            "page_size": size,
            "total_pages": total.div_ceil(size),
        }))
    }

    /// What is kept of one call: `messages`, `response` and `proxy_server_request`, each empty where nothing is, or where
    /// it is not the caller's to read. Null: there is no such call that the caller may see.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn kept_of_call(&self, actor: &Actor, request_id: &str) -> Result<Value, AdminError> {
        let Some(row) = self.found(actor, request_id).await? else { return Ok(Value::Null) };
        let mut shown = self.with_content(actor, &row).await;
        let kept = ["messages", "response", "proxy_server_request"];
        let mut taken = |name| shown.get_mut(name).map(Value::take).unwrap_or_default();
        Ok(Value::Object(kept.iter().map(|&name| (name.to_owned(), taken(name))).collect()))
    }

    /// The row of a call that the caller may see.
    async fn found(&self, actor: &Actor, request_id: &str) -> Result<Option<SpendRow>, AdminError> {
        let Some(request_id) = RequestId::parse(request_id) else { return Ok(None) };
        Ok(self.log.find(request_id).await?.filter(|row| sees(actor, row)))
    }

    /// A row with what is kept of its call. What was said is for those who said it, and for who sees everything.
    async fn with_content(&self, actor: &Actor, found: &SpendRow) -> Value {
        let mut shown = row::shown(found);
        let own = found.key == actor.key || found.details.user_id.as_deref().is_some_and(|id| actor.is_user(id));
        if let Some(subjects) = self.subjects.as_ref().filter(|_| own || actor.is_unbounded()) {
            row::add_content(&mut shown, open_content(subjects, found).await);
        }
        shown
    }

    async fn summed_days(&self, actor: &Actor, params: &Params) -> Result<Value, AdminError> {
        let days = self.named_days(actor, params, &Wanted::read(params)).await?;
        let mut shown = Vec::new();
        for (date, sums) in &days {
            let mut day = Day::default();
            for (shared, sum) in sums {
                let cost = NanoDollars::new(sum.nanos);
                day.spend += cost;
                *day.users.entry(shared.user.clone().unwrap_or_default()).or_default() += cost;
                *day.models.entry(shared.model.clone()).or_default() += cost;
                *day.keys.entry(shared.key.clone()).or_default() += cost;
            }
            shown.push(Value::Object(shown_day(date, &day)));
        }
        Ok(shown.into())
    }

    async fn days(&self, actor: &Actor, query: &SpendQuery) -> Result<Value, AdminError> {
        let mut days: BTreeMap<String, Day> = BTreeMap::new();
        let add = |sums: &mut BTreeMap<String, NanoDollars>, name: &str, cost| {
            *sums.entry(name.to_owned()).or_default() += cost;
        };
        self.log
            .visit(query, |row| {
                if !sees(actor, &row) {
                    return ControlFlow::Continue(());
                }
                let day = days.entry(calendar::day(row.details.started_at)).or_default();
                day.spend += row.cost;
                add(&mut day.users, row.details.user_id.as_deref().unwrap_or_default(), row.cost);
                add(&mut day.models, &row.details.model, row.cost);
                add(&mut day.keys, row.key.as_str(), row.cost);
                ControlFlow::Continue(())
            })
            .await?;
        Ok(days.iter().map(|(date, day)| Value::Object(shown_day(date, day))).collect())
    }
}

/// Whether the caller may see a row.
pub(super) fn sees(actor: &Actor, row: &SpendRow) -> bool {
    let details = &row.details;
    let above = (details.team_id.as_deref(), details.organization_id.as_deref());
    actor.scope().sees_spend(row.key.as_str(), details.user_id.as_deref(), above)
}

/// A day's sums; those of its keys stand beside the others under their hashes.
fn shown_day(date: &str, day: &Day) -> Map<String, Value> {
    let dollars = |sums: &BTreeMap<String, NanoDollars>| -> Map<String, Value> {
        sums.iter().map(|(name, sum)| (name.clone(), sum.dollars().into())).collect()
    };
    let mut shown = dollars(&day.keys);
    shown.insert("startTime".to_owned(), date.into());
    shown.insert("spend".to_owned(), day.spend.dollars().into());
    shown.insert("users".to_owned(), dollars(&day.users).into());
    shown.insert("models".to_owned(), dollars(&day.models).into());
    shown
}
