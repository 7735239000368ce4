//! Probabilities of tokens as text completions tell them: <https://platform.openai.com/docs/api-reference/completions/object>

use crate::api::chat::text::Text;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

#[derive(Deserialize)]
struct Chats<'a> {
    #[serde(borrow, default)]
    content: Option<Vec<Token<'a>>>,
}

#[derive(Deserialize)]
struct Token<'a> {
    #[serde(borrow)]
    token: Text<'a>,
    logprob: f64,
    #[serde(borrow, default)]
    top_logprobs: Vec<Alternative<'a>>,
}

#[derive(Deserialize)]
struct Alternative<'a> {
    #[serde(borrow)]
    token: Text<'a>,
    logprob: f64,
}

/// The probabilities of one answer's tokens.
#[derive(Debug, Default, Serialize)]
pub(super) struct Logprobs {
    tokens: Vec<String>,
    token_logprobs: Vec<f64>,
    top_logprobs: Vec<Map<String, Value>>,
    text_offset: Vec<usize>,
}

/// A chat's probabilities in the older form. `offset`: characters of the answer before them.
pub(super) fn of_chat(logprobs: Option<&RawValue>, mut offset: usize) -> Option<Logprobs> {
    let tokens = serde_json::from_str::<Option<Chats<'_>>>(logprobs?.get()).ok()??.content?;
    let mut told = Logprobs::default();
    for token in tokens {
        told.text_offset.push(offset);
        offset += token.token.chars().count();
        told.token_logprobs.push(token.logprob);
        let alternatives = token.top_logprobs.iter();
        told.top_logprobs.push(alternatives.map(|other| (other.token.to_string(), other.logprob.into())).collect());
        told.tokens.push(token.token.0.into_owned());
    }
    Some(told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_chats_probabilities_become_lists() {
        let chat = r#"{"content":[{"token":"Hi","logprob":-0.5,"top_logprobs":[{"token":"Ho","logprob":-1.0}]},
            {"token":"!","logprob":-0.25,"bytes":[33]}]}"#;
        let told = of_chat(serde_json::from_str(chat).ok(), 3).unwrap();
        let wanted = json!({
            "tokens": ["Hi", "!"], "token_logprobs": [-0.5, -0.25], "top_logprobs": [{"Ho": -1.0}, {}],
            "text_offset": [3, 5]
        });
        assert_eq!(serde_json::to_value(told).unwrap(), wanted);
        assert!(of_chat(None, 0).is_none());
    }
}
