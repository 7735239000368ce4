//! From a document to a configuration: references resolved, names checked, sections read. Everything that is wrong is
//! found in one run.

use super::cache;
use super::deployment::ModelEntry;
use super::document::Document;
use super::environment::Environment;
use super::failing::read_failing;
use super::general::GeneralSettings;
use super::guardrails::read_guardrails;
use super::ledger;
use super::models::{ProviderCheck, configured_credentials, read_models};
use super::names::{self, Unknown};
use super::pass_through::read_endpoints;
use super::problem::{ConfigError, Problem};
use super::reading::read;
use super::references::{self, Resolved};
use super::report::Report;
use super::settings::{Config, LitellmSettings, RouterSettings};
use super::tree::{Content, Node};
use super::variables;
use crate::secret::Secret;
use std::collections::BTreeMap;

/// What a document is read with.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// The process environment.
    pub environment: &'a Environment,
    /// The secrets that [`Document::references`] asked for.
    pub resolved: &'a Resolved,
    /// Which upstreams can be called. The room above knows the providers; this one does not.
    pub provider_check: ProviderCheck<'a>,
}

/// A configuration that can be used.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What the operator asked for.
    pub config: Config,
    /// The environment with `environment_variables` laid over it and references to secrets resolved. Whoever reads a
    /// variable from here on reads it here.
    pub environment: Environment,
    /// Objects with certificates and keys that settings about TLS name by address, fetched by whoever loads.
    pub objects: BTreeMap<String, Secret>,
    /// What the operator should know, in the order of the files.
    pub warnings: Vec<Problem>,
}

/// A section within another.
const KEY_MANAGEMENT: &str = "key_management_settings";
const JWT_AUTH: &str = "litellm_jwtauth";
const SECTIONS: [&str; 3] = ["general_settings", "litellm_settings", "router_settings"];

impl Config {
    /// Reads a document.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that is wrong, not only the first.
    pub fn from_document(document: &Document, sources: Sources<'_>) -> Result<Loaded, ConfigError> {
        Self::read(document, None, sources)
    }

    /// A configuration without a file: these models, what the environment says, and what else the document does.
    ///
    /// # Errors
    /// As [`Config::from_document`].
    pub fn from_environment(
        document: &Document,
        models: Vec<ModelEntry>,
        sources: Sources<'_>,
    ) -> Result<Loaded, ConfigError> {
        Self::read(document, Some(models), sources)
    }

    fn read(document: &Document, models: Option<Vec<ModelEntry>>, sources: Sources<'_>) -> Result<Loaded, ConfigError> {
        let mut report = Report::on(document);
        let (mut root, environment) = references::resolve(document, sources.environment, sources.resolved, &mut report);
        variables::lay_under(&mut root, &environment, &mut report);
        variables::name_idle(&environment, &mut report);
        names::check(&mut root, "top_level", "", Unknown::Warn, &mut report);
        for section in SECTIONS {
            if let Some(node) = root.get_mut(section) {
                names::check(node, section, section, Unknown::Warn, &mut report);
            }
        }
        if let Some(node) = root.get_mut("general_settings").and_then(|node| node.get_mut(KEY_MANAGEMENT)) {
            names::check(node, KEY_MANAGEMENT, "general_settings.key_management_settings", Unknown::Warn, &mut report);
        }
        if let Some(node) = root.get_mut("general_settings").and_then(|node| node.get_mut(JWT_AUTH)) {
            names::check(node, JWT_AUTH, "general_settings.litellm_jwtauth", Unknown::Keep, &mut report);
        }
        if let Some(node) = root.get_mut("router_settings").and_then(|node| node.get_mut("routing_strategy_args")) {
            names::check(
                node,
                "routing_strategy_args",
                "router_settings.routing_strategy_args",
                Unknown::Warn,
                &mut report,
            );
        }
        cache::check_names(&mut root, &mut report);
        check_shapes(&root, &mut report);
        let router: RouterSettings = section(&root, "router_settings", &mut report);
        let mut config = Self {
            credentials: configured_credentials(&root),
            models: match models {
                Some(models) => models,
                None => read_models(&root, &router, &environment, sources.provider_check, &mut report),
            },
            general: section(&root, "general_settings", &mut report),
            litellm: section(&root, "litellm_settings", &mut report),
            routing: section(&root, "router_settings", &mut report),
            health: section(&root, "general_settings", &mut report),
            guardrails: read_guardrails(&root, &environment, &mut report),
            pass_through: read_endpoints(&root, &environment, &mut report),
            ..Self::default()
        };
        check_key_header(&root, &config.general, &mut report);
        check_jwt(&root, &config.general, &mut report);
        config.failing = read_failing(&root, &config.models, &mut report);
        config.fold(&router, &environment, &mut report);
        let is_cached = config.litellm.is_cached || router.cache_responses;
        let may_be_more = config.general.store_model_in_db == Some(true);
        let named = cache::Named { models: &config.models, may_be_more };
        config.litellm.cache = cache::read(&root, is_cached, (&named, &environment), &mut report);
        config.litellm.allowed_cache_controls = router.allowed_cache_controls;
        Ok(Loaded { config, environment, objects: BTreeMap::new(), warnings: report.finish()? })
    }

