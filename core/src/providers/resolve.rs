//! Which provider a model belongs to, and with that where a deployment is called and with which key. Pure.

use super::azure_ai;
use super::bedrock;
use super::catalog::{self, Dialect, Provider};
use super::names::provider_of_name;
use super::parameters::policy::Policy;
use super::parameters::profile::Profile;
use super::sagemaker;
use super::shown::{Shown, shown, shown_to_aws, shown_to_azure, shown_to_google, shown_to_ibm};
use super::target::{KeyHeader, Target, is_azure_v1};
use super::target_error::TargetError;
use super::vertex;
use crate::config::{DeploymentParams, Environment, Uncallable};
use crate::price;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::sync::Arc;

/// How alike a name and a provider's must be for the one to be a misspelling of the other; 1 is the same.
const LIKE: f64 = 0.75;

/// A provider and the model's name in its own words.
#[derive(Clone, Copy, Debug)]
pub struct Resolution<'m> {
    /// Who is called.
    pub provider: &'static Provider,
    /// What is asked for there.
    pub model: &'m str,
}

/// The provider of a model: the one that `custom_llm_provider` names, else the one before the `/`, else the one whose
/// address `api_base` is, else the one whose models have such names.
///
/// # Errors
/// [`TargetError::NoProvider`], [`TargetError::Misspelt`]; of `custom_llm_provider`,
/// [`TargetError::NoSuchProvider`] and [`TargetError::MisspeltProvider`].
pub fn resolve_provider<'m>(
    model: &'m str,
    custom_llm_provider: Option<&str>,
    api_base: Option<&str>,
) -> Result<Resolution<'m>, TargetError> {
    let parts = model.split_once('/');
    if let Some(name) = custom_llm_provider.filter(|name| !name.is_empty()) {
        let provider = catalog::find(name).ok_or_else(|| no_such_provider(name))?;
        let bare = parts.filter(|(prefix, _)| *prefix == name).map_or(model, |(_, bare)| bare);
        return Ok(Resolution { provider, model: bare });
    }
    if let Some((prefix, bare)) = parts
        && let Some(provider) = catalog::find(prefix)
    {
        return Ok(Resolution { provider, model: bare });
    }
    let by_address = api_base.and_then(provider_at);
    let provider = by_address.or_else(|| provider_of_name(model).and_then(catalog::find));
    Ok(Resolution { provider: provider.ok_or_else(|| no_provider(model))?, model })
}

fn no_such_provider(name: &str) -> TargetError {
    match nearest(name) {
        Some(nearest) => TargetError::MisspeltProvider { name: name.to_owned(), nearest },
        None => TargetError::NoSuchProvider { name: name.to_owned() },
    }
}

fn no_provider(model: &str) -> TargetError {
    let misspelt = model.split_once('/').and_then(|(prefix, bare)| Some((nearest(prefix)?, bare)));
    match misspelt {
        Some((nearest, bare)) => TargetError::Misspelt { model: model.to_owned(), nearest, bare: bare.to_owned() },
        None => TargetError::NoProvider { model: model.to_owned() },
    }
}

/// The provider whose name is most like this one, where one is.
fn nearest(name: &str) -> Option<&'static str> {
    catalog::spoken()
        .map(|provider| (provider.name, strsim::normalized_damerau_levenshtein(name, provider.name)))
        .filter(|(_, likeness)| *likeness >= LIKE)
        .max_by(|(_, one), (_, other)| one.total_cmp(other))
        .map(|(name, _)| name)
}

