//! Which limits a call counts in: those of its key and of all that stands above, beside and behind it, and where each is
//! counted. What nobody limits costs nothing here.

use super::asked::Asked;
use super::counted;
use super::error::CallError;
use super::model_names::ModelNames;
use super::outage::unless_out_of_reach;
use super::parts::ModelCalls;
use super::proxy_limits::ProxyLimits;
use super::soft_budget::SoftBudget;
use crate::admission::limits::{Budget, Counter, ScopeLimits, Wording};
use crate::auth::budget_period::Budgeted;
use crate::auth::presumption::PresumedRecord;
use crate::auth::records::{RecordId, RecordKind};
use crate::clock::Timestamp;
use crate::config::BudgetSetting;
use crate::limits::{Limits, ModelBudget};
use crate::principal::{Above, Holder, Principal};
use crate::routing::Deployment;
use crate::store::item::Key;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Most tags of one call. Each may have a budget, and all are counted in one transaction.
const TAGS_MAX: usize = 32;

/// The kind of scope that a deployment's own limits are.
pub(super) const DEPLOYMENT: &str = "deployment";

/// The kind of scope that a provider's budget is.
const PROVIDER: &str = "provider";

/// The kind of scope that the budget of a model access group is.
pub(super) const ACCESS_GROUP: &str = "access_group";

/// Kinds of scopes of a way to an upstream, and of no caller: where one is used up, another way may have room.
pub(super) const OF_THE_WAY: [&str; 3] = [DEPLOYMENT, PROVIDER, ACCESS_GROUP];

/// A kind of record that limits calls.
struct Kind {
    name: &'static str,
    /// Of a model on it.
    of_model: &'static str,
    /// How a refusal says that its budget is used up.
    wording: Wording,
}

const KEY: Kind = Kind { name: "api_key", of_model: "model_per_key", wording: Wording::Exceeded };
const TEAM: Kind = Kind { name: "team", of_model: "model_per_team", wording: Wording::Exceeded };
const MEMBER: Kind = Kind { name: "team_member", of_model: "model_per_team_member", wording: Wording::Exceeded };
const USER: Kind = Kind { name: "user", of_model: "model_per_user", wording: Wording::Over };
const ORGANIZATION: Kind =
    Kind { name: "organization", of_model: "model_per_organization", wording: Wording::Exceeded };
const END_USER: Kind = Kind { name: "end_user", of_model: "model_per_end_user", wording: Wording::Over };
const TAG: Kind = Kind { name: "tag", of_model: "model_per_tag", wording: Wording::Exceeded };

/// What a call counts in.
#[derive(Debug, Default)]
pub(super) struct Scopes {
    /// Every scope that limits it.
    pub(super) limited: Vec<ScopeLimits>,
    /// Every soft budget that it counts in.
    pub(super) soft: Vec<SoftBudget>,
    /// Running totals of the records above and beside its key, which it is charged to whether they limit it or not.
    pub(super) totals: Vec<Key>,
    /// Budgets whose period is over and has to begin anew first.
    pub(super) due: Vec<Budgeted>,
    /// Where the end user must be answered from.
    pub(super) region: Option<String>,
    /// Records as they are taken to be, where the call may presume.
    pub(super) presumed: Vec<PresumedRecord>,
}

/// Whose limits they are.
struct Subject<'a> {
    kind: Kind,
    id: &'a str,
    /// As refusals name it.
    owner: &'a dyn Fn() -> String,
    /// The record that keeps running totals.
    record: Option<Budgeted>,
}

