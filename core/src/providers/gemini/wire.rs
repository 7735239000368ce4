//! What an answer is made of, as Gemini writes it: whole, or each piece of a stream.
//!
//! Wire format: <https://ai.google.dev/api/generate-content#generatecontentresponse>

use super::failure::{self, ErrorMember};
use super::grounding::Queries;
use crate::api::answer::finish::Finish;
use crate::api::chat::text::Text;
use crate::providers::failure::ProviderFailure;
use crate::usage::{ServiceTier, ToolUses, Usage};
use serde::Deserialize;
use serde_json::value::RawValue;

/// An answer, or a piece of one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Response<'a> {
    #[serde(borrow, default)]
    pub(super) candidates: Option<Vec<Candidate<'a>>>,
    #[serde(borrow, default)]
    pub(super) prompt_feedback: Option<PromptFeedback<'a>>,
    #[serde(default)]
    pub(super) usage_metadata: Option<Counts>,
    #[serde(default)]
    pub(super) error: Option<ErrorMember>,
    /// The answer's name.
    #[serde(borrow, default)]
    pub(super) response_id: Option<Text<'a>>,
}

impl<'a> Response<'a> {
    /// A piece of a stream.
    ///
    /// # Errors
    /// [`ProviderFailure`]: it cannot be read, or tells of an error.
    pub(super) fn piece(data: &'a [u8]) -> Result<Self, ProviderFailure> {
        let mut piece: Self = serde_json::from_slice(data).map_err(|_| {
            let excerpt = failure::excerpt(data);
            ProviderFailure::malformed(format!("a piece of the upstream's stream cannot be read: {excerpt}"))
        })?;
        match piece.error.take() {
            Some(error) => Err(failure::in_band(error)),
            None => Ok(piece),
        }
    }
}

/// Why the request was not answered at all.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PromptFeedback<'a> {
    #[serde(borrow, default)]
    pub(super) block_reason: Option<Text<'a>>,
}

/// One of the answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Candidate<'a> {
    #[serde(borrow, default)]
    pub(super) content: Option<Content<'a>>,
    #[serde(borrow, default)]
    pub(super) finish_reason: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) finish_message: Option<Text<'a>>,
    #[serde(default)]
    pub(super) index: u32,
    #[serde(borrow, default)]
    pub(super) grounding_metadata: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) citation_metadata: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) url_context_metadata: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) safety_ratings: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) logprobs_result: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct Content<'a> {
    #[serde(borrow, default)]
    pub(super) parts: Option<Vec<Part<'a>>>,
}

/// A part of what was said.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Part<'a> {
    #[serde(borrow, default)]
    pub(super) text: Option<Text<'a>>,
    /// The text is thought and not said.
    #[serde(default)]
    pub(super) thought: bool,
    #[serde(borrow, default)]
    pub(super) thought_signature: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) function_call: Option<FunctionCall<'a>>,
    #[serde(borrow, default)]
    pub(super) inline_data: Option<InlineData<'a>>,
    #[serde(borrow, default)]
    pub(super) executable_code: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) code_execution_result: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct FunctionCall<'a> {
    #[serde(borrow, default)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow, default)]
    pub(super) args: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InlineData<'a> {
    #[serde(borrow)]
    pub(super) mime_type: Text<'a>,
    #[serde(borrow)]
    pub(super) data: Text<'a>,
}

impl Part<'_> {
    /// Bytes of its text, said, thought or for a tool. What is drawn or spoken is no text.
    pub(super) fn text_bytes(&self) -> u64 {
        let arguments = self.function_call.as_ref().and_then(|call| call.args);
        let written = [arguments, self.executable_code, self.code_execution_result];
        let written = written.into_iter().flatten().map(|json| json.get().len()).sum::<usize>();
        (self.text.as_deref().map_or(0, str::len) + written) as u64
    }
}

impl<'a> Candidate<'a> {
    /// What was said, part by part.
    pub(super) fn take_parts(&mut self) -> Vec<Part<'a>> {
        self.content.take().and_then(|content| content.parts).unwrap_or_default()
    }
}

/// Token counts. Each piece of a stream tells them anew.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Counts {
    prompt_token_count: Option<u64>,
    tool_use_prompt_token_count: Option<u64>,
    candidates_token_count: Option<u64>,
    thoughts_token_count: Option<u64>,
    total_token_count: Option<u64>,
    cached_content_token_count: Option<u64>,
    prompt_tokens_details: Option<Vec<OfKind>>,
    candidates_tokens_details: Option<Vec<OfKind>>,
    traffic_type: Option<String>,
}

/// Tokens of one kind of input or output.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfKind {
    modality: String,
    #[serde(default)]
    token_count: u64,
}

