//! Ready-made tables for the tests of this room and those above it, and the table's own tests.

use super::{Deployment, Group, ModelTable, ResolveError, Routing, Targets};
use crate::config::deployment::{DeploymentParams, ModelEntry};
use crate::providers::parameters::policy::Policy;
use crate::providers::parameters::profile::Profile;
use crate::providers::target::{KeyHeader, Target};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// An entry as the configuration writes it.
pub(crate) fn entry(value: Value) -> ModelEntry {
    let mut params = value["litellm_params"].clone();
    params.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    ModelEntry {
        model_name: value["model_name"].as_str().unwrap().to_owned(),
        params: serde_json::from_value(params).unwrap(),
        info: value["model_info"].as_object().cloned().unwrap_or_default(),
        line: 0,
    }
}

/// Upstreams of four providers; every other name has none.
pub(crate) fn targets() -> Arc<Targets> {
    Arc::new(|params: &DeploymentParams| {
        let (prefix, model) = params.model.split_once('/').ok_or("no provider in the name")?;
        let provider = ["openai", "azure", "anthropic", "gemini"].into_iter().find(|known| *known == prefix);
        Ok(Target {
            provider: provider.ok_or("no such provider")?,
            model: model.to_owned(),
            api_base: params.api_base.clone().unwrap_or_else(|| "https://upstream.test/v1".to_owned()),
            api_key: params.api_key.clone(),
            identity: None,
            key_header: KeyHeader::Bearer,
            api_version: None,
            organization: None,
            extra_headers: Vec::new(),
            extra_body: Map::new(),
            default_params: params.rest.clone(),
            known: None,
            profile: Profile::of("openai", model),
            policy: Policy::default(),
        })
    })
}

/// A table of entries given as (public name, upstream model); ids are `0`, `1`, ….
pub(crate) fn table(entries: &[(&str, &str)]) -> ModelTable {
    let entries = entries.iter().enumerate().map(|(at, (name, model))| {
        entry(json!({
            "model_name": name, "litellm_params": {"model": model, "api_key": "sk-upstream"},
            "model_info": {"id": at.to_string()}
        }))
    });
    ModelTable::new(entries.collect(), targets()).unwrap()
}

/// A group of deployments with these parameters each; ids are `0`, `1`, ….
pub(crate) fn group(params: &[Value]) -> Group {
    let deployments = params.iter().enumerate().map(|(at, params)| {
        let mut params = params.clone();
        params["model"] = json!("openai/gpt-4o");
        let entry = entry(json!({"model_name": "a", "litellm_params": params, "model_info": {"id": at.to_string()}}));
        Arc::new(Deployment::build(Arc::new(entry), &*targets()).unwrap())
    });
    Group::new("a".to_owned(), deployments.collect(), Arc::default())
}

/// A group of deployments of these entries each, whose `router_settings` are these; ids are `0`, `1`, ….
pub(crate) fn group_by(settings: Value, entries: &[Value]) -> Group {
    let routing = Arc::new(Routing::new(serde_json::from_value(settings).unwrap(), Default::default()));
    let deployments = entries.iter().enumerate().map(|(at, said)| {
        let mut value = json!({"model_name": "a", "litellm_params": {}, "model_info": {}});
        for part in ["litellm_params", "model_info"] {
            value[part].as_object_mut().unwrap().extend(said[part].as_object().cloned().unwrap_or_default());
        }
        value["litellm_params"]["model"] = json!("openai/own-model");
        value["model_info"]["id"] = json!(at.to_string());
        Deployment::build(Arc::new(entry(value)), &*targets()).unwrap().routed(&routing)
    });
    Group::new("a".to_owned(), deployments.collect(), Arc::clone(&routing))
}

fn resolved(table: &ModelTable, model: &str) -> Option<Vec<String>> {
    let group = table.resolve(model).ok()?;
    Some(group.deployments.iter().map(|deployment| deployment.id.to_string()).collect())
}

