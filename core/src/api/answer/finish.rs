//! Why an answer ended.

use serde::{Serialize, Serializer};

/// Why an answer ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Finish {
    /// The model had said all, or came to a stop text.
    #[default]
    Stop,
    /// It came to the most tokens that it may say, or that its context holds.
    Length,
    /// It calls tools.
    ToolCalls,
    /// It was kept from saying more, or refused.
    ContentFilter,
}

impl Finish {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::ContentFilter => "content_filter",
        }
    }
}

impl Serialize for Finish {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
