//! The conversation as one text, for models that nobody puts a conversation into the form of. The words are LiteLLM's,
//! so that models answer as they did.

use super::literal;
use super::messages::{called, images};
use super::options::ToolEntry;
use crate::api::answer::arguments;
use crate::api::chat::invalid::InvalidMember;
use crate::api::chat::message::{Message, Role};
use crate::api::chat::part::PartKind;
use std::fmt::Write;

const HOW_TO_CALL: &str = "To call a function, reply with JSON ONLY in this format {\"name\": \"function_name\", \
                           \"arguments\":{\"argument_name\": \"argument_value\"}}. Once a function result answers the \
                           request, reply to the user in plain text instead of calling a function again. The following \
                           functions are available to you:";

/// A conversation as one text.
pub(super) struct Prompt<'a> {
    pub(super) text: String,
    pub(super) images: Vec<&'a str>,
    /// Kinds of parts that cannot be said here.
    pub(super) left_out: Vec<&'static str>,
}

/// Who speaks: tools speak on the user's side.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    System,
    User,
    Assistant,
}

/// What one side says before another speaks.
struct Turn {
    side: Side,
    text: String,
}

/// The conversation as one text.
///
/// # Errors
/// [`InvalidMember`]: a call has arguments that are no JSON.
pub(super) fn of<'a>(messages: &'a [Message<'_>], tools: &[ToolEntry<'_>]) -> Result<Prompt<'a>, InvalidMember> {
    let (mut seen, mut left_out) = (Vec::new(), Vec::new());
    let mut turns: Vec<Turn> = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        seen.extend(images(message, &mut left_out));
        let said = said(message, at)?;
        let side = side(message.role);
        match turns.last_mut().filter(|turn| turn.side == side) {
            Some(turn) => turn.add(&said),
            None => turns.push(Turn { side, text: said }),
        }
    }
    if !tools.is_empty() {
        add_tools(&mut turns, tools)?;
    }
    left_out.dedup();
    Ok(Prompt { text: written(&turns), images: seen, left_out })
}

fn side(role: Role) -> Side {
    match role {
        Role::System => Side::System,
        Role::User | Role::Tool => Side::User,
        Role::Assistant => Side::Assistant,
    }
}

impl Turn {
    fn add(&mut self, more: &str) {
        if self.side != Side::System && !self.text.is_empty() && !more.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(more);
    }
}

/// What a message says: its texts, then its calls, each in a line of its own. An operator's texts are one text.
fn said(message: &Message<'_>, at: usize) -> Result<String, InvalidMember> {
    let text = |kind: &PartKind<'_>| if let PartKind::Text(text) = kind { Some(text.to_string()) } else { None };
    let mut lines: Vec<String> = message.content.iter().filter_map(|part| text(&part.kind)).collect();
    for call in &message.tool_calls {
        let call = called(call, at)?;
        let name = serde_json::Value::from(call.name);
        lines.push(format!("{{\"name\": {name}, \"arguments\": {}}}", arguments::text_of(call.arguments.get())));
    }
    lines.retain(|line| !line.is_empty());
    Ok(lines.join(if message.role == Role::System { "" } else { "\n" }))
}

/// The tools are the operator's words: behind those that are there, else at the end.
fn add_tools(turns: &mut Vec<Turn>, tools: &[ToolEntry<'_>]) -> Result<(), InvalidMember> {
    let mut words = HOW_TO_CALL.to_owned();
    for tool in tools {
        // The model reads what the client wrote.
        let (ToolEntry::Tool(whole) | ToolEntry::Function { function: whole, .. }) = tool;
        let json =
            serde_json::from_str(whole.get()).map_err(|error| InvalidMember::whole("tools", error.to_string()))?;
        // Writing to a text cannot fail.
        let _ = write!(words, "\n{}\n", literal::of(&json));
    }
    match turns.iter_mut().find(|turn| turn.side == Side::System) {
        Some(turn) => {
            turn.text.push(' ');
            turn.text.push_str(&words);
        }
        None => turns.push(Turn { side: Side::System, text: words }),
    }
    Ok(())
}

fn written(turns: &[Turn]) -> String {
    let mut prompt = String::new();
    for turn in turns.iter().filter(|turn| !turn.text.is_empty()) {
        prompt.push_str(match turn.side {
            Side::System => "### System:\n",
            Side::User => "### User:\n",
            Side::Assistant => "### Assistant:\n",
        });
        prompt.push_str(&turn.text);
        prompt.push_str("\n\n");
    }
    prompt
}
