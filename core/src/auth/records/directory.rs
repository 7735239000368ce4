//! How requests read records: from memory where they were read recently enough, else from the store, as many at once as
//! can be. That there is no record of an id is remembered too, as most end users have none.

use super::record::{Record, RecordId, RecordKind};
use super::store::RecordStore;
use crate::auth::key_record::KeyRecord;
use crate::auth::recent_reads::RecentReads;
use crate::clock::Timestamp;
use crate::limits::{LimitError, Limits};
use crate::principal::{Above, Holder};
use crate::store::table::ReadError;
use futures_util::future::{try_join_all, try_join4};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Fields of a team that limit each of its members who has no limits of its own, and the limits they are.
const MEMBER_DEFAULTS: [(&str, &str); 4] = [
    ("team_member_budget", "max_budget"),
    ("team_member_budget_duration", "budget_duration"),
    ("team_member_rpm_limit", "rpm_limit"),
    ("team_member_tpm_limit", "tpm_limit"),
];

/// Records as requests need them.
pub struct Directory {
    store: RecordStore,
    recent: RecentReads<RecordId, Option<Arc<Known>>>,
}

/// What is known of an end user or a tag.
#[derive(Clone, Debug, Default)]
pub struct Described {
    /// Its record; `None`: it has none.
    pub holder: Option<Arc<Holder>>,
    /// The shared budget it is under.
    pub budget: Option<Arc<Holder>>,
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

    /// The records above a key, and when the oldest of them was read. Reads that memory does not answer go to the store
    /// at once, in two rounds at most.
    ///
    /// # Errors
    /// As [`RecordStore::record`].
    pub async fn above(&self, key: &KeyRecord, now: Timestamp) -> Result<(Above, Timestamp), ReadError> {
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
        let budgets = budgets.into_iter().filter_map(|(known, _)| known.map(|known| Arc::clone(&known.holder)));
        let budgets = budgets.collect();
        Ok((Above { team, member, user, organization, budgets }, oldest))
    }

    /// What is known of an end user.
    ///
    /// # Errors
    /// As [`RecordStore::record`].
    pub async fn end_user(&self, id: &str, now: Timestamp) -> Result<Described, ReadError> {
        self.described(RecordId::of(RecordKind::Customer, id), now).await
    }

    /// What is known of a tag.
    ///
    /// # Errors
    /// As [`RecordStore::record`].
    pub async fn tag(&self, name: &str, now: Timestamp) -> Result<Described, ReadError> {
        self.described(RecordId::of(RecordKind::Tag, name), now).await
    }

    /// A shared budget, such as the one that end users are under who have no record.
    ///
    /// # Errors
    /// As [`RecordStore::record`].
    pub async fn budget(&self, id: &str, now: Timestamp) -> Result<Option<Arc<Holder>>, ReadError> {
        let (known, _) = self.known(RecordId::of(RecordKind::Budget, id), now).await?;
        Ok(known.map(|known| Arc::clone(&known.holder)))
    }

    /// Forgets a record, for a change made in this process.
    pub fn forget(&self, id: &RecordId) {
        self.recent.forget(id);
    }

    async fn described(&self, id: RecordId, now: Timestamp) -> Result<Described, ReadError> {
        let Some(known) = self.known(id, now).await?.0 else { return Ok(Described::default()) };
        let budget = match known.holder.limits.budget_id.as_deref() {
            Some(id) => self.budget(id, now).await?,
            None => None,
        };
        Ok(Described { holder: Some(Arc::clone(&known.holder)), budget })
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
        let granted = limits_of_members(&record.document, now);
        let corrupt = |error: LimitError| {
            let what = format!("`{}` of `{}`", error.field, record.id.name());
            ReadError::Corrupt(what)
        };
        let members = granted.map_err(corrupt)?;
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
    Ok(limits)
}

#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests;
