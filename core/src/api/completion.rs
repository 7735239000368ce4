//! An answer of the OpenAI dialect, whole or a chunk of a stream, as far as other dialects tell it. What is odd about an
//! upstream's answers has been put right before they are read here.

use super::chat::part::data_url;
use super::chat::text::Text;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A whole answer, or a chunk of one.
#[derive(Debug, Default, Deserialize)]
pub struct Completion<'a> {
    /// Its id, as the upstream names it.
    #[serde(borrow, default)]
    pub id: Option<Text<'a>>,
    /// The answers, or what is new of them.
    #[serde(borrow, default)]
    pub choices: Option<Vec<Choice<'a>>>,
    /// When it was made, as the upstream says, in seconds since the Unix epoch.
    #[serde(default)]
    pub created: Option<serde_json::Number>,
    /// What was used, in the upstream's parts.
    #[serde(borrow, default)]
    pub usage: Option<&'a RawValue>,
}

/// One of the answers.
#[derive(Debug, Default, Deserialize)]
pub struct Choice<'a> {
    /// Which of the answers; 0 where nobody says.
    #[serde(default)]
    pub index: Option<u32>,
    /// What was said, or what is new of it.
    #[serde(borrow, default, alias = "delta")]
    pub message: Option<Message<'a>>,
    /// The probabilities of its tokens, as they came.
    #[serde(borrow, default)]
    pub logprobs: Option<&'a RawValue>,
    /// Why it ended, once it has.
    #[serde(borrow, default)]
    pub finish_reason: Option<Text<'a>>,
}

/// What was said, or what is new of it.
#[derive(Debug, Default, Deserialize)]
pub struct Message<'a> {
    /// Text.
    #[serde(borrow, default)]
    pub content: Option<Text<'a>>,
    /// Why the model refused, in its words.
    #[serde(borrow, default)]
    pub refusal: Option<Text<'a>>,
    /// Thoughts, as text.
    #[serde(borrow, default)]
    pub reasoning_content: Option<Text<'a>>,
    /// Thoughts, as blocks in Anthropic's form, which may be signed.
    #[serde(borrow, default)]
    pub thinking_blocks: Option<Vec<&'a RawValue>>,
    /// Calls of tools, or what is new of them.
    #[serde(borrow, default)]
    pub tool_calls: Option<Vec<ToolCall<'a>>>,
    /// A call of a tool in the old form.
    #[serde(borrow, default)]
    pub function_call: Option<Function<'a>>,
    /// Sources, as OpenAI writes them.
    #[serde(borrow, default)]
    pub annotations: Option<Vec<&'a RawValue>>,
    /// What the model drew, as LiteLLM writes it.
    #[serde(borrow, default)]
    images: Option<Vec<&'a RawValue>>,
    /// What only this provider tells.
    #[serde(borrow, default)]
    pub provider_specific_fields: Option<&'a RawValue>,
}

/// Something that the model drew.
#[derive(Debug, Deserialize)]
pub struct Image<'a> {
    #[serde(borrow)]
    image_url: ImageUrl<'a>,
}

#[derive(Debug, Deserialize)]
struct ImageUrl<'a> {
    #[serde(borrow)]
    url: Text<'a>,
}

/// A call of a tool, or what is new of it.
#[derive(Debug, Default, Deserialize)]
pub struct ToolCall<'a> {
    /// Which call of the answer.
    #[serde(default)]
    pub index: Option<u32>,
    /// Its id; in a stream only in its first piece.
    #[serde(borrow, default)]
    pub id: Option<Text<'a>>,
    /// What is called.
    #[serde(borrow, default)]
    pub function: Option<Function<'a>>,
}

/// The function that is called.
#[derive(Debug, Default, Deserialize)]
pub struct Function<'a> {
    /// Its name; in a stream only in its first piece.
    #[serde(borrow, default)]
    pub name: Option<Text<'a>>,
    /// Its arguments: JSON, or a piece of it.
    #[serde(borrow, default)]
    pub arguments: Option<Text<'a>>,
}

impl<'a> Completion<'a> {
    /// Reads an answer or a chunk.
    ///
    /// # Errors
    /// Those of the parser.
    pub fn read(json: &'a [u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// When it was made, in whole seconds since the Unix epoch, where the upstream says so.
    pub fn created_at(&self) -> Option<i64> {
        let created = self.created.as_ref()?;
        created.as_i64().or_else(|| created.as_f64().map(|seconds| seconds as i64)).filter(|seconds| *seconds > 0)
    }

    /// The answers.
    pub fn choices(&self) -> &[Choice<'a>] {
        self.choices.as_deref().unwrap_or_default()
    }
}

impl<'a> Message<'a> {
    /// Text that is not empty.
    pub fn text(&self) -> Option<&str> {
        self.content.as_deref().filter(|text| !text.is_empty())
    }

    /// The calls of tools.
    pub fn calls(&self) -> &[ToolCall<'a>] {
        self.tool_calls.as_deref().unwrap_or_default()
    }

    /// What the model drew, as far as it can be read.
    pub fn images(&self) -> Vec<Image<'a>> {
        let images = self.images.as_deref().unwrap_or_default();
        images.iter().filter_map(|image| serde_json::from_str(image.get()).ok()).collect()
    }
}

impl Image<'_> {
    /// Its address, which may hold it.
    pub fn url(&self) -> &str {
        &self.image_url.url
    }

    /// Its media type and the image in base64, where its address holds it.
    pub fn data(&self) -> Option<(&str, &str)> {
        data_url(self.url())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_chunks_are_read_alike() {
        let whole = br#"{"id":"a","choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}"#;
        let chunk = br#"{"choices":[{"index":0,"delta":{"content":"Hi","role":"assistant"},"finish_reason":null}]}"#;
        for json in [&whole[..], &chunk[..]] {
            let read = Completion::read(json).unwrap();
            assert_eq!(read.choices()[0].message.as_ref().unwrap().text(), Some("Hi"));
        }
        assert!(Completion::read(br#"{"choices":[],"usage":{}}"#).unwrap().choices().is_empty());
    }

    #[test]
    fn images_are_read_and_what_is_none_stands_in_no_ones_way() {
        let message = br#"{"choices":[{"message":{"content":"x","images":[7,{"type":"image_url","index":0,
            "image_url":{"url":"data:image/png;base64,AA==","detail":"auto"}},{"image_url":{"url":"https://e/i"}}]}}]}"#;
        let read = Completion::read(message).unwrap();
        let images = read.choices()[0].message.as_ref().unwrap().images();
        let told: Vec<_> = images.iter().map(|image| (image.url(), image.data())).collect();
        let held = "data:image/png;base64,AA==";
        assert_eq!(told, [(held, Some(("image/png", "AA=="))), ("https://e/i", None)]);
    }
}
