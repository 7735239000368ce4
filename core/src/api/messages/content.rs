//! What is said in a turn, in the system prompt, or by a tool: a text, or blocks.

use crate::api::chat::text::Text;
use serde::Deserialize;
use serde::de::Error as _;
use serde_json::value::RawValue;

/// A turn of the conversation.
#[derive(Debug, Deserialize)]
pub struct Turn<'a> {
    /// Who speaks: `user`, `assistant`, or `system` in the middle of a conversation.
    #[serde(borrow)]
    pub role: Text<'a>,
    /// What is said.
    #[serde(borrow)]
    pub content: Content<'a>,
}

/// What is said.
#[derive(Debug)]
pub enum Content<'a> {
    /// A text.
    Text(Text<'a>),
    /// Blocks.
    Blocks(Vec<Block<'a>>),
}

/// A block.
#[derive(Debug)]
pub struct Block<'a> {
    /// All of it.
    pub whole: &'a RawValue,
    /// What it is: `text`, `image`, `tool_use`, ….
    pub kind: Text<'a>,
    /// The members that its kind has.
    pub says: Says<'a>,
}

/// The members of a block. Which are there depends on its kind.
#[derive(Debug, Default, Deserialize)]
pub struct Says<'a> {
    /// The text of a `text`.
    #[serde(borrow, default)]
    pub text: Option<Text<'a>>,
    /// Where an `image` or a `document` comes from.
    #[serde(borrow, default)]
    pub source: Option<Source<'a>>,
    /// The name of a `document`.
    #[serde(borrow, default)]
    pub title: Option<Text<'a>>,
    /// The id of a `tool_use`.
    #[serde(borrow, default)]
    pub id: Option<Text<'a>>,
    /// The tool that a `tool_use` calls.
    #[serde(borrow, default)]
    pub name: Option<Text<'a>>,
    /// The arguments of a `tool_use`.
    #[serde(borrow, default)]
    pub input: Option<&'a RawValue>,
    /// The call that a `tool_result` answers.
    #[serde(borrow, default)]
    pub tool_use_id: Option<Text<'a>>,
    /// What a `tool_result` says.
    #[serde(borrow, default)]
    pub content: Option<&'a RawValue>,
    /// Whether the tool of a `tool_result` failed.
    #[serde(default)]
    pub is_error: Option<bool>,
    /// Anthropic's prompt caching marker.
    #[serde(borrow, default)]
    pub cache_control: Option<&'a RawValue>,
}

/// Where an image or a document comes from.
#[derive(Debug, Deserialize)]
pub struct Source<'a> {
    /// `base64`, `url`, `text`, `content` or `file`.
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
    /// The media type of `data`.
    #[serde(borrow, default)]
    pub media_type: Option<Text<'a>>,
    /// Base64, or text.
    #[serde(borrow, default)]
    pub data: Option<Text<'a>>,
    /// An address.
    #[serde(borrow, default)]
    pub url: Option<Text<'a>>,
    /// The id of an upload.
    #[serde(borrow, default)]
    pub file_id: Option<Text<'a>>,
    /// What a document of `content` says.
    #[serde(borrow, default)]
    pub content: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
}

impl<'a> Content<'a> {
    /// Reads a text or a list of blocks.
    ///
    /// # Errors
    /// Those of the parser.
    pub fn read(value: &'a RawValue) -> Result<Self, serde_json::Error> {
        if value.get().starts_with('"') {
            return serde_json::from_str(value.get()).map(Self::Text);
        }
        let list: Vec<&'a RawValue> = serde_json::from_str(value.get())
            .map_err(|_| serde_json::Error::custom("content must be a text or a list of blocks"))?;
        list.into_iter().map(Block::read).collect::<Result<_, _>>().map(Self::Blocks)
    }
}

impl<'a> Block<'a> {
    fn read(whole: &'a RawValue) -> Result<Self, serde_json::Error> {
        let Kind { kind } = serde_json::from_str(whole.get())?;
        Ok(Self { whole, kind, says: serde_json::from_str(whole.get())? })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(<&'de RawValue>::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_says_a_text_or_blocks() {
        let turns = r#"[{"role":"user","content":"Hi"},
            {"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{"a":1}}]}]"#;
        let turns: Vec<Turn<'_>> = serde_json::from_str(turns).unwrap();
        assert!(matches!(&turns[0].content, Content::Text(text) if &**text == "Hi"));
        let Content::Blocks(blocks) = &turns[1].content else { panic!("no blocks") };
        assert_eq!((&*blocks[0].kind, blocks[0].says.input.unwrap().get()), ("tool_use", r#"{"a":1}"#));
        assert!(serde_json::from_str::<Turn<'_>>(r#"{"role":"user","content":7}"#).is_err());
        assert!(serde_json::from_str::<Turn<'_>>(r#"{"role":"user","content":[{}]}"#).is_err());
    }
}
