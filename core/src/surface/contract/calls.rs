//! Calls of models.

use super::described::{Answer, Body, Described, Refusals, Section};
use crate::flow::admin::body::{Field, Kind};

pub(super) fn section() -> Section {
    let about = "Calls of models. Fields that are not named here pass to the provider as they are.";
    Section { name: "Calls", about, operations: OPERATIONS.iter().copied().map(of_models).collect() }
}

pub(super) fn kept() -> Section {
    let about = "Responses that a provider keeps (`store`), under the names that this gateway gave them.";
    Section { name: "Kept responses", about, operations: KEPT.iter().copied().map(of_models).collect() }
}

pub(super) fn passed() -> Section {
    let about = "Calls of a provider's own API at its own paths: request and answer pass as they are.";
    Section { name: "Providers' own APIs", about, operations: PASSED.iter().copied().map(of_models).collect() }
}

const fn of_models(described: Described) -> Described {
    Described { refusals: Refusals::Call, ..described }
}

/// What every chat may say.
const CHAT: &[Field] = &[
    ("model", Kind::Text),
    ("messages", Kind::List),
    ("stream", Kind::Flag),
    ("stream_options", Kind::Map),
    ("max_tokens", Kind::Integer),
    ("max_completion_tokens", Kind::Integer),
    ("temperature", Kind::Number),
    ("top_p", Kind::Number),
    ("n", Kind::Integer),
    ("stop", Kind::Any),
    ("seed", Kind::Integer),
    ("tools", Kind::List),
    ("tool_choice", Kind::Any),
    ("parallel_tool_calls", Kind::Flag),
    ("response_format", Kind::Map),
    ("reasoning_effort", Kind::Text),
    ("logprobs", Kind::Flag),
    ("top_logprobs", Kind::Integer),
    ("presence_penalty", Kind::Number),
    ("frequency_penalty", Kind::Number),
    ("logit_bias", Kind::Map),
    ("user", Kind::Text),
    ("metadata", Kind::Map),
    ("tags", Kind::TextList),
    ("fallbacks", Kind::List),
    ("num_retries", Kind::Integer),
    ("timeout", Kind::Number),
    ("cache", Kind::Map),
    ("guardrails", Kind::List),
];

const COMPLETION: &[Field] = &[
    ("model", Kind::Text),
    ("prompt", Kind::Any),
    ("stream", Kind::Flag),
    ("max_tokens", Kind::Integer),
    ("temperature", Kind::Number),
    ("top_p", Kind::Number),
    ("n", Kind::Integer),
    ("stop", Kind::Any),
    ("suffix", Kind::Text),
    ("echo", Kind::Flag),
    ("user", Kind::Text),
];

const EMBEDDING: &[Field] = &[
    ("model", Kind::Text),
    ("input", Kind::Any),
    ("dimensions", Kind::Integer),
    ("encoding_format", Kind::OneOf(&["float", "base64"])),
    ("user", Kind::Text),
];

const RERANK: &[Field] =
    &[("model", Kind::Text), ("query", Kind::Text), ("documents", Kind::List), ("top_n", Kind::Integer)];

const MESSAGES: &[Field] = &[
    ("model", Kind::Text),
    ("messages", Kind::List),
    ("max_tokens", Kind::Integer),
    ("system", Kind::Any),
    ("stream", Kind::Flag),
    ("temperature", Kind::Number),
    ("tools", Kind::List),
    ("tool_choice", Kind::Map),
    ("thinking", Kind::Map),
    ("metadata", Kind::Map),
];

const RESPONSES: &[Field] = &[
    ("model", Kind::Text),
    ("input", Kind::Any),
    ("instructions", Kind::Text),
    ("stream", Kind::Flag),
    ("max_output_tokens", Kind::Integer),
    ("previous_response_id", Kind::Text),
    ("store", Kind::Flag),
    ("tools", Kind::List),
    ("reasoning", Kind::Map),
    ("text", Kind::Map),
    ("metadata", Kind::Map),
];

const IMAGE: &[Field] = &[
    ("model", Kind::Text),
    ("prompt", Kind::Text),
    ("n", Kind::Integer),
    ("size", Kind::Text),
    ("quality", Kind::Text),
    ("response_format", Kind::Text),
];

const IMAGE_EDIT: &[Field] =
    &[("image", Kind::Any), ("prompt", Kind::Text), ("model", Kind::Text), ("mask", Kind::Any)];

const SPEECH: &[Field] =
    &[("model", Kind::Text), ("input", Kind::Text), ("voice", Kind::Any), ("response_format", Kind::Text)];

const RECORDING: &[Field] =
    &[("file", Kind::Any), ("model", Kind::Text), ("language", Kind::Text), ("response_format", Kind::Text)];

const CONTENT: &[Field] = &[
    ("contents", Kind::Any),
    ("systemInstruction", Kind::Any),
    ("generationConfig", Kind::Map),
    ("tools", Kind::List),
    ("toolConfig", Kind::Map),
    ("safetySettings", Kind::List),
];

const CHATTED: &[Field] = &[
    ("id", Kind::Text),
    ("object", Kind::Text),
    ("created", Kind::Integer),
    ("model", Kind::Text),
    ("choices", Kind::List),
];

