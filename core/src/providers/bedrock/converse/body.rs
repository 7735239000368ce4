//! A chat request as the body of a Converse request. Knows no address and no credential.
//!
//! Wire format: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>

use super::blocks::Caching;
use super::tools::{self, ToolConfig};
use super::turns::Conversation;
use crate::api::answer::arguments;
use crate::api::chat::format::ResponseFormat;
use crate::api::chat::invalid::InvalidMember;
use crate::api::chat::reasoning::ReasoningEffort;
use crate::api::chat::request::ChatRequest;
use crate::api::members::Members;
use crate::api::object::ObjectWriter;
use crate::providers::anthropic::thinking::Thinking;
use crate::providers::bedrock::abilities::{Abilities, Reasoning};
use crate::providers::bedrock::model::Maker;
use serde_json::json;
use serde_json::value::RawValue;

/// Members of Converse's own, which pass as they are where a request or a deployment names them.
const OWN: [&str; 6] = [
    "guardrailConfig",
    "performanceConfig",
    "promptVariables",
    "requestMetadata",
    "additionalModelResponseFieldPaths",
    "outputConfig",
];
/// What the model's maker is told beside the conversation.
const FIELDS: &str = "additionalModelRequestFields";
/// Where a model that thinks tells how many tokens it thought with.
const THOUGHT_COUNTS: [&str; 1] = ["/usage/output_tokens_details"];

/// A request in Converse's dialect.
#[derive(Debug)]
pub(crate) struct ConverseRequest {
    /// The body.
    pub(crate) body: Vec<u8>,
    /// Parts of the conversation that were left out.
    pub(crate) dropped: Vec<&'static str>,
}

/// Writes the body. Parameters that the model does not take must have been taken out. `overrides`: fields that win over
/// the request's. `betas`: features of Claude that the request or the deployment names.
///
/// # Errors
/// [`InvalidMember`]: something in the request cannot be said here.
pub(crate) fn write(
    request: &ChatRequest<'_>,
    abilities: &Abilities,
    overrides: &Members<'_>,
    betas: &[String],
) -> Result<ConverseRequest, InvalidMember> {
    let caching = Caching { is_known: abilities.caches, knows_an_hour: abilities.caches_an_hour };
    let form = Form::of(request, abilities);
    let has_tools = form.tool().is_some() || request.tools.iter().any(|tool| tool.function.is_some());
    let conversation = Conversation::of(&request.messages, caching, has_tools)?;
    let thinking = match (abilities.reasoning, abilities.claude) {
        (Reasoning::Claude, Some(claude)) => Thinking::of(request, claude, !conversation.lacks_thoughts()),
        _ => Thinking::default(),
    };
    let is_claude = abilities.maker == Maker::Claude;
    let tool_abilities = tools::Abilities {
        is_strict: is_claude,
        takes_choice: abilities.takes_tool_choice,
        searches: abilities.maker == Maker::Nova,
        caching,
    };
    let config = tools::config(request, form.tool(), (tool_abilities, thinking.is_on()))?;
    let writing = Writing { request, abilities, thinking: &thinking, overrides, betas };
    let written = writing.body(&conversation, config, &form);
    let body = written.map_err(|error| InvalidMember::whole("messages", error.to_string()))?;
    Ok(ConverseRequest { body, dropped: conversation.dropped })
}

/// How the answer is held to its form.
enum Form<'a> {
    Free,
    Native {
        name: Option<&'a str>,
        schema: String,
    },
    /// By the arguments of a tool that the model must call.
    Tool(&'a RawValue),
}

impl<'a> Form<'a> {
    /// A schema is kept to natively where the model can, else by a tool. There is no form for any JSON.
    fn of(request: &'a ChatRequest<'_>, abilities: &Abilities) -> Self {
        match &request.response_format {
            Some(ResponseFormat::JsonSchema { name, schema, .. }) if abilities.has_native_schema => {
                Self::Native { name: name.as_deref(), schema: arguments::text_of(schema.get()) }
            }
            Some(ResponseFormat::JsonSchema { schema, .. }) => Self::Tool(schema),
            _ => Self::Free,
        }
    }

    fn tool(&self) -> Option<&'a RawValue> {
        if let Self::Tool(schema) = self { Some(schema) } else { None }
    }
}

struct Writing<'w, 'r> {
    request: &'w ChatRequest<'r>,
    abilities: &'w Abilities,
    thinking: &'w Thinking<'w>,
    overrides: &'w Members<'w>,
    betas: &'w [String],
}

