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
}

impl Operation {
    /// Every operation. One whose path is the end of another's stands behind it.
    pub const ALL: [Self; 9] = [
        Self::Chat,
        Self::Completion,
        Self::Embedding,
        Self::ImageGeneration,
        Self::ImageEdit,
        Self::Speech,
        Self::Transcription,
        Self::Translation,
        Self::Moderation,
    ];

    /// The operation's path below the API's version, as OpenAI names it.
    pub fn path(self) -> &'static str {
        match self {
            Self::Chat => "/chat/completions",
            Self::Completion => "/completions",
            Self::Embedding => "/embeddings",
            Self::ImageGeneration => "/images/generations",
            Self::ImageEdit => "/images/edits",
            Self::Speech => "/audio/speech",
            Self::Transcription => "/audio/transcriptions",
            Self::Translation => "/audio/translations",
            Self::Moderation => "/moderations",
        }
    }

    /// The body member, or the file, without which the operation makes no sense.
    pub fn required_member(self) -> &'static str {
        match self {
            Self::Chat => "messages",
            Self::Completion => "prompt",
            Self::Embedding => "input",
            Self::ImageGeneration => "prompt",
            Self::ImageEdit => "image",
            Self::Speech => "input",
            Self::Transcription => "file",
            Self::Translation => "file",
            Self::Moderation => "input",
        }
    }

    /// The operation's name in spend rows, as LiteLLM writes it.
    pub fn call_type(self) -> &'static str {
        match self {
            Self::Chat => "acompletion",
            Self::Completion => "atext_completion",
            Self::Embedding => "aembedding",
            Self::ImageGeneration => "aimage_generation",
            Self::ImageEdit => "aimage_edit",
            Self::Speech => "aspeech",
            Self::Transcription => "atranscription",
            Self::Translation => "atranslation",
            Self::Moderation => "amoderation",
        }
    }

    /// Whether the model writes a text, token by token, whose length can be capped.
    pub fn generates(self) -> bool {
        matches!(self, Self::Chat | Self::Completion)
    }

    /// Whether an answer can come piece by piece.
    pub fn may_stream(self) -> bool {
        !matches!(self, Self::Embedding | Self::Moderation)
    }

    /// Whether the body is a form with files.
    pub fn takes_form(self) -> bool {
        matches!(self, Self::ImageEdit | Self::Transcription | Self::Translation)
    }

    /// Whether an answer is of the type that its upstream says, and not always JSON.
    pub fn answers_as_told(self) -> bool {
        matches!(self, Self::Speech | Self::Transcription | Self::Translation)
    }
}