impl Scopes {
    /// What a call counts in.
    ///
    /// # Errors
    /// [`CallError::EndUserBlocked`], [`CallError::Member`] for too many tags, and those of the store.
    pub(super) async fn of(calls: &ModelCalls, call: &Asked<'_>, now: Timestamp) -> Result<Self, CallError> {
        let Asked { principal, said, deployment, .. } = *call;
        let mut scopes = Self::default();
        let at = At { model: ModelNames::of(&said.model, principal, deployment), now };
        scopes.add_key(principal, &calls.limits, at);
        scopes.add_above(&principal.above, at);
        if let Some(id) = said.end_user.as_deref().filter(|id| !id.is_empty()) {
            let record = scopes.record(calls, call, RecordId::of(RecordKind::Customer, id), now).await?;
            if record.as_ref().is_some_and(|known| known.limits.is_blocked()) {
                return Err(CallError::EndUserBlocked(id.to_owned()));
            }
            scopes.region = record.as_ref().and_then(|known| known.region.clone());
            let granted = match (&record, calls.limits.end_user_budget_id.as_deref()) {
                (None, Some(budget)) => {
                    scopes.record(calls, call, RecordId::of(RecordKind::Budget, budget), now).await?
                }
                _ => None,
            };
            if calls.limits.tracks_end_users {
                scopes.add_end_user(id, record.as_deref(), granted.as_deref(), &calls.limits, at);
            }
        }
        if said.tags.len() > TAGS_MAX {
            let message = format!("a request may have {TAGS_MAX} tags at most");
            return Err(CallError::Member { member: "tags", message });
        }
        for (index, tag) in said.tags.iter().enumerate() {
            if said.tags.iter().take(index).all(|before| before != tag) {
                let record = scopes.record(calls, call, RecordId::of(RecordKind::Tag, &**tag), now).await?;
                scopes.add_tag(tag, record.as_deref(), &calls.limits, at);
            }
        }
        scopes.add_way(deployment, &calls.limits, at);
        Ok(scopes)
    }

    /// A record beside the key: as it is taken to be, where the call may presume, else as it is read.
    async fn record(
        &mut self,
        calls: &ModelCalls,
        call: &Asked<'_>,
        id: RecordId,
        now: Timestamp,
    ) -> Result<Option<Arc<Holder>>, CallError> {
        if call.presumes.is_some()
            && let Some((holder, is_known)) = calls.authenticator.presumed_record(&id, now)
        {
            if !is_known {
                self.presumed.push(PresumedRecord { id, holder: holder.clone() });
            }
            return Ok(holder);
        }
        let read = calls.authenticator.record(&id, now).await.map_err(CallError::from);
        Ok(unless_out_of_reach(calls, read, call.id)?.flatten())
    }

    fn add_key(&mut self, principal: &Principal, proxy: &ProxyLimits, at: At<'_>) {
        let owner = || format!("Key={} ({})", principal.key_alias.as_deref().unwrap_or("key"), principal.key_name);
        let subject = Subject {
            kind: KEY,
            id: principal.key.as_str(),
            owner: &owner,
            record: Some(Budgeted::Key(principal.key.clone())),
        };
        let limits = &principal.limits;
        if limits.is_unlimited() && proxy.key_parallel.is_none() {
            return;
        }
        let parallel = limits.max_parallel_requests.or(proxy.key_parallel);
        self.add(&subject, limits, parallel, at);
    }

    fn add_above(&mut self, above: &Above, at: At<'_>) {
        let Above { team, member, user, organization } = above;
        if let Some(team) = team.as_deref() {
            let owner = || format!("Team={}", team.id);
            self.add_record(TEAM, RecordId::team(&*team.id), &owner, team, at);
            if let Some(member) = member.as_deref() {
                let owner = || format!("User={} in Team={}", member.id, team.id);
                let id = RecordId::member(&*team.id, &*member.id);
                self.add_record(MEMBER, id, &owner, member, at);
            }
        }
        if let Some(user) = user.as_deref() {
            let owner = || format!("User={}", user.id);
            let id = RecordId::of(RecordKind::User, &*user.id);
            if team.is_some() {
                // A user's own budget is for the keys that belong to no team.
                let limits = Limits { max_budget: None, soft_budget: None, ..user.limits.clone() };
                let user = Holder { id: user.id.clone(), limits, ..Holder::default() };
                self.add_record(USER, id, &owner, &user, at);
            } else {
                self.add_record(USER, id, &owner, user, at);
            }
        }
        if let Some(organization) = organization.as_deref() {
            let owner = || format!("Organization={}", organization.id);
            let id = RecordId::of(RecordKind::Organization, &*organization.id);
            self.add_record(ORGANIZATION, id, &owner, organization, at);
        }
    }

    fn add_end_user(
        &mut self,
        id: &str,
        known: Option<&Holder>,
        granted: Option<&Holder>,
        proxy: &ProxyLimits,
        at: At<'_>,
    ) {
        let limits = match (known, granted) {
            // One who has a record, but no budget, is under the default one.
            (Some(known), _) if known.limits.max_budget.is_none() => known.limits.under(&proxy.end_user),
            (Some(known), _) => known.limits.clone(),
            (None, Some(granted)) => Limits::default().under(&granted.limits),
            (None, None) => proxy.end_user.clone(),
        };
        if known.is_none() && limits.is_unlimited() {
            return;
        }
        let owner = || format!("End User={id}");
        let holder = Holder { id: id.to_owned(), limits, ..Holder::default() };
        let record = RecordId::of(RecordKind::Customer, id);
        if record.is_possible() {
            self.add_record(END_USER, record, &owner, &holder, at);
        }
    }

