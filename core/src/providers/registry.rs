//! Which transform speaks for a provider, and for what. Adding a provider is one line here.

use super::anthropic::Anthropic;
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

/// The transform for an operation of a provider's model: some providers serve models in several dialects. Every provider
/// that the catalog lists as spoken and that is not named here speaks the OpenAI dialect. How such a provider reranks is
/// said by [`rerank::reranker`].
pub fn provider(name: &str, _model: &str, operation: Operation) -> &'static dyn Provider {
    match name {
        "anthropic" => &ANTHROPIC,
        _ if operation == Operation::Rerank => rerank::reranker(name),
        "text-completion-codestral" => &CODESTRAL,
        "cohere" | "cohere_chat" => &COHERE,
        _ => &OPENAI,
    }
}
