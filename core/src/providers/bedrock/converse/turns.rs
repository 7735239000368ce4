//! The conversation: what is said before it becomes the system prompt, and speakers take turns.

use super::blocks::{Block, CachePoint, Caching, ToolResult, ToolUse};
use super::parts::{block, thought};
use crate::api::answer::arguments;
use crate::api::chat::invalid::InvalidMember;
use crate::api::chat::message::{Message, Role};
use crate::api::chat::part::{Part, PartKind};
use crate::api::chat::tool::ToolCall;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// What comes before an operator's words in the middle of a conversation, where there is no system role. LiteLLM's
/// words.
const OPERATOR_NOTE: &str = "Operator note (not from the user): the following was originally a mid-conversation \
                             system-role reminder.";
/// The longest id of a call that the API takes.
const ID_BYTES_MAX: usize = 64;

/// A conversation in Converse's shape.
#[derive(Debug)]
pub(super) struct Conversation<'a> {
    pub(super) system: Vec<Block<'a>>,
    pub(super) turns: Vec<Turn<'a>>,
    /// Parts of the request that were left out.
    pub(super) dropped: Vec<&'static str>,
    caching: Caching,
    tells_calls: bool,
}

/// What one side says before the other speaks.
#[derive(Debug, Serialize)]
pub(super) struct Turn<'a> {
    pub(super) role: Side,
    pub(super) content: Vec<Block<'a>>,
}

/// Who speaks. Tools speak on the user's side, and so do operators once the conversation has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Side {
    User,
    Assistant,
}

