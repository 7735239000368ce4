//! What a guardrail says, and why a call does not pass one.

use std::error::Error;

/// What a guardrail says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is wrong.
    Passed,
    /// It may pass with these words in place of its own: as many, in the same order.
    Changed(Vec<String>),
    /// It may not pass, for this reason.
    Blocked(String),
}

/// Nothing was said that can be used.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct Unjudged {
    /// Whether the service could not be reached, or not in time.
    pub is_unreachable: bool,
    /// What went wrong. For logs only.
    pub why: String,
    /// What is behind it.
    #[source]
    pub cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Unjudged {
    /// An answer that cannot be used.
    pub fn unusable(why: impl Into<String>) -> Self {
        Self { is_unreachable: false, why: why.into(), cause: None }
    }
}

/// Why a call does not pass.
#[derive(Debug, thiserror::Error)]
pub enum GuardrailError {
    /// A guardrail says no.
    #[error("{reason} (blocked by the guardrail '{name}')")]
    Blocked {
        /// Its name.
        name: String,
        /// Why, in its own words.
        reason: String,
    },
    /// A guardrail says nothing that can be used, and nothing passes without it.
    #[error("The guardrail '{name}' could not be asked, and nothing passes without it. Try again later.")]
    Failed {
        /// Its name.
        name: String,
        /// What went wrong.
        #[source]
        cause: Unjudged,
    },
    /// The request names a guardrail that there is not.
    #[error("No guardrail is named '{0}'. `/guardrails/list` names those that there are.")]
    Unknown(String),
    /// A key or a team names a guardrail that there is not.
    #[error("Calls of this {whose} must pass the guardrail '{name}', which this gateway does not have.")]
    Missing {
        /// The guardrail's name.
        name: String,
        /// Whose calls: a `key` or a `team`.
        whose: &'static str,
    },
    /// What would have to be looked at cannot be.
    #[error("The guardrail '{name}' cannot look at this: {what}.")]
    Unreadable {
        /// The guardrail's name.
        name: String,
        /// What it is.
        what: String,
    },
}
