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
    /// `/v1/responses`, OpenAI's newer way to chat.
    Responses,
    /// `/v1/messages/count_tokens`: how large a request for [`Operation::Messages`] is.
    CountTokens,
    /// `/v1/images/generations`.
    ImageGeneration,
    /// `/v1/images/edits`: a form with images.
    ImageEdit,
    /// `/v1/audio/speech`: answered with sound.
    Speech,
    /// `/v1/audio/transcriptions`: a form with a recording.
    Transcription,
    /// `/v1/audio/translations`: as a transcription, in English.
    Translation,
    /// `/v1/moderations`.
    Moderation,
    /// `/v1beta/models/{model}:generateContent`, Google's way to chat.
    GenerateContent,
    /// The same as a stream: the path says so, not the body.
    StreamGenerateContent,
    /// `/v1beta/models/{model}:countTokens`: how large a request for [`Operation::GenerateContent`] is.
    CountContent,
    /// A path of the operator's own (`pass_through_endpoints`): nobody here knows what is asked.
    PassThrough,
}

/// Whose shapes a client reads: answers, events and errors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// OpenAI's: chat completions, completions, embeddings, images, sound.
    #[default]
    OpenAi,
    /// Anthropic's messages.
    Anthropic,
    /// OpenAI's responses: errors are OpenAI's, events are not.
    Responses,
    /// Google's `generateContent`.
    Google,
}

impl Operation {
    /// Every operation that a model is asked.
    pub const ALL: [Self; 16] = [
        Self::Chat,
        Self::Completion,
        Self::Embedding,
        Self::Rerank,
        Self::Messages,
        Self::Responses,
        Self::CountTokens,
        Self::ImageGeneration,
        Self::ImageEdit,
        Self::Speech,
        Self::Transcription,
        Self::Translation,
        Self::Moderation,
        Self::GenerateContent,
        Self::StreamGenerateContent,
        Self::CountContent,
    ];

    /// The operation's path below the API's version, as its maker names it; Google's stand behind the model's name.
    pub fn path(self) -> &'static str {
        match self {
            Self::Chat => "/chat/completions",
            Self::Completion => "/completions",
            Self::Embedding => "/embeddings",
            Self::Rerank => "/rerank",
            Self::Messages => "/messages",
            Self::Responses => "/responses",
            Self::CountTokens => "/messages/count_tokens",
            Self::ImageGeneration => "/images/generations",
            Self::ImageEdit => "/images/edits",
            Self::Speech => "/audio/speech",
            Self::Transcription => "/audio/transcriptions",
            Self::Translation => "/audio/translations",
            Self::Moderation => "/moderations",
            Self::GenerateContent => ":generateContent",
            Self::StreamGenerateContent => ":streamGenerateContent",
            Self::CountContent => ":countTokens",
            Self::PassThrough => "",
        }
    }

    /// The body members, or the files, without which the operation makes no sense. The first is what it is about.
    pub fn required_members(self) -> &'static [&'static str] {
        match self {
            Self::Chat | Self::CountTokens => &["messages"],
            Self::Completion => &["prompt"],
            Self::Embedding | Self::Responses => &["input"],
            Self::Rerank => &["query", "documents"],
            Self::Messages => &["messages", "max_tokens"],
            Self::ImageGeneration => &["prompt"],
            Self::ImageEdit => &["image", "prompt"],
            Self::Speech | Self::Moderation => &["input"],
            Self::Transcription | Self::Translation => &["file"],
            Self::GenerateContent | Self::StreamGenerateContent => &["contents"],
            // What is counted stands in one of two places.
            Self::CountContent | Self::PassThrough => &[],
        }
    }

    /// The body members that cap an answer's tokens, the newest name first.
    pub fn caps(self) -> &'static [&'static str] {
        match self {
            Self::Chat | Self::Completion => &["max_completion_tokens", "max_tokens"],
            Self::Messages => &["max_tokens"],
            Self::Responses => &["max_output_tokens"],
            _ => &[],
        }
    }

    /// The dialect that it is asked in, and answered.
    pub fn dialect(self) -> Dialect {
        match self {
            Self::Messages | Self::CountTokens => Dialect::Anthropic,
            Self::Responses => Dialect::Responses,
            Self::GenerateContent | Self::StreamGenerateContent | Self::CountContent => Dialect::Google,
            _ => Dialect::OpenAi,
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
            Self::Responses => "aresponses",
            Self::CountTokens => "acount_tokens",
            Self::ImageGeneration => "aimage_generation",
            Self::ImageEdit => "aimage_edit",
            Self::Speech => "aspeech",
            Self::Transcription => "atranscription",
            Self::Translation => "atranslation",
            Self::Moderation => "amoderation",
            Self::GenerateContent => "agenerate_content",
            Self::StreamGenerateContent => "agenerate_content_stream",
            Self::CountContent => "acount_tokens",
            Self::PassThrough => "pass_through_endpoint",
        }
    }

    /// Whether the model writes an answer, token by token: such an answer can be streamed and capped.
    pub fn generates(self) -> bool {
        matches!(self, Self::Chat | Self::Completion | Self::Messages | Self::Responses)
            || matches!(self, Self::GenerateContent | Self::StreamGenerateContent)
    }

    /// Whether only the tokens of a request are asked for: nothing is made, and nothing is billed.
    pub fn counts(self) -> bool {
        matches!(self, Self::CountTokens | Self::CountContent)
    }

    /// Whether an answer can come piece by piece.
    pub fn may_stream(self) -> bool {
        self.generates() || self.answers_as_told()
    }

    /// Whether the body is a form with files.
    pub fn takes_form(self) -> bool {
        matches!(self, Self::ImageEdit | Self::Transcription | Self::Translation)
    }

    /// Whether an answer is of the type that its upstream says: images, sound, texts, and not always JSON.
    pub fn answers_as_told(self) -> bool {
        matches!(self, Self::ImageGeneration | Self::ImageEdit | Self::Speech | Self::Transcription | Self::Translation)
    }
}
