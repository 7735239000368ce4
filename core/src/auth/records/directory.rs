//! How requests read records: from memory where they were read recently enough, else from the store, as many at once as
//! can be. That there is no record of an id is remembered too, as most end users have none.

use super::record::{Record, RecordId, RecordKind};
use super::store::RecordStore;
use crate::auth::key_record::KeyRecord;
use crate::auth::recent_reads::RecentReads;
use crate::clock::Timestamp;
use crate::limits::{LimitError, Limits};
use crate::money::NanoDollars;
use crate::principal::{Above, Holder};
use crate::store::table::ReadError;
use futures_util::future::{try_join_all, try_join4};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Fields of a team that limit each of its members who has no limits of its own, and the limits they are.
const MEMBER_DEFAULTS: [(&str, &str); 6] = [
    ("team_member_budget", "max_budget"),
    ("team_member_budget_duration", "budget_duration"),
    ("team_member_rpm_limit", "rpm_limit"),
    ("team_member_tpm_limit", "tpm_limit"),
    ("team_member_soft_budget", "soft_budget"),
    ("team_member_max_parallel_requests", "max_parallel_requests"),
];

/// Records as requests need them.
pub struct Directory {
    store: RecordStore,
    recent: RecentReads<RecordId, Option<Arc<Known>>>,
}

/// What is known of a key's limits and of the records above it.
#[derive(Clone, Debug)]
pub struct KnownAbove {
    /// The records above the key.
    pub above: Above,
    /// The key's limits, with those of the shared budget it is under.
    pub limits: Limits,
    /// When the oldest of what is told here was read.
    pub read_at: Timestamp,
}

/// A record as far as requests ask for it.
struct Known {
    holder: Arc<Holder>,
    organization_id: Option<String>,
    /// What a team grants each member; not limited where it says nothing.
    members: Limits,
}

type Read = (Option<Arc<Known>>, Timestamp);

impl Directory {
    /// Records of `store`, remembered for at most `staleness_millis` (0: never) and about `entries_max` in number.
    pub fn new(store: RecordStore, staleness_millis: i64, entries_max: usize) -> Self {
        Self { store, recent: RecentReads::new(staleness_millis, entries_max) }
    }

    /// The records above a key. Reads that memory does not answer go to the store at once, in two rounds at most, three
    /// where a team has an organization.
    ///
    /// # Errors
    /// As [`RecordStore::record`].
    pub async fn above(&self, key: &KeyRecord, now: Timestamp) -> Result<KnownAbove, ReadError> {
        let organization_id = key.document.get("organization_id").and_then(Value::as_str);
        let (team_id, user_id) = (key.team_id.as_deref(), key.user_id.as_deref());
        let (team, member, user, mut organization) = try_join4(
            self.maybe(team_id.map(|id| RecordId::of(RecordKind::Team, id)), now),
            self.maybe(team_id.zip(user_id).map(|(team, user)| RecordId::member(team, user)), now),
            self.maybe(user_id.map(|id| RecordId::of(RecordKind::User, id)), now),
            self.maybe(organization_id.map(|id| RecordId::of(RecordKind::Organization, id)), now),
        )
        .await?;
        if organization_id.is_none() {
            let id = team.0.as_ref().and_then(|team| team.organization_id.as_deref());
            organization = self.maybe(id.map(|id| RecordId::of(RecordKind::Organization, id)), now).await?;
        }
        let times = [&team, &member, &user, &organization].map(|(_, read_at)| *read_at);
        let member = member_of(&team, &member, user_id);
        let [team, user, organization] =
            [team, user, organization].map(|(known, _)| known.map(|k| Arc::clone(&k.holder)));
        let holders = [&team, &member, &user, &organization];
        let limits = holders.into_iter().flatten().map(|holder| &holder.limits).chain([&key.limits]);
        let mut ids: Vec<&str> = limits.filter_map(|limits| limits.budget_id.as_deref()).collect();
        ids.sort_unstable();
        ids.dedup();
        let budgets = ids.into_iter().map(|id| self.known(RecordId::of(RecordKind::Budget, id), now));
        let budgets = try_join_all(budgets).await?;
        let oldest = times.into_iter().chain(budgets.iter().map(|(_, read_at)| *read_at)).fold(now, Timestamp::min);
        let budgets: Vec<_> = budgets.into_iter().filter_map(|(known, _)| known).collect();
        let under = |limits: &Limits| {
            let id = limits.budget_id.as_deref()?;
            budgets.iter().find(|known| known.holder.id == id).map(|known| limits.under(&known.holder.limits))
        };
        let filled = |holder: Option<Arc<Holder>>| {
            let holder = holder?;
            Some(under(&holder.limits).map_or_else(|| Arc::clone(&holder), |limits| holder.with_limits(limits)))
        };
        let above = Above {
            team: filled(team),
            member: filled(member),
            user: filled(user),
            organization: filled(organization),
        };
        let limits = key.limits.clone().made_at(key.created_at);
        let limits = under(&limits).unwrap_or(limits);
        Ok(KnownAbove { above, limits, read_at: oldest })
    }

    async fn budget(&self, id: &str, now: Timestamp) -> Result<Option<Arc<Holder>>, ReadError> {
        let (known, _) = self.known(RecordId::of(RecordKind::Budget, id), now).await?;
        Ok(known.map(|known| Arc::clone(&known.holder)))
    }

