//! Which transform speaks for a provider, and for what. Adding a provider is one line here.

use super::anthropic::{Anthropic, AnthropicMessages};
use super::azure_ai;
use super::bedrock;
use super::bridge::completions::Completions;
use super::bridge::counting::Counting;
use super::bridge::generate_content::GenerateContent;
use super::bridge::messages::Messages;
use super::bridge::over::Bridge;
use super::bridge::responses::Responses;
use super::bridge::speaker::Speaker;
use super::codestral::Codestral;
use super::cohere::Cohere;
use super::gemini::generate_content::GeminiContent;
use super::gemini::{self, Gemini};
use super::huggingface::HuggingFace;
use super::ollama::Ollama;
use super::openai::{OpenAi, OpenAiEither, OpenAiResponses};
use super::operation::Operation;
use super::passing::Passing;
use super::provider::Provider;
use super::replicate::Replicate;
use super::rerank;
use super::responses::PassedResponses;
use super::sagemaker::SageMaker;
use super::target::Target;
use super::vertex;
use super::watsonx::Watsonx;

static OPENAI: OpenAi = OpenAi;
static OPENAI_RESPONSES: OpenAiResponses = OpenAiResponses;
// It searches by its newer API alone: <https://docs.x.ai/docs/guides/tools/overview>
static XAI: OpenAiEither = OpenAiEither { asks_response: |chat| chat.has("web_search_options") };
static ANTHROPIC: Anthropic = Anthropic;
static COHERE: Cohere = Cohere;
static GEMINI: Gemini = Gemini;
static CODESTRAL: Codestral = Codestral;
static HUGGING_FACE: HuggingFace = HuggingFace;
static OLLAMA_CHAT: Ollama = Ollama::Chat;
static OLLAMA_GENERATE: Ollama = Ollama::Generate;
static REPLICATE: Replicate = Replicate;
static SAGEMAKER_CHAT: SageMaker = SageMaker::Chat;
static SAGEMAKER_GENERATE: SageMaker = SageMaker::Generate;
static WATSONX: Watsonx = Watsonx;

