//! A text completion's request as a chat: each prompt is what the user says.

use crate::api::members::Members;
use crate::providers::outgoing::member;
use crate::providers::provider::TransformError;
use serde::{Deserialize, Serialize};

/// A prompt in words. Tokens are another model's, and nobody here can read them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Prompt {
    One(String),
    Several(Vec<String>),
}

#[derive(Serialize)]
struct Message<'m> {
    role: &'static str,
    content: &'m str,
}

/// The members of the chat.
pub(super) fn ask<'a>(members: &mut Members<'a>) -> Result<Members<'a>, TransformError> {
    let mut chat = std::mem::take(members);
    let prompt = chat.take("prompt");
    let prompt = prompt.and_then(|prompt| serde_json::from_str::<Prompt>(prompt.get()).ok());
    let texts = match prompt {
        Some(Prompt::One(text)) => vec![text],
        Some(Prompt::Several(texts)) => texts,
        None => {
            let reason =
                "'prompt' must be a text or a list of texts: this model chats, and takes no tokens.".to_owned();
            return Err(TransformError::Member { member: "prompt", reason });
        }
    };
    let messages: Vec<_> = texts.iter().map(|content| Message { role: "user", content }).collect();
    chat.set("messages", member(&messages, "messages")?);
    // A number of alternatives here is a flag and a number there.
    if let Some(count) = chat.read::<u64>("logprobs") {
        chat.set("logprobs", member(&true, "logprobs")?);
        chat.set("top_logprobs", member(&count, "top_logprobs")?);
    }
    Ok(chat)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(body: &str) -> Result<String, TransformError> {
        let mut members = Members::parse(body.as_bytes()).unwrap();
        ask(&mut members).map(|chat| String::from_utf8(chat.to_json()).unwrap())
    }

    #[test]
    fn a_prompt_is_what_the_user_says() {
        let chat = asked(r#"{"prompt":"Say","max_tokens":5}"#).unwrap();
        assert_eq!(chat, r#"{"max_tokens":5,"messages":[{"role":"user","content":"Say"}]}"#);
        assert!(asked(r#"{"prompt":["a","b"]}"#).unwrap().contains(r#"{"role":"user","content":"b"}"#));
    }

    #[test]
    fn alternatives_are_asked_for_as_a_chat_does() {
        let chat = asked(r#"{"prompt":"","logprobs":2}"#).unwrap();
        assert!(chat.contains(r#""logprobs":true"#) && chat.contains(r#""top_logprobs":2"#), "{chat}");
    }

    #[test]
    fn tokens_are_refused_by_name() {
        for prompt in ["[1,2]", "[[1],[2]]", "5"] {
            let refused = asked(&format!(r#"{{"prompt":{prompt}}}"#));
            assert!(matches!(refused, Err(TransformError::Member { member: "prompt", .. })), "{prompt}");
        }
    }
}