const OPERATIONS: &[Described] = &[
    Described::of(
        &[
            "POST /v1/chat/completions",
            "POST /chat/completions",
            "POST /engines/{model}/chat/completions",
            "POST /openai/deployments/{model}/chat/completions",
        ],
        "Chats. `stream` asks for events.",
    )
    .names("model")
    .takes(|| CHAT.to_vec())
    .needs(&["messages"])
    .answers(Answer::Streamed(CHATTED)),
    Described::of(
        &[
            "POST /v1/completions",
            "POST /completions",
            "POST /engines/{model}/completions",
            "POST /openai/deployments/{model}/completions",
        ],
        "Goes on with a text.",
    )
    .names("model")
    .takes(|| COMPLETION.to_vec())
    .needs(&["prompt"])
    .answers(Answer::Streamed(CHATTED)),
    Described::of(
        &[
            "POST /v1/embeddings",
            "POST /embeddings",
            "POST /engines/{model}/embeddings",
            "POST /openai/deployments/{model}/embeddings",
        ],
        "What texts mean, as vectors.",
    )
    .names("model")
    .takes(|| EMBEDDING.to_vec())
    .needs(&["input"])
    .gives(&[("object", Kind::Text), ("data", Kind::List), ("model", Kind::Text)]),
    Described::of(
        &["POST /v1/rerank", "POST /v2/rerank", "POST /rerank"],
        "Orders documents by what they say to a query.",
    )
    .takes(|| RERANK.to_vec())
    .needs(&["query", "documents"])
    .gives(&[("results", Kind::List)]),
    Described::of(&["POST /v1/messages"], "Chats, in Anthropic's dialect.")
        .takes(|| MESSAGES.to_vec())
        .needs(&["messages", "max_tokens"])
        .answers(Answer::Streamed(&[("id", Kind::Text), ("type", Kind::Text), ("content", Kind::List)])),
    Described::of(&["POST /v1/messages/count_tokens"], "Counts the tokens of such a chat.")
        .takes(|| MESSAGES.to_vec())
        .needs(&["messages"])
        .gives(&[("input_tokens", Kind::Integer)]),
    Described::of(&["POST /v1/responses", "POST /responses"], "Chats, in OpenAI's newer dialect.")
        .takes(|| RESPONSES.to_vec())
        .needs(&["input"])
        .answers(Answer::Streamed(&[("id", Kind::Text), ("object", Kind::Text), ("output", Kind::List)])),
    Described::of(&["POST /v1/images/generations", "POST /images/generations"], "Makes images.")
        .takes(|| IMAGE.to_vec())
        .needs(&["prompt"])
        .answers(Answer::Streamed(&[("data", Kind::List)])),
    uploading(
        Described::of(&["POST /v1/images/edits", "POST /images/edits"], "Changes images.")
            .needs(&["image", "prompt"])
            .answers(Answer::Streamed(&[("data", Kind::List)])),
        IMAGE_EDIT,
    ),
    Described::of(&["POST /v1/audio/speech", "POST /audio/speech"], "Reads a text aloud.")
        .takes(|| SPEECH.to_vec())
        .needs(&["input"])
        .answers(Answer::Sound),
    uploading(
        Described::of(
            &["POST /v1/audio/transcriptions", "POST /audio/transcriptions"],
            "Writes down what a recording says.",
        )
        .needs(&["file"])
        .answers(Answer::Streamed(&[("text", Kind::Text)])),
        RECORDING,
    ),
    uploading(
        Described::of(&["POST /v1/audio/translations", "POST /audio/translations"], "The same, in English.")
            .needs(&["file"])
            .answers(Answer::Streamed(&[("text", Kind::Text)])),
        RECORDING,
    ),
    Described::of(&["POST /v1/moderations", "POST /moderations"], "Judges texts.")
        .takes(|| vec![("model", Kind::Text), ("input", Kind::Any)])
        .needs(&["input"])
        .gives(&[("results", Kind::List)]),
    Described::of(
        &["POST /v1beta/models/{model_name}:generateContent", "POST /models/{model_name}:generateContent"],
        "Chats, in Google's dialect.",
    )
    .takes(|| CONTENT.to_vec())
    .needs(&["contents"])
    .gives(&[("candidates", Kind::List)]),
    Described::of(
        &["POST /v1beta/models/{model_name}:streamGenerateContent", "POST /models/{model_name}:streamGenerateContent"],
        "The same as a stream: a list, or events where `alt` is `sse`.",
    )
    .asks(&[("alt", Kind::OneOf(&["sse"]))])
    .takes(|| CONTENT.to_vec())
    .needs(&["contents"])
    .answers(Answer::Streamed(&[])),
    Described::of(
        &["POST /v1beta/models/{model_name}:countTokens", "POST /models/{model_name}:countTokens"],
        "Counts the tokens of such a chat.",
    )
    .takes(|| CONTENT.to_vec())
    .gives(&[("totalTokens", Kind::Integer)]),
];

/// With a form of these fields; what may be anything is a file.
const fn uploading(described: Described, fields: &'static [Field]) -> Described {
    Described { body: Body::Form(fields), ..described }
}

const KEPT: &[Described] = &[
    Described::of(&["GET /v1/responses/{response_id}", "GET /responses/{response_id}"], "Shows a response.")
        .names("response_id"),
    Described::of(&["DELETE /v1/responses/{response_id}", "DELETE /responses/{response_id}"], "Deletes it.")
        .names("response_id"),
    Described::of(
        &["GET /v1/responses/{response_id}/input_items", "GET /responses/{response_id}/input_items"],
        "Lists what it answered.",
    )
    .names("response_id"),
    Described::of(
        &["POST /v1/responses/{response_id}/cancel", "POST /responses/{response_id}/cancel"],
        "Ends one that is made in the background.",
    )
    .names("response_id"),
];

const PASSED: &[Described] = &[Described::of(
    &[
        "POST /openai/{endpoint}",
        "POST /anthropic/{endpoint}",
        "POST /gemini/{endpoint}",
        "POST /cohere/{endpoint}",
        "POST /mistral/{endpoint}",
    ],
    "What the provider documents at this path; calls of models are passed.",
)
.names("endpoint")
.takes(Vec::new)
.answers(Answer::Json)];
