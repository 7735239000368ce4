//! What follows from the table for one model: computed once for a deployment, read by every request.

use super::row::{Models, Row, Rule};
use super::set::ParamSet;
use super::table;
use crate::price::{self, ModelPrice};
use crate::providers::operation::Operation;

/// What one model of one provider takes, and how its requests differ from OpenAI's.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The provider.
    pub provider: &'static str,
    /// How the provider differs, whatever the model.
    pub row: &'static Row,
    /// The name under which the most output tokens are sent; `None`: under the name that the client uses.
    pub cap: Option<&'static str>,
    /// Rules about values, the provider's and the model's.
    pub rules: Vec<Rule>,
    /// The most output tokens that the model is known to give.
    pub output_tokens_max: Option<u64>,
    /// Whether the model is known to answer by OpenAI's newer API alone.
    pub only_responds: bool,
    /// Values of `reasoning_effort` that the model is known not to take.
    pub refused_efforts: Vec<&'static str>,
    chat: ParamSet,
    embeddings: ParamSet,
    images: ParamSet,
}

/// Values of `reasoning_effort` that only some reasoning models take, and the member of the price data that tells.
const RARE_EFFORTS: [(&str, &str); 3] = [
    ("none", "supports_none_reasoning_effort"),
    ("minimal", "supports_minimal_reasoning_effort"),
    ("xhigh", "supports_xhigh_reasoning_effort"),
];

/// Azure's versions that brought a choice of tools, and answers by a schema:
/// <https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle>
const TOOL_CHOICE_SINCE: &str = "2023-12-01";
const SCHEMAS_SINCE: &str = "2024-08-01";

impl Profile {
    /// The profile of a model. A provider without a row of its own takes what OpenAI's ordinary models take.
    pub fn of(provider: &'static str, model: &str) -> Self {
        let row = table::row(provider);
        let known = price::find(model, Some(provider));
        // Of the same model at OpenAI more is known than of Azure's.
        let at_openai = (provider == "azure").then(|| price::find(model, Some("openai"))).flatten();
        let at_openai = at_openai.filter(|price| price.provider() == Some("openai"));
        let mut profile = Self {
            provider,
            row,
            cap: row.cap,
            rules: row.rules.to_vec(),
            output_tokens_max: known.as_ref().and_then(ModelPrice::max_output_tokens),
            only_responds: known.as_ref().and_then(ModelPrice::mode) == Some("responses"),
            refused_efforts: RARE_EFFORTS
                .iter()
                .filter(|(_, field)| denies(&known, field) || denies(&at_openai, field))
                .map(|(name, _)| *name)
                .collect(),
            chat: ParamSet::of(row.takes) | ParamSet::of(row.more),
            embeddings: ParamSet::of_embeddings(row.embeddings),
            images: ParamSet::of_images(row.images),
        };
        for by_model in row.by_model.iter().filter(|by_model| matches(&by_model.models, model, &known)) {
            profile.chat = (profile.chat | ParamSet::of(by_model.more)) & !ParamSet::of(by_model.less);
            profile.embeddings = profile.embeddings | ParamSet::of_embeddings(by_model.more);
            profile.images = by_model.images.map_or(profile.images, ParamSet::of_images);
            profile.cap = by_model.cap.or(profile.cap);
            profile.rules.extend_from_slice(by_model.rules);
        }
        profile
    }

    /// The profile where the provider is called by a version of its API that is a date: what came later is not there.
    #[must_use]
    pub fn by_version(mut self, version: Option<&str>) -> Self {
        let Some(version) = version.filter(|version| version.starts_with("20")) else { return self };
        if version < TOOL_CHOICE_SINCE {
            self.chat = self.chat & !ParamSet::of("tool_choice");
        }
        if version < SCHEMAS_SINCE {
            self.rules.push(Rule::SchemaIsATool);
        }
        self
    }

    /// The parameters that an operation takes.
    pub fn takes(&self, operation: Operation) -> ParamSet {
        match operation {
            Operation::Embedding => self.embeddings,
            Operation::ImageGeneration => self.images,
            Operation::Rerank => ParamSet::default(),
            _ => self.chat,
        }
    }

