//! The two ways to chat with Ollama.

/// Which of its two ways to chat is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ollama {
    /// The conversation is one text.
    Generate,
    /// The conversation is a list of messages.
    Chat,
}
