//! The operations a client can ask of a model.

/// What is asked of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// `/v1/chat/completions`.
    Chat,
    /// `/v1/completions`, the legacy text completion.
    Completion,
    /// `/v1/embeddings`.
    Embedding,
    /// `/v1/rerank`, in Cohere's dialect.
    Rerank,
}

impl Operation {
    /// The operation's path below the API's version, as OpenAI names it.
    pub fn path(self) -> &'static str {
        match self {
            Self::Chat => "/chat/completions",
            Self::Completion => "/completions",
            Self::Embedding => "/embeddings",
            Self::Rerank => "/rerank",
        }
    }

    /// The body member without which the operation makes no sense.
    pub fn required_member(self) -> &'static str {
        match self {
            Self::Chat => "messages",
            Self::Completion => "prompt",
            Self::Embedding => "input",
            Self::Rerank => "query",
        }
    }

    /// The operation's name in spend rows, as LiteLLM writes it.
    pub fn call_type(self) -> &'static str {
        match self {
            Self::Chat => "acompletion",
            Self::Completion => "atext_completion",
            Self::Embedding => "aembedding",
            Self::Rerank => "arerank",
        }
    }

    /// Whether the model writes an answer, token by token: such an answer can be streamed and capped.
    pub fn generates(self) -> bool {
        matches!(self, Self::Chat | Self::Completion)
    }
}
