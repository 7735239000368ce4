//! Where an operation is called: below the base as OpenAI does, or by Azure's deployments and versions.

use crate::providers::parameters::row::Rule;
use crate::providers::target::{Target, is_azure_v1};

/// The version of Azure's API where nobody says one.
const AZURE_VERSION: &str = "2025-02-01-preview";

/// The version of Azure's API of models where nobody says one.
const AZURE_MODELS_VERSION: &str = "2024-05-01-preview";

/// The address of an operation, by its path below the API's version.
pub(super) fn endpoint(target: &Target, path: &str) -> String {
    let (base, query) =
        target.api_base.split_once('?').map_or((target.api_base.as_str(), None), |(base, query)| (base, Some(query)));
    let base = base.trim_end_matches('/');
    if target.profile.has(Rule::AzureAddress) {
        azure(target, base, query, path)
    } else if target.profile.has(Rule::AzureModelsAddress) {
        azure_models(target, base, query, path)
    } else {
        plain(target, base, query, path)
    }
}

/// The address of responses, or of what stands `below` them (`/{id}`). Azure's versions that are dates name no deployment
/// here, and where nobody says a version it is OpenAI's own API.
pub(in crate::providers) fn responses(target: &Target, below: &str) -> String {
    let (base, query) =
        target.api_base.split_once('?').map_or((target.api_base.as_str(), None), |(base, query)| (base, Some(query)));
    let base = base.trim_end_matches('/');
    let base = base.strip_suffix("/chat/completions").or_else(|| base.strip_suffix("/responses")).unwrap_or(base);
    let path = format!("/responses{below}");
    if !target.profile.has(Rule::AzureAddress) {
        return plain(target, base, query, &path);
    }
    let root = base.split_once("/openai").map_or(base, |(root, _)| root);
    let of_base = query.and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("api-version=")));
    match target.api_version.as_deref().or(of_base).filter(|version| !is_azure_v1(Some(version))) {
        Some(version) => format!("{root}/openai{path}?api-version={version}"),
        None => format!("{root}/openai/v1{path}"),
    }
}

/// The path goes behind the base's own path, before its query.
fn plain(target: &Target, base: &str, query: Option<&str>, path: &str) -> String {
    let between = target.profile.row.path;
    let (base, between) = match base.strip_suffix("/ai/run") {
        Some(account) if target.profile.has(Rule::CloudflareAddress) => (account, "/ai/v1"),
        // A base that tells its version is whole.
        _ if between.rsplit_once('/').is_some_and(|(_, version)| base.rsplit('/').next() == Some(version)) => {
            (base, "")
        }
        _ => (base, between),
    };
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

/// An address of Azure's models. Below a resource they stand in a path of their own, with a version; a model that is
/// served by itself has neither: <https://learn.microsoft.com/azure/ai-foundry/model-inference/concepts/endpoints>
fn azure_models(target: &Target, base: &str, query: Option<&str>, path: &str) -> String {
    let (root, own_path) =
        base.split_once("://").map_or(("", base), |(_, rest)| rest.split_once('/').unwrap_or((rest, "")));
    let is_resource = root.ends_with(".services.ai.azure.com");
    let between = if is_resource && own_path.is_empty() { "/models" } else { "" };
    let joined = if base.ends_with(path) { base.to_owned() } else { format!("{base}{between}{path}") };
    let has_version = query.is_some_and(|query| query.split('&').any(|pair| pair.starts_with("api-version=")));
    let version = target.api_version.as_deref().or(is_resource.then_some(AZURE_MODELS_VERSION));
    let version = version.filter(|_| !has_version).map(|version| format!("api-version={version}"));
    let query: Vec<&str> = query.into_iter().chain(version.as_deref()).collect();
    if query.is_empty() { joined } else { format!("{joined}?{}", query.join("&")) }
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
        for base in ["http://u", "http://u/", "http://u/v1", "http://u/v1/chat/completions"] {
            assert_eq!(at("heroku/m", base, None), "http://u/v1/chat/completions");
        }
        assert_eq!(at("gradient_ai/m", "http://agent", None), "http://agent/api/v1/chat/completions");
        assert_eq!(at("gradient_ai/m", "http://u/v1", None), "http://u/v1/chat/completions");
    }

    #[test]
    fn responses_stand_beside_chats_and_azure_names_no_deployment_there() {
        let at = |model: &str, base: &str, version: Option<&str>| {
            let params = DeploymentParams {
                model: model.to_owned(),
                api_base: Some(base.to_owned()),
                api_version: version.map(str::to_owned),
                ..DeploymentParams::default()
            };
            responses(&target_of(&params, &Environment::default()).unwrap(), "/r1")
        };
        assert_eq!(at("openai/m", "http://u/v1/chat/completions", None), "http://u/v1/responses/r1");
        assert_eq!(at("openai/m", "http://u/v1/?x=1", None), "http://u/v1/responses/r1?x=1");
        let dated = "http://u/openai/responses/r1?api-version=2025-03-01-preview";
        for base in ["http://u", "http://u/openai/deployments/d", "http://u/openai/responses"] {
            assert_eq!(at("azure/d", base, Some("2025-03-01-preview")), dated);
        }
        assert_eq!(at("azure/d", "http://u", None), "http://u/openai/v1/responses/r1");
    }

    #[test]
    fn a_resource_of_azure_has_its_models_below_a_path_and_a_model_by_itself_has_not() {
        let resource = "https://r.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview";
        assert_eq!(at("azure_ai/phi-4", "https://r.services.ai.azure.com", None), resource);
        assert_eq!(at("azure_ai/phi-4", resource, None), resource);
        assert_eq!(at("azure_ai/phi-4", "https://u.test/models", None), "https://u.test/models/chat/completions");
        let versioned = "https://u.test/chat/completions?x=1&api-version=v";
        assert_eq!(at("azure_ai/phi-4", "https://u.test?x=1", Some("v")), versioned);
    }

    #[test]
    fn cloudflares_own_dialect_is_left_for_openais() {
        let wanted = "http://u/ai/v1/chat/completions";
        assert_eq!(at("cloudflare/@cf/m", "http://u/ai/run/", None), wanted);
        assert_eq!(at("cloudflare/@cf/m", "http://u/ai/v1", None), wanted);
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
