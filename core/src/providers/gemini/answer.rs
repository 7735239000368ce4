//! A whole answer, candidate by candidate.

use super::call_id;
use super::failure;
use super::grounding::Queries;
use super::sources;
use super::wire::{self, Candidate, FunctionCall, InlineData, Part, Response};
use crate::api::answer::arguments;
use crate::api::answer::finish::Finish;
use crate::api::answer::head::Head;
use crate::api::answer::media::{AnswerAudio, AnswerImage};
use crate::api::answer::message::{AnswerMessage, AnswerToolCall, ChatAnswer, Choice, ProviderFields};
use crate::api::answer::whole;
use crate::api::chat::text::Text;
use crate::id::RequestId;
use crate::providers::failure::ProviderFailure;
use crate::providers::provider::{Reply, WholeAnswer};
use bytes::Bytes;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// For how long OpenAI's clients may think that they can name a recording, in seconds. Nothing is kept here.
const AUDIO_SECONDS: i64 = 3600;

/// Turns an answer of status 200 into the client's. It keeps the name that Google gave it.
///
/// # Errors
/// It is none, or tells of an error.
pub fn told(reply: Reply<'_>, body: &[u8]) -> Result<WholeAnswer, ProviderFailure> {
    let (name, answer) = read(body, reply.id)?;
    let head = Head { id: reply.id, model: reply.model };
    let written = match name {
        Some(name) => whole::write_named(name, head, &answer),
        None => whole::write(head, &answer),
    };
    let written = written.map_err(|error| ProviderFailure::malformed(error.to_string()))?;
    Ok(WholeAnswer { usage: answer.usage, body: Bytes::from(written) })
}

/// Reads an answer of status 200, and its name. `id` is the call's: tool calls without an id of their own are named after
/// it.
fn read(body: &[u8], id: RequestId) -> Result<(Option<String>, ChatAnswer<'_>), ProviderFailure> {
    let malformed = || {
        let excerpt = failure::excerpt(body);
        ProviderFailure::malformed(format!("the upstream's answer is none of Gemini's: {excerpt}"))
    };
    let answer: Response<'_> = serde_json::from_slice(body).map_err(|_| malformed())?;
    if let Some(error) = answer.error {
        return Err(failure::in_band(error));
    }
    let is_blocked = answer.prompt_feedback.is_some_and(|feedback| feedback.block_reason.is_some());
    let candidates = match answer.candidates {
        Some(candidates) => candidates,
        None if is_blocked => Vec::new(),
        None => return Err(malformed()),
    };
    let mut queries = Queries::default();
    let mut choices = Vec::with_capacity(candidates.len().max(1));
    for candidate in candidates {
        queries.add(candidate.grounding_metadata);
        choices.push(choice(candidate, id));
    }
    if choices.is_empty() && is_blocked {
        choices.push(Choice { finish: Finish::ContentFilter, ..Choice::default() });
    }
    let name = answer.response_id.filter(|name| !name.is_empty()).map(|name| name.0.into_owned());
    Ok((name, ChatAnswer { choices, usage: answer.usage_metadata.map(|counts| counts.usage(&queries)) }))
}

fn choice(mut candidate: Candidate<'_>, id: RequestId) -> Choice<'_> {
    let mut reading = Reading::default();
    for part in candidate.take_parts() {
        reading.take(part, id);
    }
    let finish = wire::finish(candidate.finish_reason.as_deref().unwrap_or("STOP"), !reading.tool_calls.is_empty());
    let text = reading.text.as_deref().unwrap_or_default();
    let annotations = candidate.grounding_metadata.map(|grounding| sources::annotations(grounding, text));
    let logprobs = candidate.logprobs_result.and_then(sources::logprobs).map(Cow::Owned);
    let message = AnswerMessage {
        annotations: annotations.unwrap_or_default(),
        provider_specific_fields: reading.fields(&candidate),
        content: reading.text,
        reasoning_content: reading.thoughts,
        tool_calls: reading.tool_calls,
        images: reading.images,
        audio: reading.audio,
        ..AnswerMessage::default()
    };
    Choice { message, finish, logprobs }
}

/// What has been read so far.
#[derive(Default)]
struct Reading<'a> {
    text: Option<Cow<'a, str>>,
    thoughts: Option<Cow<'a, str>>,
    tool_calls: Vec<AnswerToolCall<'a>>,
    images: Vec<AnswerImage>,
    audio: Option<AnswerAudio<'a>>,
    signatures: Vec<Text<'a>>,
    code: Vec<&'a RawValue>,
    code_results: Vec<&'a RawValue>,
}

