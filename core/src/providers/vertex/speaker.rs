//! Which transform speaks for a model on Vertex AI.

use super::claude::VertexClaude;
use super::family::Family;
use super::gemini::{self, VertexGemini};
use super::messages::VertexMessages;
use super::raw::VertexRaw;
use super::rerank::VertexRerank;
use crate::providers::gemini::generate_content::GeminiContent;
use crate::providers::openai::OpenAi;
use crate::providers::provider::Provider;

static GEMINI: VertexGemini = VertexGemini;
static CLAUDE: VertexClaude = VertexClaude;
static MESSAGES: VertexMessages = VertexMessages;
static MISTRAL: VertexRaw = VertexRaw { publisher: "mistralai" };
static AI21: VertexRaw = VertexRaw { publisher: "ai21" };
static OPEN_API: OpenAi = OpenAi;
static CONTENT: GeminiContent = GeminiContent { address: gemini::content_address, shows_key: false };
static RERANK: VertexRerank = VertexRerank;

/// Whether a provider is Vertex AI, by any of its names.
pub fn is(provider: &str) -> bool {
    matches!(provider, "vertex_ai" | "vertex_ai_beta")
}

/// The transform for a model.
pub fn speaker(model: &str) -> &'static dyn Provider {
    match Family::of(model) {
        Family::Gemini => &GEMINI,
        Family::Claude => &CLAUDE,
        Family::Raw("ai21") => &AI21,
        Family::Raw(_) => &MISTRAL,
        Family::OpenApi => &OPEN_API,
    }
}

/// The transform for reranks.
pub fn reranker() -> &'static dyn Provider {
    &RERANK
}

/// The transform for a model that answers Anthropic's messages itself.
pub fn messages(model: &str) -> Option<&'static dyn Provider> {
    if Family::of(model) == Family::Claude { Some(&MESSAGES) } else { None }
}

/// The transform for a model that answers Google's own clients itself.
pub fn content(model: &str) -> Option<&'static dyn Provider> {
    if Family::of(model) == Family::Gemini { Some(&CONTENT) } else { None }
}

/// Whether a model speaks Google's own dialect.
pub fn speaks_gemini(model: &str) -> bool {
    Family::of(model) == Family::Gemini
}

/// Whether a model speaks Anthropic's.
pub fn speaks_claude(model: &str) -> bool {
    Family::of(model) == Family::Claude
}
