//! One message of the conversation.

use super::invalid::{InvalidMember, elements, read};
use super::part::{Media, Part, PartKind, image, part};
use super::text::Text;
use super::tool::ToolCall;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The operator. `developer` is the same by a newer name.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
    /// A tool's result; `function` is the same by an older name.
    Tool,
}

/// A message.
#[derive(Debug)]
pub struct Message<'a> {
    /// Who speaks.
    pub role: Role,
    /// What is said. Empty where there is no content.
    pub content: Vec<Part<'a>>,
    /// The content is a plain string (or nothing), not a list of parts.
    pub is_plain: bool,
    /// The speaker's name, or the function's.
    pub name: Option<Text<'a>>,
    /// What an assistant calls; a legacy `function_call` is the last of them, with an empty id.
    pub tool_calls: Vec<ToolCall<'a>>,
    /// Which call a tool's result answers.
    pub tool_call_id: Option<Text<'a>>,
    /// What an assistant drew, as LiteLLM tells it and its clients bring it back.
    pub images: Vec<Media<'a>>,
    /// What an assistant thought, as plain text.
    pub reasoning_content: Option<Text<'a>>,
    /// What an assistant thought, in the provider's own signed blocks.
    pub thinking_blocks: Vec<&'a RawValue>,
    /// A cache marker on the whole message.
    pub cache_control: Option<&'a RawValue>,
    /// What a provider told with an earlier answer and wants back, such as a signature of its thoughts.
    pub provider_specific_fields: Option<&'a RawValue>,
}

impl Message<'_> {
    /// All its text, parts joined by nothing.
    pub fn text(&self) -> String {
        self.content
            .iter()
            .filter_map(|part| if let PartKind::Text(text) = &part.kind { Some(&**text) } else { None })
            .collect()
    }
}

#[derive(Deserialize)]
struct RawMessage<'a> {
    #[serde(borrow)]
    role: Text<'a>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
    #[serde(borrow, default)]
    tool_calls: Option<Vec<ToolCall<'a>>>,
    #[serde(borrow, default)]
    function_call: Option<LegacyCall<'a>>,
    #[serde(borrow, default)]
    tool_call_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    images: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    reasoning_content: Option<Text<'a>>,
    #[serde(borrow, default)]
    thinking_blocks: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    cache_control: Option<&'a RawValue>,
    #[serde(borrow, default)]
    provider_specific_fields: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct LegacyCall<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow, default)]
    arguments: Text<'a>,
}

/// Reads the list of messages.
pub(super) fn messages<'a>(value: &'a RawValue) -> Result<Vec<Message<'a>>, InvalidMember> {
    let elements = elements(value, "messages", "messages")?;
    elements.into_iter().enumerate().map(|(at, raw)| message(raw, at)).collect()
}

fn message(raw: &RawValue, at: usize) -> Result<Message<'_>, InvalidMember> {
    let raw: RawMessage<'_> = read(raw, "messages", || format!("messages[{at}]"))?;
    let role = match &*raw.role {
        "system" | "developer" => Role::System,
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "tool" | "function" => Role::Tool,
        other => {
            let reason = format!("`{other}` is no role");
            return Err(InvalidMember::at("messages", format!("messages[{at}].role"), reason));
        }
    };
    let legacy = raw.function_call.map(|LegacyCall { name, arguments }| ToolCall::legacy(name, arguments));
    let mut tool_calls = raw.tool_calls.unwrap_or_default();
    tool_calls.extend(legacy);
    Ok(Message {
        role,
        content: raw.content.map_or_else(|| Ok(Vec::new()), |content| parts(content, at))?,
        is_plain: raw.content.is_none_or(|content| !content.get().starts_with('[')),
        name: raw.name,
        tool_calls,
        tool_call_id: raw.tool_call_id,
        images: images(raw.images.as_deref().unwrap_or_default(), at)?,
        reasoning_content: raw.reasoning_content,
        thinking_blocks: raw.thinking_blocks.unwrap_or_default(),
        cache_control: raw.cache_control.filter(|marker| marker.get() != "null"),
        provider_specific_fields: raw.provider_specific_fields,
    })
}

fn images<'a>(images: &[&'a RawValue], at: usize) -> Result<Vec<Media<'a>>, InvalidMember> {
    let images = images.iter().enumerate();
    images.map(|(nth, raw)| image(raw, &|| format!("messages[{at}].images[{nth}]"))).collect()
}

/// The content: a string is one part of text.
fn parts(content: &RawValue, at: usize) -> Result<Vec<Part<'_>>, InvalidMember> {
    let path = || format!("messages[{at}].content");
    match content.get().bytes().next() {
        Some(b'"') => {
            let text = read(content, "messages", path)?;
            Ok(vec![Part { kind: PartKind::Text(text), cache_control: None }])
        }
        Some(b'[') => {
            let elements = elements(content, "messages", "messages")?.into_iter().enumerate();
            elements.map(|(nth, raw)| part(raw, &|| format!("messages[{at}].content[{nth}]"))).collect()
        }
        _ if content.get() == "null" => Ok(Vec::new()),
        _ => Err(InvalidMember::at("messages", path(), "it must be a string or a list of parts")),
    }
}
