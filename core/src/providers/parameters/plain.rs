//! What OpenAI's ordinary models take: every row of a table says how it differs from this. Data only.

use super::row::{ByModel, Models, Row};

/// What OpenAI's ordinary models take.
const ORDINARY: &str = "audio frequency_penalty function_call functions logit_bias logprobs \
                max_completion_tokens max_tokens modalities n parallel_tool_calls prediction \
                presence_penalty prompt_cache_key prompt_cache_retention response_format \
                safety_identifier seed service_tier stop store stream stream_options temperature \
                tool_choice tools top_logprobs top_p web_search_options";

const ALL_OF_EMBEDDINGS: &str = "dimensions encoding_format user";

/// What a provider is taken for of which nothing is said.
pub(super) const PLAIN: Row = Row {
    provider: "",
    takes: ORDINARY,
    more: "",
    by_model: &[USER_FOR_OPENAIS],
    embeddings: ALL_OF_EMBEDDINGS,
    images: "n quality response_format size style user",
    cap: None,
    path: "",
    chat_members: &[],
    headers: &[],
    message_members_refused: &[],
    tool_words_refused: &[],
    rules: &[],
};

/// Every model, and nothing said of them.
pub(super) const ANY_MODEL: ByModel =
    ByModel { models: Models::Named(&[""]), more: "", less: "", images: None, cap: None, rules: &[] };

/// A person behind a call is told of to OpenAI's own models alone.
pub(super) const USER_FOR_OPENAIS: ByModel = ByModel { models: Models::OpenAis, more: "user", ..ANY_MODEL };