#[test]
fn an_exact_name_beats_a_wildcard_and_a_wildcard_beats_an_upstream_name() {
    let table = table(&[("openai/*", "openai/*"), ("openai/gpt-4o", "openai/gpt-4o"), ("b", "openai/gpt-5")]);
    assert_eq!(resolved(&table, "openai/gpt-4o").unwrap(), ["1"]);
    assert_eq!(resolved(&table, "openai/gpt-5").unwrap(), ["0"]);
}

#[test]
fn a_name_can_be_a_deployments_id_or_its_upstream_name() {
    let table = table(&[("a", "openai/gpt-4o"), ("a", "openai/gpt-4o"), ("b", "openai/gpt-5")]);
    assert_eq!(resolved(&table, "1").unwrap(), ["1"]);
    assert_eq!(resolved(&table, "openai/gpt-4o").unwrap(), ["0", "1"]);
    assert!(matches!(table.resolve("nope"), Err(ResolveError::Unknown(name)) if name == "nope"));
}

#[test]
fn a_wildcard_gives_a_deployment_of_the_model_asked_for_with_its_own_price() {
    let table = table(&[("wild/*", "openai/*")]);
    let group = table.resolve("wild/gpt-4o").unwrap();
    let deployment = &group.deployments[0];
    assert_eq!((group.name.as_str(), deployment.group.as_str()), ("wild/gpt-4o", "wild/gpt-4o"));
    assert_eq!(deployment.target().unwrap().model, "gpt-4o");
    assert_eq!(deployment.price.as_ref().unwrap().key(), "gpt-4o");
    assert!(Arc::ptr_eq(&group, &table.resolve("wild/gpt-4o").unwrap()), "built once");
}

#[test]
fn a_wildcard_that_leads_nowhere_is_not_the_same_as_an_unknown_name() {
    let table = table(&[("*", "*")]);
    assert!(matches!(table.resolve("nobody/x"), Err(ResolveError::Build(_))));
    assert_eq!(resolved(&table, "openai/gpt-4o").unwrap(), ["0"]);
}

#[test]
fn wildcards_of_one_name_share_its_traffic() {
    let table = table(&[("openai/*", "openai/*"), ("openai/*", "azure/*"), ("openai/*", "nobody/*")]);
    assert_eq!(resolved(&table, "openai/gpt-4o").unwrap(), ["0", "1"]);
}

#[test]
fn an_alias_means_its_model_before_any_model_of_that_name() {
    let said =
        json!({"model_group_alias": {"gpt": "a", "b": {"model": "a", "hidden": true}, "old-*": "wild/*", "x": "y"}});
    let routing = Arc::new(Routing::new(serde_json::from_value(said).unwrap(), Default::default()));
    let entries = [("a", "openai/gpt-4o"), ("b", "openai/gpt-5"), ("wild/*", "openai/*")];
    let entries = entries.into_iter().enumerate().map(|(at, (name, model))| {
        let info = json!({"id": at.to_string()});
        entry(json!({"model_name": name, "litellm_params": {"model": model}, "model_info": info}))
    });
    let table = ModelTable::routed(entries.collect(), targets(), routing).unwrap();
    for (name, id) in [("gpt", "0"), ("b", "0"), ("a", "0"), ("old-gpt-4o", "2")] {
        assert_eq!(resolved(&table, name).unwrap(), [id], "{name}");
        assert_eq!(table.resolve(name).unwrap().name, name);
    }
    assert!(matches!(table.resolve("x"), Err(ResolveError::Unknown(_))));
    let list = |name: &str| [name.to_owned()];
    let group = table.resolve("gpt").unwrap();
    assert!(group.is_allowed_by(&list("gpt"), "gpt") && group.is_allowed_by(&list("a"), "gpt"));
    assert!(!group.is_allowed_by(&list("b"), "gpt"));
    let seen = |models: &[String]| -> Vec<String> {
        super::listing::visible(&table, &[models]).into_iter().map(|listed| listed.name).collect()
    };
    assert_eq!(seen(&["a".to_owned(), "b".to_owned()]), ["a", "b", "gpt"]);
    assert_eq!(seen(&list("gpt")), ["gpt"]);
}
