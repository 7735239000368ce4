//! Where an operation is called: below the base as OpenAI does, or by Azure's deployments and versions.

use crate::providers::operation::Operation;
use crate::providers::parameters::row::Rule;
use crate::providers::target::Target;

/// The version of Azure's API where nobody says one.
const AZURE_VERSION: &str = "2025-02-01-preview";

/// The operation's address.
pub(super) fn endpoint(target: &Target, operation: Operation) -> String {
    let (base, query) =
        target.api_base.split_once('?').map_or((target.api_base.as_str(), None), |(base, query)| (base, Some(query)));
    let base = base.trim_end_matches('/');
    if target.profile.has(Rule::AzureAddress) {
        azure(target, base, query, operation)
    } else {
        plain(target, base, query, operation)
    }
}

/// The path goes behind the base's own path, before its query.
fn plain(target: &Target, base: &str, query: Option<&str>, operation: Operation) -> String {
    let (between, path) = (target.profile.row.path, operation.path());
    let between = if base.ends_with(between) { "" } else { between };
    let joined = if base.ends_with(path) { base.to_owned() } else { format!("{base}{between}{path}") };
    match query {
        Some(query) => format!("{joined}?{query}"),
        None => joined,
    }
}

/// Azure's versions that are dates name the deployment in the path; the others are OpenAI's own API:
/// <https://learn.microsoft.com/azure/ai-foundry/openai/reference>
fn azure(target: &Target, base: &str, query: Option<&str>, operation: Operation) -> String {
    const V1: &str = "/openai/v1";
    const DEPLOYMENTS: &str = "/openai/deployments";
    let path = operation.path();
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
