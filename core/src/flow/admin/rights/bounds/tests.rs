//! What is judged to be within something else never allows more than it, over random keys and records.

use super::{Bounds, Silence, narrow};
use crate::auth::key_record::KeyRecord;
use crate::auth::route;
use crate::clock::Timestamp;
use crate::crypto::key_hash;
use crate::limits::{BudgetPeriod, Limits};
use crate::money::NanoDollars;
use crate::routing::access;
use proptest::prelude::*;
use std::collections::BTreeMap;

const MODELS: [&str; 4] = ["openai/gpt-4o", "openai/o3", "claude", "own"];
const ROUTES: [&str; 5] = ["/v1/chat/completions", "/v1/embeddings", "/key/info", "/key/generate", "/user/new"];
const NOW: Timestamp = Timestamp::from_millis(1_763_700_000_000);

/// What somebody might want to do under some rights.
#[derive(Clone, Copy, Debug)]
struct Deed {
    model: &'static str,
    route: &'static str,
    requests: i64,
    tokens: i64,
    at_once: i64,
    dollars: i64,
    days: i64,
    at: Timestamp,
}

/// Whether rights let it, said anew and in the simplest way.
fn lets(bounds: &Bounds, deed: &Deed) -> bool {
    let Limits { rpm_limit, tpm_limit, max_parallel_requests, max_budget, budget_duration, .. } = &bounds.limits;
    let under = |limit: Option<i64>, wanted: i64| limit.is_none_or(|limit| wanted <= limit);
    let periods = budget_duration.as_ref().map_or(1, |period| if period.as_str() == "1d" { deed.days } else { 1 });
    let of_model = |limits: &BTreeMap<String, i64>| limits.get(deed.model).copied();
    access::allows(&bounds.models, deed.model, std::iter::empty())
        && route::is_within(&[deed.route.to_owned()], &bounds.routes)
        && under(*rpm_limit, deed.requests)
        && under(*tpm_limit, deed.tokens)
        && under(*max_parallel_requests, deed.at_once)
        && under(of_model(&bounds.limits.model_rpm_limit), deed.requests)
        && under(of_model(&bounds.limits.model_tpm_limit), deed.tokens)
        && under(of_model(&bounds.limits.model_max_parallel_requests), deed.at_once)
        && under(max_budget.map(|budget| budget.nanos() * periods), deed.dollars)
        && bounds.expires.is_none_or(|end| deed.at < end)
}

prop_compose! {
    fn deeds()(
        model in prop::sample::select(&MODELS[..]),
        route in prop::sample::select(&ROUTES[..]),
        requests in 1..6_i64,
        tokens in 1..6_i64,
        at_once in 1..6_i64,
        dollars in 1..40_i64,
        days in 1..9_i64,
        at in 0..6_i64,
    ) -> Deed {
        Deed { model, route, requests, tokens, at_once, dollars, days, at: NOW.plus_millis(at) }
    }
}

fn models() -> impl Strategy<Value = Vec<String>> {
    let names = [&MODELS[..], &["openai/*", "*", "all-proxy-models", "no-default-models", "all-team-models"]].concat();
    prop::collection::vec(prop::sample::select(names).prop_map(str::to_owned), 0..3)
}

fn routes() -> impl Strategy<Value = Vec<String>> {
    let names = [&ROUTES[..], &["llm_api_routes", "info_routes", "management_routes", "/v1/*", "/key/*"]].concat();
    prop::collection::vec(prop::sample::select(names).prop_map(str::to_owned), 0..3)
}

fn limit() -> impl Strategy<Value = Option<i64>> {
    prop::option::of(0..6_i64)
}