    /// What counts as spent below a record, as the store says.
    ///
    /// # Errors
    /// As [`RecordStore::totals`].
    pub async fn spent(&self, id: &RecordId) -> Result<NanoDollars, ReadError> {
        Ok(self.store.totals(id).await?.spend())
    }

    /// The records themselves, for who must not go by what is remembered.
    pub fn records(&self) -> &RecordStore {
        &self.store
    }

    /// Forgets a record, for a change made in this process.
    pub fn forget(&self, id: &RecordId) {
        self.recent.forget(id);
    }

    /// A record, with the limits of the shared budget that it is under; `None`: there is none of this id.
    ///
    /// # Errors
    /// As [`RecordStore::record`].
    pub async fn described(&self, id: &RecordId, now: Timestamp) -> Result<Option<Arc<Holder>>, ReadError> {
        let Some(known) = self.known(id.clone(), now).await?.0 else { return Ok(None) };
        let Some(id) = known.holder.limits.budget_id.as_deref() else { return Ok(Some(Arc::clone(&known.holder))) };
        let budget = self.budget(id, now).await?;
        Ok(Some(under(&known.holder, budget.as_ref())))
    }

    /// A record as it was last [described](Self::described), and whether that was recently enough. One that was never
    /// read is taken for none where most have none. `None`: it has to be read.
    pub fn presumed(&self, id: &RecordId, now: Timestamp) -> Option<(Option<Arc<Holder>>, bool)> {
        if !id.is_possible() {
            return Some((None, true));
        }
        let (known, is_known) = match self.remembered(id, now) {
            Some(remembered) => remembered,
            None => match id {
                RecordId::Of(RecordKind::Customer | RecordKind::Tag, _) if self.recent.remembers() => (None, false),
                _ => return None,
            },
        };
        let Some(known) = known else { return Some((None, is_known)) };
        let Some(budget) = known.holder.limits.budget_id.as_deref() else {
            return Some((Some(Arc::clone(&known.holder)), is_known));
        };
        let (budget, is_budget_known) = self.remembered(&RecordId::of(RecordKind::Budget, budget), now)?;
        let budget = budget.map(|budget| Arc::clone(&budget.holder));
        Some((Some(under(&known.holder, budget.as_ref())), is_known && is_budget_known))
    }

    /// A record as it was last read, and whether that was recently enough.
    fn remembered(&self, id: &RecordId, now: Timestamp) -> Option<(Option<Arc<Known>>, bool)> {
        match self.recent.get(id, now) {
            Some((known, _)) => Some((known, true)),
            None => self.recent.last(id).map(|(known, _)| (known, false)),
        }
    }

    async fn maybe(&self, id: Option<RecordId>, now: Timestamp) -> Result<Read, ReadError> {
        match id {
            Some(id) => self.known(id, now).await,
            None => Ok((None, now)),
        }
    }

    async fn known(&self, id: RecordId, now: Timestamp) -> Result<Read, ReadError> {
        if !id.is_possible() {
            return Ok((None, now));
        }
        if let Some(recent) = self.recent.get(&id, now) {
            return Ok(recent);
        }
        let generation = self.recent.generation(&id);
        let record = self.store.record(&id).await?;
        let known = record.map(|record| Known::of(record, now)).transpose()?.map(Arc::new);
        self.recent.put(&id, known.clone(), generation, (now, now));
        Ok((known, now))
    }
}

/// A record under the shared budget that it names, where there is that.
fn under(holder: &Arc<Holder>, budget: Option<&Arc<Holder>>) -> Arc<Holder> {
    budget.map_or_else(|| Arc::clone(holder), |budget| holder.with_limits(holder.limits.under(&budget.limits)))
}

/// The member's own limits, else those that the team grants each member.
fn member_of((team, _): &Read, (member, _): &Read, user_id: Option<&str>) -> Option<Arc<Holder>> {
    let own = member.as_ref().map(|member| Arc::clone(&member.holder));
    if own.as_ref().is_some_and(|own| !own.limits.is_unlimited()) {
        return own;
    }
    let granted = team.as_ref().map(|team| &team.members).filter(|limits| !limits.is_unlimited());
    match (granted, user_id) {
        (Some(limits), Some(user)) => {
            let own = own.as_deref().cloned().unwrap_or_default();
            Some(Arc::new(Holder { id: user.to_owned(), limits: limits.clone(), ..own }))
        }
        _ => own,
    }
}

impl Known {
    fn of(record: Record, now: Timestamp) -> Result<Self, ReadError> {
        let granted = limits_of_members(&record.document, now).map(|limits| limits.made_at(record.created_at));
        let corrupt = |error: LimitError| {
            let what = format!("`{}` of `{}`", error.field, record.id.name());
            ReadError::Corrupt(what)
        };
        let mut members = granted.map_err(corrupt)?;
        members.period_anchor = members.first_end();
        let organization_id = record.text("organization_id").map(str::to_owned);
        Ok(Self { holder: Arc::new(record.into_holder()), organization_id, members })
    }
}

/// The limits that a team's free fields grant each of its members.
///
/// # Errors
/// [`LimitError`] names the limit that is none.
pub fn limits_of_members(document: &Map<String, Value>, now: Timestamp) -> Result<Limits, LimitError> {
    let given =
        MEMBER_DEFAULTS.iter().filter_map(|(field, limit)| Some(((*limit).to_owned(), document.get(*field)?.clone())));
    let mut limits = Limits::default();
    limits.read(&given.collect(), now)?;
    // No record keeps the date: the calendar tells it.
    limits.budget_reset_at = None;
    Ok(limits)
}

#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests;
