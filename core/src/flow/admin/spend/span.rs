//! The days that a report is about, and their sums.

use super::spend_admin::SpendAdmin;
use crate::accounting::spend_query::SPAN_DAYS_MAX;
use crate::accounting::spend_sums::{Shared, Sum, Sums};
use crate::auth::rights::Actor;
use crate::calendar::{self, DAY_MILLIS};
use crate::clock::Timestamp;
use crate::crypto::key_hash;
use crate::flow::admin::error::AdminError;
use crate::flow::admin::params::Params;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Sums by day, the earliest first; days without calls are left out.
pub(super) type Days = BTreeMap<String, Sums>;

/// Which calls a report is about: those that equal every value given.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) key: Option<String>,
    pub(super) user: Option<String>,
    pub(super) teams: Vec<String>,
    pub(super) not_teams: Vec<String>,
    pub(super) organizations: Vec<String>,
    pub(super) not_organizations: Vec<String>,
    pub(super) end_users: Vec<String>,
    pub(super) tags: Vec<String>,
    pub(super) model: Option<String>,
    pub(super) provider: Option<String>,
}

impl Wanted {
    /// Reads what reports are filtered by.
    pub(super) fn read(params: &Params) -> Self {
        let text = |name: &str| params.text(name).map(str::to_owned);
        let list = |name: &str| params.list(name);
        let either = |many, one| if params.text(many).is_some() { list(many) } else { list(one) };
        Self {
            // What is no key is no key's hash either.
            key: params
                .text("api_key")
                .map(|key| key_hash::hash_if_needed(key).map_or(key.to_owned(), |hash| hash.as_str().to_owned())),
            user: text("user_id").or_else(|| text("internal_user_id")),
            teams: either("team_ids", "team_id"),
            not_teams: list("exclude_team_ids"),
            organizations: either("organization_ids", "organization_id"),
            not_organizations: list("exclude_organization_ids"),
            end_users: either("end_user_ids", "customer_id"),
            tags: list("tags"),
            model: text("model"),
            provider: text("provider"),
        }
    }

    fn admits(&self, shared: &Shared) -> bool {
        let is = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        let among = |list: &[String], is: Option<&String>| list.is_empty() || is.is_some_and(|is| list.contains(is));
        is(&self.key, &shared.key)
            && is(&self.user, shared.user.as_deref().unwrap_or_default())
            && among(&self.teams, shared.team.as_ref())
            && !shared.team.as_ref().is_some_and(|team| self.not_teams.contains(team))
            && among(&self.organizations, shared.organization.as_ref())
            && !shared.organization.as_ref().is_some_and(|id| self.not_organizations.contains(id))
            && among(&self.end_users, shared.end_user.as_ref())
            && (self.tags.is_empty() || shared.tags.iter().any(|tag| self.tags.contains(tag)))
            && self.model.as_ref().is_none_or(|model| *model == shared.model || *model == shared.group)
            && is(&self.provider, &shared.provider)
    }
}

impl SpendAdmin {
    /// The sums that the caller may see of the days from `start_date` to `end_date`, both of which must be given.
    pub(super) async fn named_days(&self, actor: &Actor, params: &Params, wanted: &Wanted) -> Result<Days, AdminError> {
        let (Some((start, _)), Some((end, _))) = (params.time("start_date")?, params.time("end_date")?) else {
            return Err(AdminError::Refused("Please provide start_date and end_date".to_owned()));
        };
        self.days_between(actor, (start, end), wanted).await
    }

    /// The sums that the caller may see of the days that the parameters name; of the last thirty where they do not.
    pub(super) async fn days_or_recent(
        &self,
        actor: &Actor,
        params: &Params,
        wanted: &Wanted,
        now: Timestamp,
    ) -> Result<Days, AdminError> {
        let of = |name: &'static str| params.time(name).map(|time| time.map(|(at, _)| at));
        let end = of("end_date")?.or(of("endTime")?).unwrap_or(now);
        let start = of("start_date")?.or(of("startTime")?);
        let start = start.unwrap_or_else(|| end.plus_millis(-self.look_back_days().min(30) * DAY_MILLIS));
        self.days_between(actor, (start, end), wanted).await
    }

    /// The sums that the caller may see of the days from one point to another, both included; of a span that is longer
    /// than [`SPAN_DAYS_MAX`], those before its end.
    pub(super) async fn days_between(
        &self,
        actor: &Actor,
        (start, end): (Timestamp, Timestamp),
        wanted: &Wanted,
    ) -> Result<Days, AdminError> {
        let sees = |of: &Shared| {
            let above = (of.team.as_deref(), of.organization.as_deref());
            actor.scope().sees_spend(&of.key, of.user.as_deref(), above)
        };
        let last = end.millis().div_euclid(DAY_MILLIS);
        let first = start.millis().div_euclid(DAY_MILLIS).max(last - SPAN_DAYS_MAX);
        let mut days = Days::new();
        for day in first..=last {
            let day = Timestamp::from_millis(day * DAY_MILLIS);
            let mut sums = self.log.sums_of(day).await?;
            sums.retain(|shared, _| wanted.admits(shared) && sees(shared));
            if !sums.is_empty() {
                days.insert(calendar::day(day), sums);
            }
        }
        Ok(days)
    }
}

/// The sums of days, one after the other.
pub(super) fn all<'d>(
    days: impl IntoIterator<Item = (&'d String, &'d Sums)>,
) -> impl Iterator<Item = (&'d Shared, &'d Sum)> {
    days.into_iter().flat_map(|(_, sums)| sums)
}

/// The sums anew, by something else that calls have in common.
pub(super) fn by<'s, K: Ord>(
    sums: impl IntoIterator<Item = (&'s Shared, &'s Sum)>,
    of: impl Fn(&'s Shared) -> K,
) -> BTreeMap<K, Sum> {
    let mut found: BTreeMap<K, Sum> = BTreeMap::new();
    for (shared, sum) in sums {
        found.entry(of(shared)).or_default().add(sum);
    }
    found
}

/// All sums in one.
pub(super) fn total<'s>(sums: impl IntoIterator<Item = &'s Sum>) -> Sum {
    let mut total = Sum::default();
    sums.into_iter().for_each(|sum| total.add(sum));
    total
}

/// An amount in dollars.
pub(super) fn dollars(sum: &Sum) -> Value {
    json!(crate::money::NanoDollars::new(sum.nanos).dollars())
}
