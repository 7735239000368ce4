//! What a key or a record lets those who use it do, and for each field which of two is the narrower: the one place that
//! says so. Pure.

use crate::auth::key_record::KeyRecord;
use crate::auth::records::Record;
use crate::auth::route;
use crate::clock::Timestamp;
use crate::flow::admin::error::AdminError;
use crate::limits::{Limits, ModelBudget};
use crate::principal::{Principal, TEAM_MODELS};
use crate::routing::access;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// In a list of models: none, where the list says nothing else.
const NO_MODELS: &str = "no-default-models";

/// What it means that the inner says nothing of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// The outer counts for every call of the inner too, so that its limit holds.
    Inherits,
    /// There is no limit then.
    Widens,
}

/// Rights, field by field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bounds {
    /// Models that may be called; empty: all.
    pub models: Vec<String>,
    /// Limits on calls.
    pub limits: Limits,
    /// Routes that may be called; empty: all.
    pub routes: Vec<String>,
    /// When all ends.
    pub expires: Option<Timestamp>,
    /// Tags that calls count for, fields that they must have, and guardrails that they pass: each binds.
    pub bindings: BTreeMap<&'static str, Vec<String>>,
}

/// Lists in metadata of which each entry binds.
const BINDINGS: [&str; 3] = ["tags", "enforced_params", "guardrails"];

impl Bounds {
    /// What a key lets its holder do.
    pub fn of_key(key: &KeyRecord) -> Self {
        Self {
            models: key.models.clone(),
            limits: key.limits.clone(),
            routes: key.allowed_routes.clone(),
            expires: key.expires,
            bindings: bindings(&key.metadata),
        }
    }

    /// What a record lets those below it do.
    pub fn of_record(record: &Record) -> Self {
        Self {
            models: record.models.clone(),
            limits: record.limits.clone(),
            bindings: bindings(&record.metadata),
            ..Self::default()
        }
    }

    /// What the key that somebody presents lets it do.
    pub fn of_caller(caller: &Principal) -> Self {
        let tags = Some(("tags", caller.tags.clone())).filter(|(_, tags)| !tags.is_empty());
        Self {
            models: caller.models.clone(),
            limits: caller.limits.clone(),
            routes: caller.allowed_routes.clone(),
            expires: caller.expires,
            bindings: tags.into_iter().collect(),
        }
    }

    /// The first field in which this is more than `outer`.
    pub fn first_wider(&self, outer: &Self, silence: Silence) -> Option<&'static str> {
        let inherits = silence == Silence::Inherits;
        let (own, above) = (&self.limits, &outer.limits);
        let fields = [
            ("models", are_models_within(&self.models, &outer.models, silence)),
            ("max_budget", is_within(own.max_budget, above.max_budget, silence)),
            ("budget_duration", inherits || is_period_within(own, above)),
            ("rpm_limit", is_within(own.rpm_limit, above.rpm_limit, silence)),
            ("tpm_limit", is_within(own.tpm_limit, above.tpm_limit, silence)),
            ("max_parallel_requests", is_within(own.max_parallel_requests, above.max_parallel_requests, silence)),
            ("model_max_budget", are_budgets_within(&own.model_max_budget, &above.model_max_budget, silence)),
            ("model_rpm_limit", are_within(&own.model_rpm_limit, &above.model_rpm_limit, silence)),
            ("model_tpm_limit", are_within(&own.model_tpm_limit, &above.model_tpm_limit, silence)),
            (
                "model_max_parallel_requests",
                are_within(&own.model_max_parallel_requests, &above.model_max_parallel_requests, silence),
            ),
            ("allowed_routes", route::is_within(&self.routes, &outer.routes)),
            ("duration", is_within(self.expires, outer.expires, Silence::Widens)),
            ("blocked", inherits || own.is_blocked() || !above.is_blocked()),
        ];
        let wider = fields.into_iter().find(|(_, is_within)| !is_within).map(|(field, _)| field);
        wider.or_else(|| {
            let lost = |(_, entries): &(&&str, &Vec<String>), own: Option<&Vec<String>>| {
                !entries.iter().all(|entry| own.is_some_and(|own| own.contains(entry)))
            };
            let mut outer = outer.bindings.iter().filter(|_| !inherits);
            outer.find(|binding| lost(binding, self.bindings.get(binding.0))).map(|(field, _)| *field)
        })
    }
}

