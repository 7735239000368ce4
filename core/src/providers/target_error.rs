//! Why a deployment cannot be called, and which of its settings is at fault.

use super::catalog;

/// Why a deployment cannot be called.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TargetError {
    /// Nothing says which provider is meant.
    #[error("`{model}` names no provider; write `PROVIDER/{model}`, such as `openai/{model}`")]
    NoProvider {
        /// The model as it was written.
        model: String,
    },
    /// What stands before the `/` is not quite a provider's name.
    #[error("`{model}` names no provider; did you mean `{nearest}/{bare}`?")]
    Misspelt {
        /// The model as it was written.
        model: String,
        /// The provider that is probably meant.
        nearest: &'static str,
        /// The model without what stands before the `/`.
        bare: String,
    },
    /// What `custom_llm_provider` says is not quite a provider's name.
    #[error("`{name}` is no provider; did you mean `{nearest}`?")]
    MisspeltProvider {
        /// The provider as it was written.
        name: String,
        /// The provider that is probably meant.
        nearest: &'static str,
    },
    /// The provider that `custom_llm_provider` names is not spoken to.
    #[error("provider `{name}` is not supported by this version; supported: {}", supported())]
    NoSuchProvider {
        /// The provider as it was written.
        name: String,
    },
    /// The provider's dialect is not spoken.
    #[error("provider `{name}` is not supported by this version; supported: {}", supported())]
    NotSpoken {
        /// The provider.
        name: String,
    },
    /// The provider serves the model in a dialect that it is not spoken to in.
    #[error("Claude is not called by `bedrock_mantle/`; write `bedrock/{model}`")]
    OtherDialect {
        /// The model.
        model: String,
    },
    /// The provider has no address of its own, and nobody gave one.
    #[error("provider `{name}` needs `api_base`")]
    NoAddress {
        /// The provider.
        name: String,
    },
    /// Nothing says which project on Google Cloud is called.
    #[error("provider `vertex_ai` needs `vertex_project`, or the variable VERTEXAI_PROJECT")]
    NoProject,
    /// The address is none.
    #[error("`{setting}` must begin with `http://` or `https://` and name a host")]
    BadAddress {
        /// Which setting says it.
        setting: &'static str,
    },
    /// No address can be made with what a setting says.
    #[error("`{setting}` is no part of an address: take letters, digits and `-`")]
    BadPart {
        /// Which setting.
        setting: &'static str,
    },
}

impl TargetError {
    /// The setting of `litellm_params` at fault.
    pub fn setting(&self) -> &'static str {
        match self {
            Self::MisspeltProvider { .. } | Self::NoSuchProvider { .. } => "custom_llm_provider",
            Self::NoAddress { .. } => "api_base",
            Self::NoProject => "vertex_project",
            Self::BadAddress { setting } | Self::BadPart { setting } => setting,
            Self::NoProvider { .. } | Self::Misspelt { .. } | Self::NotSpoken { .. } | Self::OtherDialect { .. } => {
                "model"
            }
        }
    }
}

fn supported() -> String {
    catalog::spoken().map(|provider| provider.name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Document, Environment, Resolved, Sources};
    use crate::providers::resolve::check_deployment;

    fn refused(params: &[&str]) -> String {
        let params: String = params.iter().map(|param| format!("      {param}\n")).collect();
        let text = format!("model_list:\n  - model_name: a\n    litellm_params:\n{params}");
        let document = Document::parse("c.yaml", &text).unwrap();
        let (environment, resolved) = (Environment::default(), Resolved::new());
        let sources = Sources { environment: &environment, resolved: &resolved, provider_check: &check_deployment };
        Config::from_document(&document, sources).unwrap_err().to_string()
    }

    #[test]
    fn a_fault_is_told_at_the_setting_that_it_lies_in() {
        let web = "must begin with `http://` or `https://` and name a host";
        let part = "is no part of an address: take letters, digits and `-`";
        let endpoint = "aws_bedrock_runtime_endpoint";
        for (model, said, message) in [
            ("openai/x", "api_base: 10.0.0.5:8000", format!("api_base: `api_base` {web}")),
            ("openai/x", "base_url: 10.0.0.5:8000", format!("base_url: `api_base` {web}")),
            ("vertex_ai/gemini", "vertex_project: my project", format!("vertex_project: `vertex_project` {part}")),
            ("vertex_ai/gemini", "vertex_location: us central1", format!("vertex_location: `vertex_location` {part}")),
            ("bedrock/x", "aws_region_name: us east", format!("aws_region_name: `aws_region_name` {part}")),
            ("bedrock/x", "aws_bedrock_runtime_endpoint: here", format!("{endpoint}: `{endpoint}` {web}")),
        ] {
            let expected = format!("c.yaml:5: model_list[0].litellm_params.{message}");
            let project = if said.starts_with("vertex_location") { "vertex_project: mine" } else { "timeout: 5" };
            assert_eq!(refused(&[&format!("model: {model}"), said, project]), expected);
        }
    }

    #[test]
    fn what_is_missing_is_told_at_the_model() {
        let path = "c.yaml:4: model_list[0].litellm_params.model";
        let expected = format!("{path}: provider `hosted_vllm` needs `api_base`");
        assert_eq!(refused(&["model: hosted_vllm/x", "timeout: 5"]), expected);
    }

    #[test]
    fn an_unknown_provider_by_its_own_setting_gets_the_nearest_name() {
        let path = "c.yaml:5: model_list[0].litellm_params.custom_llm_provider";
        let misspelt = refused(&["model: gpt-4o", "custom_llm_provider: openia"]);
        assert_eq!(misspelt, format!("{path}: `openia` is no provider; did you mean `openai`?"));
        for other in ["somebody", "aleph_alpha"] {
            let unknown = refused(&["model: gpt-4o", &format!("custom_llm_provider: {other}")]);
            let expected = format!("{path}: provider `{other}` is not supported by this version; supported: openai, ");
            assert!(unknown.starts_with(&expected), "{unknown}");
        }
    }
}
