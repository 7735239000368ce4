//! How long the model may think: OpenAI's word for it, and Anthropic's budget.

use super::invalid::{InvalidMember, read};
use super::text::Text;
use serde::Deserialize;
use serde_json::value::RawValue;

/// `reasoning_effort`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReasoningEffort {
    /// Not at all.
    None,
    /// As little as there is.
    Minimal,
    /// Little.
    Low,
    /// Some.
    Medium,
    /// Much.
    High,
    /// Very much.
    ExtraHigh,
    /// As much as there is.
    Max,
}

impl ReasoningEffort {
    /// The effort of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "none" => Self::None,
            "minimal" => Self::Minimal,
            "low" => Self::Low,
            "medium" => Self::Medium,
            "high" => Self::High,
            "xhigh" => Self::ExtraHigh,
            "max" => Self::Max,
            _ => return None,
        })
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::ExtraHigh => "xhigh",
            Self::Max => "max",
        }
    }
}

/// `thinking`, as Anthropic's API has it and LiteLLM takes it for every provider.
#[derive(Clone, Copy, Debug)]
pub struct Thinking<'a> {
    /// What is asked for.
    pub mode: ThinkingMode,
    /// Most tokens to think with.
    pub budget_tokens: Option<u64>,
    /// The whole member.
    pub whole: &'a RawValue,
}

/// What `thinking.type` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThinkingMode {
    /// To think, within a budget.
    Enabled,
    /// To think as long as the question is worth.
    Adaptive,
    /// Not to think.
    Disabled,
}

/// Reads `reasoning_effort`: a word, or an object with one, as the Responses API has it.
pub(super) fn effort(value: &RawValue) -> Result<Option<ReasoningEffort>, InvalidMember> {
    #[derive(Deserialize)]
    struct Raw<'a> {
        #[serde(borrow, default)]
        effort: Option<Text<'a>>,
    }
    let path = || "reasoning_effort".to_owned();
    let word: Option<Text<'_>> = if value.get().starts_with('{') {
        read::<Raw<'_>>(value, "reasoning_effort", path)?.effort
    } else {
        Some(read(value, "reasoning_effort", path)?)
    };
    let Some(word) = word else { return Ok(None) };
    let unknown = || InvalidMember::whole("reasoning_effort", format!("`{}` is no effort", &*word));
    ReasoningEffort::from_name(&word).ok_or_else(unknown).map(Some)
}

/// Reads `thinking`.
pub(super) fn thinking(value: &RawValue) -> Result<Thinking<'_>, InvalidMember> {
    #[derive(Deserialize)]
    struct Raw<'a> {
        #[serde(borrow, rename = "type")]
        kind: Text<'a>,
        #[serde(default)]
        budget_tokens: Option<u64>,
    }
    let raw: Raw<'_> = read(value, "thinking", || "thinking".to_owned())?;
    let mode = match &*raw.kind {
        "enabled" => ThinkingMode::Enabled,
        "adaptive" => ThinkingMode::Adaptive,
        "disabled" => ThinkingMode::Disabled,
        other => return Err(InvalidMember::at("thinking", "thinking.type", format!("`{other}` is not known"))),
    };
    Ok(Thinking { mode, budget_tokens: raw.budget_tokens, whole: value })
}
