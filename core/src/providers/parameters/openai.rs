//! What OpenAI's own models take, at OpenAI and at Azure. Data only.

use super::plain::{ANY_MODEL, PLAIN, USER_FOR_OPENAIS};
use super::row::{ByModel, Models, Row, Rule};

/// OpenAI's newer models answer images in one form, and have no styles.
const DRAWS_IN_ONE_FORM: ByModel = ByModel {
    models: Models::NotNamed(&["dall-e-", "dalle-", "dalle2", "dalle3"]),
    images: Some("n quality size user"),
    ..ANY_MODEL
};

const DRAWS_WITHOUT_STYLE: ByModel = ByModel {
    models: Models::Named(&["dall-e-2", "dalle-2", "dalle2"]),
    images: Some("n quality response_format size user"),
    ..ANY_MODEL
};

const O_SERIES: &[&str] = &["o1", "o3", "o4"];

/// What OpenAI's models take at Azure.
pub(super) const AZURE: Row = Row {
    takes: "audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens \
            modalities n parallel_tool_calls prediction presence_penalty prompt_cache_key response_format seed stop \
            store stream stream_options temperature tool_choice tools top_logprobs top_p user web_search_options",
    by_model: &[
        ByModel {
            models: Models::NotNamed(O_SERIES),
            rules: &[Rule::SaysNoStream, Rule::KeepsCacheMarks],
            ..ANY_MODEL
        },
        ByModel { more: "prompt_cache_retention reasoning_effort safety_identifier service_tier", ..OPENAI_O_SERIES },
        NO_SYSTEM_ROLE,
        ByModel {
            more: "prompt_cache_retention reasoning_effort safety_identifier service_tier verbosity",
            ..OPENAI_GPT_5
        },
        MAY_NOT_REASON,
        DRAWS_IN_ONE_FORM,
        DRAWS_WITHOUT_STYLE,
    ],
    rules: &[Rule::AzureAddress, Rule::TakesTokens],
    ..PLAIN
};

const OPENAI_O_SERIES: ByModel = ByModel {
    models: Models::Named(O_SERIES),
    less: "frequency_penalty logprobs presence_penalty top_logprobs top_p",
    cap: Some("max_completion_tokens"),
    rules: &[Rule::HasDeveloperRole, Rule::OnlyTemperatureOne],
    ..ANY_MODEL
};

const NO_SYSTEM_ROLE: ByModel =
    ByModel { models: Models::Named(&["o1-mini", "o1-preview", "o3-mini"]), rules: &[Rule::NoSystemRole], ..ANY_MODEL };

const OPENAI_GPT_5: ByModel = ByModel {
    models: Models::Named(&["gpt-5"]),
    more: "verbosity",
    less: "audio frequency_penalty logit_bias logprobs modalities prediction presence_penalty stop top_logprobs top_p \
           web_search_options",
    cap: Some("max_completion_tokens"),
    rules: &[Rule::OnlyTemperatureOne],
    ..ANY_MODEL
};

const MAY_NOT_REASON: ByModel = ByModel {
    models: Models::Able("supports_none_reasoning_effort"),
    more: "logprobs top_logprobs top_p",
    rules: &[Rule::MayNotReason],
    ..ANY_MODEL
};

/// What depends on the model at OpenAI.
pub(super) const OPENAI_MODELS: &[ByModel] = &[
    USER_FOR_OPENAIS,
    ByModel { models: Models::NotKnownToLack("supports_reasoning"), more: "reasoning_effort", ..ANY_MODEL },
    OPENAI_O_SERIES,
    ByModel { models: Models::Denied("supports_parallel_function_calling"), less: "parallel_tool_calls", ..ANY_MODEL },
    NO_SYSTEM_ROLE,
    OPENAI_GPT_5,
    MAY_NOT_REASON,
    ByModel { models: Models::Named(&["text-embedding-3"]), more: "dimensions", ..ANY_MODEL },
    DRAWS_IN_ONE_FORM,
    DRAWS_WITHOUT_STYLE,
];
