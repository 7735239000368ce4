//! `/model/metrics…`, `/model/streaming_metrics` and `/global/activity/exceptions…`: how fast deployments are, and how
//! they fail. A deployment is known by its address, or by its model where it has none. Only rows say all this, and
//! [`super::scan`] bounds how many are read.

use super::scan::{Scan, end_of};
use super::spend_admin::SpendAdmin;
use crate::accounting::spend_row::{Outcome, SpendRow};
use crate::auth::rights::Actor;
use crate::calendar;
use crate::clock::Timestamp;
use crate::flow::admin::error::{AdminError, Problem};
use crate::flow::admin::params::Params;
use serde_json::{Map, Value, json};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Days that are told where nobody says which.
const USUAL_DAYS: i64 = 30;

/// The same of first tokens.
const USUAL_DAYS_OF_STREAMS: i64 = 7;

/// From how long on a call is slow, in milliseconds.
const SLOW_MILLIS: i64 = 300_000;

/// Most deployments in a list of those that were asked too much.
const LIMITED_MAX: usize = 10;

/// Most deployments in a list of those that failed.
const FAILED_MAX: usize = 200;

/// Most calls in a list of single ones.
const CALLS_MAX: usize = 10_000;

/// What is told of deployments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeploymentReport {
    /// Answers of 429 on each day.
    Limited,
    /// The same of each deployment.
    LimitedByDeployment,
    /// Seconds for each token of answers.
    Latencies,
    /// Errors by their class.
    Failures,
    /// Calls that took long.
    Slow,
    /// Seconds to the first token of streams.
    FirstTokens,
}

impl SpendAdmin {
    /// The report on what the parameters ask for. `is_capped` says that there was more than is read: see
    /// [`super::scan`].
    ///
    /// # Errors
    /// [`AdminError::Form`] or [`AdminError::Refused`] where a parameter is missing; [`AdminError::Date`], and those of
    /// the store.
    pub async fn deployments(
        &self,
        actor: &Actor,
        report: DeploymentReport,
        params: &Params,
        now: Timestamp,
    ) -> Result<Value, AdminError> {
        let days = if report == DeploymentReport::FirstTokens { USUAL_DAYS_OF_STREAMS } else { USUAL_DAYS };
        let scan = match report {
            DeploymentReport::Limited | DeploymentReport::LimitedByDeployment => Some(named(params, now)?),
            _ => Scan::read(params, days, now)?,
        };
        let Some(mut scan) = scan else { return Ok(empty(report)) };
        Ok(match report {
            DeploymentReport::Limited => self.limited(actor, &scan).await?,
            DeploymentReport::LimitedByDeployment => self.limited_by_deployment(actor, &scan).await?,
            DeploymentReport::Latencies => self.latencies(actor, &scan).await?,
            DeploymentReport::FirstTokens => self.first_tokens(actor, &scan).await?,
            DeploymentReport::Slow => self.slow(actor, &scan).await?,
            DeploymentReport::Failures => {
                scan.only_failed = true;
                self.failures(actor, &scan).await?
            }
        })
    }

    async fn limited(&self, actor: &Actor, scan: &Scan) -> Result<Value, AdminError> {
        let mut days: BTreeMap<String, u64> = BTreeMap::new();
        let take = |row: SpendRow| {
            if is_limited(&row) {
                *days.entry(calendar::day(row.details.started_at)).or_default() += 1;
            }
        };
        let is_capped = self.scan(actor, scan, take).await?;
        Ok(counted(&days, is_capped).into())
    }

    async fn limited_by_deployment(&self, actor: &Actor, scan: &Scan) -> Result<Value, AdminError> {
        let mut found: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        let take = |row: SpendRow| {
            if is_limited(&row) {
                let days = found.entry(deployment(&row)).or_default();
                *days.entry(calendar::day(row.details.started_at)).or_default() += 1;
            }
        };
        let is_capped = self.scan(actor, scan, take).await?;
        let mut found: Vec<_> = found.into_iter().collect();
        found.sort_by_key(|(_, days)| Reverse(days.values().sum::<u64>()));
        let shown = found.into_iter().take(LIMITED_MAX).map(|(deployment, days)| {
            let mut shown = counted(&days, is_capped);
            shown.insert("api_base".to_owned(), deployment.into());
            Value::Object(shown)
        });
        Ok(shown.collect())
    }

    async fn latencies(&self, actor: &Actor, scan: &Scan) -> Result<Value, AdminError> {
        let mut found = Averages::default();
        let take = |row: SpendRow| {
            let details = &row.details;
            let tokens = details.usage.completion_tokens;
            if !details.cache_hit && tokens > 0 {
                let seconds = seconds(details.started_at, details.ended_at);
                found.add(calendar::day(details.started_at), deployment(&row), seconds / tokens as f64);
            }
        };
        let is_capped = self.scan(actor, scan, take).await?;
        Ok(found.shown(is_capped))
    }

    /// Call by call where the span is one day.
    async fn first_tokens(&self, actor: &Actor, scan: &Scan) -> Result<Value, AdminError> {
        let (from, until) = scan.span;
        let by_call = calendar::day(from) == calendar::day(until);
        let (mut found, mut left_out) = (Averages::default(), false);
        let take = |row: SpendRow| {
            let details = &row.details;
            let Some(first) = details.first_token_at.filter(|first| *first != details.ended_at) else { return };
            if details.cache_hit {
                return;
            }
            let name = if by_call { row.request_id.to_string() } else { calendar::day(details.started_at) };
            if found.0.len() < CALLS_MAX {
                found.add(name, deployment(&row), seconds(details.started_at, first));
            } else {
                left_out = true;
            }
        };
        let is_capped = self.scan(actor, scan, take).await?;
        Ok(found.shown(is_capped || left_out))
    }

