//! Tools: what the model may call, how it must choose, and what it called.

use super::invalid::{InvalidMember, elements, read};
use super::text::Text;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A tool that the model may use.
#[derive(Debug)]
pub struct Tool<'a> {
    /// The function, where it is one.
    pub function: Option<Function<'a>>,
    /// Its type: `function`, or a provider's own kind (`web_search_20250305`).
    pub kind: Text<'a>,
    /// The whole entry, for kinds that are the provider's own.
    pub whole: &'a RawValue,
    /// Anthropic's prompt caching marker.
    pub cache_control: Option<&'a RawValue>,
}

/// A function's description.
#[derive(Debug, Deserialize)]
pub struct Function<'a> {
    /// Its name.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// What it is for.
    #[serde(borrow, default)]
    pub description: Option<Text<'a>>,
    /// Its arguments, as a JSON schema.
    #[serde(borrow, default)]
    pub parameters: Option<&'a RawValue>,
    /// Whether the arguments must match the schema to the letter.
    #[serde(default)]
    pub strict: Option<bool>,
    /// Some clients mark the function instead of the tool.
    #[serde(borrow, default)]
    pub cache_control: Option<&'a RawValue>,
}

/// Which tool the model must use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToolChoice<'a> {
    /// As it likes.
    Auto,
    /// None.
    None,
    /// At least one.
    Required,
    /// This function.
    Function(Text<'a>),
}

/// A call that the model made.
#[derive(Debug)]
pub struct ToolCall<'a> {
    /// Its id; empty for a legacy `function_call`.
    pub id: Text<'a>,
    /// The function's name.
    pub name: Text<'a>,
    /// The arguments: JSON in a string, as the model wrote it. May be empty.
    pub arguments: Text<'a>,
    /// Anthropic's prompt caching marker.
    pub cache_control: Option<&'a RawValue>,
    /// What a provider told with the call and wants back, such as a signature of its thoughts.
    pub provider_specific_fields: Option<&'a RawValue>,
}

impl<'a> ToolCall<'a> {
    pub(super) fn legacy(name: Text<'a>, arguments: Text<'a>) -> Self {
        Self { id: Text::default(), name, arguments, cache_control: None, provider_specific_fields: None }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for ToolCall<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Raw<'a> {
            #[serde(borrow, default)]
            id: Option<Text<'a>>,
            #[serde(borrow)]
            function: RawFunction<'a>,
            #[serde(borrow, default)]
            cache_control: Option<&'a RawValue>,
            #[serde(borrow, default)]
            provider_specific_fields: Option<&'a RawValue>,
        }
        #[derive(Deserialize)]
        struct RawFunction<'a> {
            #[serde(borrow)]
            name: Text<'a>,
            #[serde(borrow, default)]
            arguments: Option<Text<'a>>,
        }
        let Raw { id, function, cache_control, provider_specific_fields } = Raw::deserialize(deserializer)?;
        let RawFunction { name, arguments } = function;
        let (id, arguments) = (id.unwrap_or_default(), arguments.unwrap_or_default());
        Ok(Self { id, name, arguments, cache_control, provider_specific_fields })
    }
}

/// Reads the list of tools.
pub(super) fn tools(value: &RawValue) -> Result<Vec<Tool<'_>>, InvalidMember> {
    elements(value, "tools", "tools")?.into_iter().enumerate().map(|(at, raw)| tool(raw, at)).collect()
}

fn tool(whole: &RawValue, at: usize) -> Result<Tool<'_>, InvalidMember> {
    #[derive(Deserialize)]
    struct Raw<'a> {
        #[serde(borrow, default, rename = "type")]
        kind: Option<Text<'a>>,
        #[serde(borrow, default)]
        function: Option<Function<'a>>,
        #[serde(borrow, default)]
        cache_control: Option<&'a RawValue>,
    }
    let raw: Raw<'_> = read(whole, "tools", || format!("tools[{at}]"))?;
    let kind = raw.kind.unwrap_or_else(|| Text::from(if raw.function.is_some() { "function" } else { "" }));
    if &*kind == "function" && raw.function.is_none() {
        return Err(InvalidMember::at("tools", format!("tools[{at}]"), "'function' is missing"));
    }
    let marker = raw.cache_control.or_else(|| raw.function.as_ref().and_then(|function| function.cache_control));
    Ok(Tool { function: raw.function, kind, whole, cache_control: marker.filter(|marker| marker.get() != "null") })
}

/// Reads the choice. An object that names no function is left to the provider's default.
pub(super) fn tool_choice(value: &RawValue) -> Result<Option<ToolChoice<'_>>, InvalidMember> {
    #[derive(Deserialize)]
    struct Raw<'a> {
        #[serde(borrow, default, rename = "type")]
        kind: Option<Text<'a>>,
        #[serde(borrow, default)]
        function: Option<Named<'a>>,
        #[serde(borrow, default)]
        name: Option<Text<'a>>,
    }
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow)]
        name: Text<'a>,
    }
    let path = || "tool_choice".to_owned();
    let word: Text<'_> = if value.get().starts_with('"') {
        read(value, "tool_choice", path)?
    } else {
        let raw: Raw<'_> = read(value, "tool_choice", path)?;
        if let Some(name) = raw.function.map(|function| function.name).or(raw.name) {
            return Ok(Some(ToolChoice::Function(name)));
        }
        raw.kind.unwrap_or_default()
    };
    match &*word {
        "auto" => Ok(Some(ToolChoice::Auto)),
        "none" => Ok(Some(ToolChoice::None)),
        "required" | "any" => Ok(Some(ToolChoice::Required)),
        "" => Ok(None),
        other => Err(InvalidMember::whole("tool_choice", format!("`{other}` is no choice"))),
    }
}
