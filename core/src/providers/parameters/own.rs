//! What the models of providers take whose requests, or some of them, have a form of their own. Data only.

use super::plain::{ANY_MODEL, PLAIN};
use super::row::{ByModel, Models, Row, Rule};

pub(super) static ROWS: &[Row] = &[
    // What depends on the model stands with its abilities.
    Row { provider: "anthropic", takes: CLAUDE, by_model: &[], embeddings: "", ..PLAIN },
    Row {
        provider: "azure_ai",
        by_model: &[
            ByModel { models: Models::Able("supports_tool_choice"), more: "tool_choice", ..ANY_MODEL },
            ByModel { models: Models::NotAble("supports_tool_choice"), less: "tool_choice", ..ANY_MODEL },
            ByModel { models: Models::Named(&["claude"]), more: CLAUDE, less: NOT_CLAUDE, ..ANY_MODEL },
        ],
        message_members_refused: &["thinking_blocks", "reasoning_content", "cache_control"],
        rules: &[
            Rule::ImagesApart,
            Rule::AzureModelsAddress,
            Rule::SaysNoStream,
            Rule::KeepsCacheMarks,
            Rule::JoinsText,
        ],
        ..PLAIN
    },
    Row {
        provider: "huggingface",
        embeddings: "",
        path: "/v1",
        // LiteLLM's, and sent so that nothing changes for whoever moves from it. Text Generation Inference ignores it.
        chat_members: &[("max_retries", "0")],
        rules: &[Rule::SaysNoStream, Rule::KeepsCacheMarks],
        ..PLAIN
    },
    Row {
        provider: "watsonx",
        takes: "frequency_penalty logprobs max_tokens n presence_penalty reasoning_effort \
                response_format seed stop stream temperature tool_choice tools top_logprobs top_p",
        by_model: &[],
        embeddings: "",
        tool_words_refused: &["strict", "additionalProperties"],
        rules: &[Rule::SaysNoStream, Rule::KeepsCacheMarks, Rule::ToolChoiceOption],
        ..PLAIN
    },
    Row {
        provider: "replicate",
        takes: "function_call functions max_tokens seed stop stream temperature tool_choice tools top_p",
        by_model: &[],
        embeddings: "",
        ..PLAIN
    },
    Row {
        provider: "sagemaker",
        takes: "frequency_penalty max_completion_tokens max_tokens n seed stop stream temperature top_p",
        by_model: &[],
        embeddings: "",
        ..PLAIN
    },
    Row { provider: "ollama", ..OLLAMA },
    Row { provider: "ollama_chat", ..OLLAMA },
];

/// What Claude takes.
const CLAUDE: &str = "max_completion_tokens max_tokens n parallel_tool_calls reasoning_effort response_format stop stream \
                      stream_options temperature thinking tool_choice tools top_p user web_search_options";

/// What ordinary models take and Claude does not.
const NOT_CLAUDE: &str = "audio frequency_penalty function_call functions logit_bias logprobs modalities prediction \
                          presence_penalty prompt_cache_key prompt_cache_retention safety_identifier seed service_tier \
                          store top_logprobs";

const OLLAMA: Row = Row {
    takes: "frequency_penalty functions max_completion_tokens max_tokens n reasoning_effort response_format seed stop stream \
            temperature tool_choice tools top_p",
    by_model: &[],
    embeddings: "dimensions",
    ..PLAIN
};
