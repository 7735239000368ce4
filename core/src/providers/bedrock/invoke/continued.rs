//! Answers of models that continue a text, whole and in pieces.

use super::chunk;
use super::metrics::Metrics;
use super::text::Family;
use crate::api::answer::chunks::ChunkWriter;
use crate::api::answer::delta::Delta;
use crate::api::answer::finish::Finish;
use crate::api::answer::message::{AnswerMessage, ChatAnswer, Choice};
use crate::api::chat::text::Text;
use crate::providers::bedrock::failure::excerpt;
use crate::providers::failure::ProviderFailure;
use crate::providers::translation::ChatEvents;
use crate::usage::Usage;
use serde::Deserialize;

/// There is one answer to a request.
const CHOICE: u32 = 0;

/// What a whole answer or a piece of one tells.
#[derive(Debug, Default)]
struct Told<'a> {
    text: Text<'a>,
    /// Why the answer ended.
    reason: Option<Text<'a>>,
    input_tokens: Option<u64>,
    /// Up to here.
    output_tokens: Option<u64>,
    metrics: Option<Metrics>,
}

#[derive(Deserialize)]
struct LlamaPiece<'a> {
    #[serde(borrow)]
    generation: Text<'a>,
    #[serde(borrow, default)]
    stop_reason: Option<Text<'a>>,
    #[serde(default)]
    prompt_token_count: Option<u64>,
    #[serde(default)]
    generation_token_count: Option<u64>,
    #[serde(default, rename = "amazon-bedrock-invocationMetrics")]
    metrics: Option<Metrics>,
}

#[derive(Deserialize)]
struct MistralPiece<'a> {
    #[serde(borrow)]
    outputs: Vec<MistralOutput<'a>>,
    #[serde(default, rename = "amazon-bedrock-invocationMetrics")]
    metrics: Option<Metrics>,
}

#[derive(Deserialize)]
struct MistralOutput<'a> {
    #[serde(borrow)]
    text: Text<'a>,
    #[serde(borrow, default)]
    stop_reason: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TitanAnswer<'a> {
    #[serde(default)]
    input_text_token_count: Option<u64>,
    #[serde(borrow)]
    results: Vec<TitanPiece<'a>>,
}

/// A result, and an event of a stream.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TitanPiece<'a> {
    #[serde(borrow)]
    output_text: Text<'a>,
    #[serde(borrow, default)]
    completion_reason: Option<Text<'a>>,
    #[serde(default)]
    input_text_token_count: Option<u64>,
    #[serde(default, alias = "tokenCount")]
    total_output_text_token_count: Option<u64>,
    #[serde(default, rename = "amazon-bedrock-invocationMetrics")]
    metrics: Option<Metrics>,
}

fn llama(data: &[u8]) -> Option<Told<'_>> {
    let piece: LlamaPiece<'_> = serde_json::from_slice(data).ok()?;
    Some(Told {
        text: piece.generation,
        reason: piece.stop_reason,
        input_tokens: piece.prompt_token_count,
        output_tokens: piece.generation_token_count,
        metrics: piece.metrics,
    })
}

fn mistral(data: &[u8]) -> Option<Told<'_>> {
    let MistralPiece { outputs, metrics } = serde_json::from_slice(data).ok()?;
    let output = outputs.into_iter().next()?;
    Some(Told { text: output.text, reason: output.stop_reason, metrics, ..Told::default() })
}

fn titan(piece: TitanPiece<'_>) -> Told<'_> {
    Told {
        text: piece.output_text,
        reason: piece.completion_reason,
        input_tokens: piece.input_text_token_count,
        output_tokens: piece.total_output_text_token_count,
        metrics: piece.metrics,
    }
}

fn whole(family: Family, body: &[u8]) -> Option<Told<'_>> {
    match family {
        Family::Llama | Family::Qwen => llama(body),
        Family::Mistral => mistral(body),
        Family::Titan => {
            let answer: TitanAnswer<'_> = serde_json::from_slice(body).ok()?;
            let result = answer.results.into_iter().next()?;
            Some(Told { input_tokens: answer.input_text_token_count, ..titan(result) })
        }
    }
}

fn piece(family: Family, data: &[u8]) -> Option<Told<'_>> {
    match family {
        Family::Llama | Family::Qwen => llama(data),
        Family::Mistral => mistral(data),
        Family::Titan => serde_json::from_slice(data).ok().map(titan),
    }
}

fn finish(reason: &str) -> Finish {
    match reason {
        "length" | "LENGTH" => Finish::Length,
        "CONTENT_FILTERED" | "content_filtered" => Finish::ContentFilter,
        _ => Finish::Stop,
    }
}

/// Reads an answer of status 200.
///
/// # Errors
/// It is no answer of the family's.
pub(crate) fn read(family: Family, body: &[u8]) -> Result<ChatAnswer<'_>, ProviderFailure> {
    let told = whole(family, body).ok_or_else(|| {
        let excerpt = excerpt(body);
        ProviderFailure::malformed(format!("the upstream's answer cannot be read: {excerpt}"))
    })?;
    let usage = counts(told.input_tokens, told.output_tokens);
    let finish = finish(told.reason.as_deref().unwrap_or_default());
    let message = AnswerMessage { content: Some(told.text.0), ..AnswerMessage::default() };
    Ok(ChatAnswer { choices: vec![Choice { message, finish, logprobs: None }], usage })
}

fn counts(input: Option<u64>, output: Option<u64>) -> Option<Usage> {
    Some(Usage { prompt_tokens: input?, completion_tokens: output?, ..Usage::default() })
}

/// Reads the events of one answer.
#[derive(Debug)]
pub(crate) struct ContinuedEvents {
    family: Family,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    /// What Bedrock counted.
    counted: Option<Usage>,
    is_complete: bool,
}

impl ContinuedEvents {
    /// A reader for an answer of this family.
    pub(crate) fn new(family: Family) -> Self {
        Self { family, input_tokens: None, output_tokens: None, counted: None, is_complete: false }
    }
}

impl ChatEvents for ContinuedEvents {
    fn event(&mut self, data: &[u8], out: &mut ChunkWriter) -> Result<(), ProviderFailure> {
        let Some(event) = chunk::event(data)? else { return Ok(()) };
        let told = piece(self.family, &event).ok_or_else(|| {
            let excerpt = excerpt(&event);
            ProviderFailure::malformed(format!("an event of the upstream's stream cannot be read: {excerpt}"))
        })?;
        self.input_tokens = told.input_tokens.or(self.input_tokens);
        self.output_tokens = told.output_tokens.or(self.output_tokens);
        self.counted = told.metrics.map(Metrics::usage).or(self.counted);
        if !told.text.is_empty() {
            out.delta(CHOICE, &Delta::text(&told.text));
        }
        if let Some(reason) = told.reason.filter(|reason| !reason.is_empty()) {
            out.finish(CHOICE, finish(&reason));
            self.is_complete = true;
        }
        Ok(())
    }

    fn is_complete(&self) -> bool {
        self.is_complete
    }

    fn usage(&self) -> Option<Usage> {
        let told = || counts(self.input_tokens, self.output_tokens);
        self.counted.or_else(told).filter(|_| self.is_complete)
    }
}

#[cfg(test)]
#[path = "continued_tests.rs"]
mod tests;
