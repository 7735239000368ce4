//! What each provider of the OpenAI dialect takes and how it differs. Data only: a provider that differs is one row.

use super::openai::{AZURE, OPENAI_MODELS};
use super::plain::{ANY_MODEL, PLAIN, USER_FOR_OPENAIS};
use super::row::{ByModel, Models, Row, Rule};
use super::{google, own};

/// The row of a provider.
pub fn row(provider: &str) -> &'static Row {
    ROWS.iter().chain(own::ROWS).chain(google::ROWS).find(|row| row.provider == provider).unwrap_or(&PLAIN)
}

const EFFORT_WHERE_KNOWN: ByModel =
    ByModel { models: Models::Able("supports_reasoning"), more: "reasoning_effort", ..ANY_MODEL };

/// What depends on the model stands with its abilities.
const BEDROCK: Row = Row {
    takes: "max_completion_tokens max_tokens n parallel_tool_calls reasoning_effort response_format service_tier stop \
            stream stream_options temperature thinking tool_choice tools top_p web_search_options",
    by_model: &[
        ByModel { models: Models::Begins(&["invoke/"]), more: "user", less: "service_tier", ..ANY_MODEL },
        ByModel { models: Models::Named(&["stability.", "us.stability."]), images: Some(""), ..ANY_MODEL },
        ByModel {
            models: Models::NotNamed(&["amazon.titan-embed-text-v1", "amazon.titan-embed-g1"]),
            more: "dimensions encoding_format",
            ..ANY_MODEL
        },
    ],
    embeddings: "",
    images: "n quality size",
    ..PLAIN
};

