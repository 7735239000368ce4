//! How long the model thinks: OpenAI's word for it becomes a budget of tokens, or an effort where the model decides by
//! itself.

use super::abilities::Abilities;
use crate::api::chat::reasoning::{ReasoningEffort, ThinkingMode};
use crate::api::chat::request::ChatRequest;
use serde::Serialize;
use serde_json::value::RawValue;

/// Tokens for the answer beside those to think with, where the request does not cap them. LiteLLM's number.
const ANSWER_TOKENS: u64 = 4096;
/// The least budget that the API takes.
const BUDGET_LEAST: u64 = 1024;

/// What a request says of thinking.
#[derive(Debug, Default)]
pub(crate) struct Thinking<'a> {
    /// `thinking`.
    pub(crate) member: Option<ThinkingMember<'a>>,
    /// `output_config.effort`.
    pub(crate) effort: Option<&'static str>,
    budget_tokens: Option<u64>,
    is_on: bool,
}

/// The member `thinking`.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum ThinkingMember<'a> {
    /// As the client wrote it.
    Own(&'a RawValue),
    Budget {
        r#type: &'static str,
        budget_tokens: u64,
    },
    Adaptive {
        r#type: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        display: Option<&'static str>,
    },
}

impl<'a> Thinking<'a> {
    /// What to send. The client's own `thinking` wins over its `reasoning_effort`. `may_begin`: the conversation lets the
    /// model begin to think; a model that decides by itself needs no leave.
    pub(crate) fn of(request: &'a ChatRequest<'_>, abilities: Abilities, may_begin: bool) -> Self {
        if let Some(thinking) = &request.thinking {
            return match (thinking.mode, thinking.budget_tokens) {
                (ThinkingMode::Enabled, Some(budget)) if !abilities.takes_budget => Self {
                    member: Some(ThinkingMember::Adaptive { r#type: "adaptive", display: None }),
                    effort: Some(effort_of_budget(budget)),
                    budget_tokens: None,
                    is_on: true,
                },
                (mode, budget_tokens) => Self {
                    member: Some(ThinkingMember::Own(thinking.whole)),
                    effort: None,
                    budget_tokens: budget_tokens.filter(|_| mode == ThinkingMode::Enabled),
                    is_on: mode != ThinkingMode::Disabled,
                },
            };
        }
        match request.reasoning_effort {
            None | Some(ReasoningEffort::None) => Self::default(),
            Some(effort) if abilities.is_adaptive => Self {
                member: Some(ThinkingMember::Adaptive { r#type: "adaptive", display: Some("summarized") }),
                effort: Some(adaptive(effort, abilities)),
                budget_tokens: None,
                is_on: true,
            },
            Some(_) if !may_begin => Self::default(),
            Some(effort) => {
                let Some(budget_tokens) = room(budget(effort), request.max_tokens) else { return Self::default() };
                let member = ThinkingMember::Budget { r#type: "enabled", budget_tokens };
                Self { member: Some(member), effort: None, budget_tokens: Some(budget_tokens), is_on: true }
            }
        }
    }

    /// Whether the model will think.
    pub(crate) fn is_on(&self) -> bool {
        self.is_on
    }

    /// Most tokens of the answer, thoughts included, where the request does not say.
    pub(crate) fn max_tokens(&self, abilities: Abilities) -> u64 {
        self.tokens_with_answer().unwrap_or(abilities.max_output_tokens)
    }

    /// Tokens for thoughts and answer together, where there is a budget for the thoughts.
    pub(crate) fn tokens_with_answer(&self) -> Option<u64> {
        self.budget_tokens.map(|budget| budget.saturating_add(ANSWER_TOKENS))
    }
}

/// Tokens for each effort. LiteLLM's numbers.
fn budget(effort: ReasoningEffort) -> u64 {
    match effort {
        ReasoningEffort::None | ReasoningEffort::Minimal | ReasoningEffort::Low => BUDGET_LEAST,
        ReasoningEffort::Medium => 2048,
        ReasoningEffort::High => 4096,
        ReasoningEffort::ExtraHigh => 8192,
        ReasoningEffort::Max => 16_384,
    }
}

/// The budget within a cap that the answer must fit under, too. `None` where no room is left to think.
fn room(budget_tokens: u64, max_tokens: Option<u64>) -> Option<u64> {
    let room = max_tokens.map_or(budget_tokens, |cap| budget_tokens.min(cap.saturating_sub(1)));
    (room >= BUDGET_LEAST).then_some(room)
}

fn effort_of_budget(budget_tokens: u64) -> &'static str {
    let efforts = [ReasoningEffort::High, ReasoningEffort::Medium];
    let reached = efforts.into_iter().find(|effort| budget_tokens >= budget(*effort));
    reached.unwrap_or(ReasoningEffort::Low).name()
}

/// The nearest effort that the model knows.
fn adaptive(effort: ReasoningEffort, abilities: Abilities) -> &'static str {
    match effort {
        ReasoningEffort::None | ReasoningEffort::Minimal => ReasoningEffort::Low,
        ReasoningEffort::ExtraHigh if !abilities.knows_extra_high => ReasoningEffort::High,
        ReasoningEffort::Max if !abilities.knows_max => ReasoningEffort::High,
        known => known,
    }
    .name()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_told_as_the_effort_that_it_reaches() {
        let of = [0, 1500, 2048, 4095, 4096, 60_000].map(effort_of_budget);
        assert_eq!(of, ["low", "low", "medium", "medium", "high", "high"]);
    }

    #[test]
    fn an_effort_that_the_model_does_not_know_becomes_the_nearest() {
        let plain = Abilities::of("claude-future-9", None);
        assert_eq!(adaptive(ReasoningEffort::Minimal, plain), "low");
        assert_eq!(adaptive(ReasoningEffort::Max, plain), "high");
        assert_eq!(adaptive(ReasoningEffort::Max, Abilities { knows_max: true, ..plain }), "max");
    }
}
