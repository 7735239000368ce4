//! What answers are made of.

use crate::api::answer::finish::Finish;
use crate::api::chat::text::Text;
use crate::providers::failure::ProviderFailure;
use crate::providers::openai::failure;
use crate::usage::Usage;
use crate::wire::openai_usage::usage_and_tier;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A response: a whole answer, or what the first and last events tell of one.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Response<'a> {
    #[serde(borrow, default)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) status: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) error: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) incomplete_details: Option<Incomplete<'a>>,
    #[serde(borrow, default)]
    pub(super) output: Option<Vec<OutputItem<'a>>>,
    #[serde(borrow, default)]
    pub(super) usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) service_tier: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Incomplete<'a> {
    #[serde(borrow, default)]
    reason: Option<Text<'a>>,
}

/// An item of the output.
#[derive(Debug, Default, Deserialize)]
pub(super) struct OutputItem<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default)]
    pub(super) content: Option<Vec<OutputPart<'a>>>,
    #[serde(borrow, default)]
    pub(super) summary: Option<Vec<OutputPart<'a>>>,
    #[serde(borrow, default)]
    pub(super) call_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) arguments: Option<Text<'a>>,
}

/// A part of what is said or thought.
#[derive(Debug, Default, Deserialize)]
pub(super) struct OutputPart<'a> {
    #[serde(borrow, default)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) refusal: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) annotations: Option<Vec<&'a RawValue>>,
}

impl Response<'_> {
    /// Why it failed, where it did.
    pub(super) fn failure(&self) -> Option<ProviderFailure> {
        let error = self.error.filter(|error| error.get() != "null");
        if let Some(error) = error {
            return Some(failure::in_band(error.get().as_bytes()));
        }
        let has_failed = matches!(self.status.as_deref(), Some("failed" | "cancelled"));
        has_failed.then(|| ProviderFailure::malformed("the upstream's answer failed without a reason"))
    }

    /// Why it ended.
    pub(super) fn finish(&self, has_calls: bool) -> Finish {
        match self.incomplete_details.as_ref().and_then(|details| details.reason.as_deref()) {
            Some("content_filter") => Finish::ContentFilter,
            Some(_) => Finish::Length,
            None if self.status.as_deref() == Some("incomplete") => Finish::Length,
            None if has_calls => Finish::ToolCalls,
            None => Finish::Stop,
        }
    }

    /// What it used, where it tells.
    pub(super) fn usage(&self) -> Option<Usage> {
        usage_and_tier(self.usage, self.service_tier)
    }
}
