//! A streamed answer, piece by piece. Each piece looks like a whole answer; none says that it is the last. Some models tell
//! with every piece why they would end there, so that the end is only told when the stream is over.

use super::answer;
use super::call_id;
use super::grounding::Queries;
use super::sources;
use super::wire::{self, Candidate, Counts, FunctionCall, InlineData, Part, Response};
use crate::api::answer::arguments;
use crate::api::answer::chunks::ChunkWriter;
use crate::api::answer::delta::{Delta, ToolDelta};
use crate::api::answer::finish::Finish;
use crate::api::answer::media::AnswerImage;
use crate::api::answer::message::ProviderFields;
use crate::id::RequestId;
use crate::providers::failure::ProviderFailure;
use crate::providers::translation::ChatEvents;
use crate::usage::Usage;
use serde_json::value::RawValue;

/// Most answers to one request: more than any model gives.
const CHOICES_MAX: usize = 64;

/// Reads the pieces of one answer.
#[derive(Debug)]
pub struct PieceEvents {
    id: RequestId,
    counts: Option<Counts>,
    queries: Queries,
    choices: Vec<Told>,
}

/// What has been told of one of the answers.
#[derive(Debug)]
struct Told {
    index: u32,
    calls: u32,
    images: usize,
    finish: Option<Finish>,
}

impl PieceEvents {
    /// A reader for the answer of this id.
    pub fn new(id: RequestId) -> Self {
        Self { id, counts: None, queries: Queries::default(), choices: Vec::new() }
    }
}

impl ChatEvents for PieceEvents {
    fn event(&mut self, data: &[u8], out: &mut ChunkWriter) -> Result<(), ProviderFailure> {
        let piece = Response::piece(data)?;
        if piece.prompt_feedback.is_some_and(|feedback| feedback.block_reason.is_some()) {
            self.told(0)?.finish = Some(Finish::ContentFilter);
        }
        for candidate in piece.candidates.unwrap_or_default() {
            self.candidate(candidate, out)?;
        }
        self.counts = piece.usage_metadata.or(self.counts.take());
        Ok(())
    }

    /// Only the end of the stream tells.
    fn is_complete(&self) -> bool {
        false
    }

    fn usage(&self) -> Option<Usage> {
        let is_told = self.choices.iter().any(|told| told.finish.is_some());
        self.counts.as_ref().filter(|_| is_told).map(|counts| counts.usage(&self.queries))
    }

    fn so_far(&self) -> Option<Usage> {
        self.counts.as_ref().map(|counts| counts.usage(&self.queries))
    }

    fn close(&mut self, out: &mut ChunkWriter) {
        for told in &self.choices {
            if let Some(finish) = told.finish {
                out.finish(told.index, finish);
            }
        }
    }
}

impl PieceEvents {
    fn told(&mut self, index: u32) -> Result<&mut Told, ProviderFailure> {
        let at = match self.choices.iter().position(|told| told.index == index) {
            Some(at) => at,
            None if self.choices.len() < CHOICES_MAX => {
                self.choices.push(Told { index, calls: 0, images: 0, finish: None });
                self.choices.len() - 1
            }
            None => return Err(ProviderFailure::malformed("the upstream gives more answers than it can")),
        };
        self.choices.get_mut(at).ok_or_else(|| ProviderFailure::malformed("an answer of the upstream is lost"))
    }

    fn candidate(&mut self, mut candidate: Candidate<'_>, out: &mut ChunkWriter) -> Result<(), ProviderFailure> {
        let id = self.id;
        self.queries.add(candidate.grounding_metadata);
        let told = self.told(candidate.index)?;
        for part in candidate.take_parts() {
            told.part(part, id, out);
        }
        let mut fields = ProviderFields::default();
        sources::add_fields(&candidate, &mut fields);
        if !fields.is_empty() {
            out.delta(told.index, &Delta { provider_specific_fields: fields, ..Delta::default() });
        }
        if let Some(reason) = candidate.finish_reason.as_deref() {
            told.finish = Some(wire::finish(reason, told.calls > 0));
        }
        Ok(())
    }
}

impl Told {
    /// More of what is said.
    fn part(&mut self, part: Part<'_>, id: RequestId, out: &mut ChunkWriter) {
        let mut fields = ProviderFields::default();
        if let Some(signature) = &part.thought_signature {
            fields.add("thought_signatures", &[signature]);
        }
        if let Some(code) = part.executable_code {
            fields.add("executable_code", &[code]);
        }
        if let Some(result) = part.code_execution_result {
            fields.add("code_execution_results", &[result]);
        }
        if let Some(call) = &part.function_call {
            let signature = part.thought_signature.as_deref();
            return self.call(call, (signature, fields), id, out);
        }
        if let Some(data) = &part.inline_data {
            return self.data(data, id, out);
        }
        let text = part.text.as_deref().unwrap_or_default();
        if text.is_empty() && fields.is_empty() {
            return;
        }
        let (content, reasoning_content) = if part.thought { ("", Some(text)) } else { (text, None) };
        out.delta(
            self.index,
            &Delta { content, reasoning_content, provider_specific_fields: fields, ..Delta::default() },
        );
    }

    /// A call, which always comes whole.
    fn call(
        &mut self,
        call: &FunctionCall<'_>,
        (signature, fields): (Option<&str>, ProviderFields),
        id: RequestId,
        out: &mut ChunkWriter,
    ) {
        let call_id = call_id::id_for(call.id.as_deref(), id, self.calls, signature);
        let arguments = arguments::text_of(call.args.map_or("{}", RawValue::get));
        let tool_calls = &[ToolDelta::begin(self.calls, &call_id, &call.name, &arguments)];
        self.calls += 1;
        out.delta(self.index, &Delta { tool_calls, provider_specific_fields: fields, ..Delta::default() });
        if self.finish == Some(Finish::Stop) {
            self.finish = Some(Finish::ToolCalls);
        }
    }

    /// A picture, or more of what is said aloud.
    fn data(&mut self, data: &InlineData<'_>, id: RequestId, out: &mut ChunkWriter) {
        if data.mime_type.starts_with("audio/") {
            let audio = Some(answer::audio(&data.data, id));
            return out.delta(self.index, &Delta { audio, ..Delta::default() });
        }
        let images = &[AnswerImage::new(self.images, &data.mime_type, &data.data)];
        self.images += 1;
        out.delta(self.index, &Delta { images, ..Delta::default() });
    }
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