/// Where a deployment is called, and with what. A wildcard's `*` stays in the model for the caller to fill.
///
/// # Errors
/// Every [`TargetError`].
pub fn target_of(params: &DeploymentParams, environment: &Environment) -> Result<Target, TargetError> {
    let configured = params.api_base.as_deref().filter(|base| !base.is_empty());
    let found = resolve_provider(&params.model, params.custom_llm_provider.as_deref(), configured)?;
    let Resolution { provider, model } = found;
    if provider.dialect == Dialect::Other {
        let name = provider.name.to_owned();
        let is_named = params.custom_llm_provider.as_deref().is_some_and(|named| !named.is_empty());
        return Err(if is_named { TargetError::NoSuchProvider { name } } else { TargetError::NotSpoken { name } });
    }
    if provider.name == bedrock::address::MANTLE && model.starts_with("anthropic.") {
        return Err(TargetError::OtherDialect { model: model.to_owned() });
    }
    let is_on_aws = matches!(provider.name, "bedrock" | "bedrock_converse") || sagemaker::is(provider.name);
    let region = is_on_aws.then(|| bedrock::address::region(params, model, environment));
    let base = base_of(params, &found, region.as_deref(), environment)?;
    let base = base.trim_end_matches('/');
    host(base).ok_or_else(|| no_address(params, provider))?;
    let organization = params.organization.clone();
    let from_environment = || environment.text("OPENAI_ORGANIZATION").map(str::to_owned);
    let is_azure = matches!(provider.name, "azure" | "azure_text");
    let api_version = params.api_version.clone().or_else(|| environment.text("AZURE_API_VERSION").map(str::to_owned));
    let api_version = api_version.filter(|_| is_azure).or_else(|| params.api_version.clone());
    let Shown { api_key, identity, is_token } = match (provider.name, region) {
        (_, Some(region)) => shown_to_aws(params, environment, provider, region),
        ("azure" | "azure_text" | "azure_ai", None) => shown_to_azure(params, environment, provider),
        ("vertex_ai" | "vertex_ai_beta", None) => shown_to_google(params, environment),
        ("watsonx", None) => shown_to_ibm(params, environment, provider),
        _ => shown(params, environment, provider),
    };
    let names_key = match provider.name {
        "azure_ai" => azure_ai::names_key(base, model),
        _ => is_azure && !is_azure_v1(api_version.as_deref()),
    };
    let version_of_azure = api_version.clone().filter(|_| is_azure);
    Ok(Target {
        provider: provider.name,
        model: model.to_owned(),
        api_base: base.to_owned(),
        api_key,
        identity,
        key_header: if names_key && !is_token { KeyHeader::ApiKey } else { KeyHeader::Bearer },
        api_version,
        organization: organization.or_else(|| (provider.name == "openai").then(from_environment).flatten()),
        extra_headers: params.extra_headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        extra_body: params.extra_body.clone(),
        default_params: default_params(params, environment, provider),
        known: (provider.dialect == Dialect::Own || provider.name == "openai")
            .then(|| price::find(model, Some(provider.name)).map(Arc::new))
            .flatten(),
        profile: Profile::of(provider.name, model).by_version(version_of_azure.as_deref()),
        policy: Policy {
            drops: params.drop_params.unwrap_or_default(),
            modifies: params.modify_params.unwrap_or_default(),
            never_sent: params.additional_drop_params.clone(),
            allowed: params.allowed_openai_params.clone(),
        },
    })
}

/// Where the deployment is called: what it says, else the provider's address in the environment, else its own.
fn base_of<'a>(
    params: &'a DeploymentParams,
    found: &Resolution<'_>,
    region: Option<&str>,
    environment: &'a Environment,
) -> Result<Cow<'a, str>, TargetError> {
    let Resolution { provider, model } = found;
    let configured = params.api_base.as_deref().filter(|base| !base.is_empty());
    if vertex::is(provider.name) {
        return vertex::place::base(params, model, environment).map(Cow::Owned).ok_or(TargetError::NoProject);
    }
    let said = configured.map(Cow::Borrowed);
    let base = match region {
        Some(region) if sagemaker::is(provider.name) => said.or_else(|| Some(sagemaker::base(region).into())),
        Some(region) => said.or_else(|| Some(bedrock::address::base(params, region, environment).into())),
        None => said.or_else(|| provider.base(environment)),
    };
    let is_mantle = provider.name == bedrock::address::MANTLE;
    let of_region = || is_mantle.then(|| bedrock::address::mantle_base(params, environment).into());
    base.or_else(of_region).ok_or_else(|| TargetError::NoAddress { name: provider.name.to_owned() })
}

/// Which setting makes the address none: a whole address before a part of one.
fn no_address(params: &DeploymentParams, provider: &Provider) -> TargetError {
    let account = &params.account;
    let is_wrong = |said: &Option<String>, form: fn(&str) -> String| {
        said.as_deref().is_some_and(|said| !said.is_empty() && host(&form(said)).is_none())
    };
    let (in_host, in_path) = (|said: &str| format!("https://{said}.test"), |said: &str| format!("https://test/{said}"));
    let (is_vertex, whole) = (vertex::is(provider.name), str::to_owned);
    if is_wrong(&params.api_base, whole) {
        TargetError::BadAddress { setting: "api_base" }
    } else if is_wrong(&account.aws_bedrock_runtime_endpoint, whole) {
        TargetError::BadAddress { setting: "aws_bedrock_runtime_endpoint" }
    } else if is_vertex && is_wrong(&account.vertex_project, in_path) {
        TargetError::BadPart { setting: "vertex_project" }
    } else if is_vertex && is_wrong(&account.vertex_location, in_host) {
        TargetError::BadPart { setting: "vertex_location" }
    } else if is_wrong(&account.aws_region_name, in_host) {
        TargetError::BadPart { setting: "aws_region_name" }
    } else {
        TargetError::BadAddress { setting: "api_base" }
    }
}

