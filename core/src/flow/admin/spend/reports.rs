//! `/spend/tags`, `/global/spend/…` and `/global/activity…`: sums of the days asked for, by one thing or another.

use super::span::{Days, Wanted, all, by, dollars, total};
use super::spend_admin::SpendAdmin;
use crate::accounting::spend_sums::{Shared, Sum, Sums};
use crate::auth::rights::Actor;
use crate::clock::Timestamp;
use crate::flow::admin::body::{self, Field, Kind};
use crate::flow::admin::error::{AdminError, Problem};
use crate::flow::admin::params::Params;
use serde_json::{Map, Value, json};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Fields of the body that asks for the sums of end users.
pub const END_USERS: &[Field] = &[("api_key", Kind::Text), ("startTime", Kind::Text), ("endTime", Kind::Text)];

/// What a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// `/spend/tags`.
    Tags,
    /// `/global/spend/tags`.
    GlobalTags,
    /// `/global/spend/all_tag_names`.
    TagNames,
    /// `/global/all_end_users`.
    EndUserNames,
    /// `/global/spend/logs`.
    Days,
    /// `/global/spend/provider`.
    Providers,
    /// `/global/spend/teams`.
    Teams,
    /// `/global/spend/report`.
    Groups,
    /// `/global/activity`.
    Activity,
    /// `/global/activity/model`.
    ModelActivity,
    /// `/global/activity/cache_hits`.
    CacheHits,
}

impl SpendAdmin {
    /// The report on the days that the parameters name.
    ///
    /// # Errors
    /// [`AdminError::Form`], [`AdminError::Refused`] where a span must be named, and those of the store.
    pub async fn report(
        &self,
        actor: &Actor,
        report: Report,
        params: &Params,
        now: Timestamp,
    ) -> Result<Value, AdminError> {
        let wanted = Wanted::read(params);
        let days = match report {
            Report::Groups | Report::Activity | Report::ModelActivity | Report::CacheHits => {
                self.named_days(actor, params, &wanted).await?
            }
            _ => self.days_or_recent(actor, params, &wanted, now).await?,
        };
        Ok(match report {
            Report::Tags => tags(&days)
                .iter()
                .map(|(tag, sum)| {
                    json!({"individual_request_tag": tag, "log_count": sum.calls, "total_spend": dollars(sum)})
                })
                .collect(),
            Report::GlobalTags => {
                let shown = tags(&days);
                let shown = shown
                    .iter()
                    .map(|(tag, sum)| json!({"name": tag, "spend": dollars(sum), "log_count": sum.calls}));
                json!({"spend_per_tag": shown.collect::<Vec<_>>()})
            }
            Report::TagNames => {
                let mut names: Vec<&str> = tags(&days).into_iter().map(|(tag, _)| tag).collect();
                names.sort_unstable();
                json!({"tag_names": names})
            }
            Report::EndUserNames => {
                let users = by(all(&days), |shared| shared.end_user.as_deref());
                json!({"end_users": users.into_keys().flatten().collect::<Vec<_>>()})
            }
            Report::Days => days
                .iter()
                .map(|(date, sums)| json!({"date": date, "spend": dollars(&total(sums.values()))}))
                .collect(),
            Report::Providers => dearest(by(all(&days), |shared| shared.provider.as_str()))
                .iter()
                .filter(|(provider, _)| !provider.is_empty())
                .map(|(provider, sum)| json!({"provider": provider, "spend": dollars(sum)}))
                .collect(),
            Report::Teams => teams(&days),
            Report::Groups => groups(&days, params)?,
            Report::Activity => activity(&days, |_| true).into(),
            Report::ModelActivity => model_activity(&days),
            Report::CacheHits => cache_hits(&days),
        })
    }

    /// What end users spent (`POST /global/spend/end_users`), the dearest first.
    ///
    /// # Errors
    /// The mistakes of a body, and those of the store.
    pub async fn end_users(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let body: &[u8] = if body.trim_ascii().is_empty() { b"{}" } else { body };
        let asked = body::read(body, END_USERS)?;
        let named =
            |(name, _): &(&str, Kind)| Some(((*name).to_owned(), asked.get(*name).and_then(Value::as_str)?.to_owned()));
        let params = Params::new(END_USERS.iter().filter_map(named));
        let days = self.days_or_recent(actor, &params, &Wanted::read(&params), now).await?;
        let users = dearest(by(all(&days), |shared| shared.end_user.as_deref()));
        Ok(users
            .iter()
            .filter_map(|(user, sum)| Some((user.as_deref()?, sum)))
            .map(|(user, sum)| json!({"end_user": user, "total_count": sum.calls, "total_spend": dollars(sum)}))
            .collect())
    }
}

pub(super) fn dearest<K>(sums: BTreeMap<K, Sum>) -> Vec<(K, Sum)> {
    let mut sums: Vec<(K, Sum)> = sums.into_iter().collect();
    sums.sort_by_key(|(_, sum)| Reverse(sum.nanos));
    sums
}

/// A call counts for each of its tags.
fn tags(days: &Days) -> Vec<(&str, Sum)> {
    let mut found: BTreeMap<&str, Sum> = BTreeMap::new();
    for (shared, sum) in all(days) {
        for tag in &shared.tags {
            found.entry(tag).or_default().add(sum);
        }
    }
    dearest(found)
}

