//! Which transform speaks for a provider, and for what. Adding a provider is one line here.

use super::anthropic::{Anthropic, AnthropicMessages};
use super::bridge::messages::Messages;
use super::bridge::over::Bridge;
use super::bridge::responses::Responses;
use super::bridge::speaker::Speaker;
use super::openai::{OpenAi, OpenAiResponses};
use super::operation::Operation;
use super::provider::Provider;
use super::rerank;
use super::responses::PassedResponses;

static OPENAI: OpenAi = OpenAi;
static OPENAI_RESPONSES: OpenAiResponses = OpenAiResponses;
static ANTHROPIC: Anthropic = Anthropic;

static ANTHROPIC_MESSAGES: AnthropicMessages = AnthropicMessages { forwards: &["anthropic-version", "anthropic-beta"] };
// It takes the headers and does not read them: <https://api-docs.deepseek.com/guides/anthropic_api>
static DEEPSEEK_MESSAGES: AnthropicMessages = AnthropicMessages { forwards: &[] };
static MESSAGES: Messages = Messages;
static RESPONSES: Responses = Responses;
static PASSED_RESPONSES: PassedResponses = PassedResponses;

/// Who speaks for a model of a provider, for what a client asks: some providers serve models in several dialects.
pub fn provider(name: &str, model: &str, operation: Operation) -> Speaker {
    match operation {
        Operation::Rerank => Speaker::Own(rerank::reranker(name)),
        Operation::Chat | Operation::Completion | Operation::Embedding => Speaker::Own(own(name, model)),
        Operation::CountTokens => Speaker::Own(&ANTHROPIC_MESSAGES),
        Operation::Messages => match name {
            "anthropic" => Speaker::Own(&ANTHROPIC_MESSAGES),
            "deepseek" => Speaker::Own(&DEEPSEEK_MESSAGES),
            "openai" => Speaker::Bridged(Bridge { dialect: &MESSAGES, inner: &OPENAI_RESPONSES }),
            _ => Speaker::Bridged(Bridge { dialect: &MESSAGES, inner: own(name, model) }),
        },
        Operation::Responses if answers_responses(name) => Speaker::Own(&PASSED_RESPONSES),
        Operation::Responses => Speaker::Bridged(Bridge { dialect: &RESPONSES, inner: own(name, model) }),
    }
}

/// Who speaks for answers that are made up in the OpenAI dialect.
pub fn mock(operation: Operation) -> Speaker {
    match operation {
        Operation::Messages => Speaker::Bridged(Bridge { dialect: &MESSAGES, inner: &OPENAI }),
        Operation::Responses => Speaker::Bridged(Bridge { dialect: &RESPONSES, inner: &OPENAI }),
        _ => provider("openai", "", operation),
    }
}

/// Whether a provider answers OpenAI's responses itself, and keeps them.
pub fn answers_responses(name: &str) -> bool {
    matches!(name, "openai" | "azure" | "xai" | "hosted_vllm")
}

/// Whether a provider counts the tokens of a request.
pub fn counts_tokens(name: &str) -> bool {
    name == "anthropic"
}

/// The transform of a provider. Every provider that the catalog lists as spoken and that is not named here speaks the
/// OpenAI dialect.
fn own(name: &str, _model: &str) -> &'static dyn Provider {
    match name {
        "anthropic" => &ANTHROPIC,
        _ => &OPENAI,
    }
}