/// That what somebody asks for is within what it hangs from, by the name of which errors tell it.
///
/// # Errors
/// [`AdminError::Wider`] names the first field that is not.
pub fn check_within(inner: &Bounds, outer: &Bounds, silence: Silence, whose: &str) -> Result<(), AdminError> {
    match inner.first_wider(outer, silence) {
        None => Ok(()),
        Some(field) => Err(AdminError::Wider { field, whose: whose.to_owned() }),
    }
}

/// Makes a new key say what the key that it is made with says, where it says nothing itself.
pub fn narrow(key: &mut KeyRecord, outer: &Bounds) {
    if key.models.is_empty() {
        key.models.clone_from(&outer.models);
    }
    if key.allowed_routes.is_empty() {
        key.allowed_routes.clone_from(&outer.routes);
    }
    key.expires = key.expires.or(outer.expires);
    let (own, above) = (&mut key.limits, &outer.limits);
    if own.max_budget.is_none() {
        own.max_budget = above.max_budget;
        own.budget_duration.clone_from(&above.budget_duration);
        own.budget_reset_at = above.budget_reset_at;
    }
    own.rpm_limit = own.rpm_limit.or(above.rpm_limit);
    own.tpm_limit = own.tpm_limit.or(above.tpm_limit);
    own.max_parallel_requests = own.max_parallel_requests.or(above.max_parallel_requests);
    for (field, entries) in &outer.bindings {
        let mut own: Vec<String> = bindings(&key.metadata).remove(field).unwrap_or_default();
        own.extend(entries.iter().filter(|entry| !own.contains(entry)).cloned().collect::<Vec<_>>());
        key.metadata.insert((*field).to_owned(), own.into());
    }
}

fn bindings(metadata: &Map<String, Value>) -> BTreeMap<&'static str, Vec<String>> {
    let texts = |list: &Vec<Value>| list.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>();
    let found = BINDINGS.into_iter().filter_map(|name| Some((name, texts(metadata.get(name)?.as_array()?))));
    found.filter(|(_, entries)| !entries.is_empty()).collect()
}

fn is_within<T: PartialOrd>(own: Option<T>, above: Option<T>, silence: Silence) -> bool {
    match (own, above) {
        (_, None) => true,
        (None, Some(_)) => silence == Silence::Inherits,
        (Some(own), Some(above)) => own <= above,
    }
}

/// A budget that starts afresh where the other does not, or in another rhythm, may be more in the end.
fn is_period_within(own: &Limits, above: &Limits) -> bool {
    above.max_budget.is_none() || own.budget_duration.is_none() || own.budget_duration == above.budget_duration
}

fn are_within(own: &BTreeMap<String, i64>, above: &BTreeMap<String, i64>, silence: Silence) -> bool {
    above.iter().all(|(model, limit)| is_within(own.get(model).copied(), Some(*limit), silence))
}

fn are_budgets_within(
    own: &BTreeMap<String, ModelBudget>,
    above: &BTreeMap<String, ModelBudget>,
    silence: Silence,
) -> bool {
    above.iter().filter(|(_, budget)| budget.max_budget.is_some()).all(|(model, budget)| {
        let own = own.get(model);
        let same_rhythm =
            own.is_none_or(|own| own.budget_duration.is_none() || own.budget_duration == budget.budget_duration);
        is_within(own.and_then(|own| own.max_budget), budget.max_budget, silence)
            && (same_rhythm || silence == Silence::Inherits)
    })
}

fn are_models_within(own: &[String], above: &[String], silence: Silence) -> bool {
    if access::is_everything(above) {
        return true;
    }
    let harmless = |model: &str| model == NO_MODELS || (silence == Silence::Inherits && model == TEAM_MODELS);
    let inside = |model: &String| harmless(model) || access::allows(above, model, std::iter::empty());
    match own.is_empty() {
        true => silence == Silence::Inherits,
        false => own.iter().all(inside),
    }
}

#[cfg(test)]
mod tests;