impl Writing<'_, '_> {
    fn body(
        &self,
        conversation: &Conversation<'_>,
        config: Option<ToolConfig<'_>>,
        form: &Form<'_>,
    ) -> Result<Vec<u8>, serde_json::Error> {
        let mut body = ObjectWriter::default();
        for name in OWN {
            if let Some(value) = self.overrides.get(name).or_else(|| self.request.other(name)) {
                body.add_raw(name, value)?;
            }
        }
        body.add("messages", &conversation.turns)?;
        if !conversation.system.is_empty() {
            body.add("system", &conversation.system)?;
        }
        body.add_raw("inferenceConfig", &object(self.inference()?)?)?;
        if let Some(config) = config {
            body.add("toolConfig", &config)?;
        }
        let fields = self.fields()?;
        if fields.len() > "{}".len() {
            body.add_raw(FIELDS, &object(fields)?)?;
        }
        if self.thinking.is_on() {
            body.add("additionalModelResponseFieldPaths", &THOUGHT_COUNTS)?;
        }
        if let Some(tier) = self.request.other("service_tier") {
            // What OpenAI calls automatic is what AWS calls the default.
            let tier = if tier.get() == "\"auto\"" { json!("default") } else { json!(tier) };
            body.add("serviceTier", &json!({"type": tier}))?;
        }
        if let Form::Native { name, schema } = form {
            let schema = json!({"schema": schema, "name": name.unwrap_or("answer")});
            let format = json!({"type": "json_schema", "structure": {"jsonSchema": schema}});
            body.add("outputConfig", &json!({"textFormat": format}))?;
        }
        Ok(body.finish())
    }

    fn inference(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut config = ObjectWriter::default();
        for (name, own) in [("temperature", "temperature"), ("top_p", "topP")] {
            if let Some(value) = self.request.other(name) {
                config.add_raw(own, value)?;
            }
        }
        if !self.request.stop.is_empty() {
            config.add("stopSequences", &self.request.stop)?;
        }
        if let Some(tokens) = self.request.max_tokens.or_else(|| self.thinking.tokens_with_answer()) {
            config.add("maxTokens", &tokens)?;
        }
        Ok(config.finish())
    }

    /// What the model's maker takes, in the maker's own words; what nobody here knows goes there too.
    fn fields(&self) -> Result<Vec<u8>, serde_json::Error> {
        let said = self.request.other(FIELDS).and_then(|fields| Members::parse(fields.get().as_bytes()).ok());
        let said = said.unwrap_or_default();
        let mut fields = ObjectWriter::default();
        for (name, value) in self.overrides.iter().filter(|(name, _)| !is_own(name)) {
            fields.add_raw(name, value)?;
        }
        for (name, value) in said.iter() {
            fields.add_raw(name, value)?;
        }
        self.reasoning(&mut fields)?;
        if let Some(choice) = tools::one_call(self.request).filter(|_| self.abilities.takes_one_call) {
            fields.add("tool_choice", &choice)?;
        }
        let own_tools: Vec<_> =
            self.request.tools.iter().filter(|tool| tool.function.is_none()).map(|tool| tool.whole).collect();
        if !own_tools.is_empty() {
            fields.add("tools", &own_tools)?;
        }
        if !self.betas.is_empty() && self.abilities.maker == Maker::Claude {
            fields.add("anthropic_beta", self.betas)?;
        }
        for (name, value) in self.request.rest.iter().filter(|(name, _)| !is_said(name)) {
            match (*name, self.abilities.maker) {
                ("top_k", Maker::Nova) => fields.add("inferenceConfig", &json!({"topK": value}))?,
                _ => fields.add_raw(name, value)?,
            }
        }
        Ok(fields.finish())
    }

    fn reasoning(&self, fields: &mut ObjectWriter<'_>) -> Result<(), serde_json::Error> {
        if let Some(member) = &self.thinking.member {
            fields.add("thinking", member)?;
        }
        if let Some(effort) = self.thinking.effort {
            fields.add("output_config", &json!({"effort": effort}))?;
        }
        match (self.abilities.reasoning, self.request.reasoning_effort) {
            (Reasoning::Effort, Some(effort)) => fields.add("reasoning_effort", effort.name()),
            (Reasoning::Nova, Some(effort)) if effort != ReasoningEffort::None => {
                let config = json!({"type": "enabled", "maxReasoningEffort": nova_effort(effort)});
                fields.add("reasoningConfig", &config)
            }
            _ => Ok(()),
        }
    }
}

/// Nova knows three efforts.
fn nova_effort(effort: ReasoningEffort) -> &'static str {
    match effort {
        ReasoningEffort::None | ReasoningEffort::Minimal | ReasoningEffort::Low => "low",
        ReasoningEffort::Medium => "medium",
        ReasoningEffort::High | ReasoningEffort::ExtraHigh | ReasoningEffort::Max => "high",
    }
}

fn is_own(name: &str) -> bool {
    OWN.contains(&name)
}

/// Whether a member of the request has a place of its own.
fn is_said(name: &str) -> bool {
    is_own(name) || matches!(name, "temperature" | "top_p" | "service_tier" | "metadata") || name == FIELDS
}

fn object(json: Vec<u8>) -> Result<Box<RawValue>, serde_json::Error> {
    serde_json::from_slice(&json)
}
