//! Which transform speaks for a provider, and for what. Adding a provider is one line here.

use super::anthropic::{Anthropic, AnthropicMessages};
use super::bedrock;
use super::bridge::messages::Messages;
use super::bridge::over::Bridge;
use super::bridge::speaker::Speaker;
use super::codestral::Codestral;
use super::cohere::Cohere;
use super::openai::OpenAi;
use super::operation::Operation;
use super::provider::Provider;
use super::rerank;

static OPENAI: OpenAi = OpenAi;
static ANTHROPIC: Anthropic = Anthropic;
static COHERE: Cohere = Cohere;
static CODESTRAL: Codestral = Codestral;

static ANTHROPIC_MESSAGES: AnthropicMessages = AnthropicMessages;
static MESSAGES: Messages = Messages;

/// Who speaks for a model of a provider, for what a client asks: some providers serve models in several dialects.
pub fn provider(name: &str, model: &str, operation: Operation) -> Speaker {
    match operation {
        Operation::Rerank if !reranks_its_own_way(name) => Speaker::Own(rerank::reranker(name)),
        Operation::Chat | Operation::Completion | Operation::Embedding | Operation::Rerank => {
            Speaker::Own(own(name, model))
        }
        Operation::CountTokens => Speaker::Own(&ANTHROPIC_MESSAGES),
        Operation::Messages if speaks_messages(name) => Speaker::Own(&ANTHROPIC_MESSAGES),
        Operation::Messages => Speaker::Bridged(Bridge { dialect: &MESSAGES, inner: own(name, model) }),
    }
}

/// Who speaks for answers that are made up in the OpenAI dialect.
pub fn mock(operation: Operation) -> Speaker {
    provider("openai", "", operation)
}

/// Whether a provider counts the tokens of a request.
pub fn counts_tokens(name: &str) -> bool {
    name == "anthropic"
}

/// The transform of a provider. Every provider that the catalog lists as spoken and that is not named here speaks the
/// OpenAI dialect.
fn own(name: &str, model: &str) -> &'static dyn Provider {
    match name {
        "anthropic" => &ANTHROPIC,
        "bedrock" | "bedrock_converse" => bedrock::speaker(model),
        "text-completion-codestral" => &CODESTRAL,
        "cohere" | "cohere_chat" => &COHERE,
        _ => &OPENAI,
    }
}

/// Whether a provider's own transform reranks, too.
fn reranks_its_own_way(name: &str) -> bool {
    matches!(name, "bedrock" | "bedrock_converse")
}

/// Whether a provider answers Anthropic's messages itself.
fn speaks_messages(name: &str) -> bool {
    matches!(name, "anthropic" | "deepseek")
}
