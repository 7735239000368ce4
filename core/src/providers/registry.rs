//! Which transform speaks for a provider. Adding a provider is one line here.

use super::anthropic::Anthropic;
use super::bedrock;
use super::openai::OpenAi;
use super::provider::Provider;

static OPENAI: OpenAi = OpenAi;
static ANTHROPIC: Anthropic = Anthropic;

/// The transform for a model of a provider: some providers serve models in several dialects. Every provider that the
/// catalog lists as spoken and that is not named here speaks the OpenAI dialect.
pub fn provider(name: &str, model: &str) -> &'static dyn Provider {
    match name {
        "anthropic" => &ANTHROPIC,
        "bedrock" | "bedrock_converse" => bedrock::speaker(model),
        _ => &OPENAI,
    }
}