impl Counts {
    /// The counts as the OpenAI dialect means them: thoughts are part of the output.
    pub(super) fn usage(&self, queries: &Queries) -> Usage {
        let prompt = self.prompt_token_count.unwrap_or(0);
        let prompt_tokens = prompt.saturating_add(self.tool_use_prompt_token_count.unwrap_or(0));
        let (said, thoughts) = (self.candidates_token_count.unwrap_or(0), self.thoughts_token_count.unwrap_or(0));
        // Some models count their thoughts in what they said; the total tells.
        let has_thoughts_in_it = self.total_token_count == Some(prompt_tokens.saturating_add(said)) && said >= thoughts;
        let completion_tokens = if has_thoughts_in_it { said } else { said.saturating_add(thoughts) };
        Usage {
            prompt_tokens,
            completion_tokens,
            cache_read_tokens: self.cached_content_token_count.unwrap_or(0),
            reasoning_tokens: thoughts,
            audio_prompt_tokens: of_kind(self.prompt_tokens_details.as_ref(), "AUDIO"),
            image_prompt_tokens: of_kind(self.prompt_tokens_details.as_ref(), "IMAGE"),
            audio_completion_tokens: of_kind(self.candidates_tokens_details.as_ref(), "AUDIO"),
            image_completion_tokens: of_kind(self.candidates_tokens_details.as_ref(), "IMAGE"),
            web_searches: queries.of_web(),
            tools: ToolUses { map_queries: queries.of_maps(), ..ToolUses::default() },
            service_tier: self.traffic_type.as_deref().and_then(tier),
            ..Usage::default()
        }
        .checked()
    }
}

fn of_kind(details: Option<&Vec<OfKind>>, kind: &str) -> u64 {
    let counts = details.into_iter().flatten().filter(|of| of.modality == kind).map(|of| of.token_count);
    counts.fold(0, u64::saturating_add)
}

fn tier(traffic_type: &str) -> Option<ServiceTier> {
    match traffic_type {
        "ON_DEMAND_PRIORITY" => Some(ServiceTier::Priority),
        "ON_DEMAND_FLEX" => Some(ServiceTier::Flex),
        _ => None,
    }
}

/// Why an answer ended, in OpenAI's words.
pub(super) fn finish(reason: &str, has_calls: bool) -> Finish {
    match reason {
        "MAX_TOKENS" => Finish::Length,
        "SAFETY" | "RECITATION" | "LANGUAGE" | "OTHER" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII"
        | "MODEL_ARMOR" | "NO_IMAGE" => Finish::ContentFilter,
        reason if reason.starts_with("IMAGE_") => Finish::ContentFilter,
        _ if has_calls => Finish::ToolCalls,
        _ => Finish::Stop,
    }
}

/// Whether a reason has no word of its own in the OpenAI dialect, so that it is told beside it.
pub(super) fn is_lost(reason: &str) -> bool {
    !matches!(reason, "STOP" | "MAX_TOKENS" | "FINISH_REASON_UNSPECIFIED")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(counts: &str) -> Usage {
        serde_json::from_str::<Counts>(counts).unwrap().usage(&Queries::default())
    }

    #[test]
    fn thoughts_count_once_wherever_the_model_counts_them() {
        let apart = r#"{"promptTokenCount":12,"candidatesTokenCount":5,"thoughtsTokenCount":30,"totalTokenCount":47}"#;
        assert_eq!((usage(apart).completion_tokens, usage(apart).reasoning_tokens), (35, 30));
        let within =
            r#"{"promptTokenCount":12,"candidatesTokenCount":35,"thoughtsTokenCount":30,"totalTokenCount":47}"#;
        assert_eq!((usage(within).completion_tokens, usage(within).reasoning_tokens), (35, 30));
        let alone = r#"{"promptTokenCount":12,"thoughtsTokenCount":28,"totalTokenCount":40}"#;
        assert_eq!(usage(alone).completion_tokens, 28);
    }

    #[test]
    fn kinds_of_tokens_and_the_way_they_were_served_are_told() {
        let counts = r#"{"promptTokenCount":300,"candidatesTokenCount":5,"cachedContentTokenCount":100,
            "toolUsePromptTokenCount":7,"trafficType":"ON_DEMAND_PRIORITY",
            "promptTokensDetails":[{"modality":"TEXT","tokenCount":42},{"modality":"IMAGE","tokenCount":258}]}"#;
        let usage = usage(counts);
        assert_eq!((usage.prompt_tokens, usage.image_prompt_tokens, usage.cache_read_tokens), (307, 258, 100));
        assert_eq!(usage.service_tier, Some(ServiceTier::Priority));
    }
}
