//! A chat request as a whole, read once from its members. Members that it does not name stay raw beside it.

use super::format::{ResponseFormat, response_format};
use super::invalid::{InvalidMember, elements, read};
use super::message::{Message, messages};
use super::reasoning::{ReasoningEffort, Thinking, effort, thinking};
use super::text::Text;
use super::tool::{Tool, ToolChoice, tool_choice, tools};
use crate::api::members::Members;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A chat request. Members that are `null` count as absent. Numbers stay the bytes that the client wrote.
#[derive(Debug, Default)]
pub struct ChatRequest<'a> {
    /// The conversation.
    pub messages: Vec<Message<'a>>,
    /// What the model may call.
    pub tools: Vec<Tool<'a>>,
    /// How it must choose.
    pub tool_choice: Option<ToolChoice<'a>>,
    /// Whether it may call several tools at once.
    pub parallel_tool_calls: Option<bool>,
    /// The form of the answer.
    pub response_format: Option<ResponseFormat<'a>>,
    /// Texts that end the answer.
    pub stop: Vec<Text<'a>>,
    /// Most tokens of the answer: `max_completion_tokens`, else `max_tokens`.
    pub max_tokens: Option<u64>,
    /// Answers to generate.
    pub n: Option<u64>,
    /// How much to think.
    pub reasoning_effort: Option<ReasoningEffort>,
    /// How to think, in Anthropic's words.
    pub thinking: Option<Thinking<'a>>,
    /// The person behind the call.
    pub user: Option<Text<'a>>,
    /// Search the web, and how.
    pub web_search_options: Option<&'a RawValue>,
    /// Every other member, in order: sampling settings, and what only the provider knows.
    pub rest: Vec<(&'a str, &'a RawValue)>,
}

impl<'a> ChatRequest<'a> {
    /// Reads a request.
    ///
    /// # Errors
    /// [`InvalidMember`] names the member that cannot be read.
    pub fn read(members: &'a Members<'_>) -> Result<Self, InvalidMember> {
        let mut request = Self::default();
        for (name, value) in members.iter().filter(|(_, value)| value.get() != "null") {
            request.take(name, value)?;
        }
        Ok(request)
    }

    /// A member that this type does not name.
    pub fn other(&self, name: &str) -> Option<&'a RawValue> {
        self.rest.iter().find(|(other, _)| *other == name).map(|(_, value)| *value)
    }

    fn take(&mut self, name: &'a str, value: &'a RawValue) -> Result<(), InvalidMember> {
        match name {
            "messages" => self.messages = messages(value)?,
            "tools" => self.tools = tools(value)?,
            "tool_choice" => self.tool_choice = tool_choice(value)?,
            "parallel_tool_calls" => self.parallel_tool_calls = Some(plain(value, "parallel_tool_calls")?),
            "response_format" => self.response_format = Some(response_format(value)?),
            "stop" => self.stop = stop(value)?,
            "max_completion_tokens" => self.max_tokens = Some(plain(value, "max_completion_tokens")?),
            "max_tokens" => {
                let tokens = plain(value, "max_tokens")?;
                self.max_tokens.get_or_insert(tokens);
            }
            "n" => self.n = Some(plain(value, "n")?),
            "reasoning_effort" => self.reasoning_effort = effort(value)?,
            "thinking" => self.thinking = Some(thinking(value)?),
            "user" => self.user = Some(plain(value, "user")?),
            "web_search_options" => self.web_search_options = Some(value),
            // What is ours: the deployment says the model, and a stream is asked for by the caller.
            "model" | "stream" | "stream_options" => {}
            _ => self.rest.push((name, value)),
        }
        Ok(())
    }
}

fn plain<'a, T: Deserialize<'a>>(value: &'a RawValue, member: &'static str) -> Result<T, InvalidMember> {
    read(value, member, || member.to_owned())
}

/// One text, or a list of them.
fn stop(value: &RawValue) -> Result<Vec<Text<'_>>, InvalidMember> {
    if value.get().starts_with('"') {
        return Ok(vec![plain(value, "stop")?]);
    }
    let texts = elements(value, "stop", "stop")?.into_iter().enumerate();
    texts.map(|(at, text)| read(text, "stop", || format!("stop[{at}]"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::chat::message::Role;
    use crate::api::chat::part::PartKind;

    fn fault(body: &str) -> String {
        let members = Members::parse(body.as_bytes()).unwrap();
        ChatRequest::read(&members).unwrap_err().to_string()
    }

    #[test]
    fn a_request_is_read_once_and_what_is_not_known_stays_beside_it() {
        let body = r#"{"model":"m","messages":[{"role":"developer","content":"x"},
            {"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}},
                {"type":"image_url","image_url":"https://i.test/a.png"}]}],
            "temperature":0.50,"stop":"END","max_tokens":1,"max_completion_tokens":2,"seed":null,"frob":{"x":1}}"#;
        let members = Members::parse(body.as_bytes()).unwrap();
        let request = ChatRequest::read(&members).unwrap();
        assert_eq!(request.messages[0].role, Role::System);
        let content = &request.messages[1].content;
        assert!(content[0].cache_control.is_some());
        assert!(matches!(&content[1].kind, PartKind::Image(image) if &*image.url == "https://i.test/a.png"));
        assert_eq!((request.max_tokens, &*request.stop[0]), (Some(2), "END"));
        let rest: Vec<_> = request.rest.iter().map(|(name, value)| (*name, value.get())).collect();
        assert_eq!(rest, [("temperature", "0.50"), ("frob", r#"{"x":1}"#)]);
    }

    #[test]
    fn a_text_without_escapes_is_not_copied() {
        let body = r#"{"messages":[{"role":"user","content":"plain"}]}"#;
        let members = Members::parse(body.as_bytes()).unwrap();
        let request = ChatRequest::read(&members).unwrap();
        let PartKind::Text(text) = &request.messages[0].content[0].kind else { panic!() };
        assert!(matches!(text.0, std::borrow::Cow::Borrowed(_)));
    }

    #[test]
    fn what_is_wrong_is_named_by_its_place() {
        let messages = |content: &str| fault(&format!(r#"{{"messages":[{{"role":"user","content":"a"}},{content}]}}"#));
        assert_eq!(messages(r#"{"role":"robot"}"#), "'messages[1].role' cannot be used: `robot` is no role");
        assert_eq!(messages(r#"{"content":"x"}"#), "'messages[1]' cannot be used: missing field `role`");
        let part = messages(r#"{"role":"user","content":[{"type":"text"}]}"#);
        assert_eq!(part, "'messages[1].content[0]' cannot be used: 'text' is missing");
        assert_eq!(fault(r#"{"messages":"hi"}"#), "'messages' cannot be used: it must be a list");
        assert_eq!(fault(r#"{"tool_choice":"maybe"}"#), "'tool_choice' cannot be used: `maybe` is no choice");
        assert_eq!(fault(r#"{"reasoning_effort":"much"}"#), "'reasoning_effort' cannot be used: `much` is no effort");
        assert_eq!(fault(r#"{"tools":[{"type":"function"}]}"#), "'tools[0]' cannot be used: 'function' is missing");
    }

    #[test]
    fn a_legacy_function_call_is_a_tool_call_without_an_id() {
        let body = r#"{"messages":[{"role":"assistant","function_call":{"name":"f","arguments":"{}"}}]}"#;
        let members = Members::parse(body.as_bytes()).unwrap();
        let request = ChatRequest::read(&members).unwrap();
        let call = &request.messages[0].tool_calls[0];
        assert_eq!((&*call.id, &*call.name), ("", "f"));
    }
}
