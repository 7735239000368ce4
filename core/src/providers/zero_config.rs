//! A configuration without a file: for a first look, and for `--model`.

use super::catalog;
use super::resolve::target_of;
use super::target_error::TargetError;
use crate::config::{DeploymentParams, Environment, ModelEntry};
use serde_json::Map;

/// The model that answers without any provider.
pub const DEMO_MODEL: &str = "demo";
const DEMO_ANSWER: &str = "Hello from Postern! This answer is built in, so that you can try the gateway without a \
                           provider. Set OPENAI_API_KEY and ask for `openai/gpt-4o-mini`, or write a config.yaml.";

/// The demo model, and `PROVIDER/*` for every provider whose key, or whose address where it needs no key, is in the
/// environment.
pub fn without_file(environment: &Environment) -> Vec<ModelEntry> {
    let demo = DeploymentParams { mock_response: Some(DEMO_ANSWER.into()), ..params("openai/demo") };
    let mut models = vec![entry(DEMO_MODEL, demo)];
    let mut used: Vec<&str> = Vec::new();
    let is_somewhere =
        |provider: &&catalog::Provider| provider.api_base.is_none() || provider.base(environment).is_some();
    for provider in catalog::spoken().filter(is_somewhere) {
        let is_found = provider.needs_key && provider.api_base.is_some();
        let variables = if is_found { provider.key_variables } else { provider.base_variables };
        // A key that two providers share belongs to the first.
        let Some(variable) = variables.iter().find(|name| environment.text(name).is_some()) else { continue };
        if !used.contains(variable) {
            used.push(variable);
            let wildcard = format!("{}/*", provider.name);
            models.push(entry(&wildcard, params(&wildcard)));
        }
    }
    models
}

/// One model, by the name given, that answers under every other name too, as LiteLLM's `--model` does.
///
/// # Errors
/// [`TargetError`] where the model cannot be called.
pub fn for_model(
    model: &str,
    api_base: Option<&str>,
    environment: &Environment,
) -> Result<Vec<ModelEntry>, TargetError> {
    let params = DeploymentParams { api_base: api_base.map(str::to_owned), ..params(model) };
    target_of(&params, environment)?;
    Ok(vec![entry(model, params.clone()), entry("*", params)])
}

fn params(model: &str) -> DeploymentParams {
    DeploymentParams { model: model.to_owned(), ..DeploymentParams::default() }
}

fn entry(name: &str, params: DeploymentParams) -> ModelEntry {
    ModelEntry { model_name: name.to_owned(), params, info: Map::new(), line: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(models: &[ModelEntry]) -> Vec<&str> {
        models.iter().map(|model| model.model_name.as_str()).collect()
    }

    #[test]
    fn with_nothing_at_all_the_demo_model_answers() {
        let models = without_file(&Environment::default());
        assert_eq!(names(&models), ["demo"]);
        assert!(models[0].params.mock_response.is_some());
    }

    #[test]
    fn every_provider_with_a_key_gets_a_wildcard() {
        let environment = Environment::from_pairs([
            ("OPENAI_API_KEY", "sk"),
            ("GROQ_API_KEY", "sk"),
            ("MISTRAL_API_KEY", ""),
            ("HOSTED_VLLM_API_BASE", "http://localhost:8000/v1"),
        ]);
        assert_eq!(names(&without_file(&environment)), ["demo", "openai/*", "hosted_vllm/*", "groq/*"]);
    }

    #[test]
    fn one_model_answers_under_every_name() {
        let models = for_model("openai/gpt-4o", None, &Environment::default()).unwrap();
        assert_eq!(names(&models), ["openai/gpt-4o", "*"]);
        assert_eq!(models[1].params.model, "openai/gpt-4o");
        assert!(for_model("aleph_alpha/luminous", None, &Environment::default()).is_err());
    }
}
