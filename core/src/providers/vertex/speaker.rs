//! Which transform speaks for a model on Vertex AI, and for what.

use super::claude::VertexClaude;
use super::family::Family;
use super::gemini::VertexGemini;
use super::raw::VertexRaw;
use super::rerank::VertexRerank;
use crate::providers::openai::OpenAi;
use crate::providers::operation::Operation;
use crate::providers::provider::Provider;

static GEMINI: VertexGemini = VertexGemini;
static CLAUDE: VertexClaude = VertexClaude;
static MISTRAL: VertexRaw = VertexRaw { publisher: "mistralai" };
static AI21: VertexRaw = VertexRaw { publisher: "ai21" };
static OPEN_API: OpenAi = OpenAi;
static RERANK: VertexRerank = VertexRerank;

/// The transform for an operation of a model.
pub fn speaker(model: &str, operation: Operation) -> &'static dyn Provider {
    if operation == Operation::Rerank {
        return &RERANK;
    }
    match Family::of(model) {
        Family::Gemini => &GEMINI,
        Family::Claude => &CLAUDE,
        Family::Raw("ai21") => &AI21,
        Family::Raw(_) => &MISTRAL,
        Family::OpenApi => &OPEN_API,
    }
}