/// Body fields where the client sends none. A project of watsonx may stand in the environment.
fn default_params(params: &DeploymentParams, environment: &Environment, provider: &Provider) -> Map<String, Value> {
    let mut defaults = params.rest.clone();
    let has_place = ["project_id", "space_id"].iter().any(|name| defaults.contains_key(*name));
    if provider.name == "watsonx" && !has_place {
        let project = ["WATSONX_PROJECT_ID", "WX_PROJECT_ID"].iter().find_map(|name| environment.text(name));
        defaults.extend(project.map(|project| ("project_id".to_owned(), Value::from(project))));
    }
    defaults
}

/// The check of a deployment for [`crate::config::Sources`]. A fixed answer needs no upstream.
///
/// # Errors
/// [`Uncallable`] names the setting at fault.
pub fn check_deployment(params: &DeploymentParams, environment: &Environment) -> Result<(), Uncallable> {
    if params.mock_response.is_some() {
        return Ok(());
    }
    let uncallable = |error: TargetError| Uncallable { setting: error.setting(), why: error.to_string() };
    target_of(params, environment).map(|_| ()).map_err(uncallable)
}

/// The hosted provider that answers at an address. Whole hosts are compared: a part of the text would hand a
/// provider's key to any address that merely holds the provider's name.
fn provider_at(api_base: &str) -> Option<&'static Provider> {
    let wanted = host(api_base)?;
    let hosted = |provider: &&Provider| provider.needs_key;
    catalog::spoken()
        .filter(hosted)
        .find(|provider| provider.api_base.and_then(host).is_some_and(|host| host.eq_ignore_ascii_case(&wanted)))
}

