//! The tools that a request offers, which of them are to be used, and how an answer repeats them.

use crate::api::chat::text::Text;
use crate::api::members::Members;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A tool: a function of the client's, or one that OpenAI runs.
#[derive(Debug, Deserialize)]
pub struct Tool<'a> {
    /// `function`, `web_search`, `file_search`, ….
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
    /// A function's name.
    #[serde(borrow, default)]
    pub name: Option<Text<'a>>,
    /// What a function does.
    #[serde(borrow, default)]
    pub description: Option<Text<'a>>,
    /// The JSON schema of a function's arguments.
    #[serde(borrow, default)]
    pub parameters: Option<&'a RawValue>,
    /// Whether arguments are held to the schema.
    #[serde(default)]
    pub strict: Option<bool>,
    /// Of a search: where the person is.
    #[serde(borrow, default)]
    pub user_location: Option<&'a RawValue>,
    /// Of a search: how much is read.
    #[serde(borrow, default)]
    pub search_context_size: Option<Text<'a>>,
}

/// Which tools are to be used, where it is not said in a word.
#[derive(Debug, Deserialize)]
pub struct NamedChoice<'a> {
    /// `function`, or the kind of a tool that OpenAI runs.
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
    /// The function.
    #[serde(borrow, default)]
    pub name: Option<Text<'a>>,
}

impl Tool<'_> {
    /// Whether the web is searched with it.
    pub fn is_web_search(&self) -> bool {
        self.kind.starts_with("web_search")
    }
}

/// The members that clients find in a tool of an answer, said or not.
const OF_FUNCTION: [&str; 5] = ["strict", "description", "allowed_callers", "defer_loading", "output_schema"];
const OF_SEARCH: [&str; 3] = ["search_content_types", "search_context_size", "user_location"];

/// A request's tools as an answer repeats them: what was not said is `null`.
pub fn repeated(tools: &RawValue) -> Option<Box<RawValue>> {
    let tools: Vec<&RawValue> = serde_json::from_str(tools.get()).ok()?;
    let mut list = vec![b'['];
    for whole in tools {
        let tool: Tool<'_> = serde_json::from_str(whole.get()).ok()?;
        let mut members = Members::parse(whole.get().as_bytes()).ok()?;
        let expected: &[&str] = match &*tool.kind {
            "function" => &OF_FUNCTION,
            kind if kind.starts_with("web_search") => &OF_SEARCH,
            _ => &[],
        };
        for &name in expected {
            if members.get(name).is_none() {
                members.set(name, RawValue::NULL.to_owned());
            }
        }
        if list.len() > 1 {
            list.push(b',');
        }
        list.extend_from_slice(&members.to_json());
    }
    list.push(b']');
    RawValue::from_string(String::from_utf8(list).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json, value::to_raw_value};

    #[test]
    fn tools_are_repeated_with_what_was_not_said() {
        let tools = to_raw_value(&json!([{"type": "function", "name": "f", "strict": true, "x": 1},
            {"type": "web_search_preview"}, {"type": "mcp", "server_url": "u"}]))
        .unwrap();
        let told: Value = serde_json::from_str(repeated(&tools).unwrap().get()).unwrap();
        assert_eq!(
            told,
            json!([
                {"type": "function", "name": "f", "strict": true, "x": 1, "description": null, "allowed_callers": null,
                 "defer_loading": null, "output_schema": null},
                {"type": "web_search_preview", "search_content_types": null, "search_context_size": null,
                 "user_location": null},
                {"type": "mcp", "server_url": "u"},
            ])
        );
    }
}