prop_compose! {
    fn rights()(
        models in models(),
        routes in routes(),
        counts in (limit(), limit(), limit()),
        of_model in (limit(), limit(), prop::sample::select(&MODELS[..]), limit()),
        budget in prop::option::of(0..20_i64),
        period in prop::option::of(prop::sample::select(&["1d", "30d"][..])),
        expires in limit(),
        tags in prop::collection::vec(prop::sample::select(&["a", "b"][..]), 0..2),
        blocked in any::<bool>(),
    ) -> Bounds {
        let named = |limit: Option<i64>| limit.map(|limit| (of_model.2.to_owned(), limit)).into_iter().collect();
        let limits = Limits {
            rpm_limit: counts.0,
            tpm_limit: counts.1,
            max_parallel_requests: counts.2,
            model_rpm_limit: named(of_model.0),
            model_tpm_limit: named(of_model.1),
            model_max_parallel_requests: named(of_model.3),
            max_budget: budget.map(NanoDollars::new),
            budget_duration: period.filter(|_| budget.is_some()).map(|period| BudgetPeriod::parse(period).unwrap()),
            blocked: Some(blocked),
            ..Limits::default()
        };
        let tags: Vec<String> = tags.into_iter().map(str::to_owned).collect();
        let bindings = if tags.is_empty() { BTreeMap::new() } else { BTreeMap::from([("tags", tags)]) };
        Bounds { models, limits, routes, expires: expires.map(|after| NOW.plus_millis(after)), bindings }
    }
}

/// A key that says what `bounds` says.
fn key(bounds: &Bounds) -> KeyRecord {
    let mut key = KeyRecord::new(key_hash::hash("sk-1"), String::new(), NOW, None);
    key.models.clone_from(&bounds.models);
    key.limits = bounds.limits.clone();
    key.allowed_routes.clone_from(&bounds.routes);
    key.expires = bounds.expires;
    for (field, entries) in &bounds.bindings {
        key.metadata.insert((*field).to_owned(), entries.clone().into());
    }
    key
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn what_is_within_lets_nothing_that_the_outer_does_not(inner in rights(), outer in rights(), deed in deeds()) {
        if inner.first_wider(&outer, Silence::Widens).is_none() {
            prop_assert!(!lets(&inner, &deed) || lets(&outer, &deed), "{inner:?} {outer:?} {deed:?}");
            prop_assert!(inner.limits.is_blocked() || !outer.limits.is_blocked());
        }
    }

    #[test]
    fn rights_are_within_themselves(rights in rights()) {
        prop_assert_eq!(rights.first_wider(&rights, Silence::Widens), None);
        prop_assert_eq!(Bounds::default().first_wider(&Bounds::default(), Silence::Widens), None);
    }

    /// A tree: an organization, a team in it, a person's key in the team, and keys made with keys. Each is made by the
    /// rules, of whatever is asked for; what it lets in the end is what it and all above it let.
    #[test]
    fn no_child_has_more_rights_than_its_parent(
        asked in prop::collection::vec(rights(), 5),
        deeds in prop::collection::vec(deeds(), 16),
    ) {
        let mut records: Vec<Bounds> = Vec::new();
        let mut keys: Vec<(Bounds, usize)> = Vec::new();
        for (depth, asked) in asked.into_iter().enumerate() {
            if depth < 2 {
                if records.iter().all(|above| asked.first_wider(above, Silence::Inherits).is_none()) {
                    records.push(Bounds { routes: Vec::new(), expires: None, ..asked });
                }
                continue;
            }
            let mut made = key(&asked);
            if let Some((maker, _)) = keys.last() {
                narrow(&mut made, maker);
                made.limits.blocked = Some(maker.limits.is_blocked());
                if Bounds::of_key(&made).first_wider(maker, Silence::Widens).is_some() {
                    continue;
                }
            }
            let made = Bounds::of_key(&made);
            if records.iter().all(|above| made.first_wider(above, Silence::Inherits).is_none()) {
                keys.push((made, records.len()));
            }
        }
        let effective = |bounds: &Bounds, above: usize, deed: &Deed| {
            // Models of a team, where a key says so.
            let mut own = bounds.clone();
            own.models.retain(|model| model != "all-team-models");
            lets(&own, deed) && records.iter().take(above).all(|record| lets(record, deed))
        };
        for deed in &deeds {
            for pair in keys.windows(2) {
                let [(maker, above), (made, below)] = pair else { unreachable!() };
                prop_assert!(!effective(made, *below, deed) || effective(maker, *above, deed), "{maker:?} {made:?} {deed:?}");
            }
            for (made, above) in &keys {
                let allowed = effective(made, *above, deed);
                prop_assert!(!allowed || records.iter().all(|record| lets(record, deed)), "{made:?} {deed:?}");
            }
        }
    }
}