    fn add_tag(&mut self, tag: &str, known: Option<&Holder>, proxy: &ProxyLimits, at: At<'_>) {
        let owner = || format!("Tag={tag}");
        if let Some(known) = known {
            let id = RecordId::of(RecordKind::Tag, tag);
            self.add_record(TAG, id, &owner, known, at);
        }
        if let Some(setting) = proxy.tags.get(tag) {
            self.add_setting("tag_config", tag, &owner, setting, at);
        }
    }

    /// The deployment, its provider, its access groups and the proxy.
    fn add_way(&mut self, deployment: &Deployment, proxy: &ProxyLimits, at: At<'_>) {
        let params = &deployment.entry.params;
        let limits = Limits {
            max_budget: params.max_budget,
            soft_budget: params.soft_budget,
            budget_duration: params.budget_duration.clone(),
            rpm_limit: params.rpm,
            tpm_limit: params.tpm,
            ..Limits::default()
        };
        let owner = || format!("Deployment={}", deployment.group);
        self.add(&unrecorded(DEPLOYMENT, deployment.id.as_str(), &owner), &limits, params.max_parallel_requests, at);
        let provider = deployment.target().map_or("mock", |target| target.provider);
        if let Some(setting) = proxy.providers.get(provider) {
            let owner = || format!("Provider={provider}");
            self.add_setting(PROVIDER, provider, &owner, setting, at);
        }
        if !proxy.access_groups.is_empty() {
            // Each once, however often the deployment names it.
            for group in deployment.entry.access_groups().collect::<BTreeSet<_>>() {
                if let Some(setting) = proxy.access_groups.get(group) {
                    let owner = || format!("Model access group={group}");
                    self.add_setting(ACCESS_GROUP, group, &owner, setting, at);
                }
            }
        }
        let parallel = proxy.proxy.max_parallel_requests;
        self.add(&unrecorded("proxy", "proxy", &|| "Proxy".to_owned()), &proxy.proxy, parallel, at);
    }

    fn add_record(&mut self, kind: Kind, id: RecordId, owner: &dyn Fn() -> String, holder: &Holder, at: At<'_>) {
        self.totals.push(id.totals_place());
        if holder.limits.is_unlimited() {
            return;
        }
        let name = match &id {
            RecordId::Member { team, user } => format!("{team}:{user}"),
            RecordId::Of(_, name) => name.clone(),
        };
        let record = Some(Budgeted::Record(id));
        let subject = Subject { kind, id: &name, owner, record };
        self.add(&subject, &holder.limits, holder.limits.max_parallel_requests, at);
    }

    fn add_setting(
        &mut self,
        kind: &'static str,
        id: &str,
        owner: &dyn Fn() -> String,
        setting: &BudgetSetting,
        at: At<'_>,
    ) {
        self.add(&unrecorded(kind, id, owner), &setting.limits(), setting.max_parallel_requests, at);
    }

    fn add(&mut self, subject: &Subject<'_>, limits: &Limits, parallel: Option<i64>, at: At<'_>) {
        if limits.is_unlimited() && parallel.is_none() {
            return;
        }
        if limits.max_budget.is_some()
            && limits.budget_reset_at.is_some_and(|end| end <= at.now)
            && let Some(record) = &subject.record
        {
            self.due.push(record.clone());
        }
        self.soft.extend(soft_budgets(subject, limits, at));
        let budget = limits.max_budget_at(at.now).map(|limit| {
            let whose = (subject.kind.name, subject.id);
            let (counter, resets_at) = counted::own(whose, subject.record.as_ref(), limits, at.now);
            Budget { counter, limit, owner: (subject.owner)(), wording: subject.kind.wording, resets_at }
        });
        let scope = ScopeLimits {
            budget,
            requests: limits.rpm_limit,
            tokens: limits.tpm_limit,
            parallel,
            ..ScopeLimits::new(subject.kind.name, subject.id)
        };
        let models = model_scopes(subject, limits, at);
        self.limited.extend(std::iter::once(scope).chain(models).filter(ScopeLimits::is_limited));
    }
}

