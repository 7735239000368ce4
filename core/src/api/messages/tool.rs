//! The tools that a request offers, and which of them are to be used.

use crate::api::chat::text::Text;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A tool: the client's own, or one that the provider runs.
#[derive(Debug, Deserialize)]
pub struct Tool<'a> {
    /// `custom` or absent for the client's own.
    #[serde(borrow, default, rename = "type")]
    pub kind: Option<Text<'a>>,
    /// Its name.
    #[serde(borrow, default)]
    pub name: Option<Text<'a>>,
    /// What it does.
    #[serde(borrow, default)]
    pub description: Option<Text<'a>>,
    /// The JSON schema of its arguments.
    #[serde(borrow, default)]
    pub input_schema: Option<&'a RawValue>,
    /// Whether arguments are held to the schema.
    #[serde(default)]
    pub strict: Option<bool>,
    /// Anthropic's prompt caching marker.
    #[serde(borrow, default)]
    pub cache_control: Option<&'a RawValue>,
    /// Of a search: where the person is.
    #[serde(borrow, default)]
    pub user_location: Option<&'a RawValue>,
}

/// Which tools are to be used.
#[derive(Debug, Deserialize)]
pub struct ToolChoice<'a> {
    /// `auto`, `any`, `none` or `tool`.
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
    /// The tool of `tool`.
    #[serde(borrow, default)]
    pub name: Option<Text<'a>>,
    /// Whether at most one tool is called at a time.
    #[serde(default)]
    pub disable_parallel_tool_use: Option<bool>,
}

impl Tool<'_> {
    /// Whether the client runs it.
    pub fn is_clients(&self) -> bool {
        self.kind.as_deref().is_none_or(|kind| kind == "custom")
    }

    /// Whether the provider searches the web with it.
    pub fn is_web_search(&self) -> bool {
        self.kind.as_deref().is_some_and(|kind| kind.starts_with("web_search"))
    }
}
