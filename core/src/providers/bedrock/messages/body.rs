//! The body: the client's, with what Bedrock has in other places or not at all.

use crate::api::answer::arguments;
use crate::api::chat::text::Text;
use crate::api::members::{Members, raw};
use crate::providers::bedrock::abilities::Abilities;
use crate::providers::bedrock::betas;
use crate::providers::bedrock::invoke::claude::VERSION;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

/// Members in which beginnings of prompts are marked.
const MARKED: [&str; 3] = ["system", "messages", "tools"];

/// Writes the body anew. `named`: features that the deployment's or the request's headers name.
pub(super) fn write(body: &[u8], abilities: &Abilities, named: &[&str]) -> Result<Vec<u8>, serde_json::Error> {
    let mut members = Members::parse(body)?;
    members.take("model");
    members.take("stream");
    if !members.has("anthropic_version") {
        members.set("anthropic_version", raw(&VERSION)?);
    }
    say_system(&mut members)?;
    say_format(&mut members, abilities)?;
    for name in MARKED {
        if let Some(value) = members.get(name).filter(|value| has_odd_marks(value.get())) {
            let value = unmarked(value, abilities.caches_an_hour)?;
            members.set(name, value);
        }
    }
    let of_member: Vec<String> = members.read("betas").unwrap_or_default();
    members.take("betas");
    let all: Vec<&str> = of_member.iter().map(String::as_str).chain(named.iter().copied()).collect();
    betas::add(&mut members, &all)?;
    Ok(members.to_json())
}

/// What is said before the conversation, in blocks.
fn say_system(members: &mut Members<'_>) -> Result<(), serde_json::Error> {
    let text: Option<String> = members.read("system");
    match text {
        Some(text) if !text.is_empty() => {
            members.set("system", raw(&json!([{"type": "text", "text": text}]))?);
        }
        _ => {}
    }
    Ok(())
}

/// The form of the answer. Models that cannot be held to it are shown the schema behind what the user says last.
fn say_format(members: &mut Members<'_>, abilities: &Abilities) -> Result<(), serde_json::Error> {
    #[derive(Deserialize)]
    struct Format<'a> {
        #[serde(borrow, default)]
        schema: Option<&'a RawValue>,
    }
    let said = members.take("output_config");
    let mut config = Members::parse(said.as_ref().map_or("{}", |config| config.get()).as_bytes())?;
    let older = members.take("output_format");
    let format = config.take("format").or(older);
    if let Some(format) = format.filter(|format| format.get() != "null") {
        if abilities.claude.is_some_and(|claude| claude.has_native_schema) {
            config.set("format", format.into_owned());
        } else if let Some(schema) = serde_json::from_str::<Format<'_>>(format.get())?.schema {
            show(members, &arguments::text_of(schema.get()))?;
        }
    }
    if config.iter().next().is_some() {
        members.set("output_config", boxed(&config)?);
    }
    Ok(())
}

/// Says a text behind what the user says last.
fn show(members: &mut Members<'_>, text: &str) -> Result<(), serde_json::Error> {
    #[derive(Deserialize)]
    struct Turn<'a> {
        #[serde(borrow)]
        role: Text<'a>,
    }
    let is_users =
        |turn: &RawValue| serde_json::from_str::<Turn<'_>>(turn.get()).is_ok_and(|turn| &*turn.role == "user");
    let mut turns: Vec<Box<RawValue>> = members.read("messages").unwrap_or_default();
    let Some(last) = turns.iter_mut().rfind(|turn| is_users(turn)) else { return Ok(()) };
    let mut turn = Members::parse(last.get().as_bytes())?;
    let mut content = match turn.read::<String>("content") {
        Some(said) => vec![raw(&json!({"type": "text", "text": said}))?],
        None => turn.read::<Vec<Box<RawValue>>>("content").unwrap_or_default(),
    };
    content.push(raw(&json!({"type": "text", "text": text}))?);
    turn.set("content", raw(&content)?);
    *last = boxed(&turn)?;
    members.set("messages", raw(&turns)?);
    Ok(())
}

fn has_odd_marks(text: &str) -> bool {
    text.contains("\"cache_control\"") && (text.contains("\"ttl\"") || text.contains("\"scope\""))
}