    async fn slow(&self, actor: &Actor, scan: &Scan) -> Result<Value, AdminError> {
        let mut found: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        let take = |row: SpendRow| {
            if !row.details.cache_hit {
                let (all, slow) = found.entry(deployment(&row)).or_default();
                *all += 1;
                *slow += u64::from(row.details.ended_at.millis_since(row.details.started_at) >= SLOW_MILLIS);
            }
        };
        let is_capped = self.scan(actor, scan, take).await?;
        let mut found: Vec<_> = found.into_iter().collect();
        found.sort_by_key(|(_, (_, slow))| Reverse(*slow));
        let shown = found.into_iter().map(|(deployment, (all, slow))| {
            json!({"api_base": deployment, "total_count": all, "slow_count": slow, "is_capped": is_capped})
        });
        Ok(shown.collect())
    }

    async fn failures(&self, actor: &Actor, scan: &Scan) -> Result<Value, AdminError> {
        let mut found: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        let take = |row: SpendRow| {
            let Outcome::Failure { class, .. } = &row.details.outcome else { return };
            let (model, base) = (&row.details.model, &row.details.api_base);
            let name = if base.is_empty() { deployment(&row) } else { format!("{model}-{base}") };
            *found.entry(name).or_default().entry(class.clone()).or_default() += 1;
        };
        let is_capped = self.scan(actor, scan, take).await?;
        let classes: BTreeSet<&String> = found.values().flat_map(BTreeMap::keys).collect();
        let mut models: Vec<_> = found.iter().map(|(name, of)| (name, of, of.values().sum::<u64>())).collect();
        models.sort_by_key(|(.., total)| Reverse(*total));
        let shown = models.iter().take(FAILED_MAX).map(|(name, of, total)| {
            let mut shown: Map<String, Value> =
                of.iter().map(|(class, count)| (class.clone(), (*count).into())).collect();
            shown.insert("model".to_owned(), name.as_str().into());
            shown.insert("total_exceptions".to_owned(), (*total).into());
            Value::Object(shown)
        });
        let data: Vec<Value> = shown.collect();
        Ok(json!({"data": data, "exception_types": classes, "is_capped": is_capped}))
    }
}

/// Averages of deployments, by day or call.
#[derive(Default)]
struct Averages(BTreeMap<String, BTreeMap<String, (f64, u32)>>);

impl Averages {
    fn add(&mut self, of: String, deployment: String, value: f64) {
        let (sum, count) = self.0.entry(of).or_default().entry(deployment).or_default();
        *sum += value;
        *count += 1;
    }

    fn shown(&self, is_capped: bool) -> Value {
        let bases: BTreeSet<&String> = self.0.values().flat_map(BTreeMap::keys).collect();
        let entry = |(of, averages): (&String, &BTreeMap<String, (f64, u32)>)| {
            let average = |(name, (sum, count)): (&String, &(f64, u32))| (name.clone(), json!(sum / f64::from(*count)));
            let mut shown: Map<String, Value> = averages.iter().map(average).collect();
            shown.insert("date".to_owned(), of.as_str().into());
            Value::Object(shown)
        };
        let data: Vec<Value> = self.0.iter().map(entry).collect();
        json!({"data": data, "all_api_bases": bases, "is_capped": is_capped})
    }
}

/// Failed calls of `model_group` on the days from `start_date` to `end_date`, all of which must be named.
fn named(params: &Params, now: Timestamp) -> Result<Scan, AdminError> {
    let group = params.text("model_group").ok_or_else(|| Problem::missing(&["query", "model_group"]))?;
    let (Some((start, _)), Some(end)) = (params.time("start_date")?, params.time("end_date")?) else {
        return Err(AdminError::Refused("Please provide start_date and end_date".to_owned()));
    };
    let (group, span) = (Some(group.to_owned()), (start, end_of(end, now)));
    Ok(Scan { span, group, key: None, end_user: None, only_failed: true })
}

fn empty(report: DeploymentReport) -> Value {
    match report {
        DeploymentReport::Limited => counted(&BTreeMap::new(), false).into(),
        DeploymentReport::LimitedByDeployment | DeploymentReport::Slow => json!([]),
        DeploymentReport::Latencies | DeploymentReport::FirstTokens => Averages::default().shown(false),
        DeploymentReport::Failures => json!({"data": [], "exception_types": [], "is_capped": false}),
    }
}

fn counted(days: &BTreeMap<String, u64>, is_capped: bool) -> Map<String, Value> {
    let daily = days.iter().map(|(date, count)| json!({"date": date, "num_rate_limit_exceptions": count}));
    Map::from_iter([
        ("daily_data".to_owned(), daily.collect()),
        ("sum_num_rate_limit_exceptions".to_owned(), days.values().sum::<u64>().into()),
        ("is_capped".to_owned(), is_capped.into()),
    ])
}

/// Whether the call was one too many, for its provider or for a limit here.
fn is_limited(row: &SpendRow) -> bool {
    matches!(&row.details.outcome, Outcome::Failure { code, .. } if code == "429")
}

/// Azure's addresses go on with the deployment's name, which the model says as well.
fn deployment(row: &SpendRow) -> String {
    let details = &row.details;
    let base = details.api_base.split("/openai/").next().unwrap_or_default();
    let names = [base, &details.model, &details.model_group];
    names.into_iter().find(|name| !name.is_empty()).unwrap_or_default().to_owned()
}

fn seconds(from: Timestamp, until: Timestamp) -> f64 {
    until.millis_since(from).max(0) as f64 / 1000.0
}
