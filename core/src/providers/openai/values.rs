//! Parameters whose values a provider takes in another form, or not at all.

use super::json_tool;
use super::words::{each, inside, into_raw, member};
use crate::api::members::Members;
use crate::providers::parameters::profile::Profile;
use crate::providers::parameters::row::Rule;
use crate::providers::provider::{Call, TransformError};
use serde::Deserialize;
use std::borrow::Cow;

/// Asks a model that cannot be told to call a tool to call one:
/// <https://platform.moonshot.ai/docs/guide/migrating-from-openai-to-kimi#about-tool_choice>
const CALL_A_TOOL: &str = r#"{"role":"user","content":"Please select a tool to handle the current issue."}"#;

/// Budgets in tokens from which thinking counts as so much effort.
const EFFORTS: [(u64, &str); 3] = [(10_000, "high"), (5_000, "medium"), (0, "low")];

/// Tokens for the answer itself where a budget for thinking is given and no cap.
const ANSWER_BESIDE_THINKING: u64 = 4096;

/// How thinking is asked for, in Anthropic's words.
#[derive(Deserialize)]
struct Thinking {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    budget_tokens: u64,
}

/// Says the values in the provider's form.
///
/// # Errors
/// [`TransformError::Unsupported`] for a value that the model does not take and that may not be dropped.
pub(in crate::providers) fn adapt(
    call: &mut Call<'_, '_>,
    profile: &Profile,
    model: &str,
) -> Result<(), TransformError> {
    cap_name(call.members, profile);
    if call.policy.modifies {
        cap_output(call.members, profile)?;
    }
    refuse_values(call, profile, model)?;
    for rule in &profile.rules {
        match rule {
            Rule::SchemaIsATool => json_tool::say(call.members)?,
            Rule::NoFormatButSchemas => drop_format(call),
            Rule::NoFormatBesideTools if call.members.has("tools") => drop_format(call),
            Rule::ThinkingIsASwitch => thinking_as_switch(call.members)?,
            Rule::ThinkingIsAnEffort => thinking_as_effort(call.members)?,
            Rule::EffortIsThinking => effort_as_thinking(call.members)?,
            Rule::ToolsHaveParameters => parameters_of_tools(call.members),
            Rule::ThinkingIsAPrompt => thinking_as_prompt(call.members)?,
            Rule::ToolChoiceInWords => tool_choice_in_words(call.members)?,
            Rule::ToolChoiceAny if says(call.members, "tool_choice", "required") => {
                call.members.set("tool_choice", member(&"any", "tool_choice")?);
            }
            Rule::NoToolChoice if says(call.members, "tool_choice", "auto") => drop(call.members.take("tool_choice")),
            Rule::RandomSeed => call.members.rename("seed", "random_seed"),
            _ => {}
        }
    }
    Ok(())
}

/// The most output tokens stand under one name. Of two values the newer name's counts.
fn cap_name(members: &mut Members<'_>, profile: &Profile) {
    match profile.cap {
        Some("max_tokens") => members.rename("max_completion_tokens", "max_tokens"),
        Some(_) if members.has("max_completion_tokens") => drop(members.take("max_tokens")),
        Some(_) => members.rename("max_tokens", "max_completion_tokens"),
        None => {}
    }
}

/// More output than the model gives is asked for as what it gives.
fn cap_output(members: &mut Members<'_>, profile: &Profile) -> Result<(), TransformError> {
    let Some(most) = profile.output_tokens_max else { return Ok(()) };
    for name in ["max_tokens", "max_completion_tokens"] {
        if members.read::<u64>(name).is_some_and(|asked| asked > most) {
            members.set(name, member(&most, name)?);
        }
    }
    Ok(())
}