static ROWS: &[Row] = &[
    Row {
        provider: "openai",
        by_model: OPENAI_MODELS,
        embeddings: "encoding_format user",
        rules: &[Rule::KeepsCacheMarks, Rule::TakesTokens],
        ..PLAIN
    },
    Row { provider: "azure", ..AZURE },
    Row { provider: "bedrock", ..BEDROCK },
    Row { provider: "bedrock_converse", ..BEDROCK },
    Row { provider: "azure_text", ..AZURE },
    Row {
        provider: "databricks",
        takes: "max_completion_tokens max_tokens n reasoning_effort response_format stop stream temperature thinking \
                tool_choice tools top_p",
        by_model: &[ByModel {
            models: Models::Named(&["databricks-claude"]),
            rules: &[Rule::EffortIsThinking, Rule::SchemaIsATool, Rule::NoFormatButSchemas],
            ..ANY_MODEL
        }],
        embeddings: "",
        cap: Some("max_tokens"),
        message_members_refused: &["thinking_blocks", "reasoning_content"],
        rules: &[Rule::SaysNoStream, Rule::KeepsCacheMarks, Rule::NamesOnlyUsers, Rule::ToolsHaveParameters],
        tool_words_refused: &["cache_control", "strict"],
        ..PLAIN
    },
    Row {
        provider: "snowflake",
        takes: "max_completion_tokens max_tokens stream temperature tool_choice tools top_p",
        by_model: &[],
        cap: Some("max_completion_tokens"),
        path: "/api/v2/cortex/v1",
        headers: &[("x-snowflake-authorization-token-type", "KEYPAIR_JWT")],
        rules: &[Rule::SaysNoStream, Rule::KeepsCacheMarks],
        ..PLAIN
    },
    Row { provider: "heroku", path: "/v1", ..PLAIN },
    // An agent's address has this path; the address of the models has a shorter one, and says it.
    Row { provider: "gradient_ai", path: "/api/v1", ..PLAIN },
    Row { provider: "cloudflare", embeddings: "", rules: &[Rule::CloudflareAddress, Rule::SaysNoStream], ..PLAIN },
    Row { provider: "text-completion-openai", rules: &[Rule::KeepsCacheMarks], ..PLAIN },
    Row {
        provider: "groq",
        cap: Some("max_tokens"),
        by_model: &[
            USER_FOR_OPENAIS,
            EFFORT_WHERE_KNOWN,
            ByModel { models: Models::NotAble("supports_web_search"), less: "web_search_options", ..ANY_MODEL },
            ByModel { models: Models::NotAble("supports_response_schema"), rules: &[Rule::SchemaIsATool], ..ANY_MODEL },
        ],
        rules: &[Rule::SaysNoStream],
        ..PLAIN
    },
    Row {
        provider: "deepseek",
        more: "reasoning_effort thinking",
        rules: &[Rule::SaysNoStream, Rule::JoinsText, Rule::ThinkingIsASwitch],
        ..PLAIN
    },
    Row {
        provider: "together_ai",
        message_members_refused: &["thinking_blocks"],
        rules: &[Rule::SaysNoStream],
        ..PLAIN
    },
    Row {
        provider: "fireworks_ai",
        takes: "frequency_penalty logit_bias logprobs max_completion_tokens max_tokens n \
                parallel_tool_calls prediction presence_penalty prompt_cache_key response_format \
                safety_identifier seed service_tier stop stream stream_options temperature tools \
                top_logprobs top_p user",
        by_model: &[
            ByModel { models: Models::Able("supports_tool_choice"), more: "tool_choice", ..ANY_MODEL },
            EFFORT_WHERE_KNOWN,
        ],
        embeddings: "dimensions",
        cap: Some("max_tokens"),
        message_members_refused: &["thinking_blocks"],
        tool_words_refused: &["strict"],
        rules: &[Rule::SaysNoStream, Rule::FireworksModelNames, Rule::NoFormatBesideTools],
        ..PLAIN
    },
    Row {
        provider: "openrouter",
        headers: &[("http-referer", "https://litellm.ai"), ("x-title", "liteLLM")],
        more: "reasoning_effort thinking",
        chat_members: &[("usage", r#"{"include":true}"#)],
        rules: &[Rule::SaysNoStream, Rule::KeepsCacheMarks, Rule::ListsInput],
        ..PLAIN
    },
    Row {
        provider: "perplexity",
        takes: "frequency_penalty max_completion_tokens max_tokens presence_penalty response_format \
                stream temperature top_p web_search_options",
        by_model: &[EFFORT_WHERE_KNOWN],
        headers: &[("x-pplx-integration", "litellm")],
        ..PLAIN
    },
    Row {
        provider: "xai",
        takes: "frequency_penalty logit_bias logprobs max_completion_tokens max_tokens n \
                parallel_tool_calls presence_penalty response_format seed stop stream stream_options \
                temperature tool_choice tools top_logprobs top_p user web_search_options",
        by_model: &[
            ByModel { models: Models::Named(&["grok-3-mini", "grok-4", "grok-code-fast"]), less: "stop", ..ANY_MODEL },
            ByModel { models: Models::Named(&["grok-4", "grok-code-fast"]), less: "frequency_penalty", ..ANY_MODEL },
            EFFORT_WHERE_KNOWN,
        ],
        cap: Some("max_tokens"),
        tool_words_refused: &["strict"],
        rules: &[Rule::SaysNoStream, Rule::NamesOnlyUsers],
        ..PLAIN
    },
    Row {
        provider: "nvidia_nim",
        takes: "frequency_penalty max_completion_tokens max_tokens parallel_tool_calls presence_penalty \
                response_format seed stop stream temperature tool_choice tools top_p",
        by_model: &[],
        cap: Some("max_tokens"),
        ..PLAIN
    },
    Row {
        provider: "cerebras",
        takes: "max_completion_tokens max_tokens response_format seed stop stream temperature \
                tool_choice tools top_p user",
        by_model: &[EFFORT_WHERE_KNOWN],
        cap: Some("max_tokens"),
        ..PLAIN
    },
    Row {
        provider: "sambanova",
        takes: "max_completion_tokens max_tokens response_format stop stream stream_options temperature \
                top_p",
        by_model: &[ByModel {
            models: Models::Able("supports_function_calling"),
            more: "tools tool_choice parallel_tool_calls",
            ..ANY_MODEL
        }],
        cap: Some("max_tokens"),
        ..PLAIN
    },
    Row {
        provider: "deepinfra",
        takes: "frequency_penalty function_call functions logit_bias max_completion_tokens max_tokens n \
                presence_penalty response_format stop stream temperature tool_choice tools top_p",
        by_model: &[],
        cap: Some("max_tokens"),
        rules: &[Rule::NoToolChoice],
        ..PLAIN
    },
    Row {
        provider: "hosted_vllm",
        more: "reasoning_effort thinking",
        tool_words_refused: &["strict", "additionalProperties"],
        rules: &[
            Rule::SaysNoStream,
            Rule::JoinsAssistantText,
            Rule::ThinkingIsAnEffort,
            Rule::ListsInput,
            Rule::TakesTokens,
        ],
        ..PLAIN
    },
    Row {
        provider: "litellm_proxy",
        more: "reasoning_effort thinking user verbosity",
        rules: &[Rule::KeepsCacheMarks, Rule::TakesTokens],
        ..PLAIN
    },
    Row {
        provider: "custom_openai",
        more: "reasoning_effort",
        rules: &[Rule::KeepsCacheMarks, Rule::TakesTokens],
        ..PLAIN
    },
    Row { provider: "openai_like", more: "reasoning_effort", ..PLAIN },
    Row { provider: "github", cap: Some("max_tokens"), ..PLAIN },
    Row {
        provider: "amazon_nova",
        takes: "max_completion_tokens max_tokens reasoning_effort stop stream stream_options temperature \
                tool_choice tools top_p",
        by_model: &[],
        ..PLAIN
    },
    Row { provider: "publicai", cap: Some("max_tokens"), rules: &[Rule::JoinsText], ..PLAIN },
    Row { provider: "apertis", cap: Some("max_tokens"), ..PLAIN },
    Row { provider: "charity_engine", cap: Some("max_tokens"), ..PLAIN },
    Row { provider: "chutes", cap: Some("max_tokens"), ..PLAIN },
    Row { provider: "coralbricks", cap: Some("max_tokens"), ..PLAIN },
    Row { provider: "crusoe", cap: Some("max_tokens"), ..PLAIN },
    Row { provider: "darkbloom", cap: Some("max_tokens"), ..PLAIN },
    Row { provider: "llamagate", cap: Some("max_tokens"), ..PLAIN },
    Row { provider: "nano-gpt", cap: Some("max_tokens"), ..PLAIN },
    Row { provider: "pinstripes", cap: Some("max_tokens"), ..PLAIN },
    Row { provider: "poe", cap: Some("max_tokens"), ..PLAIN },
    Row { provider: "sarvam", cap: Some("max_tokens"), ..PLAIN },
    Row { provider: "synthetic", cap: Some("max_tokens"), ..PLAIN },
    Row { provider: "tencent", more: "thinking reasoning_effort", ..PLAIN },
    Row { provider: "tensormesh", cap: Some("max_tokens"), ..PLAIN },
    Row { provider: "xiaomi_mimo", cap: Some("max_tokens"), ..PLAIN },
    Row { provider: "nebius", cap: Some("max_tokens"), rules: &[Rule::TakesTokens], ..PLAIN },
    Row {
        provider: "moonshot",
        by_model: &[ByModel { less: "functions function_call", ..ANY_MODEL }, USER_FOR_OPENAIS],
        cap: Some("max_tokens"),
        rules: &[Rule::JoinsText, Rule::ToolChoiceInWords],
        ..PLAIN
    },
    Row { provider: "dashscope", more: "reasoning_effort", ..PLAIN },
    Row {
        provider: "volcengine",
        takes: "frequency_penalty function_call functions logit_bias logprobs max_completion_tokens \
                max_tokens n presence_penalty seed stop stream stream_options temperature thinking \
                tool_choice tools top_logprobs top_p",
        cap: Some("max_tokens"),
        ..PLAIN
    },
    Row { provider: "cohere", ..COHERE },
    Row { provider: "cohere_chat", ..COHERE },
    Row {
        provider: "jina_ai",
        embeddings: "dimensions encoding_format",
        rules: &[Rule::ListsInput, Rule::EmbeddingType, Rule::ImagesAreObjects],
        ..PLAIN
    },
    Row { provider: "voyage", embeddings: "dimensions encoding_format", rules: &[Rule::OutputDimension], ..PLAIN },
    Row { provider: "ai21", ..AI21 },
    Row { provider: "ai21_chat", ..AI21 },
    Row {
        provider: "zai",
        takes: "max_tokens stop stream stream_options temperature thinking tool_choice tools top_p",
        by_model: &[],
        rules: &[Rule::KeepsCacheMarks],
        ..PLAIN
    },
    Row {
        provider: "mistral",
        takes: "max_completion_tokens max_tokens parallel_tool_calls response_format seed stop stream \
                temperature tool_choice tools top_p",
        by_model: &[ByModel {
            models: Models::Named(&["magistral"]),
            more: "reasoning_effort thinking",
            rules: &[Rule::ThinkingIsAPrompt],
            ..ANY_MODEL
        }],
        embeddings: "encoding_format",
        cap: Some("max_tokens"),
        message_members_refused: &["thinking_blocks", "reasoning_content"],
        rules: &[Rule::JoinsText, Rule::ToolChoiceAny, Rule::RandomSeed, Rule::NamesOnlyUsers],
        ..PLAIN
    },
];

const COHERE: Row = Row {
    takes: "frequency_penalty max_completion_tokens max_tokens n presence_penalty seed stop stream temperature \
                tool_choice tools top_p",
    by_model: &[],
    embeddings: "dimensions encoding_format",
    cap: Some("max_tokens"),
    ..PLAIN
};

const AI21: Row = Row {
    takes: "max_completion_tokens max_tokens n response_format seed stop stream temperature \
                tool_choice tools",
    by_model: &[],
    cap: Some("max_tokens"),
    ..PLAIN
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::catalog;
    use crate::providers::parameters::set::ParamSet;
    use std::collections::BTreeSet;

    #[test]
    fn every_row_is_a_providers_and_every_name_a_parameters() {
        let rows: BTreeSet<_> = ROWS.iter().chain(own::ROWS).chain(google::ROWS).map(|row| row.provider).collect();
        assert_eq!(rows.len(), ROWS.len() + own::ROWS.len() + google::ROWS.len());
        for row in ROWS.iter().chain(own::ROWS).chain(google::ROWS) {
            assert!(catalog::find(row.provider).is_some(), "{}", row.provider);
            let mut words = vec![row.takes, row.more, row.embeddings];
            words.extend(row.by_model.iter().flat_map(|by_model| [by_model.more, by_model.less]));
            for name in words.iter().flat_map(|words| words.split_whitespace()) {
                let known = ParamSet::one(name).or_else(|| ParamSet::one_of_embeddings(name));
                assert!(known.is_some(), "{}: {name}", row.provider);
            }
            let of_images = row.by_model.iter().filter_map(|by_model| by_model.images).chain([row.images]);
            for name in of_images.flat_map(str::split_whitespace) {
                assert!(ParamSet::one_of_images(name).is_some(), "{}: {name}", row.provider);
            }
        }
    }
}
