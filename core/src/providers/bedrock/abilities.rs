//! What a model of Bedrock can do, as far as a request depends on it: by the price data, and by its maker for models that
//! the data does not know.

use super::model::{BedrockModel, Maker};
use crate::price::ModelPrice;
use crate::providers::anthropic::abilities as claude;
use crate::providers::target::Target;
use serde_json::Value;

/// How a model is told to reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reasoning {
    /// Not at all.
    None,
    /// As Claude is.
    Claude,
    /// By OpenAI's word for it.
    Effort,
    /// As Nova is.
    Nova,
}

/// What a model can do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Abilities {
    /// Whose it is.
    pub(super) maker: Maker,
    /// What Claude can do, where it is one.
    pub(super) claude: Option<claude::Abilities>,
    /// How it is told to reason.
    pub(super) reasoning: Reasoning,
    /// It keeps marked beginnings of prompts.
    pub(super) caches: bool,
    /// It keeps them for an hour, too.
    pub(super) caches_an_hour: bool,
    /// It can be made to call a tool.
    pub(super) takes_tool_choice: bool,
    /// It can be kept from calling tools at once.
    pub(super) takes_one_call: bool,
    /// It can be held to a schema without a tool.
    pub(super) has_native_schema: bool,
}

impl Abilities {
    /// What the model of a deployment can do.
    pub(super) fn of(model: &BedrockModel<'_>, target: &Target) -> Self {
        let known = target.known.as_deref();
        let flag = |name: &str| known.and_then(|price| price.info().get(name)).and_then(Value::as_bool);
        let is = |name: &str| flag(name).unwrap_or(false);
        let has = |name: &str| known.is_some_and(|price| price.info().contains_key(name));
        let claude = (model.maker == Maker::Claude).then(|| claude(model, known));
        let reasoning = match model.maker {
            Maker::Claude if claude.is_some_and(|claude| claude.thinks) => Reasoning::Claude,
            Maker::OpenAi => Reasoning::Effort,
            Maker::Nova if is("supports_reasoning") => Reasoning::Nova,
            _ => Reasoning::None,
        };
        let chooses_unsaid = matches!(model.maker, Maker::Claude | Maker::Nova | Maker::OpenAi | Maker::Mistral);
        Self {
            maker: model.maker,
            claude,
            reasoning,
            caches: known.is_none() || is("supports_prompt_caching"),
            caches_an_hour: has("cache_creation_input_token_cost_above_1hr"),
            takes_tool_choice: match known {
                Some(_) => is("supports_tool_choice"),
                None => chooses_unsaid || model.is_opaque(),
            },
            takes_one_call: is("supports_parallel_tool_use_config"),
            has_native_schema: is("supports_native_structured_output"),
        }
    }
}

/// What Claude can do there. The operator's words in the middle of a conversation are known to Anthropic's own service
/// only.
fn claude(model: &BedrockModel<'_>, known: Option<&ModelPrice>) -> claude::Abilities {
    claude::Abilities { hears_operator_later: false, ..claude::Abilities::of(model.name(), known) }
}