/// Values that the model is known not to take.
fn refuse_values(call: &mut Call<'_, '_>, profile: &Profile, model: &str) -> Result<(), TransformError> {
    let effort = call.members.read::<&str>("reasoning_effort");
    let is_effort_refused = effort.is_some_and(|effort| profile.refused_efforts.contains(&effort));
    let reasons = !profile.has(Rule::MayNotReason) || effort.is_some_and(|effort| effort != "none");
    let is_cool = call.members.read::<f64>("temperature").is_some_and(|temperature| temperature != 1.0);
    let tool_choice = call.members.has("tool_choice") && !says(call.members, "tool_choice", "auto");
    let refused = [
        ("reasoning_effort", is_effort_refused),
        ("temperature", is_cool && reasons && profile.has(Rule::OnlyTemperatureOne)),
        ("tool_choice", tool_choice && profile.has(Rule::NoToolChoice)),
    ];
    for name in refused.into_iter().filter(|(_, is_refused)| *is_refused).map(|(name, _)| name) {
        let Some(value) = call.members.take(name) else { continue };
        if !call.policy.drops {
            let params = vec![format!("{name}={}", value.get())];
            return Err(TransformError::Unsupported { provider: profile.provider, model: model.to_owned(), params });
        }
        call.dropped.push(Cow::Borrowed(name));
    }
    Ok(())
}

/// Takes the answer's format out. Plain text asks for nothing that could be missed.
fn drop_format(call: &mut Call<'_, '_>) {
    let Some(format) = call.members.take("response_format") else { return };
    if !format.get().contains("\"text\"") {
        call.dropped.push(Cow::Borrowed("response_format"));
    }
}

fn says(members: &Members<'_>, name: &str, value: &str) -> bool {
    members.read::<&str>(name) == Some(value)
}

fn thinking_as_switch(members: &mut Members<'_>) -> Result<(), TransformError> {
    let effort = members.take("reasoning_effort");
    let kind = match (members.read::<Thinking>("thinking"), effort) {
        (Some(thinking), _) => thinking.kind,
        (None, Some(effort)) if effort.get() != "\"none\"" => "enabled".to_owned(),
        (None, _) => return Ok(()),
    };
    members.set("thinking", member(&serde_json::json!({"type": kind}), "thinking")?);
    Ok(())
}

fn thinking_as_effort(members: &mut Members<'_>) -> Result<(), TransformError> {
    let Some(thinking) = members.read::<Thinking>("thinking") else { return Ok(()) };
    members.take("thinking");
    let effort = EFFORTS.iter().find(|(budget, _)| thinking.budget_tokens >= *budget).map(|(_, effort)| *effort);
    if let Some(effort) = effort.filter(|_| thinking.kind != "disabled" && !members.has("reasoning_effort")) {
        members.set("reasoning_effort", member(&effort, "reasoning_effort")?);
    }
    Ok(())
}

/// Anthropic's models behind other providers think by a budget in tokens, which is part of the answer's.
fn effort_as_thinking(members: &mut Members<'_>) -> Result<(), TransformError> {
    let Some(effort) = members.take("reasoning_effort") else { return Ok(()) };
    let budget = match effort.get().trim_matches('"') {
        "none" => return Ok(()),
        "minimal" | "low" => 1024,
        "medium" => 2048,
        _ => 4096,
    };
    if !members.has("thinking") {
        let thinking = serde_json::json!({"type": "enabled", "budget_tokens": budget});
        members.set("thinking", member(&thinking, "thinking")?);
        if !members.has("max_tokens") {
            members.set("max_tokens", member(&(budget + ANSWER_BESIDE_THINKING), "max_tokens")?);
        }
    }
    Ok(())
}

/// A function without parameters takes an object of none.
fn parameters_of_tools(members: &mut Members<'_>) {
    let has_all = |tools: &str| tools.matches("\"function\":").count() <= tools.matches("\"parameters\"").count();
    if members.get("tools").is_none_or(|tools| has_all(tools.get())) {
        return;
    }
    each(members, "tools", |tool| {
        inside(tool, "function", |function| {
            let none = || member(&serde_json::json!({"type": "object", "properties": {}}), "tools").ok();
            if let Some(none) = (!function.has("parameters")).then(none).flatten() {
                function.set("parameters", none);
            }
        });
    });
}

/// Mistral's reasoning models put the prompt themselves that makes them reason:
/// <https://docs.mistral.ai/capabilities/reasoning/>
fn thinking_as_prompt(members: &mut Members<'_>) -> Result<(), TransformError> {
    let effort = members.take("reasoning_effort").is_some_and(|effort| effort.get() != "\"none\"");
    let thinking = members.read::<Thinking>("thinking").is_some_and(|thinking| thinking.kind == "enabled");
    members.take("thinking");
    if effort || thinking {
        members.set("prompt_mode", member(&"reasoning", "prompt_mode")?);
    }
    Ok(())
}