/// The value with its marks as Bedrock knows them: without a scope, and for an hour only where the model keeps prompts
/// that long.
fn unmarked(value: &RawValue, knows_an_hour: bool) -> Result<Box<RawValue>, serde_json::Error> {
    let text = value.get();
    if text.starts_with('[') {
        let parts: Vec<&RawValue> = serde_json::from_str(text)?;
        let parts = parts.iter().map(|part| unmarked(part, knows_an_hour)).collect::<Result<Vec<_>, _>>()?;
        return raw(&parts);
    }
    if !text.starts_with('{') || !has_odd_marks(text) {
        return Ok(value.to_owned());
    }
    let mut object = Members::parse(text.as_bytes())?;
    if let Some(mark) = object.get("cache_control").filter(|mark| mark.get().starts_with('{')) {
        let mut mark = Members::parse(mark.get().as_bytes())?;
        mark.retain(|name, _| name != "scope" && (knows_an_hour || name != "ttl"));
        let mark = boxed(&mark)?;
        object.set("cache_control", mark);
    }
    if let Some(content) = object.get("content") {
        let content = unmarked(content, knows_an_hour)?;
        object.set("content", content);
    }
    boxed(&object)
}

fn boxed(members: &Members<'_>) -> Result<Box<RawValue>, serde_json::Error> {
    raw(&serde_json::from_slice::<&RawValue>(&members.to_json())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{DeploymentParams, Environment};
    use crate::providers::bedrock::model::BedrockModel;
    use crate::providers::resolve::target_of;
    use serde_json::Value;

    fn written(model: &str, body: &Value) -> Value {
        let params: DeploymentParams = serde_json::from_value(json!({"model": model})).unwrap();
        let target = target_of(&params, &Environment::default()).unwrap();
        let abilities = Abilities::of(&BedrockModel::of(&target.model), &target);
        serde_json::from_slice(&write(body.to_string().as_bytes(), &abilities, &[]).unwrap()).unwrap()
    }

    const OLD: &str = "bedrock/invoke/anthropic.claude-3-5-sonnet-20240620-v1:0";

    #[test]
    fn a_schema_is_shown_behind_the_users_last_words_to_models_that_cannot_be_held_to_it() {
        let turns = json!([{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "{"}]);
        let format = json!({"type": "json_schema", "schema": {"type": "object"}});
        for place in [json!({"output_format": format}), json!({"output_config": {"format": format}})] {
            let mut body = place;
            body["messages"] = turns.clone();
            let body = written(OLD, &body);
            let shown = json!([{"type": "text", "text": "Who?"}, {"type": "text", "text": "{\"type\": \"object\"}"}]);
            assert_eq!(body["messages"][0]["content"], shown);
            assert_eq!(body["messages"][1], turns[1]);
            assert!(body.get("output_format").is_none() && body.get("output_config").is_none());
        }
    }

    #[test]
    fn what_else_is_said_of_the_answer_stays() {
        let body = written(OLD, &json!({"messages": [], "output_config": {"effort": "low"}}));
        assert_eq!(body["output_config"], json!({"effort": "low"}));
    }

    #[test]
    fn marks_are_told_without_what_the_model_does_not_know() {
        let mark = json!({"type": "ephemeral", "ttl": "1h", "scope": "global"});
        let call = json!({"type": "tool_use", "input": {"cache_control": mark}});
        let inner = json!([{"type": "text", "text": "t", "cache_control": mark}]);
        let turns = json!([{"role": "assistant", "content": [call]},
            {"role": "user", "content": [{"type": "tool_result", "content": inner, "cache_control": mark}]}]);
        let body = written(OLD, &json!({"messages": turns, "system": "Terse."}));
        let plain = json!({"type": "ephemeral"});
        let result = &body["messages"][1]["content"][0];
        assert_eq!((&result["cache_control"], &result["content"][0]["cache_control"]), (&plain, &plain));
        assert_eq!(body["messages"][0], turns[0], "a call's arguments are nobody's marks");
        assert_eq!(body["system"], json!([{"type": "text", "text": "Terse."}]));
    }
}
