//! What an answer is made of, as Cohere writes it: what it used, and why it ended.

use crate::api::answer::finish::Finish;
use crate::providers::failure::{FailureClass, ProviderFailure};
use crate::usage::Usage;
use serde::Deserialize;

/// Counts of an answer. What was billed may be less than what was read: a prompt of Cohere's own is not billed.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Counts {
    #[serde(default)]
    tokens: Option<Units>,
    #[serde(default)]
    billed_units: Option<Units>,
    #[serde(default)]
    cached_tokens: Option<f64>,
}

/// They are numbers that may have a fraction: `12.0`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Units {
    #[serde(default)]
    pub(super) input_tokens: Option<f64>,
    #[serde(default)]
    pub(super) output_tokens: Option<f64>,
    /// Of an embedding.
    #[serde(default)]
    pub(super) image_tokens: Option<f64>,
}

impl Counts {
    /// What was used. `None` where nothing was counted.
    pub(super) fn usage(&self) -> Option<Usage> {
        let units = self.tokens.or(self.billed_units)?;
        let usage = Usage {
            prompt_tokens: count(units.input_tokens),
            completion_tokens: count(units.output_tokens),
            cache_read_tokens: count(self.cached_tokens),
            ..Usage::default()
        };
        Some(usage.checked())
    }
}

/// A float-to-int cast saturates, and what is below zero counts as nothing.
pub(super) fn count(number: Option<f64>) -> u64 {
    number.unwrap_or(0.0) as u64
}

/// Why an answer ended, in OpenAI's words.
///
/// # Errors
/// It ended because something failed.
pub(super) fn finish(reason: Option<&str>) -> Result<Finish, ProviderFailure> {
    let failed = |class, status| {
        let message = "the upstream could not complete its answer".to_owned();
        Err(ProviderFailure { class, status, message, param: None })
    };
    match reason {
        Some("MAX_TOKENS" | "ERROR_LIMIT") => Ok(Finish::Length),
        Some("TOOL_CALL") => Ok(Finish::ToolCalls),
        Some("ERROR_TOXIC") => Ok(Finish::ContentFilter),
        Some("ERROR") => failed(FailureClass::Server, 502),
        Some("TIMEOUT") => failed(FailureClass::Timeout, 504),
        _ => Ok(Finish::Stop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_counts_and_what_was_billed_stands_in() {
        let usage = |json: &str| serde_json::from_str::<Counts>(json).unwrap().usage();
        let both = r#"{"billed_units":{"input_tokens":10},"tokens":{"input_tokens":12.0,"output_tokens":5}}"#;
        let counted = usage(both).unwrap();
        assert_eq!((counted.prompt_tokens, counted.completion_tokens), (12, 5));
        assert_eq!(usage(r#"{"billed_units":{"input_tokens":10}}"#).unwrap().prompt_tokens, 10);
        assert!(usage("{}").is_none());
    }

    #[test]
    fn an_answer_that_failed_is_no_answer() {
        assert_eq!(finish(Some("MAX_TOKENS")).unwrap(), Finish::Length);
        assert_eq!(finish(Some("STOP_SEQUENCE")).unwrap(), Finish::Stop);
        assert_eq!(finish(Some("TIMEOUT")).unwrap_err().status, 504);
    }
}
