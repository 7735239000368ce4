//! A conversation as one text, in the form that a family of models was trained on.

use crate::api::chat::invalid::InvalidMember;
use crate::api::chat::message::{Message, Role};
use crate::api::chat::part::PartKind;

/// How a family tells who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Template {
    /// Llama 3: <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-meta.html>
    Llama3,
    /// Mistral's first models: <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-mistral-text-completion.html>
    Mistral,
    /// Qwen's, which others have too.
    ChatMl,
    /// Titan: <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-text.html>
    Titan,
}

/// The conversation as one text, up to where the model speaks.
///
/// # Errors
/// [`InvalidMember`]: something is said that is no text.
pub(crate) fn of(messages: &[Message<'_>], template: Template) -> Result<String, InvalidMember> {
    let mut prompt = String::from(template.beginning());
    for (at, message) in messages.iter().enumerate() {
        refuse_other_than_text(message, at)?;
        let (before, after) = template.around(message.role);
        for piece in [before, &message.text(), after] {
            prompt.push_str(piece);
        }
    }
    prompt.push_str(template.end());
    Ok(prompt)
}

fn refuse_other_than_text(message: &Message<'_>, at: usize) -> Result<(), InvalidMember> {
    let is_text = message.content.iter().all(|part| matches!(part.kind, PartKind::Text(_) | PartKind::Thinking(_)));
    if is_text && message.tool_calls.is_empty() {
        return Ok(());
    }
    let reason = "this model reads text and nothing else";
    Err(InvalidMember::at("messages", format!("messages[{at}]"), reason))
}

impl Template {
    fn beginning(self) -> &'static str {
        match self {
            Self::Llama3 => "<|begin_of_text|>",
            Self::Mistral => "<s>",
            Self::ChatMl | Self::Titan => "",
        }
    }

    /// What stands before and behind the words of a speaker. Tools speak on the user's side.
    fn around(self, role: Role) -> (&'static str, &'static str) {
        match (self, role) {
            (Self::Llama3, Role::System) => ("<|start_header_id|>system<|end_header_id|>\n\n", "<|eot_id|>"),
            (Self::Llama3, Role::Assistant) => ("<|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|>"),
            (Self::Llama3, _) => ("<|start_header_id|>user<|end_header_id|>\n\n", "<|eot_id|>"),
            (Self::Mistral, Role::System) => ("[INST] \n", " [/INST]\n"),
            (Self::Mistral, Role::Assistant) => (" ", "</s> "),
            (Self::Mistral, _) => ("[INST] ", " [/INST]\n"),
            (Self::ChatMl, Role::System) => ("<|im_start|>system\n", "<|im_end|>\n"),
            (Self::ChatMl, Role::Assistant) => ("<|im_start|>assistant\n", "<|im_end|>\n"),
            (Self::ChatMl, _) => ("<|im_start|>user\n", "<|im_end|>\n"),
            (Self::Titan, Role::System) => ("", "\n\n"),
            (Self::Titan, Role::Assistant) => ("Bot: ", "\n"),
            (Self::Titan, _) => ("User: ", "\n"),
        }
    }

    fn end(self) -> &'static str {
        match self {
            Self::Llama3 => "<|start_header_id|>assistant<|end_header_id|>\n\n",
            Self::Mistral => "",
            Self::ChatMl => "<|im_start|>assistant\n",
            Self::Titan => "Bot:",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::chat::request::ChatRequest;
    use crate::api::members::Members;

    fn prompt(messages: &str, template: Template) -> Result<String, String> {
        let body = format!(r#"{{"messages":{messages}}}"#);
        let members = Members::parse(body.as_bytes()).unwrap();
        let request = ChatRequest::read(&members).unwrap();
        of(&request.messages, template).map_err(|error| error.to_string())
    }

    #[test]
    fn each_family_has_its_form() {
        let turns = r#"[{"role":"system","content":"Terse."},{"role":"user","content":"Hi"},
            {"role":"assistant","content":"Yo"},{"role":"user","content":"Bye"}]"#;
        for (template, wanted) in [
            (
                Template::Llama3,
                "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nTerse.<|eot_id|>\
                 <|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>\
                 <|start_header_id|>assistant<|end_header_id|>\n\nYo<|eot_id|>\
                 <|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|>\
                 <|start_header_id|>assistant<|end_header_id|>\n\n",
            ),
            (Template::Mistral, "<s>[INST] \nTerse. [/INST]\n[INST] Hi [/INST]\n Yo</s> [INST] Bye [/INST]\n"),
            (
                Template::ChatMl,
                "<|im_start|>system\nTerse.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n\
                 <|im_start|>assistant\nYo<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n",
            ),
            (Template::Titan, "Terse.\n\nUser: Hi\nBot: Yo\nUser: Bye\nBot:"),
        ] {
            assert_eq!(prompt(turns, template).unwrap(), wanted, "{template:?}");
        }
    }

    #[test]
    fn what_is_no_text_is_refused_by_its_place() {
        let image = r#"[{"role":"user","content":"a"},{"role":"user","content":[{"type":"image_url","image_url":"data:image/png;base64,AA=="}]}]"#;
        let error = prompt(image, Template::Llama3).unwrap_err();
        assert!(error.starts_with("'messages[1]' cannot be used"), "{error}");
    }
}