    /// Whether a rule holds for this model.
    pub fn has(&self, rule: Rule) -> bool {
        self.rules.contains(&rule)
    }
}

fn matches(models: &Models, model: &str, known: &Option<ModelPrice>) -> bool {
    let name = model.rsplit('/').next().unwrap_or(model);
    match models {
        Models::Named(names) => names.iter().any(|begin| name.starts_with(begin)),
        Models::Begins(names) => names.iter().any(|begin| model.starts_with(begin)),
        Models::NotNamed(names) => !names.iter().any(|begin| name.starts_with(begin)),
        Models::Able(ability) => says(known, ability) == Some(true),
        Models::NotAble(ability) => says(known, ability) != Some(true),
        Models::NotKnownToLack(ability) => known.is_none() || says(known, ability) == Some(true),
        Models::KnownToLack(ability) => known.is_some() && says(known, ability) != Some(true),
        Models::Denied(ability) => denies(known, ability),
        Models::OpenAis => price::find(name, Some("openai")).is_some_and(|price| price.provider() == Some("openai")),
    }
}

fn says(known: &Option<ModelPrice>, ability: &str) -> Option<bool> {
    known.as_ref()?.info().get(ability)?.as_bool()
}

fn denies(known: &Option<ModelPrice>, ability: &str) -> bool {
    says(known, ability) == Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chat(provider: &'static str, model: &str) -> ParamSet {
        Profile::of(provider, model).takes(Operation::Chat)
    }

    #[test]
    fn an_old_version_of_azures_api_has_neither_a_choice_of_tools_nor_schemas() {
        let by = |version| {
            let profile = Profile::of("azure", "mine").by_version(Some(version));
            (profile.takes(Operation::Chat).takes("tool_choice"), profile.has(Rule::SchemaIsATool))
        };
        assert_eq!(by("2023-05-15"), (false, true));
        assert_eq!(by("2024-02-01"), (true, true));
        assert_eq!((by("2024-08-01-preview"), by("v1")), ((true, false), (true, false)));
        assert!(Profile::of("azure", "gpt-5").refused_efforts.contains(&"none"));
    }

    #[test]
    fn a_reasoning_model_takes_an_effort_and_its_sister_does_not() {
        assert!(chat("groq", "openai/gpt-oss-20b").takes("reasoning_effort"));
        assert!(!chat("groq", "llama-3.3-70b-versatile").takes("reasoning_effort"));
        assert!(chat("perplexity", "sonar-reasoning").takes("reasoning_effort"));
        assert!(!chat("openai", "gpt-4o").takes("reasoning_effort"));
        assert!(chat("openai", "a-model-of-ones-own").takes("reasoning_effort"));
    }

    #[test]
    fn openais_reasoning_models_take_less_and_name_the_cap_their_own_way() {
        let o3 = Profile::of("openai", "o3-mini");
        assert_eq!(o3.cap, Some("max_completion_tokens"));
        assert!(!o3.takes(Operation::Chat).takes("top_p"));
        assert!(Profile::of("openai", "gpt-5").refused_efforts.contains(&"none"));
    }

    #[test]
    fn models_that_draw_take_what_their_family_takes() {
        let takes = |provider, model, name| {
            let one = ParamSet::one_of_images(name).unwrap();
            Profile::of(provider, model).takes(Operation::ImageGeneration).has(one)
        };
        assert!(takes("openai", "dall-e-3", "style") && takes("openai", "gpt-image-1", "quality"));
        assert!(!takes("openai", "dall-e-2", "style") && takes("openai", "dall-e-2", "response_format"));
        assert!(!takes("openai", "gpt-image-1", "style") && !takes("azure", "mine", "response_format"));
        assert!(takes("azure", "dalle3", "style") && takes("xai", "grok-2-image", "style"));
    }

    #[test]
    fn a_provider_that_the_table_does_not_name_is_taken_for_an_ordinary_one() {
        assert!(chat("novita", "x").takes("tools"));
        assert!(!chat("novita", "x").takes("thinking"));
    }
}
