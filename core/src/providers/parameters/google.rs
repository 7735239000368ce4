//! What Google's models take, and those of others that Google serves. Data only.

use super::plain::{ANY_MODEL, PLAIN};
use super::row::{ByModel, Models, Row, Rule};

pub(super) static ROWS: &[Row] =
    &[GEMINI, Row { provider: "vertex_ai", ..VERTEX }, Row { provider: "vertex_ai_beta", ..VERTEX }];

/// Models of Google's that speak. The price data does not say it of all.
const SPEAKING: ByModel = ByModel {
    models: Models::Named(&[
        "gemini-2.5-flash-preview-tts",
        "gemini-2.5-pro-preview-tts",
        "gemini-2.5-flash-tts",
        "gemini-2.5-pro-tts",
        "gemini-3.1-flash-tts",
        "gemini-3.8-flash-tts",
        "gemini-3.8-flash-lite-tts",
    ]),
    more: "audio",
    ..ANY_MODEL
};

/// The models of Google's third generation are not all in the price data.
const THINKING_GEMINI: &[&str] = &["gemini-2.5", "gemini-3", "gemini-4"];

const GEMINI: Row = Row {
    provider: "gemini",
    takes: "frequency_penalty functions logprobs max_completion_tokens max_tokens modalities n parallel_tool_calls \
            presence_penalty response_format seed service_tier stop stream stream_options temperature tool_choice tools \
            top_p web_search_options",
    by_model: &[
        ByModel { models: Models::Named(THINKING_GEMINI), more: "reasoning_effort thinking", ..ANY_MODEL },
        ByModel { models: Models::KnownToLack("supports_reasoning"), less: "reasoning_effort thinking", ..ANY_MODEL },
        ByModel { models: Models::Able("supports_reasoning"), more: "reasoning_effort thinking", ..ANY_MODEL },
        SPEAKING,
    ],
    embeddings: "dimensions encoding_format",
    images: "n size",
    ..PLAIN
};

/// Models of other publishers on Vertex AI, which speak the OpenAI dialect.
const OF_OTHERS: &[&str] = &[
    "llama",
    "mistral",
    "codestral",
    "ministral",
    "pixtral",
    "jamba",
    "deepseek",
    "qwen",
    "gpt-oss",
    "kimi",
    "minimax",
    "glm",
];

const VERTEX: Row = Row {
    takes: "frequency_penalty functions logprobs max_completion_tokens max_tokens modalities n parallel_tool_calls \
            presence_penalty response_format seed service_tier stop stream stream_options temperature tool_choice tools \
            top_logprobs top_p web_search_options",
    by_model: &[
        ByModel { models: Models::Named(THINKING_GEMINI), more: "reasoning_effort thinking", ..ANY_MODEL },
        ByModel { models: Models::KnownToLack("supports_reasoning"), less: "reasoning_effort thinking", ..ANY_MODEL },
        ByModel { models: Models::Able("supports_reasoning"), more: "reasoning_effort thinking", ..ANY_MODEL },
        SPEAKING,
        ByModel {
            models: Models::Named(&["claude"]),
            more: "reasoning_effort thinking user",
            less: "frequency_penalty functions logprobs modalities presence_penalty seed service_tier top_logprobs",
            ..ANY_MODEL
        },
        ByModel {
            models: Models::Named(OF_OTHERS),
            more: "function_call logit_bias reasoning_effort",
            rules: &[Rule::SaysNoStream],
            ..ANY_MODEL
        },
    ],
    ..GEMINI
};
