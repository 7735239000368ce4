//! The operations a client can ask of a model, and the dialects that clients ask in.

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
    /// `/v1/messages`, Anthropic's way to chat.
    Messages,
    /// `/v1/messages/count_tokens`: how large a request for [`Operation::Messages`] is.
    CountTokens,
}

/// Whose shapes a client reads: answers, events and errors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// OpenAI's: chat completions, completions, embeddings.
    #[default]
    OpenAi,
    /// Anthropic's messages.
    Anthropic,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 6] =
        [Self::Chat, Self::Completion, Self::Embedding, Self::Rerank, Self::Messages, Self::CountTokens];

    /// The operation's path below the API's version, as its maker names it.
    pub fn path(self) -> &'static str {
        match self {
            Self::Chat => "/chat/completions",
            Self::Completion => "/completions",
            Self::Embedding => "/embeddings",
            Self::Rerank => "/rerank",
            Self::Messages => "/messages",
            Self::CountTokens => "/messages/count_tokens",
        }
    }

    /// The body members without which the operation makes no sense. The first is what it is about.
    pub fn required_members(self) -> &'static [&'static str] {
        match self {
            Self::Chat | Self::CountTokens => &["messages"],
            Self::Completion => &["prompt"],
            Self::Embedding => &["input"],
            Self::Rerank => &["query", "documents"],
            Self::Messages => &["messages", "max_tokens"],
        }
    }

    /// The body members that cap an answer's tokens, the newest name first.
    pub fn caps(self) -> &'static [&'static str] {
        match self {
            Self::Chat | Self::Completion => &["max_completion_tokens", "max_tokens"],
            Self::Messages => &["max_tokens"],
            Self::Embedding | Self::Rerank | Self::CountTokens => &[],
        }
    }

    /// The dialect that it is asked in, and answered.
    pub fn dialect(self) -> Dialect {
        match self {
            Self::Chat | Self::Completion | Self::Embedding | Self::Rerank => Dialect::OpenAi,
            Self::Messages | Self::CountTokens => Dialect::Anthropic,
        }
    }

    /// The operation's name in spend rows, as LiteLLM writes it.
    pub fn call_type(self) -> &'static str {
        match self {
            Self::Chat => "acompletion",
            Self::Completion => "atext_completion",
            Self::Embedding => "aembedding",
            Self::Rerank => "arerank",
            Self::Messages => "anthropic_messages",
            Self::CountTokens => "acount_tokens",
        }
    }

    /// Whether the model writes an answer, token by token: such an answer can be streamed and capped.
    pub fn generates(self) -> bool {
        matches!(self, Self::Chat | Self::Completion | Self::Messages)
    }
}
