//! Which transform speaks for a provider, and for what. Adding a provider is one line here.

use super::anthropic::{Anthropic, AnthropicMessages};
use super::bridge::completions::{Completions, FillInTheMiddle};
use super::bridge::messages::Messages;
use super::bridge::over::Bridge;
use super::bridge::speaker::Speaker;
use super::openai::OpenAi;
use super::operation::Operation;
use super::provider::Provider;
use super::rerank;

static OPENAI: OpenAi = OpenAi;
static ANTHROPIC: Anthropic = Anthropic;

static ANTHROPIC_MESSAGES: AnthropicMessages = AnthropicMessages;
static MESSAGES: Messages = Messages;
static COMPLETIONS: Completions = Completions;
static FILL_IN_THE_MIDDLE: FillInTheMiddle = FillInTheMiddle;

/// Who speaks for a model of a provider, for what a client asks: some providers serve models in several dialects.
pub fn provider(name: &str, model: &str, operation: Operation) -> Speaker {
    match operation {
        Operation::Rerank => Speaker::Own(rerank::reranker(name)),
        Operation::Completion if name == "text-completion-codestral" => Speaker::Own(&FILL_IN_THE_MIDDLE),
        Operation::Completion if !completes(name) => {
            Speaker::Bridged(Bridge { dialect: &COMPLETIONS, inner: own(name, model) })
        }
        Operation::CountTokens => Speaker::Own(&ANTHROPIC_MESSAGES),
        Operation::Messages if speaks_messages(name) => Speaker::Own(&ANTHROPIC_MESSAGES),
        Operation::Messages => Speaker::Bridged(Bridge { dialect: &MESSAGES, inner: own(name, model) }),
        _ => Speaker::Own(own(name, model)),
    }
}

/// Who speaks for answers that are made up in the OpenAI dialect.
pub fn mock(operation: Operation) -> Speaker {
    match operation {
        // Completions are made up as such.
        Operation::Completion => Speaker::Own(&OPENAI),
        _ => provider("openai", "", operation),
    }
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

/// Whether a provider completes texts itself; the models of all others only chat.
fn completes(name: &str) -> bool {
    const COMPLETING: [&str; 13] = [
        "azure_text",
        "dashscope",
        "featherless_ai",
        "fireworks_ai",
        "hosted_vllm",
        "litellm_proxy",
        "llamafile",
        "lm_studio",
        "meta_llama",
        "moonshot",
        "nebius",
        "text-completion-openai",
        "together_ai",
    ];
    COMPLETING.contains(&name)
}

/// Whether a provider answers Anthropic's messages itself.
fn speaks_messages(name: &str) -> bool {
    matches!(name, "anthropic" | "deepseek")
}
