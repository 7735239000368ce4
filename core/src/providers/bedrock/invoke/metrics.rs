//! What Bedrock itself counted: it stands in the last event of a stream, whoever's the model is.

use crate::usage::Usage;
use serde::Deserialize;

/// The member of the event.
pub(crate) const MEMBER: &str = "amazon-bedrock-invocationMetrics";

/// The counts.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metrics {
    input_token_count: u64,
    output_token_count: u64,
}

impl Metrics {
    /// What was used.
    pub(crate) fn usage(self) -> Usage {
        let (prompt_tokens, completion_tokens) = (self.input_token_count, self.output_token_count);
        Usage { prompt_tokens, completion_tokens, ..Usage::default() }
    }
}