fn teams(days: &Days) -> Value {
    let name = |shared: &Shared| shared.team.clone().unwrap_or_else(|| "Unassigned".to_owned());
    let daily = days.iter().map(|(date, sums)| {
        let mut day: Map<String, Value> =
            by(sums, name).iter().map(|(team, sum)| (team.clone(), dollars(sum))).collect();
        day.insert("date".to_owned(), date.as_str().into());
        Value::Object(day)
    });
    let daily: Vec<Value> = daily.collect();
    let totals = dearest(by(all(days), name));
    json!({
        "daily_spend": daily,
        "teams": totals.iter().map(|(team, _)| team).collect::<Vec<_>>(),
        "total_spend_per_team":
            totals.iter().map(|(team, sum)| json!({"team_id": team, "total_spend": dollars(sum)})).collect::<Vec<_>>(),
    })
}

/// By day and team or end user, with the models and keys below each; or by key alone.
fn groups(days: &Days, params: &Params) -> Result<Value, AdminError> {
    match params.text("group_by").unwrap_or("team") {
        "team" => Ok(grouped(days, ("teams", "team_name"), |shared| shared.team.as_deref())),
        "customer" => Ok(grouped(days, ("customers", "customer"), |shared| shared.end_user.as_deref())),
        "api_key" => Ok(by_key(days)),
        _ => {
            let message = "Input should be 'team', 'customer' or 'api_key'";
            Err(Problem::new("literal_error", vec!["query".into(), "group_by".into()], message).into())
        }
    }
}

fn grouped(days: &Days, (list, field): (&str, &str), of: impl Fn(&Shared) -> Option<&str>) -> Value {
    let mut shown = Vec::new();
    for (date, sums) in days {
        let mut entries = Vec::new();
        for (name, sum) in by(sums, &of) {
            let Some(name) = name else { continue };
            let own = sums.iter().filter(|(shared, _)| of(shared) == Some(name));
            let below = by(own, |shared| (shared.model.as_str(), shared.key.as_str()));
            let below: Vec<Value> = below
                .iter()
                .map(|((model, key), sum)| {
                    let tokens = sum.prompt_tokens + sum.completion_tokens;
                    json!({"model": model, "spend": dollars(sum), "total_tokens": tokens, "api_key": key})
                })
                .collect();
            entries.push(json!({field: name, "total_spend": dollars(&sum), "metadata": below}));
        }
        shown.push(json!({"group_by_day": date, list: entries}));
    }
    shown.into()
}

/// The keys, the dearest first, with the models of each.
pub(super) fn by_key(days: &Days) -> Value {
    keys_with(days, |own| {
        let models = dearest(by(own, |shared| shared.model.as_str()));
        models.iter().map(|(model, sum)| costs("model", model, sum).into()).collect()
    })
}

/// The keys, the dearest first, with what `details` says of each one's sums.
pub(super) fn keys_with<'d>(days: &'d Days, details: impl Fn(Vec<(&'d Shared, &'d Sum)>) -> Vec<Value>) -> Value {
    let keys = dearest(by(all(days), |shared| shared.key.as_str()));
    keys.iter()
        .map(|(key, sum)| {
            let own = all(days).filter(|(shared, _)| shared.key == *key).collect();
            let mut shown = costs("api_key", key, sum);
            shown.insert("model_details".to_owned(), details(own).into());
            Value::Object(shown)
        })
        .collect()
}

pub(super) fn costs(field: &str, name: &str, sum: &Sum) -> Map<String, Value> {
    Map::from_iter([
        (field.to_owned(), name.into()),
        ("total_cost".to_owned(), dollars(sum)),
        ("total_input_tokens".to_owned(), sum.prompt_tokens.into()),
        ("total_output_tokens".to_owned(), sum.completion_tokens.into()),
    ])
}

fn activity(days: &Days, counts: impl Fn(&Shared) -> bool) -> Map<String, Value> {
    let own = |sums: &Sums| total(sums.iter().filter(|(shared, _)| counts(shared)).map(|(_, sum)| sum));
    let tokens = |sum: &Sum| sum.prompt_tokens + sum.completion_tokens;
    let daily: Vec<(&String, Sum)> =
        days.iter().map(|(date, sums)| (date, own(sums))).filter(|(_, sum)| sum.calls > 0).collect();
    let whole = total(daily.iter().map(|(_, sum)| sum));
    let daily: Vec<Value> = daily
        .iter()
        .map(|(date, sum)| json!({"date": date, "api_requests": sum.calls, "total_tokens": tokens(sum)}))
        .collect();
    Map::from_iter([
        ("daily_data".to_owned(), daily.into()),
        ("sum_api_requests".to_owned(), whole.calls.into()),
        ("sum_total_tokens".to_owned(), tokens(&whole).into()),
    ])
}

fn model_activity(days: &Days) -> Value {
    let mut models: Vec<(&str, Sum)> = by(all(days), |shared| shared.group.as_str()).into_iter().collect();
    models.sort_by_key(|(_, sum)| Reverse(sum.calls));
    models
        .into_iter()
        .map(|(model, _)| {
            let mut shown = activity(days, |shared| shared.group == model);
            shown.insert("model".to_owned(), model.into());
            Value::Object(shown)
        })
        .collect()
}

fn cache_hits(days: &Days) -> Value {
    let sums = by(all(days), |shared| (shared.key.as_str(), shared.call_type.as_str(), shared.group.as_str()));
    sums.into_iter()
        .map(|((key, call_type, model), sum)| {
            json!({
                "api_key": key,
                "call_type": call_type,
                "model": model,
                "total_rows": sum.calls,
                "cache_hit_true_rows": sum.cached,
                "generated_completion_tokens": sum.completion_tokens,
            })
        })
        .collect()
}
