//! Where an operation is called: below the base as OpenAI does, or by Azure's deployments and versions.

use crate::providers::parameters::row::Rule;
use crate::providers::target::Target;

/// The version of Azure's API where nobody says one.
const AZURE_VERSION: &str = "2025-02-01-preview";

/// The address of an operation, by its path below the API's version.
pub(super) fn endpoint(target: &Target, path: &str) -> String {
    let (base, query) =
        target.api_base.split_once('?').map_or((target.api_base.as_str(), None), |(base, query)| (base, Some(query)));
    let base = base.trim_end_matches('/');
    if target.profile.has(Rule::AzureAddress) {
        azure(target, base, query, path)
    } else {
        plain(target, base, query, path)
    }
}

/// The path goes behind the base's own path, before its query.
fn plain(target: &Target, base: &str, query: Option<&str>, path: &str) -> String {
    let between = target.profile.row.path;
    let between = if base.ends_with(between) { "" } else { between };
    let joined = if base.ends_with(path) { base.to_owned() } else { format!("{base}{between}{path}") };
    match query {
        Some(query) => format!("{joined}?{query}"),
        None => joined,
    }
}

/// Azure's versions that are dates name the deployment in the path; the others are OpenAI's own API:
/// <https://learn.microsoft.com/azure/ai-foundry/openai/reference>
fn azure(target: &Target, base: &str, query: Option<&str>, path: &str) -> String {
    const V1: &str = "/openai/v1";
    const DEPLOYMENTS: &str = "/openai/deployments";
    if target.is_azure_v1() {
        return if base.ends_with(V1) { format!("{base}{path}") } else { format!("{base}{V1}{path}") };
    }
    let of_base = query.and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("api-version=")));
    let version = target.api_version.as_deref().or(of_base).unwrap_or(AZURE_VERSION);
    let joined = if base.ends_with(path) {
        base.to_owned()
    } else if base.contains(DEPLOYMENTS) {
        format!("{base}{path}")
    } else {
        format!("{base}{DEPLOYMENTS}/{}{path}", target.model)
    };
    format!("{joined}?api-version={version}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{DeploymentParams, Environment};
    use crate::providers::resolve::target_of;

    fn at(model: &str, base: &str, version: Option<&str>) -> String {
        let params = DeploymentParams {
            model: model.to_owned(),
            api_base: Some(base.to_owned()),
            api_version: version.map(str::to_owned),
            ..DeploymentParams::default()
        };
        endpoint(&target_of(&params, &Environment::default()).unwrap(), "/chat/completions")
    }

    #[test]
    fn the_base_may_be_a_whole_address_or_carry_a_query() {
        assert_eq!(at("openai/m", "http://u/v1/", None), "http://u/v1/chat/completions");
        assert_eq!(at("openai/m", "http://u/v1/chat/completions", None), "http://u/v1/chat/completions");
        assert_eq!(at("openai/m", "http://u/v1?x=1", None), "http://u/v1/chat/completions?x=1");
        assert_eq!(at("snowflake/m", "http://u", None), "http://u/api/v2/cortex/v1/chat/completions");
    }

    #[test]
    fn azure_is_called_by_deployment_and_version() {
        let dated = "http://u/openai/deployments/dep/chat/completions?api-version=2024-10-21";
        assert_eq!(at("azure/dep", "http://u/", Some("2024-10-21")), dated);
        assert_eq!(at("azure/dep", dated, None), dated);
        assert_eq!(at("azure/dep", "http://u", Some("v1")), "http://u/openai/v1/chat/completions");
        assert_eq!(at("azure/dep", "http://u/openai/v1", Some("preview")), "http://u/openai/v1/chat/completions");
    }
}