/// Which call it is, and when.
#[derive(Clone, Copy)]
struct At<'a> {
    model: ModelNames<'a>,
    now: Timestamp,
}

fn unrecorded<'a>(kind: &'static str, id: &'a str, owner: &'a dyn Fn() -> String) -> Subject<'a> {
    let kind = Kind { name: kind, of_model: kind, wording: Wording::Exceeded };
    Subject { kind, id, owner, record: None }
}

/// The limits of the called model on a record: one scope for each name by which they know it, which is one as a rule.
fn model_scopes(subject: &Subject<'_>, limits: &Limits, at: At<'_>) -> Vec<ScopeLimits> {
    let budget = of_model(subject, limits, at);
    let counts = [&limits.model_rpm_limit, &limits.model_tpm_limit, &limits.model_max_parallel_requests];
    let counts = counts.map(|limits| at.model.find(limits));
    let scope = |name: &str| {
        let found = budget.as_ref().filter(|found| found.name == name);
        let budget = found.and_then(|found| {
            let (counter, resets_at) = found.counted.clone();
            let limit = found.budget.max_budget?;
            Some(Budget { counter, limit, owner: found.owner(subject), wording: Wording::Exceeded, resets_at })
        });
        let of_name = |found: Option<(&str, &i64)>| found.filter(|found| found.0 == name).map(|found| *found.1);
        let [requests, tokens, parallel] = counts.map(of_name);
        let scope = ScopeLimits::new(subject.kind.of_model, id_of_model(subject, name));
        ScopeLimits { budget, requests, tokens, parallel, ..scope }
    };
    let names = counts.iter().flatten().map(|found| found.0).chain(budget.as_ref().map(|found| found.name));
    names.collect::<BTreeSet<_>>().into_iter().map(scope).collect()
}

/// By the limit's own name, so that all names of the model share one counter.
fn id_of_model(subject: &Subject<'_>, name: &str) -> String {
    format!("{}:{name}", subject.id)
}

/// The budget of the called model on a record.
struct OfModel<'a> {
    /// By which they know it.
    name: &'a str,
    budget: &'a ModelBudget,
    counted: (Counter, Option<Timestamp>),
}

impl OfModel<'_> {
    fn owner(&self, subject: &Subject<'_>) -> String {
        format!("{} Model={}", (subject.owner)(), self.name)
    }
}

fn of_model<'a>(subject: &Subject<'_>, limits: &'a Limits, at: At<'_>) -> Option<OfModel<'a>> {
    let (name, budget) = at.model.find(&limits.model_max_budget)?;
    let id = id_of_model(subject, name);
    let period = budget.budget_duration.as_ref();
    let anchor = period.zip(limits.made_at).map(|(period, made_at)| period.next_reset(made_at));
    let counted = counted::periodic((subject.kind.of_model, &id), period, anchor, at.now);
    Some(OfModel { name, budget, counted })
}

/// The soft budgets of a record, and of the called model on it.
fn soft_budgets(subject: &Subject<'_>, limits: &Limits, at: At<'_>) -> Vec<SoftBudget> {
    let whose = (subject.kind.name, subject.id);
    let own = limits.soft_budget.map(|limit| SoftBudget {
        kind: subject.kind.name,
        owner: (subject.owner)(),
        limit,
        record: subject.record.clone(),
        counter: counted::own(whose, subject.record.as_ref(), limits, at.now).0,
    });
    let of_model = of_model(subject, limits, at).and_then(|found| {
        let (kind, owner, limit) = (subject.kind.of_model, found.owner(subject), found.budget.soft_budget?);
        Some(SoftBudget { kind, owner, limit, record: None, counter: found.counted.0 })
    });
    own.into_iter().chain(of_model).collect()
}

/// Where what counts against a provider's budget is kept at `now`, and when its period ends.
pub(super) fn provider_budget(provider: &str, setting: &BudgetSetting, now: Timestamp) -> (Counter, Option<Timestamp>) {
    counted::periodic((PROVIDER, provider), setting.budget_duration.as_ref(), None, now)
}

/// The same of an access group's budget.
pub(super) fn group_budget(group: &str, setting: &BudgetSetting, now: Timestamp) -> (Counter, Option<Timestamp>) {
    counted::periodic((ACCESS_GROUP, group), setting.budget_duration.as_ref(), None, now)
}