    /// Settings that may stand in several places end in one.
    fn fold(&mut self, router: &RouterSettings, environment: &Environment, report: &mut Report<'_>) {
        let LitellmSettings { request_timeout, set_verbose, .. } = &mut self.litellm;
        *request_timeout = router.timeout.or(*request_timeout);
        let is_debug = router.debug_level.as_ref().is_some_and(|level| level.eq_ignore_ascii_case("debug"));
        *set_verbose = *set_verbose || router.set_verbose || is_debug || self.general.detailed_debug;
        self.general.default_priority = router.default_priority;
        (self.general.rpm_limit, self.general.tpm_limit) = (router.rpm_limit, router.tpm_limit);
        self.litellm.provider_budget_config.extend(router.provider_budget_config.clone());
        for model in &mut self.models {
            model.params.drop_params.get_or_insert(self.litellm.drop_params);
            model.params.modify_params.get_or_insert(self.litellm.modify_params);
        }
        self.general.fill_master_key(environment);
        if self.models.is_empty() {
            report.warn(Default::default(), "model_list", "names no model, so that no request can be answered");
        }
    }
}

fn section<T: serde::de::DeserializeOwned + Default>(root: &Node, name: &str, report: &mut Report<'_>) -> T {
    root.get(name).map_or_else(T::default, |node| read(node, name, report))
}

/// A header that holds callers' keys must not be one that goes to providers.
fn check_key_header(root: &Node, general: &GeneralSettings, report: &mut Report<'_>) {
    let node = root.get("general_settings").and_then(|node| node.get("litellm_key_header_name"));
    let Some((node, name)) = node.zip(general.litellm_key_header_name.as_deref()) else { return };
    let goes_on = name.starts_with("anthropic-") || name.starts_with("openai-");
    let goes_on = goes_on || (general.forward_client_headers_to_llm_api && name.starts_with("x-"));
    if goes_on && !name.starts_with("x-litellm-") && !name.starts_with("x-postern-") {
        let path = "general_settings.litellm_key_header_name";
        let message = "headers of this name go to providers, and callers' keys with them; choose one that begins with \
                       `x-litellm-`";
        report.error(node.place, path, message.to_owned());
    }
}

/// What tokens mean must make sense as a whole.
fn check_jwt(root: &Node, general: &GeneralSettings, report: &mut Report<'_>) {
    let Some(node) = root.get("general_settings").and_then(|node| node.get(JWT_AUTH)) else { return };
    let known = || ledger::in_section(JWT_AUTH).map(|setting| setting.name);
    for entry in node.entries().iter().filter(|entry| known().all(|name| name != entry.name)) {
        let nearest = names::nearest(&entry.name, known(), 0.0).unwrap_or_default();
        let message = format!("unknown name, and what it asks for would not hold; did you mean `{nearest}`?");
        report.error(entry.place, &format!("general_settings.{JWT_AUTH}.{}", entry.name), message);
    }
    for (name, advice) in general.litellm_jwtauth.contradictions() {
        let place = node.get(name).map_or(node.place, |node| node.place);
        report.error(place, &format!("general_settings.{JWT_AUTH}.{name}"), advice.to_owned());
    }
    if !general.enable_jwt_auth && !node.is_null() {
        let message = "has no effect without `enable_jwt_auth: true`";
        report.warn(node.place, "general_settings.litellm_jwtauth", message);
    }
}

/// Sections that are read piece by piece and not as a struct.
fn check_shapes(root: &Node, report: &mut Report<'_>) {
    let shapes = [("environment_variables", false), ("credential_list", true)];
    for (name, is_list) in shapes {
        let Some(node) = root.get(name).filter(|node| !node.is_null()) else { continue };
        let fits =
            if is_list { matches!(node.content, Content::List(_)) } else { matches!(node.content, Content::Map(_)) };
        if !fits {
            let wanted = if is_list { "a list" } else { "a map" };
            report.error(node.place, name, format!("must be {wanted}, not {}", node.kind()));
        }
    }
}

#[cfg(test)]
mod tests;
