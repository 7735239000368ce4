//! Which transform speaks for a provider. Adding a provider is one line here.

use super::anthropic::Anthropic;
use super::gemini::Gemini;
use super::openai::OpenAi;
use super::provider::Provider;

static OPENAI: OpenAi = OpenAi;
static ANTHROPIC: Anthropic = Anthropic;
static GEMINI: Gemini = Gemini;

/// The transform for a model of a provider: some providers serve models in several dialects. Every provider that the
/// catalog lists as spoken and that is not named here speaks the OpenAI dialect.
pub fn provider(name: &str, _model: &str) -> &'static dyn Provider {
    match name {
        "anthropic" => &ANTHROPIC,
        "gemini" => &GEMINI,
        _ => &OPENAI,
    }
}
