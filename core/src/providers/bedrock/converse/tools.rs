//! Tools, and the choice among them.
//!
//! Wire format: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolConfiguration.html>

use super::blocks::{CachePoint, Caching};
use super::schema;
use crate::api::chat::invalid::InvalidMember;
use crate::api::chat::request::ChatRequest;
use crate::api::chat::tool::{Function, ToolChoice};
use crate::providers::schema_references::ReferenceBudget;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The tool by whose arguments a model answers in a form that it has no other way to be held to. LiteLLM's name.
pub(super) const ANSWER_TOOL: &str = "json_tool_call";

/// The member `toolConfig`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolConfig<'a> {
    tools: Vec<Entry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
enum Entry<'a> {
    ToolSpec(Spec<'a>),
    SystemTool { name: &'static str },
    CachePoint(CachePoint),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec<'a> {
    name: &'a str,
    description: Cow<'a, str>,
    input_schema: InputSchema,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

#[derive(Debug, Serialize)]
struct InputSchema {
    json: Box<RawValue>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
enum Choice<'a> {
    Auto {},
    Any {},
    Tool { name: &'a str },
}

/// What the tools of a request depend on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Abilities {
    /// Schemas may close objects, and functions be strict.
    pub(super) is_strict: bool,
    /// The model can be made to call a tool.
    pub(super) takes_choice: bool,
    /// Amazon's own search of the web is there.
    pub(super) searches: bool,
    pub(super) caching: Caching,
}

/// The tools of a request. `answer_schema`: the answer must come by a tool of this form. `thinks`: no tool may be forced.
///
/// # Errors
/// [`InvalidMember`]: a function's parameters are no schema.
pub(super) fn config<'a>(
    request: &'a ChatRequest<'_>,
    answer_schema: Option<&RawValue>,
    (abilities, thinks): (Abilities, bool),
) -> Result<Option<ToolConfig<'a>>, InvalidMember> {
    let (mut tools, mut budget) = (Vec::new(), ReferenceBudget::default());
    if let Some(schema) = answer_schema {
        let input_schema = InputSchema { json: told(Some(schema), abilities, ("response_format", &mut budget))? };
        let description = Cow::Borrowed(ANSWER_TOOL);
        tools.push(Entry::ToolSpec(Spec { name: ANSWER_TOOL, description, input_schema, strict: None }));
    }
    for tool in &request.tools {
        let Some(function) = &tool.function else { continue };
        tools.push(Entry::ToolSpec(spec(function, abilities, &mut budget)?));
        tools.extend(abilities.caching.point(tool.cache_control).map(Entry::CachePoint));
    }
    if request.web_search_options.is_some() && abilities.searches {
        tools.push(Entry::SystemTool { name: "nova_grounding" });
    }
    if tools.is_empty() {
        return Ok(None);
    }
    let tool_choice = match (answer_schema, &request.tool_choice) {
        (Some(_), _) => (abilities.takes_choice && !thinks).then_some(Choice::Tool { name: ANSWER_TOOL }),
        (None, Some(ToolChoice::Auto)) => Some(Choice::Auto {}),
        (None, Some(ToolChoice::Required)) => Some(Choice::Any {}),
        (None, Some(ToolChoice::Function(name))) => Some(Choice::Tool { name }),
        (None, None | Some(ToolChoice::None)) => None,
    };
    Ok(Some(ToolConfig { tools, tool_choice }))
}

fn spec<'a>(
    function: &'a Function<'_>,
    abilities: Abilities,
    budget: &mut ReferenceBudget,
) -> Result<Spec<'a>, InvalidMember> {
    // A description is wanted, and its name is the best there is.
    let description = function.description.as_deref().filter(|text| !text.is_empty()).unwrap_or(&function.name);
    let input_schema = InputSchema { json: told(function.parameters, abilities, ("tools", budget))? };
    let strict = function.strict.filter(|strict| *strict && abilities.is_strict);
    Ok(Spec { name: &function.name, description: Cow::Borrowed(description), input_schema, strict })
}

fn told(
    schema: Option<&RawValue>,
    abilities: Abilities,
    (member, budget): (&'static str, &mut ReferenceBudget),
) -> Result<Box<RawValue>, InvalidMember> {
    let told = match schema.filter(|schema| schema.get() != "null") {
        Some(schema) => schema::for_tool(schema, abilities.is_strict, budget),
        None => schema::nothing().map_err(Into::into),
    };
    told.map_err(|error| InvalidMember::whole(member, error.to_string()))
}

/// What Claude is told beside the tools: that it may call one at a time. The choice must be said there again.
#[derive(Debug, Serialize)]
pub(super) struct OneCall<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    disable_parallel_tool_use: bool,
}

/// That calls may, or may not, come at once; where the request says so.
pub(super) fn one_call<'a>(request: &'a ChatRequest<'_>) -> Option<OneCall<'a>> {
    let parallel = request.parallel_tool_calls?;
    let (kind, name) = match &request.tool_choice {
        Some(ToolChoice::Required) => ("any", None),
        Some(ToolChoice::Function(name)) => ("tool", Some(&**name)),
        Some(ToolChoice::Auto | ToolChoice::None) | None => ("auto", None),
    };
    Some(OneCall { r#type: kind, name, disable_parallel_tool_use: !parallel })
}
