//! What the model may call, and how it must choose.

use crate::api::chat::invalid::InvalidMember;
use crate::api::chat::request::ChatRequest;
use crate::api::chat::tool::{Function, Tool, ToolChoice};
use crate::api::members::raw;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The tool by whose arguments an older model answers in a form. LiteLLM's name.
pub(super) const ANSWER_TOOL: &str = "json_tool_call";

/// An entry of `tools`.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum ToolEntry<'a> {
    Function(FunctionTool<'a>),
    /// The tool that is the form of the answer.
    Answer {
        name: &'static str,
        input_schema: &'a RawValue,
    },
    WebSearch(WebSearch<'a>),
    /// Anthropic's own kind, as the client wrote it.
    Own(&'a RawValue),
}

#[derive(Debug, Serialize)]
pub(super) struct FunctionTool<'a> {
    name: &'a str,
    input_schema: Schema<'a>,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<&'a RawValue>,
}

/// A function's arguments; without any where it says nothing of them.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Schema<'a> {
    Stated(&'a RawValue),
    Repaired(Box<RawValue>),
    Nothing { r#type: &'static str, properties: NoProperties },
}

#[derive(Debug, Serialize)]
struct NoProperties {}

#[derive(Debug, Serialize)]
pub(super) struct WebSearch<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'static str,
    max_uses: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_location: Option<Location<'a>>,
}

#[derive(Debug, Serialize)]
struct Location<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    place: Place<'a>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Place<'a> {
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    city: Option<&'a RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    region: Option<&'a RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    country: Option<&'a RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    timezone: Option<&'a RawValue>,
}

/// The tool choice.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Choice<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disable_parallel_tool_use: Option<bool>,
}

/// The tools of a request. `answer_schema`: the answer must come by a tool of this form.
///
/// # Errors
/// [`InvalidMember`]: `web_search_options` is none.
pub(super) fn entries<'a>(
    request: &'a ChatRequest<'_>,
    answer_schema: Option<&'a RawValue>,
    has_tool_history: bool,
) -> Result<Vec<ToolEntry<'a>>, InvalidMember> {
    let mut entries: Vec<_> =
        answer_schema.map(|input_schema| ToolEntry::Answer { name: ANSWER_TOOL, input_schema }).into_iter().collect();
    entries.extend(request.tools.iter().map(entry));
    if let Some(options) = request.web_search_options {
        entries.push(ToolEntry::WebSearch(web_search(options)?));
    }
    if entries.is_empty() && has_tool_history {
        // A conversation with calls in it is refused where no tool is known.
        entries.push(ToolEntry::Function(placeholder()));
    }
    Ok(entries)
}

fn entry<'a>(tool: &'a Tool<'_>) -> ToolEntry<'a> {
    match &tool.function {
        Some(function) if &*tool.kind == "function" => ToolEntry::Function(function_tool(function, tool.cache_control)),
        _ => ToolEntry::Own(tool.whole),
    }
}

fn function_tool<'a>(function: &'a Function<'_>, cache_control: Option<&'a RawValue>) -> FunctionTool<'a> {
    let description = function.description.as_deref();
    FunctionTool {
        name: &function.name,
        input_schema: schema(function.parameters),
        kind: "custom",
        description,
        cache_control,
    }
}

fn placeholder() -> FunctionTool<'static> {
    FunctionTool {
        name: "dummy_tool",
        input_schema: schema(None),
        kind: "custom",
        description: Some("This is a dummy tool call"),
        cache_control: None,
    }
}

/// The API refuses a schema whose top does not say that it is an object.
fn schema(parameters: Option<&RawValue>) -> Schema<'_> {
    #[derive(Deserialize)]
    struct Top<'a> {
        #[serde(borrow, default, rename = "type")]
        kind: Option<&'a RawValue>,
    }
    let nothing = Schema::Nothing { r#type: "object", properties: NoProperties {} };
    let Some(parameters) = parameters.filter(|parameters| parameters.get() != "null") else { return nothing };
    match serde_json::from_str::<Top<'_>>(parameters.get()) {
        Ok(Top { kind: None }) => typed(parameters).unwrap_or(nothing),
        _ => Schema::Stated(parameters),
    }
}

fn typed(parameters: &RawValue) -> Option<Schema<'_>> {
    let mut members: serde_json::Map<String, serde_json::Value> = serde_json::from_str(parameters.get()).ok()?;
    members.insert("type".to_owned(), "object".into());
    members.entry("properties").or_insert_with(|| serde_json::Map::new().into());
    raw(&members).ok().map(Schema::Repaired)
}

/// How many searches each size of context stands for. LiteLLM's numbers.
fn web_search(options: &RawValue) -> Result<WebSearch<'_>, InvalidMember> {
    #[derive(Deserialize)]
    struct Options<'a> {
        #[serde(default)]
        search_context_size: Option<String>,
        #[serde(borrow, default)]
        user_location: Option<Near<'a>>,
    }
    #[derive(Deserialize)]
    struct Near<'a> {
        #[serde(borrow, default)]
        approximate: Option<Place<'a>>,
    }
    let read = serde_json::from_str::<Options<'_>>(options.get());
    let options = read.map_err(|error| InvalidMember::whole("web_search_options", error.to_string()))?;
    let max_uses = match options.search_context_size.as_deref() {
        Some("low") => 1,
        Some("high") => 10,
        _ => 5,
    };
    let place = options.user_location.and_then(|near| near.approximate);
    let user_location = place.map(|place| Location { kind: "approximate", place });
    Ok(WebSearch { kind: "web_search_20250305", name: "web_search", max_uses, user_location })
}

/// The choice. A model that thinks may not be made to call a tool, so that it is only offered then.
pub(super) fn choice<'a>(request: &'a ChatRequest<'_>, must_answer_by_tool: bool, thinks: bool) -> Option<Choice<'a>> {
    if must_answer_by_tool {
        let forced = Choice { kind: "tool", name: Some(ANSWER_TOOL), disable_parallel_tool_use: None };
        return (!thinks).then_some(forced);
    }
    let (kind, name) = match &request.tool_choice {
        None if request.parallel_tool_calls.is_none() || request.tools.is_empty() => return None,
        None | Some(ToolChoice::Auto) => ("auto", None),
        Some(ToolChoice::None) => ("none", None),
        Some(ToolChoice::Required) => ("any", None),
        Some(ToolChoice::Function(name)) => ("tool", Some(&**name)),
    };
    let disable_parallel_tool_use = request.parallel_tool_calls.map(|parallel| !parallel).filter(|_| kind != "none");
    Some(Choice { kind, name, disable_parallel_tool_use })
}
