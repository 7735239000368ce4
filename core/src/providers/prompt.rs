//! The conversation as one text, for models that take no conversation. Knows no provider.

use crate::api::chat::message::{Message, Role};
use crate::api::chat::part::PartKind;

/// A conversation as one text.
#[derive(Debug)]
pub struct Prompt {
    /// What the model reads.
    pub text: String,
    /// Kinds of parts that cannot be said here.
    pub left_out: Vec<&'static str>,
}

/// The conversation in the form that the model was taught, where it is one of those that take it so; else in words.
pub fn of(messages: &[Message<'_>], model: &str) -> Prompt {
    let mut left_out: Vec<&'static str> =
        messages.iter().flat_map(|message| &message.content).filter_map(|part| unsayable(&part.kind)).collect();
    left_out.dedup();
    let text = if is_llama_3(model) { for_llama_3(messages) } else { in_words(messages) };
    Prompt { text, left_out }
}

fn unsayable(kind: &PartKind<'_>) -> Option<&'static str> {
    match kind {
        PartKind::Image(_) => Some("image_url"),
        PartKind::File(_) => Some("file"),
        PartKind::Audio(_) => Some("input_audio"),
        PartKind::Text(_) | PartKind::Refusal(_) | PartKind::Thinking(_) | PartKind::Other { .. } => None,
    }
}

/// Meta's models of that generation that chat.
fn is_llama_3(model: &str) -> bool {
    model.contains("llama-3") && model.contains("instruct")
}

/// <https://www.llama.com/docs/model-cards-and-prompt-formats/meta-llama-3/>
fn for_llama_3(messages: &[Message<'_>]) -> String {
    let mut prompt = "<|begin_of_text|>".to_owned();
    for message in messages {
        let role = match message.role {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::Tool => "ipython",
        };
        prompt.push_str(&head(role));
        prompt.push_str(&said(message));
        prompt.push_str("<|eot_id|>");
    }
    prompt.push_str(&head("assistant"));
    prompt
}

fn head(role: &str) -> String {
    format!("<|start_header_id|>{role}<|end_header_id|>\n\n")
}

/// Text that one side says alone is said as it is; else it is told who speaks.
fn in_words(messages: &[Message<'_>]) -> String {
    if let [message] = messages {
        return said(message);
    }
    let mut prompt = String::new();
    for message in messages {
        prompt.push_str(match message.role {
            Role::System => "",
            Role::User => "User: ",
            Role::Assistant => "Assistant: ",
            Role::Tool => "Tool: ",
        });
        prompt.push_str(&said(message));
        prompt.push_str("\n\n");
    }
    prompt.push_str("Assistant:");
    prompt
}

/// What a message says: its text, then its calls as JSON, a line each.
fn said(message: &Message<'_>) -> String {
    let mut lines = vec![message.text()];
    for call in &message.tool_calls {
        let name = serde_json::Value::from(&*call.name);
        lines.push(format!("{{\"name\": {name}, \"parameters\": {}}}", &*call.arguments));
    }
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::chat::request::ChatRequest;
    use crate::api::members::Members;

    const TALK: &str = r#"{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":[
        {"type":"text","text":"Hi"},{"type":"image_url","image_url":"https://i.test/a.png"}]},
        {"role":"assistant","content":"Hello"},{"role":"user","content":"Bye"}]}"#;

    fn prompt(body: &str, model: &str) -> Prompt {
        let members = Members::parse(body.as_bytes()).unwrap();
        of(&ChatRequest::read(&members).unwrap().messages, model)
    }

    #[test]
    fn llama_3_is_spoken_to_as_it_was_taught() {
        let prompt = prompt(TALK, "meta/meta-llama-3-70b-instruct");
        let wanted = "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>\
                      <|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>\
                      <|start_header_id|>assistant<|end_header_id|>\n\nHello<|eot_id|>\
                      <|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|>\
                      <|start_header_id|>assistant<|end_header_id|>\n\n";
        assert_eq!((prompt.text.as_str(), prompt.left_out), (wanted, vec!["image_url"]));
    }

    #[test]
    fn other_models_are_told_in_words_who_speaks() {
        let wanted = "Be brief.\n\nUser: Hi\n\nAssistant: Hello\n\nUser: Bye\n\nAssistant:";
        assert_eq!(prompt(TALK, "openai/gpt-5").text, wanted);
        assert_eq!(prompt(r#"{"messages":[{"role":"user","content":"Hi"}]}"#, "openai/gpt-5").text, "Hi");
    }
}
