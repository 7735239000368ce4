//! Which transform speaks for a provider, and for what. Adding a provider is one line here.

use super::anthropic::Anthropic;
use super::azure_ai::{self, AzureAi};
use super::huggingface::HuggingFace;
use super::ollama::Ollama;
use super::openai::OpenAi;
use super::operation::Operation;
use super::provider::Provider;
use super::rerank;
use super::watsonx::Watsonx;

static OPENAI: OpenAi = OpenAi;
static ANTHROPIC: Anthropic = Anthropic;
static AZURE_AI: AzureAi = AzureAi;
static HUGGING_FACE: HuggingFace = HuggingFace;
static OLLAMA_CHAT: Ollama = Ollama::Chat;
static OLLAMA_GENERATE: Ollama = Ollama::Generate;
static WATSONX: Watsonx = Watsonx;

/// The transform for an operation of a provider's model: some providers serve models in several dialects. Every provider
/// that the catalog lists as spoken and that is not named here speaks the OpenAI dialect. How such a provider reranks is
/// said by [`rerank::reranker`].
pub fn provider(name: &str, model: &str, operation: Operation) -> &'static dyn Provider {
    match name {
        "anthropic" => &ANTHROPIC,
        _ if operation == Operation::Rerank => rerank::reranker(name),
        "azure_ai" if azure_ai::is_claude(model) => &ANTHROPIC,
        "azure_ai" => &AZURE_AI,
        "huggingface" => &HUGGING_FACE,
        "ollama" => &OLLAMA_GENERATE,
        "ollama_chat" => &OLLAMA_CHAT,
        "watsonx" => &WATSONX,
        _ => &OPENAI,
    }
}
