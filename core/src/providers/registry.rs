//! Which transform speaks for a provider, and for what. Adding a provider is one line here.

use super::anthropic::Anthropic;
use super::gemini::Gemini;
use super::openai::OpenAi;
use super::operation::Operation;
use super::provider::Provider;
use super::rerank;
use super::vertex;

static OPENAI: OpenAi = OpenAi;
static ANTHROPIC: Anthropic = Anthropic;
static GEMINI: Gemini = Gemini;

/// The transform for an operation of a provider's model: some providers serve models in several dialects. Every provider
/// that the catalog lists as spoken and that is not named here speaks the OpenAI dialect. How such a provider reranks is
/// said by [`rerank::reranker`].
pub fn provider(name: &str, model: &str, operation: Operation) -> &'static dyn Provider {
    match name {
        "anthropic" => &ANTHROPIC,
        "vertex_ai" | "vertex_ai_beta" => vertex::speaker(model, operation),
        _ if operation == Operation::Rerank => rerank::reranker(name),
        "gemini" => &GEMINI,
        _ => &OPENAI,
    }
}