fn host(address: &str) -> Option<String> {
    let uri: http::Uri = address.parse().ok()?;
    let web = uri.scheme_str().is_some_and(|scheme| scheme == "http" || scheme == "https");
    uri.host().filter(|host| web && !host.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Document, Resolved, Sources};
    use crate::providers::identity::Identity;
    use crate::secret::Secret;

    const VECTORS: &str = include_str!("../../data/corpus/provider_resolution.json");

    #[test]
    fn every_recorded_model_goes_to_its_provider() {
        let recorded: Value = serde_json::from_str(VECTORS).unwrap();
        let vectors = recorded["vectors"].as_array().unwrap();
        for vector in vectors {
            let model = vector["model"].as_str().unwrap();
            let api_base = vector["api_base"].as_str();
            let found = resolve_provider(model, None, api_base);
            if vector["error"].is_string() {
                assert!(matches!(found, Err(TargetError::NoProvider { .. })), "{vector}");
                continue;
            }
            let found = found.unwrap_or_else(|error| panic!("{vector}: {error}"));
            assert_eq!(Some(found.provider.name), vector["provider"].as_str(), "{vector}");
            assert_eq!(Some(found.model), vector["resolved_model"].as_str(), "{vector}");
            if let Some(base) = vector["resolved_api_base"].as_str() {
                assert_eq!(api_base.or(found.provider.api_base), Some(base), "{vector}");
            }
        }
        assert!(vectors.len() > 40);
    }

    #[test]
    fn a_named_provider_wins_over_the_prefix() {
        let found = resolve_provider("anthropic/claude", Some("openai"), None).unwrap();
        assert_eq!((found.provider.name, found.model), ("openai", "anthropic/claude"));
        let found = resolve_provider("openai/gpt-4o", Some("openai"), None).unwrap();
        assert_eq!(found.model, "gpt-4o");
    }

    #[test]
    fn an_address_that_only_holds_a_providers_name_is_not_that_provider() {
        for address in ["https://evil.test/api.groq.com/openai/v1", "https://api.groq.com.evil.test/openai/v1"] {
            assert!(resolve_provider("unknown", None, Some(address)).is_err(), "{address}");
        }
    }

    fn params(model: &str) -> DeploymentParams {
        DeploymentParams { model: model.to_owned(), ..DeploymentParams::default() }
    }

    #[test]
    fn a_deployment_without_key_or_address_takes_them_from_the_environment() {
        let environment = Environment::from_pairs([("GROQ_API_KEY", "sk-groq")]);
        let target = target_of(&params("groq/llama"), &environment).unwrap();
        assert_eq!((target.provider, target.model.as_str()), ("groq", "llama"));
        assert_eq!(target.api_base, "https://api.groq.com/openai/v1");
        assert_eq!(target.api_key.unwrap().expose(), "sk-groq");
    }

    #[test]
    fn what_a_deployment_of_azure_says_of_itself_counts_before_the_environment() {
        let params = |said: Value| serde_json::from_value::<DeploymentParams>(said).unwrap();
        let app = params(serde_json::json!({
            "model": "azure/mine", "api_base": "https://mine.openai.azure.com",
            "tenant_id": "t", "client_id": "c", "client_secret": "s"
        }));
        let environment = Environment::from_pairs([("AZURE_API_KEY", "sk-azure")]);
        let target = target_of(&app, &environment).unwrap();
        let Some(Identity::Entra(entra)) = &target.identity else { panic!("{target:?}") };
        assert_eq!(entra.token_address, "https://login.microsoftonline.com/t/oauth2/v2.0/token");
        assert_eq!((target.api_key.is_none(), target.default_params.is_empty()), (true, true));
        let keyed = DeploymentParams { api_key: Some(Secret::new("sk-own")), ..app };
        let target = target_of(&keyed, &environment).unwrap();
        assert_eq!((target.identity.is_none(), target.api_key.unwrap().expose()), (true, "sk-own"));
    }

    #[test]
    fn bedrock_in_openais_dialect_is_called_in_the_deployments_region_with_a_key() {
        let environment = Environment::from_pairs([("AWS_REGION", "eu-west-1"), ("BEDROCK_MANTLE_API_KEY", "sk-m")]);
        let said = |said: Value| target_of(&serde_json::from_value(said).unwrap(), &environment);
        let target = said(serde_json::json!({"model": "bedrock_mantle/openai.gpt-oss-20b"})).unwrap();
        assert_eq!(target.api_base, "https://bedrock-mantle.eu-west-1.api.aws/v1");
        assert_eq!((target.identity.is_none(), target.api_key.unwrap().expose()), (true, "sk-m"));
        let of_us = said(serde_json::json!({"model": "bedrock_mantle/x", "aws_region_name": "us-west-2"})).unwrap();
        assert_eq!(of_us.api_base, "https://bedrock-mantle.us-west-2.api.aws/v1");
        let claude = said(serde_json::json!({"model": "bedrock_mantle/anthropic.claude-haiku-4-5"})).unwrap_err();
        assert!(claude.to_string().ends_with("write `bedrock/anthropic.claude-haiku-4-5`"), "{claude}");
    }

    #[test]
    fn a_deployment_that_cannot_be_called_says_why() {
        let why = |model: &str| check_deployment(&params(model), &Environment::default()).unwrap_err().why;
        assert_eq!(why("hosted_vllm/qwen3"), "provider `hosted_vllm` needs `api_base`");
        let no_provider = "`llama3` names no provider; write `PROVIDER/llama3`, such as `openai/llama3`";
        assert_eq!(why("llama3"), no_provider);
        assert_eq!(why("openia/gpt-4o"), "`openia/gpt-4o` names no provider; did you mean `openai/gpt-4o`?");
        assert!(why("someone/llama3").ends_with("such as `openai/someone/llama3`"));
        let not_spoken = "provider `aleph_alpha` is not supported by this version; supported: openai, ";
        assert!(why("aleph_alpha/luminous").starts_with(not_spoken));
        let bad = DeploymentParams { api_base: Some("10.0.0.5:8000".to_owned()), ..params("openai/x") };
        assert_eq!(
            target_of(&bad, &Environment::default()).unwrap_err(),
            TargetError::BadAddress { setting: "api_base" }
        );
    }

    #[test]
    fn a_file_with_a_provider_that_is_not_spoken_stops_the_start_with_its_line() {
        let text = "model_list:\n  - model_name: command\n    litellm_params: {model: aleph_alpha/luminous}\n";
        let document = Document::parse("config.yaml", text).unwrap();
        let (environment, resolved) = (Environment::default(), Resolved::new());
        let sources = Sources { environment: &environment, resolved: &resolved, provider_check: &check_deployment };
        let error = Config::from_document(&document, sources).unwrap_err().to_string();
        let expected = "config.yaml:3: model_list[0].litellm_params.model: provider `aleph_alpha` is not supported by \
                        this version; supported: openai, ";
        assert!(error.starts_with(expected), "{error}");
    }

    #[test]
    fn a_fixed_answer_needs_no_upstream() {
        let canned = DeploymentParams { mock_response: Some("hi".into()), ..params("anthropic/claude") };
        assert_eq!(check_deployment(&canned, &Environment::default()), Ok(()));
    }
}
