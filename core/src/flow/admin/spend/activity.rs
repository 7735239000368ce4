//! `…/daily/activity`: what was used on each day, and by what: models, providers, keys, and the teams, organizations, tags
//! or end users that the report is about.

use super::span::{Days, Wanted, by, dollars, total};
use super::spend_admin::SpendAdmin;
use crate::accounting::spend_sums::{Shared, Sum, Sums};
use crate::auth::rights::Actor;
use crate::flow::admin::error::AdminError;
use crate::flow::admin::params::Params;
use serde_json::{Map, Value, json};

/// Whose activity is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// Of users.
    Users,
    /// Of teams.
    Teams,
    /// Of organizations.
    Organizations,
    /// Of tags.
    Tags,
    /// Of end users.
    EndUsers,
}

/// Days on a page where nobody says how many.
const PAGE_DAYS: u64 = 1000;

impl Activity {
    /// Those of this kind that a call counts for.
    fn of(self, shared: &Shared) -> Vec<&str> {
        let one = match self {
            Self::Users => &shared.user,
            Self::Teams => &shared.team,
            Self::Organizations => &shared.organization,
            Self::EndUsers => &shared.end_user,
            Self::Tags => return shared.tags.iter().map(String::as_str).collect(),
        };
        one.as_deref().into_iter().collect()
    }
}

impl SpendAdmin {
    /// The days that the parameters ask for, the latest first, page by page; on one page where `aggregated`.
    ///
    /// # Errors
    /// [`AdminError::Refused`] without `start_date` and `end_date`; [`AdminError::Form`], and those of the store.
    pub async fn activity(
        &self,
        actor: &Actor,
        of: Activity,
        params: &Params,
        aggregated: bool,
    ) -> Result<Value, AdminError> {
        let page = params.number("page", 1, 1..=1_000_000)?;
        let size = if aggregated { 1 << 32 } else { params.number("page_size", PAGE_DAYS, 1..=PAGE_DAYS)? };
        let mut days = self.named_days(actor, params, &Wanted::read(params)).await?;
        if of != Activity::Users {
            days.values_mut().for_each(|sums| sums.retain(|shared, _| !of.of(shared).is_empty()));
            days.retain(|_, sums| !sums.is_empty());
        }
        let skip = usize::try_from((page - 1).saturating_mul(size)).unwrap_or(usize::MAX);
        let shown = days.iter().rev().skip(skip).take(size as usize);
        let results: Vec<Value> = shown.map(|(date, sums)| shown_day(of, date, sums)).collect();
        let pages = (days.len() as u64).div_ceil(size);
        Ok(json!({"results": results, "metadata": totals(&days, (page, pages))}))
    }
}

fn shown_day(of: Activity, date: &str, sums: &Sums) -> Value {
    let mut entities: Vec<(&str, &Shared, &Sum)> = Vec::new();
    for (shared, sum) in sums {
        entities.extend(of.of(shared).into_iter().map(|name| (name, shared, sum)));
    }
    let mut names: Vec<&str> = entities.iter().map(|(name, ..)| *name).collect();
    names.sort_unstable();
    names.dedup();
    let entity = |name: &str| {
        let own = entities.iter().filter(|(of, ..)| *of == name).map(|(_, shared, sum)| (*shared, *sum));
        (name.to_owned(), part(&own.collect::<Vec<_>>()))
    };
    json!({
        "date": date,
        "metrics": metrics(&total(sums.values())),
        "breakdown": {
            "models": parts(sums, |shared| &shared.model),
            "model_groups": parts(sums, |shared| &shared.group),
            "providers": parts(sums, |shared| &shared.provider),
            "endpoints": parts(sums, |shared| &shared.call_type),
            "mcp_servers": {},
            "api_keys": keys(&sums.iter().collect::<Vec<_>>()),
            "entities": names.into_iter().map(entity).collect::<Map<_, _>>(),
        },
    })
}

/// The day by something that calls have in common, with the keys below each.
fn parts(sums: &Sums, of: impl Fn(&Shared) -> &String) -> Map<String, Value> {
    let mut names: Vec<&String> = sums.keys().map(&of).filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    let own = |name: &String| -> Vec<_> { sums.iter().filter(|(shared, _)| of(shared) == name).collect() };
    names.into_iter().map(|name| (name.clone(), part(&own(name)))).collect()
}

fn part(sums: &[(&Shared, &Sum)]) -> Value {
    let metrics = metrics(&total(sums.iter().map(|(_, sum)| *sum)));
    json!({"metrics": metrics, "metadata": {}, "api_key_breakdown": keys(sums)})
}

fn keys(sums: &[(&Shared, &Sum)]) -> Map<String, Value> {
    let by_key = by(sums.iter().copied(), |shared| (&shared.key, &shared.key_alias, &shared.team));
    by_key
        .into_iter()
        .map(|((key, alias, team), sum)| {
            (key.clone(), json!({"metrics": metrics(&sum), "metadata": {"key_alias": alias, "team_id": team}}))
        })
        .collect()
}

fn metrics(sum: &Sum) -> Value {
    json!({
        "spend": dollars(sum),
        "prompt_tokens": sum.prompt_tokens,
        "completion_tokens": sum.completion_tokens,
        "cache_read_input_tokens": sum.cache_read_tokens,
        "cache_creation_input_tokens": sum.cache_write_tokens,
        "total_tokens": sum.prompt_tokens + sum.completion_tokens,
        "successful_requests": sum.calls - sum.failed,
        "failed_requests": sum.failed,
        "api_requests": sum.calls,
    })
}

/// Figures of features that there are none of here are zero: nothing was saved by them, nothing charged for them.
fn totals(days: &Days, (page, pages): (u64, u64)) -> Value {
    let sum = total(days.values().flat_map(Sums::values));
    json!({
        "total_spend": dollars(&sum),
        "total_flat_cost": 0.0,
        "total_prompt_tokens": sum.prompt_tokens,
        "total_completion_tokens": sum.completion_tokens,
        "total_tokens": sum.prompt_tokens + sum.completion_tokens,
        "total_api_requests": sum.calls,
        "total_successful_requests": sum.calls - sum.failed,
        "total_failed_requests": sum.failed,
        "total_cache_read_input_tokens": sum.cache_read_tokens,
        "total_cache_creation_input_tokens": sum.cache_write_tokens,
        "total_compression_saved_tokens": 0,
        "total_compression_savings_spend": 0.0,
        "total_prompt_caching_savings_spend": 0.0,
        "total_gateway_injected_caching_savings_spend": 0.0,
        "total_autorouter_savings_spend": 0.0,
        "total_response_time_ms": sum.millis,
        "total_timed_requests": sum.calls - sum.failed,
        "page": page,
        "total_pages": pages,
        "has_more": page < pages,
        "api_key_limit": null,
        "total_api_keys": null,
        "entity_total_api_keys": null,
    })
}
