//! How long the model thinks: a budget of tokens up to the second generation, a level from the third on.
//!
//! <https://ai.google.dev/gemini-api/docs/thinking>

use super::abilities::Abilities;
use crate::api::chat::reasoning::{ReasoningEffort, ThinkingMode};
use crate::api::chat::request::ChatRequest;
use serde::Serialize;

/// The most that every model which takes a budget takes.
const BUDGET_MOST: u64 = 24_576;

/// The member `thinkingConfig`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ThinkingConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_budget: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_level: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    include_thoughts: Option<bool>,
}

/// What to send. The client's own `thinking` wins over its `reasoning_effort`.
pub(super) fn config(request: &ChatRequest<'_>, abilities: Abilities) -> Option<ThinkingConfig> {
    if let Some(thinking) = &request.thinking {
        return Some(match thinking.mode {
            ThinkingMode::Disabled => at_rest(abilities),
            ThinkingMode::Enabled | ThinkingMode::Adaptive => ThinkingConfig {
                // A budget means nothing to a model that thinks by levels.
                thinking_budget: thinking.budget_tokens.filter(|_| !abilities.is_third_generation),
                thinking_level: None,
                include_thoughts: Some(thinking.budget_tokens != Some(0)),
            },
        });
    }
    let effort = request.reasoning_effort?;
    let include_thoughts = Some(effort != ReasoningEffort::None);
    Some(if abilities.is_third_generation {
        ThinkingConfig { thinking_budget: None, thinking_level: Some(level(effort, abilities)), include_thoughts }
    } else {
        ThinkingConfig { thinking_budget: Some(budget(effort, abilities)), thinking_level: None, include_thoughts }
    })
}

/// As little as the model can be asked for: some of them always think.
fn at_rest(abilities: Abilities) -> ThinkingConfig {
    if abilities.is_third_generation {
        return ThinkingConfig { include_thoughts: Some(false), ..ThinkingConfig::default() };
    }
    ThinkingConfig { thinking_budget: abilities.can_rest.then_some(0), ..ThinkingConfig::default() }
}

/// The budgets that LiteLLM's efforts stand for.
fn budget(effort: ReasoningEffort, abilities: Abilities) -> u64 {
    match effort {
        ReasoningEffort::None => 0,
        ReasoningEffort::Minimal => abilities.budget_least,
        ReasoningEffort::Low => 1024,
        ReasoningEffort::Medium => 2048,
        ReasoningEffort::High => 4096,
        ReasoningEffort::ExtraHigh | ReasoningEffort::Max => BUDGET_MOST,
    }
}

fn level(effort: ReasoningEffort, abilities: Abilities) -> &'static str {
    match effort {
        ReasoningEffort::None | ReasoningEffort::Minimal if abilities.knows_minimal => "minimal",
        ReasoningEffort::None | ReasoningEffort::Minimal | ReasoningEffort::Low => "low",
        ReasoningEffort::Medium => "medium",
        ReasoningEffort::High | ReasoningEffort::ExtraHigh | ReasoningEffort::Max => "high",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::members::Members;
    use serde_json::{Value, json};

    fn of(model: &str, body: &str) -> Value {
        let members = Members::parse(body.as_bytes()).unwrap();
        let request = ChatRequest::read(&members).unwrap();
        serde_json::to_value(config(&request, Abilities::of(model, None))).unwrap()
    }

    #[test]
    fn an_effort_is_a_budget_or_a_level() {
        let low = r#"{"reasoning_effort":"low"}"#;
        assert_eq!(of("gemini-2.5-flash", low), json!({"thinkingBudget": 1024, "includeThoughts": true}));
        assert_eq!(of("gemini-3-pro", low), json!({"thinkingLevel": "low", "includeThoughts": true}));
        let none = r#"{"reasoning_effort":"none"}"#;
        assert_eq!(of("gemini-2.5-flash", none), json!({"thinkingBudget": 0, "includeThoughts": false}));
        assert_eq!(of("gemini-3-flash", none), json!({"thinkingLevel": "minimal", "includeThoughts": false}));
        assert_eq!(of("gemini-2.5-pro", r#"{}"#), Value::Null);
    }

    #[test]
    fn a_model_that_can_rest_rests_when_it_is_told_to() {
        let disabled = r#"{"thinking":{"type":"disabled"},"reasoning_effort":"high"}"#;
        assert_eq!(of("gemini-2.5-flash", disabled), json!({"thinkingBudget": 0}));
        assert_eq!(of("gemini-2.5-pro", disabled), json!({}));
        assert_eq!(of("gemini-3-pro", disabled), json!({"includeThoughts": false}));
        let budget = r#"{"thinking":{"type":"enabled","budget_tokens":1500}}"#;
        assert_eq!(of("gemini-2.5-pro", budget), json!({"thinkingBudget": 1500, "includeThoughts": true}));
    }
}
