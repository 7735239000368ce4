//! Which transform speaks for a provider, and for what. Adding a provider is one line here.

use super::anthropic::Anthropic;
use super::bedrock;
use super::openai::OpenAi;
use super::operation::Operation;
use super::provider::Provider;
use super::rerank;

static OPENAI: OpenAi = OpenAi;
static ANTHROPIC: Anthropic = Anthropic;

/// The transform for an operation of a provider's model: some providers serve models in several dialects. Every provider
/// that the catalog lists as spoken and that is not named here speaks the OpenAI dialect. How such a provider reranks is
/// said by [`rerank::reranker`].
pub fn provider(name: &str, model: &str, operation: Operation) -> &'static dyn Provider {
    match name {
        "anthropic" => &ANTHROPIC,
        "bedrock" | "bedrock_converse" => bedrock::speaker(model),
        _ if operation == Operation::Rerank => rerank::reranker(name),
        _ => &OPENAI,
    }
}
