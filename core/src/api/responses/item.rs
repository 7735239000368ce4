//! What a client says: a text, or items of a conversation.

use crate::api::chat::text::Text;
use serde::Deserialize;
use serde::de::Error as _;
use serde_json::value::RawValue;

/// What a client says.
#[derive(Debug)]
pub enum Input<'a> {
    /// A text of the user's.
    Text(Text<'a>),
    /// Items, in order.
    Items(Vec<Item<'a>>),
}

/// An item of a conversation. Which members are there depends on its kind.
#[derive(Debug, Default, Deserialize)]
pub struct Item<'a> {
    /// `message`, `function_call`, `function_call_output`, `reasoning`, …; absent: a message.
    #[serde(borrow, default, rename = "type")]
    pub kind: Option<Text<'a>>,
    /// Who speaks in a message.
    #[serde(borrow, default)]
    pub role: Option<Text<'a>>,
    /// What is said in a message.
    #[serde(borrow, default)]
    pub content: Option<Content<'a>>,
    /// Which call this is, or answers.
    #[serde(borrow, default)]
    pub call_id: Option<Text<'a>>,
    /// The function that is called.
    #[serde(borrow, default)]
    pub name: Option<Text<'a>>,
    /// Its arguments: JSON in a text.
    #[serde(borrow, default)]
    pub arguments: Option<Text<'a>>,
    /// What a function answered.
    #[serde(borrow, default)]
    pub output: Option<Content<'a>>,
    /// What the model drew, in base64.
    #[serde(borrow, default)]
    pub result: Option<Text<'a>>,
    /// What the model thought, in short.
    #[serde(borrow, default)]
    pub summary: Option<Vec<Part<'a>>>,
    /// What the model thought, in a form that only its maker reads.
    #[serde(borrow, default)]
    pub encrypted_content: Option<Text<'a>>,
}

/// A text, or parts.
#[derive(Debug)]
pub enum Content<'a> {
    /// A text.
    Text(Text<'a>),
    /// Parts, in order.
    Parts(Vec<Part<'a>>),
}

/// A part of what is said. Which members are there depends on its kind.
#[derive(Debug, Deserialize)]
pub struct Part<'a> {
    /// `input_text`, `output_text`, `refusal`, `input_image`, `input_file`, `input_audio`, …
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
    /// The text of a text.
    #[serde(borrow, default)]
    pub text: Option<Text<'a>>,
    /// The words of a refusal.
    #[serde(borrow, default)]
    pub refusal: Option<Text<'a>>,
    /// Where an image stands.
    #[serde(borrow, default)]
    pub image_url: Option<Text<'a>>,
    /// How closely an image is to be looked at.
    #[serde(borrow, default)]
    pub detail: Option<Text<'a>>,
    /// An upload.
    #[serde(borrow, default)]
    pub file_id: Option<Text<'a>>,
    /// Where a file stands.
    #[serde(borrow, default)]
    pub file_url: Option<Text<'a>>,
    /// A file, as a data URL.
    #[serde(borrow, default)]
    pub file_data: Option<Text<'a>>,
    /// A file's name.
    #[serde(borrow, default)]
    pub filename: Option<Text<'a>>,
    /// Audio, as a chat has it.
    #[serde(borrow, default)]
    pub input_audio: Option<&'a RawValue>,
}

impl Item<'_> {
    /// What it is.
    pub fn kind(&self) -> &str {
        self.kind.as_deref().unwrap_or("message")
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Input<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match text_or_list(<&'de RawValue>::deserialize(deserializer)?).map_err(D::Error::custom)? {
            Ok(text) => Ok(Self::Text(text)),
            Err(items) => Ok(Self::Items(items)),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match text_or_list(<&'de RawValue>::deserialize(deserializer)?).map_err(D::Error::custom)? {
            Ok(text) => Ok(Self::Text(text)),
            Err(parts) => Ok(Self::Parts(parts)),
        }
    }
}

fn text_or_list<'a, T: Deserialize<'a>>(value: &'a RawValue) -> Result<Result<Text<'a>, Vec<T>>, serde_json::Error> {
    match value.get().as_bytes().first() {
        Some(b'"') => serde_json::from_str(value.get()).map(Ok),
        Some(b'[') => serde_json::from_str(value.get()).map(Err),
        _ => Err(serde_json::Error::custom("it must be a text or a list")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_a_text_or_items_and_an_item_without_a_kind_is_a_message() {
        assert!(matches!(serde_json::from_str(r#""Hi""#).unwrap(), Input::Text(text) if &*text == "Hi"));
        let items = r#"[{"role":"user","content":"Hi"},
            {"type":"function_call_output","call_id":"c","output":[{"type":"input_text","text":"3"}]}]"#;
        let Input::Items(items) = serde_json::from_str(items).unwrap() else { panic!("no items") };
        assert_eq!((items[0].kind(), items[1].kind()), ("message", "function_call_output"));
        assert!(matches!(&items[1].output, Some(Content::Parts(parts)) if parts[0].text.as_deref() == Some("3")));
    }

    #[test]
    fn anything_else_is_refused() {
        for input in ["7", "{}", "[7]", r#"[{"role":"user","content":7}]"#, r#"[{"content":[{}]}]"#] {
            assert!(serde_json::from_str::<Input<'_>>(input).is_err(), "{input}");
        }
    }
}
