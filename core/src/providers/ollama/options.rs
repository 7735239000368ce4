//! What a request says beside the conversation: settings of the model, which stand in an object of their own, and what
//! the server itself must know.

use crate::api::chat::format::ResponseFormat;
use crate::api::chat::invalid::InvalidMember;
use crate::api::chat::reasoning::ReasoningEffort;
use crate::api::chat::request::ChatRequest;
use crate::api::chat::text::Text;
use crate::api::chat::tool::ToolChoice;
use crate::api::object::ObjectWriter;
use crate::providers::parameters::policy::Policy;
use crate::providers::provider::TransformError;
use crate::providers::target::Target;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Members that are the server's. Every other one that OpenAI does not know is a setting of the model.
const OF_THE_SERVER: [&str; 8] = ["keep_alive", "think", "format", "system", "template", "suffix", "raw", "context"];
/// OpenAI's parameters that only say how things are done elsewhere.
const WITHOUT_MEANING: [&str; 2] = ["functions", "metadata"];
/// These models think by an effort; others think or do not.
const BY_EFFORT: &str = "gpt-oss";

/// The settings of one request.
pub(super) struct Options<'a> {
    /// What the model may call.
    pub(super) tools: Vec<ToolEntry<'a>>,
    format: Option<Format<'a>>,
    think: Option<Think>,
    settings: Settings<'a>,
    of_the_server: Vec<(&'a str, &'a RawValue)>,
}

/// A tool, as the client wrote it. An old client's function becomes one.
#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
pub(super) enum ToolEntry<'a> {
    Tool(&'a RawValue),
    Function { r#type: &'static str, function: &'a RawValue },
}

#[derive(Serialize)]
#[serde(untagged)]
enum Format<'a> {
    Json(&'static str),
    Schema(&'a RawValue),
}

#[derive(Serialize)]
#[serde(untagged)]
enum Think {
    Switch(bool),
    Effort(&'static str),
}

/// The member `options`.
struct Settings<'a> {
    stop: &'a [Text<'a>],
    num_predict: Option<u64>,
    others: Vec<(&'a str, &'a RawValue)>,
}

/// Several answers at once are not to be had.
pub(super) fn check(
    request: &ChatRequest<'_>,
    target: &Target,
    policy: &Policy,
    dropped: &mut Vec<Cow<'static, str>>,
) -> Result<(), TransformError> {
    if request.tool_choice.as_ref().is_some_and(|choice| !matches!(choice, ToolChoice::Auto | ToolChoice::None)) {
        dropped.push(Cow::Borrowed("tool_choice"));
    }
    if request.n.is_none_or(|answers| answers == 1) {
        return Ok(());
    }
    if policy.drops {
        dropped.push(Cow::Borrowed("n"));
        return Ok(());
    }
    let params = vec!["`n`".to_owned()];
    Err(TransformError::Unsupported { provider: target.provider, model: target.model.clone(), params })
}

impl<'a> Options<'a> {
    /// The settings that a request asks for.
    ///
    /// # Errors
    /// [`InvalidMember`]: `functions` is no list.
    pub(super) fn of(request: &'a ChatRequest<'_>, model: &str) -> Result<Self, InvalidMember> {
        let others = request.rest.iter().filter(|(name, _)| !WITHOUT_MEANING.contains(name)).copied();
        let others = others.flat_map(|(name, value)| said_as_settings(name, value));
        let (of_the_server, others): (Vec<_>, Vec<_>) = others.partition(|(name, _)| OF_THE_SERVER.contains(name));
        Ok(Self {
            tools: tools(request)?,
            format: match &request.response_format {
                Some(ResponseFormat::JsonObject) => Some(Format::Json("json")),
                Some(ResponseFormat::JsonSchema { schema, .. }) => Some(Format::Schema(schema)),
                Some(ResponseFormat::Text) | None => None,
            },
            think: request.reasoning_effort.map(|effort| think(effort, model)),
            settings: Settings { stop: &request.stop, num_predict: request.max_tokens, others },
            of_the_server,
        })
    }

    /// Writes them, tools excepted.
    ///
    /// # Errors
    /// Those of the serialiser; none for values that were read from JSON.
    pub(super) fn write<'w>(&self, body: &mut ObjectWriter<'w>) -> Result<(), serde_json::Error>
    where
        'a: 'w,
    {
        for (name, value) in &self.of_the_server {
            body.add_raw(name, value)?;
        }
        if let Some(format) = &self.format {
            body.add("format", format)?;
        }
        if let Some(think) = &self.think {
            body.add("think", think)?;
        }
        body.add("options", &self.settings)
    }
}

/// Settings may be said one by one, or in the object that they stand in upstream.
fn said_as_settings<'a>(name: &'a str, value: &'a RawValue) -> Vec<(&'a str, &'a RawValue)> {
    let object = (name == "options").then(|| serde_json::from_str::<BTreeMap<&str, &RawValue>>(value.get()).ok());
    object.flatten().map_or_else(|| vec![(name, value)], |settings| settings.into_iter().collect())
}

/// The tools, unless none may be called: the server knows no such wish.
fn tools<'a>(request: &'a ChatRequest<'_>) -> Result<Vec<ToolEntry<'a>>, InvalidMember> {
    if request.tool_choice == Some(ToolChoice::None) {
        return Ok(Vec::new());
    }
    let functions: Vec<&RawValue> = match request.other("functions") {
        None => Vec::new(),
        Some(list) => serde_json::from_str(list.get())
            .map_err(|_| InvalidMember::whole("functions", "it must be a list".to_owned()))?,
    };
    let functions = functions.into_iter().map(|function| ToolEntry::Function { r#type: "function", function });
    Ok(request.tools.iter().map(|tool| ToolEntry::Tool(tool.whole)).chain(functions).collect())
}

fn think(effort: ReasoningEffort, model: &str) -> Think {
    if model.contains(BY_EFFORT) {
        return Think::Effort(effort.name());
    }
    Think::Switch(effort >= ReasoningEffort::Low)
}

impl Serialize for Settings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in &self.others {
            map.serialize_entry(name, value)?;
        }
        if !self.stop.is_empty() {
            map.serialize_entry("stop", &self.stop)?;
        }
        if let Some(most) = self.num_predict {
            map.serialize_entry("num_predict", &most)?;
        }
        map.end()
    }
}