fn tool_choice_in_words(members: &mut Members<'_>) -> Result<(), TransformError> {
    if !says(members, "tool_choice", "required") {
        return Ok(());
    }
    members.take("tool_choice");
    let Some(messages) = members.get("messages").and_then(|messages| messages.get().trim_end().strip_suffix(']'))
    else {
        return Ok(());
    };
    let separator = if messages.trim_end().ends_with('[') { "" } else { "," };
    let longer = into_raw(format!("{messages}{separator}{CALL_A_TOOL}]").into_bytes(), "messages")?;
    members.replace("messages", longer);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::operation::Operation;
    use crate::providers::parameters::policy::Policy;
    use serde_json::{Value, json};

    fn said(provider: &'static str, model: &str, body: &Value, policy: &Policy) -> Result<Value, String> {
        let text = body.to_string();
        let mut members = Members::parse(text.as_bytes()).unwrap();
        let (profile, dropped) = (Profile::of(provider, model), &mut Vec::new());
        let mut call = Call { operation: Operation::Chat, members: &mut members, stream: false, policy, dropped };
        adapt(&mut call, &profile, model).map_err(|error| error.to_string())?;
        Ok(serde_json::from_slice(&members.to_json()).unwrap())
    }

    fn plainly(provider: &'static str, model: &str, body: &Value) -> Value {
        said(provider, model, body, &Policy::default()).unwrap()
    }

    #[test]
    fn the_cap_on_an_answer_has_the_name_that_the_model_knows() {
        let both = json!({"max_tokens": 10, "max_completion_tokens": 20});
        assert_eq!(plainly("mistral", "m", &both), json!({"max_tokens": 20}));
        assert_eq!(plainly("openai", "o1", &both), json!({"max_completion_tokens": 20}));
        assert_eq!(plainly("openai", "gpt-5", &json!({"max_tokens": 10})), json!({"max_completion_tokens": 10}));
        assert_eq!(plainly("openai", "gpt-4o", &both), both);
    }

    #[test]
    fn a_cap_beyond_the_model_is_lowered_where_requests_may_be_put_right() {
        let policy = Policy { modifies: true, ..Policy::default() };
        let asked = json!({"max_tokens": 999_999});
        assert_eq!(said("openai", "gpt-4o", &asked, &policy).unwrap(), json!({"max_tokens": 16_384}));
        assert_eq!(plainly("openai", "gpt-4o", &asked), asked);
    }

    #[test]
    fn a_value_that_the_model_does_not_take_is_refused_or_dropped() {
        let cool = json!({"temperature": 0.3});
        let refused = said("openai", "o1", &cool, &Policy::default()).unwrap_err();
        assert!(refused.contains("temperature=0.3"), "{refused}");
        let drops = Policy { drops: true, ..Policy::default() };
        assert_eq!(said("openai", "o1", &cool, &drops).unwrap(), json!({}));
        assert_eq!(plainly("openai", "gpt-5.1", &cool), cool);
        assert!(said("openai", "gpt-5", &json!({"reasoning_effort": "none"}), &Policy::default()).is_err());
    }

    #[test]
    fn thinking_is_said_as_each_provider_understands_it() {
        let thinking = json!({"thinking": {"type": "enabled", "budget_tokens": 6000}});
        assert_eq!(plainly("deepseek", "deepseek-chat", &thinking), json!({"thinking": {"type": "enabled"}}));
        assert_eq!(plainly("hosted_vllm", "q", &thinking), json!({"reasoning_effort": "medium"}));
        let effort = json!({"reasoning_effort": "low"});
        assert_eq!(plainly("deepseek", "deepseek-chat", &effort), json!({"thinking": {"type": "enabled"}}));
        assert_eq!(plainly("mistral", "magistral-medium-2506", &effort), json!({"prompt_mode": "reasoning"}));
    }

    #[test]
    fn a_tool_that_must_be_called_is_asked_for_in_the_providers_way() {
        let body = json!({"tool_choice": "required", "messages": [{"role": "user", "content": "x"}]});
        assert_eq!(plainly("mistral", "m", &body)["tool_choice"], "any");
        let worded = plainly("moonshot", "kimi", &body);
        assert!(worded.get("tool_choice").is_none());
        assert_eq!(worded["messages"].as_array().unwrap().len(), 2);
    }
}