impl<'a> Reading<'a> {
    fn take(&mut self, part: Part<'a>, id: RequestId) {
        let Part { text, thought, thought_signature, function_call, inline_data, .. } = part;
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            append(if thought { &mut self.thoughts } else { &mut self.text }, text);
        }
        if let Some(call) = function_call {
            self.take_call(call, thought_signature.as_deref(), id);
        }
        if let Some(data) = inline_data {
            self.take_data(data, id);
        }
        self.signatures.extend(thought_signature);
        self.code.extend(part.executable_code);
        self.code_results.extend(part.code_execution_result);
    }

    fn take_call(&mut self, call: FunctionCall<'a>, signature: Option<&str>, id: RequestId) {
        let place = u32::try_from(self.tool_calls.len()).unwrap_or(u32::MAX);
        self.tool_calls.push(AnswerToolCall {
            id: call_id::id_for(call.id.as_deref(), id, place, signature).into(),
            name: call.name.0,
            arguments: arguments::text_of(call.args.map_or("{}", RawValue::get)).into(),
        });
    }

    fn take_data(&mut self, data: InlineData<'a>, id: RequestId) {
        if data.mime_type.starts_with("audio/") {
            self.audio = match data.data.0 {
                // A recording has no escapes: base64 has no such letters.
                Cow::Borrowed(recording) => Some(audio(recording, id)),
                Cow::Owned(_) => None,
            };
        } else {
            self.images.push(AnswerImage::new(self.images.len(), &data.mime_type, &data.data));
        }
    }

    /// What has no place in the OpenAI dialect.
    fn fields(&self, candidate: &Candidate<'_>) -> ProviderFields {
        let mut fields = ProviderFields::default();
        if !self.signatures.is_empty() {
            fields.add("thought_signatures", &self.signatures);
        }
        if !self.code.is_empty() {
            fields.add("executable_code", &self.code);
        }
        if !self.code_results.is_empty() {
            fields.add("code_execution_results", &self.code_results);
        }
        sources::add_fields(candidate, &mut fields);
        fields
    }
}

/// What is said aloud.
pub(super) fn audio(recording: &str, id: RequestId) -> AnswerAudio<'_> {
    let expires_at = id.arrived().seconds().saturating_add(AUDIO_SECONDS);
    AnswerAudio { id: format!("audio_{id}"), data: recording, expires_at, transcript: "" }
}

/// Adds to a text. The first piece is not copied.
fn append<'a>(text: &mut Option<Cow<'a, str>>, Text(more): Text<'a>) {
    match text {
        Some(text) => text.to_mut().push_str(&more),
        None => *text = Some(more),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::providers::failure::FailureClass;
    use serde_json::{Value, json};

    fn id() -> RequestId {
        RequestId::at(Timestamp::from_seconds(1), &[7; 10])
    }

    fn read_one(candidate: &Value) -> Value {
        let body = json!({"candidates": [candidate], "usageMetadata": {"promptTokenCount": 12}}).to_string();
        let (_, answer) = read(body.as_bytes(), id()).unwrap();
        let message = serde_json::to_value(&answer.choices[0].message).unwrap();
        json!({"message": message, "finish": answer.choices[0].finish.name()})
    }

    #[test]
    fn thoughts_text_calls_and_pictures_each_have_their_place() {
        let read = read_one(&json!({
            "content": {"parts": [
                {"text": "hm", "thought": true}, {"text": "Let me "}, {"text": "see."},
                {"functionCall": {"name": "f", "args": {"a": 1}, "id": "fc_1"}, "thoughtSignature": "c2ln"},
                {"functionCall": {"name": "ping"}},
                {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
            ]},
            "finishReason": "STOP",
        }));
        let message = &read["message"];
        assert_eq!((&message["content"], &message["reasoning_content"]), (&json!("Let me see."), &json!("hm")));
        let calls = &message["tool_calls"];
        assert_eq!(calls[0]["function"], json!({"name": "f", "arguments": "{\"a\": 1}"}));
        assert_eq!((&calls[0]["id"], &calls[1]["index"]), (&json!("fc_1__thought__c2ln"), &json!(1)));
        assert_eq!(calls[1]["function"]["arguments"], json!("{}"));
        assert_eq!(message["images"][0]["image_url"]["url"], json!("data:image/png;base64,AAAA"));
        assert_eq!(read["finish"], json!("tool_calls"));
    }

    #[test]
    fn what_was_kept_from_being_said_is_told_as_such() {
        assert_eq!(read_one(&json!({"finishReason": "SAFETY"}))["finish"], json!("content_filter"));
        let broken = read_one(&json!({"finishReason": "MALFORMED_FUNCTION_CALL", "finishMessage": "bad call"}));
        let fields = &broken["message"]["provider_specific_fields"];
        assert_eq!((&broken["finish"], &fields["finish_message"]), (&json!("stop"), &json!("bad call")));
        assert_eq!(fields["native_finish_reason"], json!("MALFORMED_FUNCTION_CALL"));
        let (_, blocked) = read(br#"{"promptFeedback":{"blockReason":"SAFETY"}}"#, id()).unwrap();
        assert_eq!(blocked.choices[0].finish, Finish::ContentFilter);
    }

    #[test]
    fn errors_html_and_cut_answers_are_the_upstreams_fault() {
        for body in ["<html>", "{\"candidates\":[", "", "{}", r#"{"candidates":[1]}"#] {
            assert_eq!(read(body.as_bytes(), id()).unwrap_err().class, FailureClass::Malformed, "{body}");
        }
        let error = br#"{"error":{"code":503,"message":"The model is overloaded."}}"#;
        assert_eq!(read(error, id()).unwrap_err().class, FailureClass::Overloaded);
    }
}
