//! The conversation: what is said before it becomes the system prompt, and speakers take turns.

use super::blocks::{Block, ResultContent, block};
use crate::api::answer::arguments;
use crate::api::chat::invalid::InvalidMember;
use crate::api::chat::message::{Message, Role};
use crate::api::chat::part::{Part, PartKind};
use crate::api::chat::tool::ToolCall;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What stands in for a message without content, which the API refuses. LiteLLM's words.
const EMPTY_MESSAGE: &str = "[System: Empty message content sanitised to satisfy protocol]";
/// What comes before an operator's words in the middle of a conversation, where there is no system role. LiteLLM's
/// words.
const OPERATOR_NOTE: &str = "Operator note (not from the user): the following was originally a mid-conversation \
                             system-role reminder.";

/// A conversation in Anthropic's shape.
#[derive(Debug, Default)]
pub(super) struct Conversation<'a> {
    pub(super) system: Vec<Block<'a>>,
    pub(super) turns: Vec<Turn<'a>>,
    /// Parts of the request that were left out.
    pub(super) dropped: Vec<&'static str>,
}

/// What one side says before the other speaks.
#[derive(Debug, Serialize)]
pub(super) struct Turn<'a> {
    pub(super) role: Side,
    pub(super) content: Vec<Block<'a>>,
}

/// Who speaks. Tools speak on the user's side, and operators where the model does not know them there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Side {
    User,
    Assistant,
    System,
}

