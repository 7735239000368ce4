//! Paths of the operator's own: each of the configuration's as calls know it.

use super::error::StartError;
use crate::config::Config;
use crate::config::deployment::{DeploymentParams, ModelEntry};
use crate::config::pass_through::PassThroughEntry;
use crate::flow::model_call::{Endpoint, Endpoints};
use crate::price::ModelPrice;
use crate::providers::parameters::policy::Policy;
use crate::providers::parameters::profile::Profile;
use crate::providers::target::{KeyHeader, Target};
use crate::routing::Deployment;
use crate::surface::taken::taken_by;
use http::{HeaderMap, HeaderValue, Uri};
use serde_json::{Map, json};
use std::sync::Arc;

/// What spend rows and budgets of providers call whoever is behind such a path.
const PROVIDER: &str = "pass_through";

/// The endpoints of a configuration.
///
/// # Errors
/// [`StartError::PassThrough`] names the one that cannot be served.
pub(super) fn endpoints(config: &Config) -> Result<Endpoints, StartError> {
    let made: Result<Vec<Endpoint>, StartError> = config.pass_through.iter().map(endpoint).collect();
    Ok(Endpoints::new(made?))
}

fn endpoint(entry: &PassThroughEntry) -> Result<Endpoint, StartError> {
    let wrong = |problem| StartError::PassThrough { path: entry.path.clone(), line: entry.line, problem };
    if let Some(route) = taken_by(&entry.path, entry.takes_more) {
        return Err(wrong(format!("the gateway's own `{route}` is there; choose another path")));
    }
    let mut headers = HeaderMap::new();
    for (name, text) in &entry.headers {
        let mut value = HeaderValue::from_str(text.expose())
            .map_err(|_| wrong(format!("the header `{name}` holds characters that no header may hold")))?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(Endpoint {
        path: entry.path.clone(),
        methods: entry.methods.clone(),
        takes_more: entry.takes_more,
        needs_key: entry.needs_key,
        forwards_headers: entry.forwards_headers,
        target: entry.target.clone(),
        query: entry.query.clone().into_iter().collect(),
        headers,
        deployment: Arc::new(deployment(entry)?),
    })
}

/// What it is to limits and spend rows: a deployment of its own, paid by the call.
fn deployment(entry: &PassThroughEntry) -> Result<Deployment, StartError> {
    let params = DeploymentParams { model: entry.path.clone(), timeout: entry.timeout, ..DeploymentParams::default() };
    let info = Map::from_iter([("id".to_owned(), json!(entry.id))]);
    let described = Arc::new(ModelEntry { model_name: entry.path.clone(), params, info, line: entry.line });
    let target = target(entry);
    let mut deployment = Deployment::build(described, &move |_| Ok(target.clone()))?;
    let price =
        |cost| ModelPrice::from_info(&entry.path, Map::from_iter([("input_cost_per_request".to_owned(), cost)]));
    // What a model of that name would cost does not matter.
    deployment.price = entry.cost.map(|cost| price(json!(cost)));
    Ok(deployment)
}

fn target(entry: &PassThroughEntry) -> Target {
    Target {
        provider: PROVIDER,
        model: entry.path.clone(),
        api_base: shown(&entry.target),
        api_key: None,
        identity: None,
        key_header: KeyHeader::default(),
        api_version: None,
        organization: None,
        extra_headers: Vec::new(),
        extra_body: Map::new(),
        default_params: Map::new(),
        known: None,
        profile: Profile::of(PROVIDER, &entry.path),
        policy: Policy::default(),
    }
}

/// The address without what may hold a credential.
fn shown(target: &Uri) -> String {
    let authority = target.authority().map_or("", |authority| authority.as_str());
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{}://{host}{}", target.scheme_str().unwrap_or("http"), target.path())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Document, Environment, Resolved, Sources};

    fn made(entry: &str) -> Result<Endpoints, String> {
        let text = format!("general_settings:\n  pass_through_endpoints:\n  - {entry}\n");
        let document = Document::parse("config.yaml", &text).unwrap();
        let (environment, resolved) = (Environment::default(), Resolved::default());
        let sources = Sources { environment: &environment, resolved: &resolved, provider_check: &|_, _| Ok(()) };
        endpoints(&Config::from_document(&document, sources).unwrap().config).map_err(|error| error.to_string())
    }

    #[test]
    fn a_path_of_the_gateways_own_is_told_with_its_line() {
        assert_eq!(
            made("{path: /key/info, target: 'http://a.test'}").unwrap_err(),
            "general_settings.pass_through_endpoints: `/key/info` (line 3): the gateway's own `/key/info` is there; \
             choose another path"
        );
        assert!(made("{path: /key, target: 'http://a.test'}").is_ok());
        assert!(made("{path: /key, target: 'http://a.test', include_subpath: true}").is_err());
    }

    #[test]
    fn credentials_of_an_address_are_not_shown() {
        assert_eq!(shown(&Uri::from_static("https://a:b@x.test:8443/v1?key=k")), "https://x.test:8443/v1");
    }

    #[test]
    fn a_call_costs_what_is_said_whatever_its_path_is_called() {
        let entry = |cost: Option<f64>| PassThroughEntry {
            id: "e".to_owned(),
            path: "/gpt-4o".to_owned(),
            target: Uri::from_static("http://a.test"),
            headers: Vec::new(),
            query: Default::default(),
            takes_more: false,
            forwards_headers: false,
            cost,
            needs_key: true,
            methods: Vec::new(),
            timeout: None,
            line: 0,
        };
        let bound =
            |cost| deployment(&entry(cost)).unwrap().price.map(|price| price.bound(&Default::default()).dollars());
        assert_eq!((bound(Some(0.25)), bound(None)), (Some(0.25), None));
    }
}