impl<'a> Conversation<'a> {
    /// Reads the messages. `has_tools`: the request names tools; without any, calls in the conversation would be refused
    /// and are told as text.
    ///
    /// # Errors
    /// [`InvalidMember`]: nothing but system messages, or a message that cannot be said here.
    pub(super) fn of(messages: &'a [Message<'_>], caching: Caching, has_tools: bool) -> Result<Self, InvalidMember> {
        let (system, turns, dropped) = (Vec::new(), Vec::new(), Vec::new());
        let mut conversation = Self { system, turns, dropped, caching, tells_calls: !has_tools };
        for (at, message) in messages.iter().enumerate() {
            let placed = |error| InvalidMember { path: format!("messages[{at}]"), ..error };
            conversation.add(message).map_err(placed)?;
        }
        if messages.iter().all(|message| message.role == Role::System) {
            let reason = "at least one message must be from the user or the assistant";
            return Err(InvalidMember::whole("messages", reason));
        }
        Ok(conversation)
    }

    fn add(&mut self, message: &'a Message<'_>) -> Result<(), InvalidMember> {
        match message.role {
            Role::System if self.turns.is_empty() => {
                let blocks = self.blocks(message)?;
                self.system.extend(blocks);
            }
            Role::System => {
                let blocks = self.blocks(message)?;
                let note = (!blocks.is_empty()).then_some(Block::Text(Cow::Borrowed(OPERATOR_NOTE)));
                self.say(Side::User, note.into_iter().chain(blocks).collect());
            }
            Role::User => {
                let blocks = self.blocks(message)?;
                self.say(Side::User, blocks);
            }
            Role::Assistant => {
                let blocks = self.assistant(message)?;
                self.say(Side::Assistant, blocks);
            }
            Role::Tool => {
                let blocks = self.tool_result(message)?;
                self.say(Side::User, blocks);
            }
        }
        Ok(())
    }

    /// Adds to the turn under way, or begins one. Who says nothing has no turn.
    fn say(&mut self, side: Side, blocks: Vec<Block<'a>>) {
        match self.turns.last_mut().filter(|turn| turn.role == side) {
            Some(turn) => turn.content.extend(blocks),
            None if blocks.is_empty() => {}
            None => self.turns.push(Turn { role: side, content: blocks }),
        }
    }

    /// The content's blocks, each mark behind what it marks.
    fn blocks(&mut self, message: &'a Message<'_>) -> Result<Vec<Block<'a>>, InvalidMember> {
        let mut blocks = self.parts(&message.content)?;
        self.mark(&mut blocks, message);
        Ok(blocks)
    }

    fn mark(&self, blocks: &mut Vec<Block<'a>>, message: &Message<'_>) {
        let is_marked = matches!(blocks.last(), None | Some(Block::CachePoint(_)));
        let point = self.caching.point(message.cache_control).filter(|_| !is_marked);
        blocks.extend(point.map(Block::CachePoint));
    }

    fn parts(&mut self, parts: &'a [Part<'_>]) -> Result<Vec<Block<'a>>, InvalidMember> {
        let mut blocks = Vec::with_capacity(parts.len());
        for part in parts {
            if matches!(part.kind, PartKind::Audio(_)) {
                self.dropped.push("input_audio");
            }
            if let Some(block) = block(part)? {
                blocks.push(block);
                blocks.extend(self.caching.point(part.cache_control).map(Block::CachePoint));
            }
        }
        Ok(blocks)
    }

    /// Thoughts come first, as the API wants them back, then text, then calls.
    fn assistant(&mut self, message: &'a Message<'_>) -> Result<Vec<Block<'a>>, InvalidMember> {
        let mut blocks = Vec::new();
        for whole in &message.thinking_blocks {
            blocks.extend(thought(whole)?);
        }
        blocks.extend(self.parts(&message.content)?);
        for call in &message.tool_calls {
            blocks.push(self.call(call)?);
            blocks.extend(self.caching.point(call.cache_control).map(Block::CachePoint));
        }
        self.mark(&mut blocks, message);
        Ok(blocks)
    }

    fn call(&self, call: &'a ToolCall<'_>) -> Result<Block<'a>, InvalidMember> {
        // A legacy function call has no id: its result is known by the function's name.
        let id = if call.id.is_empty() { &*call.name } else { &*call.id };
        if self.tells_calls {
            let text = format!("[tool call {id}: {}({})]", &*call.name, &*call.arguments);
            return Ok(Block::Text(Cow::Owned(text)));
        }
        let input = arguments::object_of(&call.arguments).map_err(|_| {
            let reason = format!("the arguments of the call of `{}` are no JSON object", &*call.name);
            InvalidMember::whole("messages", reason)
        })?;
        Ok(Block::ToolUse(ToolUse { tool_use_id: valid_id(id), name: &call.name, input }))
    }

    fn tool_result(&mut self, message: &'a Message<'_>) -> Result<Vec<Block<'a>>, InvalidMember> {
        let id = message.tool_call_id.as_ref().or(message.name.as_ref()).map_or("", |id| &**id);
        if self.tells_calls {
            let text = format!("[tool result for {id}: {}]", message.text());
            return Ok(vec![Block::Text(Cow::Owned(text))]);
        }
        let mut points: Vec<CachePoint> = self.caching.point(message.cache_control).into_iter().collect();
        let mut content = Vec::with_capacity(message.content.len());
        for block in self.parts(&message.content)? {
            match block {
                // A result holds no marks; they stand behind it.
                Block::CachePoint(point) => points = vec![point],
                block => content.push(block),
            }
        }
        if content.is_empty() {
            content.push(Block::Text(Cow::Borrowed("")));
        }
        let result = Block::ToolResult(ToolResult { tool_use_id: valid_id(id), content });
        Ok(std::iter::once(result).chain(points.into_iter().map(Block::CachePoint)).collect())
    }

    /// Whether the model is in the middle of calling tools, and its thoughts before the call are not there. It is refused
    /// to think then.
    pub(super) fn lacks_thoughts(&self) -> bool {
        let [.., Turn { role: Side::Assistant, content: before }, Turn { role: Side::User, content: last }] =
            self.turns.as_slice()
        else {
            return false;
        };
        let calls = before.iter().any(|block| matches!(block, Block::ToolUse(_)));
        let answers = last.iter().any(|block| matches!(block, Block::ToolResult(_)));
        calls && answers && !matches!(before.first(), Some(Block::ReasoningContent(_)))
    }
}

/// An id of the characters and length that the API takes. The same id gives the same, so that a call and its result stay
/// together, and two that only differ in what is not taken stay apart. LiteLLM's form.
fn valid_id(id: &str) -> Cow<'_, str> {
    let is_valid = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.' | ':');
    if id.len() <= ID_BYTES_MAX && id.chars().all(is_valid) {
        return Cow::Borrowed(id);
    }
    let hash = hex::encode(Sha256::digest(id));
    let hash = hash.get(..8).unwrap_or_default();
    let plain = id.chars().map(|character| if is_valid(character) { character } else { '_' });
    let plain: String = plain.take(ID_BYTES_MAX - 1 - hash.len()).collect();
    Cow::Owned(format!("{plain}_{hash}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_is_not_taken_becomes_one_of_its_own() {
        assert_eq!(valid_id("call_a.1:b-2"), "call_a.1:b-2");
        assert_eq!(valid_id("call:weird id/1"), "call:weird_id_1_de0d039e");
        assert_eq!(valid_id(&"x".repeat(200)).len(), ID_BYTES_MAX);
        assert_ne!(valid_id("a b"), valid_id("a/b"));
    }
}