static ANTHROPIC_MESSAGES: AnthropicMessages = AnthropicMessages { forwards: &["anthropic-version", "anthropic-beta"] };
// It takes the headers and does not read them: <https://api-docs.deepseek.com/guides/anthropic_api>
static DEEPSEEK_MESSAGES: AnthropicMessages = AnthropicMessages { forwards: &[] };
static MESSAGES: Messages = Messages;
static RESPONSES: Responses = Responses;
static PASSED_RESPONSES: PassedResponses = PassedResponses;
static COMPLETIONS: Completions = Completions;
static GENERATE_CONTENT: GenerateContent = GenerateContent;
static GEMINI_CONTENT: GeminiContent = GeminiContent { address: gemini::content_address, shows_key: true };
static COUNTED_BY_ANTHROPIC: Counting = Counting {
    dialect: &GENERATE_CONTENT,
    inner: &ANTHROPIC,
    below: "/count_tokens",
    counted: &["model", "messages", "system", "tools", "tool_choice", "thinking"],
    header: Some(("anthropic-beta", "token-counting-2024-11-01")),
};
static COUNTED_BY_OPENAI: Counting = Counting {
    dialect: &GENERATE_CONTENT,
    inner: &OPENAI_RESPONSES,
    below: "/input_tokens",
    counted: &["model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "reasoning", "text"],
    header: None,
};

static PASSING_OPENAI: Passing = Passing {
    forwards: &["openai-beta", "openai-organization", "openai-project"],
    reader: |operation| if operation == Operation::Responses { &PASSED_RESPONSES } else { &OPENAI },
};
static PASSING_ANTHROPIC: Passing =
    Passing { forwards: &["anthropic-version", "anthropic-beta"], reader: |_| &ANTHROPIC_MESSAGES };
static PASSING_GEMINI: Passing = Passing { forwards: &[], reader: |_| &GEMINI_CONTENT };
static PASSING_COHERE: Passing = Passing {
    forwards: &["x-client-name"],
    reader: |operation| match operation {
        Operation::Rerank => rerank::reranker("cohere").unwrap_or(&COHERE),
        _ => &COHERE,
    },
};
static PASSING_OTHER: Passing = Passing { forwards: &[], reader: |_| &OPENAI };

/// Who reads along what passes to and from a provider's own API.
pub fn passing(name: &str) -> Speaker {
    Speaker::Own(match name {
        "openai" => &PASSING_OPENAI,
        "anthropic" => &PASSING_ANTHROPIC,
        "gemini" => &PASSING_GEMINI,
        "cohere" => &PASSING_COHERE,
        _ => &PASSING_OTHER,
    })
}

/// Who speaks for a model of a provider, for what a client asks: some providers serve models in several dialects.
pub fn provider(target: &Target, operation: Operation) -> Speaker {
    let (name, model) = (target.provider, target.model.as_str());
    match operation {
        Operation::Rerank if vertex::is(name) => Speaker::Own(vertex::reranker()),
        Operation::Rerank => Speaker::Own(rerank::reranker(name).unwrap_or_else(|| own(target))),
        Operation::Completion if !completes(name) => {
            Speaker::Bridged(Bridge { dialect: &COMPLETIONS, inner: own(target) })
        }
        Operation::CountTokens => Speaker::Own(&ANTHROPIC_MESSAGES),
        Operation::Messages => match name {
            "anthropic" => Speaker::Own(&ANTHROPIC_MESSAGES),
            "deepseek" => Speaker::Own(&DEEPSEEK_MESSAGES),
            "azure_ai" if azure_ai::is_claude(model) => Speaker::Own(&ANTHROPIC_MESSAGES),
            "openai" => Speaker::Bridged(Bridge { dialect: &MESSAGES, inner: &OPENAI_RESPONSES }),
            _ => match own_messages(name, model) {
                Some(messages) => Speaker::Own(messages),
                None => Speaker::Bridged(Bridge { dialect: &MESSAGES, inner: own(target) }),
            },
        },
        Operation::Responses if answers_responses(name) => Speaker::Own(&PASSED_RESPONSES),
        Operation::Responses => Speaker::Bridged(Bridge { dialect: &RESPONSES, inner: own(target) }),
        Operation::GenerateContent | Operation::StreamGenerateContent => match own_content(name, model) {
            Some(content) => Speaker::Own(content),
            None => Speaker::Bridged(Bridge { dialect: &GENERATE_CONTENT, inner: own(target) }),
        },
        Operation::CountContent => Speaker::Own(match name {
            "anthropic" => &COUNTED_BY_ANTHROPIC,
            "openai" => &COUNTED_BY_OPENAI,
            _ => own_content(name, model).unwrap_or(&GEMINI_CONTENT),
        }),
        _ => Speaker::Own(own(target)),
    }
}

/// Who speaks for answers that are made up in the OpenAI dialect.
pub fn mock(operation: Operation) -> Speaker {
    match operation {
        // Completions are made up as such.
        Operation::Completion => Speaker::Own(&OPENAI),
        Operation::Messages => Speaker::Bridged(Bridge { dialect: &MESSAGES, inner: &OPENAI }),
        Operation::Responses => Speaker::Bridged(Bridge { dialect: &RESPONSES, inner: &OPENAI }),
        Operation::Rerank => Speaker::Own(rerank::reranker("openai").unwrap_or(&OPENAI)),
        Operation::CountTokens => Speaker::Own(&ANTHROPIC_MESSAGES),
        Operation::GenerateContent | Operation::StreamGenerateContent => {
            Speaker::Bridged(Bridge { dialect: &GENERATE_CONTENT, inner: &OPENAI })
        }
        Operation::CountContent => Speaker::Own(&GEMINI_CONTENT),
        _ => Speaker::Own(&OPENAI),
    }
}

/// Whether a provider answers OpenAI's responses itself, and keeps them.
pub fn answers_responses(name: &str) -> bool {
    matches!(name, "openai" | "azure" | "xai" | "hosted_vllm")
}

/// Whether a provider counts the tokens of a request.
pub fn counts_tokens(target: &Target, operation: Operation) -> bool {
    match (target.provider, operation) {
        ("anthropic", _) | ("openai", Operation::CountContent) => true,
        (name, Operation::CountContent) => own_content(name, &target.model).is_some(),
        _ => false,
    }
}

/// The transform of a provider. Every provider that the catalog lists as spoken and that is not named here speaks the
/// OpenAI dialect.
fn own(target: &Target) -> &'static dyn Provider {
    let (name, model) = (target.provider, target.model.as_str());
    match name {
        "anthropic" => &ANTHROPIC,
        "bedrock" | "bedrock_converse" => bedrock::speaker(model),
        "text-completion-codestral" => &CODESTRAL,
        "cohere" | "cohere_chat" => &COHERE,
        "azure_ai" if azure_ai::is_claude(model) => &ANTHROPIC,
        "huggingface" => &HUGGING_FACE,
        "ollama" => &OLLAMA_GENERATE,
        "ollama_chat" => &OLLAMA_CHAT,
        "replicate" => &REPLICATE,
        "sagemaker" => &SAGEMAKER_GENERATE,
        "sagemaker_chat" => &SAGEMAKER_CHAT,
        "watsonx" => &WATSONX,
        "gemini" => &GEMINI,
        "openai" | "azure" | "xai" if target.profile.only_responds => &OPENAI_RESPONSES,
        "xai" => &XAI,
        _ if vertex::is(name) => vertex::speaker(model),
        _ => &OPENAI,
    }
}

/// The transform of a cloud's model that answers Anthropic's messages itself.
fn own_messages(name: &str, model: &str) -> Option<&'static dyn Provider> {
    match name {
        "bedrock" | "bedrock_converse" => bedrock::messages(model),
        _ if vertex::is(name) => vertex::messages(model),
        _ => None,
    }
}

/// The transform of a model that answers Google's own clients itself.
fn own_content(name: &str, model: &str) -> Option<&'static dyn Provider> {
    match name {
        "gemini" => Some(&GEMINI_CONTENT),
        _ if vertex::is(name) => vertex::content(model),
        _ => None,
    }
}

/// Whether a provider completes texts itself; the models of all others only chat.
fn completes(name: &str) -> bool {
    const COMPLETING: [&str; 14] = [
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
        "text-completion-codestral",
        "text-completion-openai",
        "together_ai",
    ];
    COMPLETING.contains(&name)
}