impl<'a> Conversation<'a> {
    /// Reads the messages. `hears_operator_later`: there is a system role in the middle of a conversation.
    ///
    /// # Errors
    /// [`InvalidMember`]: nothing but system messages, or a message that cannot be said here.
    pub(super) fn of(messages: &'a [Message<'_>], hears_operator_later: bool) -> Result<Self, InvalidMember> {
        let mut conversation = Self::default();
        for (at, message) in messages.iter().enumerate() {
            let mut later = messages.iter().skip(at + 1).map(|message| message.role);
            let may_interrupt = hears_operator_later
                && matches!(later.find(|role| *role != Role::System), None | Some(Role::Assistant));
            conversation.add(message, may_interrupt).map_err(|error| placed(error, at))?;
        }
        conversation.turns.retain(|turn| !turn.content.is_empty());
        if conversation.turns.is_empty() {
            let reason = "at least one message must be from the user or the assistant";
            return Err(InvalidMember::whole("messages", reason));
        }
        conversation.trim_prefill();
        Ok(conversation)
    }

    /// `may_interrupt`: what follows is the model's turn, or nothing, as the API wants it behind an operator's words.
    fn add(&mut self, message: &'a Message<'_>, may_interrupt: bool) -> Result<(), InvalidMember> {
        match message.role {
            Role::System if self.turns.is_empty() => {
                let blocks = self.blocks(message)?;
                self.system.extend(blocks);
            }
            Role::System => {
                let blocks = self.blocks(message)?;
                let follows_user = self.turns.last().is_some_and(|turn| turn.role != Side::Assistant);
                if may_interrupt && follows_user && blocks.iter().all(|block| matches!(block, Block::Text { .. })) {
                    self.say(Side::System, blocks);
                    return Ok(());
                }
                let note = (!blocks.is_empty()).then(|| Block::text(OPERATOR_NOTE));
                self.say(Side::User, note.into_iter().chain(blocks));
            }
            Role::User => {
                let mut blocks = self.blocks(message)?;
                if blocks.is_empty() {
                    blocks.push(Block::text(EMPTY_MESSAGE));
                }
                self.say(Side::User, blocks);
            }
            Role::Assistant => {
                let blocks = self.assistant(message)?;
                self.say(Side::Assistant, blocks);
            }
            Role::Tool => {
                let result = self.tool_result(message)?;
                self.say(Side::User, [result]);
            }
        }
        Ok(())
    }

    /// Adds to the turn under way, or begins one.
    fn say(&mut self, side: Side, blocks: impl IntoIterator<Item = Block<'a>>) {
        match self.turns.last_mut().filter(|turn| turn.role == side) {
            Some(turn) => turn.content.extend(blocks),
            None => self.turns.push(Turn { role: side, content: blocks.into_iter().collect() }),
        }
    }

    /// The content's blocks. A cache marker on the message marks the last of them.
    fn blocks(&mut self, message: &'a Message<'_>) -> Result<Vec<Block<'a>>, InvalidMember> {
        let mut blocks = self.parts(&message.content)?;
        if let Some(last) = blocks.last_mut() {
            last.mark(message.cache_control);
        }
        Ok(blocks)
    }

    fn parts(&mut self, parts: &'a [Part<'_>]) -> Result<Vec<Block<'a>>, InvalidMember> {
        if parts.iter().any(|part| matches!(part.kind, PartKind::Audio(_))) {
            self.dropped.push("input_audio");
        }
        parts.iter().filter_map(|part| block(part).transpose()).collect()
    }

    /// Thoughts come first, as the API wants them back, then text, then calls.
    fn assistant(&mut self, message: &'a Message<'_>) -> Result<Vec<Block<'a>>, InvalidMember> {
        let mut blocks: Vec<_> = message.thinking_blocks.iter().map(|block| Block::Own(block)).collect();
        blocks.extend(self.parts(&message.content)?);
        for call in &message.tool_calls {
            blocks.push(tool_use(call)?);
        }
        if let Some(last) = blocks.last_mut() {
            last.mark(message.cache_control);
        }
        Ok(blocks)
    }

    fn tool_result(&mut self, message: &'a Message<'_>) -> Result<Block<'a>, InvalidMember> {
        let content = match message.content.as_slice() {
            [] => ResultContent::Text(Cow::Borrowed("")),
            [Part { kind: PartKind::Text(text), .. }] if message.is_plain => ResultContent::Text(Cow::Borrowed(text)),
            parts => ResultContent::Blocks(self.parts(parts)?),
        };
        let id = message.tool_call_id.as_ref().or(message.name.as_ref()).map_or("", |id| &**id);
        Ok(Block::ToolResult { tool_use_id: valid_id(id), content, cache_control: message.cache_control })
    }

    /// The beginning of an answer that the model goes on with may not end in white space.
    fn trim_prefill(&mut self) {
        let Some(turn) = self.turns.last_mut().filter(|turn| turn.role == Side::Assistant) else { return };
        if let Some(Block::Text { text, .. }) = turn.content.last_mut() {
            let trimmed = text.trim_end().len();
            match text {
                Cow::Borrowed(whole) => *whole = whole.get(..trimmed).unwrap_or(whole),
                Cow::Owned(whole) => whole.truncate(trimmed),
            }
        }
    }

    /// Whether a tool was called or answered.
    pub(super) fn has_tool_use(&self) -> bool {
        self.blocks_said().any(|block| matches!(block, Block::ToolUse { .. } | Block::ToolResult { .. }))
    }

    /// Whether the model is in the middle of calling tools, and its thoughts before the call are not there. The API
    /// refuses to let it think then.
    pub(super) fn lacks_thoughts(&self) -> bool {
        let [.., Turn { role: Side::Assistant, content: before }, Turn { role: Side::User, content: last }] =
            self.turns.as_slice()
        else {
            return false;
        };
        let calls = before.iter().any(|block| matches!(block, Block::ToolUse { .. }));
        let answers = last.iter().any(|block| matches!(block, Block::ToolResult { .. }));
        calls && answers && !matches!(before.first(), Some(Block::Own(_)))
    }

    /// Whether an upload is spoken of.
    pub(super) fn has_upload(&self) -> bool {
        self.blocks_said().any(Block::is_upload)
    }

    fn blocks_said(&self) -> impl Iterator<Item = &Block<'a>> {
        self.turns.iter().flat_map(|turn| &turn.content)
    }
}

fn tool_use<'a>(call: &'a ToolCall<'_>) -> Result<Block<'a>, InvalidMember> {
    let input: Box<RawValue> = arguments::object_of(&call.arguments).map_err(|_| {
        let reason = format!("the arguments of the call of `{}` are no JSON object", &*call.name);
        InvalidMember::whole("messages", reason)
    })?;
    // A legacy function call has no id: its result is known by the function's name.
    let id = if call.id.is_empty() { &*call.name } else { &*call.id };
    Ok(Block::ToolUse { id: valid_id(id), name: &call.name, input, cache_control: call.cache_control })
}

/// An id of letters, digits, `_` and `-`, as the API wants it. The same id gives the same, so that a call and its result
/// stay together.
fn valid_id(id: &str) -> Cow<'_, str> {
    let is_valid = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    if id.chars().all(is_valid) {
        return Cow::Borrowed(id);
    }
    Cow::Owned(id.chars().map(|character| if is_valid(character) { character } else { '_' }).collect())
}

fn placed(error: InvalidMember, at: usize) -> InvalidMember {
    InvalidMember { path: format!("messages[{at}]"), ..error }
}
