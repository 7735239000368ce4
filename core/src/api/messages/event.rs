//! Writes the events of a streamed answer.
//!
//! Wire format: <https://docs.anthropic.com/en/docs/build-with-claude/streaming>

use super::answer::ImageSource;
use super::stop::StopReason;
use super::usage::MessageUsage;
use serde::Serialize;

/// An event.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event<'a> {
    /// The message begins.
    MessageStart {
        /// The message, of which nothing is said yet.
        message: Beginning<'a>,
    },
    /// A block begins.
    ContentBlockStart {
        /// Which block.
        index: u32,
        /// What it is.
        content_block: Opening<'a>,
    },
    /// More of a block.
    ContentBlockDelta {
        /// Which block.
        index: u32,
        /// What is new.
        delta: BlockDelta<'a>,
    },
    /// A block ends.
    ContentBlockStop {
        /// Which block.
        index: u32,
    },
    /// Why the message ends, and what it used.
    MessageDelta {
        /// Why it ends.
        delta: Ending,
        /// What it used.
        usage: MessageUsage,
    },
    /// The message is over.
    MessageStop,
}

/// A message of which nothing is said yet.
#[derive(Debug, Serialize)]
pub struct Beginning<'a> {
    id: &'a str,
    r#type: &'static str,
    role: &'static str,
    content: [(); 0],
    model: &'a str,
    stop_reason: Option<StopReason>,
    stop_sequence: Option<&'static str>,
    usage: MessageUsage,
}

/// What a block is that begins.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Opening<'a> {
    /// Text that follows.
    Text {
        /// Empty.
        text: &'static str,
    },
    /// Thoughts that follow.
    Thinking {
        /// Empty.
        thinking: &'static str,
        /// Empty.
        signature: &'static str,
    },
    /// Thoughts that nobody may read.
    RedactedThinking {
        /// The sealed thoughts.
        data: &'a str,
    },
    /// What the model drew, all of it.
    Image {
        /// The image, or where it is.
        source: ImageSource<'a>,
    },
    /// A call whose arguments follow.
    ToolUse {
        /// Its id.
        id: &'a str,
        /// The tool.
        name: &'a str,
        /// Empty.
        input: Empty,
    },
}

/// An empty object.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Empty {}

/// What is new of a block.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum BlockDelta<'a> {
    /// Text.
    TextDelta {
        /// The text.
        text: &'a str,
    },
    /// Thoughts.
    ThinkingDelta {
        /// The thoughts.
        thinking: &'a str,
    },
    /// The signature that ends thoughts.
    SignatureDelta {
        /// The signature.
        signature: &'a str,
    },
    /// A piece of a call's arguments.
    InputJsonDelta {
        /// A piece of JSON.
        partial_json: &'a str,
    },
}

/// Why a message ends.
#[derive(Debug, Serialize)]
pub struct Ending {
    /// Why.
    pub stop_reason: StopReason,
    /// The text at which it stopped. Not known of other dialects' answers.
    pub stop_sequence: Option<&'static str>,
}

impl<'a> Beginning<'a> {
    /// The beginning of a message.
    pub fn new(id: &'a str, model: &'a str) -> Self {
        Self {
            id,
            r#type: "message",
            role: "assistant",
            content: [],
            model,
            stop_reason: None,
            stop_sequence: None,
            usage: MessageUsage::unknown(),
        }
    }
}

impl Event<'_> {
    /// The event's name, as its line `event:` tells it.
    fn name(&self) -> &'static str {
        match self {
            Self::MessageStart { .. } => "message_start",
            Self::ContentBlockStart { .. } => "content_block_start",
            Self::ContentBlockDelta { .. } => "content_block_delta",
            Self::ContentBlockStop { .. } => "content_block_stop",
            Self::MessageDelta { .. } => "message_delta",
            Self::MessageStop => "message_stop",
        }
    }

    /// Writes the event.
    pub fn write(&self, out: &mut Vec<u8>) {
        let begin = out.len();
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(self.name().as_bytes());
        out.extend_from_slice(b"\ndata: ");
        // Types that JSON has all of: this cannot fail, and half an event must not go out.
        if serde_json::to_writer(&mut *out, self).is_err() {
            out.truncate(begin);
            return;
        }
        out.extend_from_slice(b"\n\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(event: &Event<'_>) -> String {
        let mut out = Vec::new();
        event.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn events_are_named_and_typed() {
        let delta = BlockDelta::TextDelta { text: "a\nb" };
        assert_eq!(
            written(&Event::ContentBlockDelta { index: 1, delta }),
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\
             \"delta\":{\"type\":\"text_delta\",\"text\":\"a\\nb\"}}\n\n"
        );
        assert_eq!(written(&Event::MessageStop), "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
        let start = written(&Event::MessageStart { message: Beginning::new("msg_1", "m") });
        assert!(start.contains(r#""content":[],"model":"m","stop_reason":null"#), "{start}");
    }
}
