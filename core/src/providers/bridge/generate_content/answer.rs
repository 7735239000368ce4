//! A whole answer, told as Google tells one: a candidate for each choice.

use super::told;
use crate::api::completion::{Choice, Completion, Image};
use crate::api::google::answer::{Answer, Candidate, Content};
use crate::api::google::finish::{self, REFUSED};
use crate::api::google::usage::UsageMetadata;
use crate::usage::Usage;

/// Writes the answer.
pub(super) fn write(answer: &Completion<'_>, usage: Option<&Usage>) -> Result<Vec<u8>, serde_json::Error> {
    let read: Vec<_> = answer.choices().iter().map(Read::of).collect();
    let candidates = read.iter().enumerate().map(|(at, read)| read.told(at)).collect::<Result<_, _>>()?;
    serde_json::to_vec(&Answer { candidates, usage_metadata: usage.map(UsageMetadata::from) })
}

/// A choice, with what had to be read of it anew.
struct Read<'a> {
    choice: &'a Choice<'a>,
    thoughts: Vec<told::Thought<'a>>,
    images: Vec<Image<'a>>,
    annotations: Vec<told::Annotation<'a>>,
    chances: told::Chances<'a>,
}

impl<'a> Read<'a> {
    fn of(choice: &'a Choice<'a>) -> Self {
        let message = choice.message.as_ref();
        Self {
            choice,
            thoughts: message.map(told::thoughts).unwrap_or_default(),
            images: message.map(|message| message.images()).unwrap_or_default(),
            annotations: message.map(told::annotations).unwrap_or_default(),
            chances: told::chances(choice.logprobs),
        }
    }

    fn told(&self, at: usize) -> Result<Candidate<'_>, serde_json::Error> {
        let mut content = Content::default();
        let message = self.choice.message.as_ref();
        if let Some(message) = message {
            told::say(message, &self.thoughts, &mut content.parts);
            content.parts.extend(self.images.iter().map(told::image));
            for call in message.calls() {
                let Some(function) = &call.function else { continue };
                let (name, said) = (function.name.as_deref(), function.arguments.as_deref());
                let call = told::call(call.id.as_deref(), name.unwrap_or_default(), said.unwrap_or_default())?;
                content.parts.push(call);
            }
            if let Some(function) = &message.function_call {
                let (name, said) = (function.name.as_deref(), function.arguments.as_deref());
                content.parts.push(told::call(None, name.unwrap_or_default(), said.unwrap_or_default())?);
            }
        }
        let is_refused = message.and_then(|message| message.refusal.as_deref()).is_some_and(|text| !text.is_empty());
        let reason = finish::of_chat(self.choice.finish_reason.as_deref().unwrap_or("stop"));
        Ok(Candidate {
            content,
            finish_reason: Some(if is_refused { REFUSED } else { reason }),
            index: self.choice.index.or_else(|| u32::try_from(at).ok()).unwrap_or(0),
            citation_metadata: told::citations(&self.annotations),
            logprobs_result: self.chances.told(),
            ..Candidate::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn told(choices: &Value) -> Result<Value, serde_json::Error> {
        let answer = json!({"id": "up", "choices": choices}).to_string();
        let usage = Usage { prompt_tokens: 12, completion_tokens: 5, ..Usage::default() };
        let written = write(&Completion::read(answer.as_bytes()).unwrap(), Some(&usage))?;
        Ok(serde_json::from_slice(&written).unwrap())
    }

    #[test]
    fn thoughts_text_and_calls_are_parts_in_this_order() {
        let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{\"a\": 1}"}});
        let block = json!({"type": "thinking", "thinking": "hm", "signature": "s"});
        let message =
            json!({"content": "Hi", "reasoning_content": "hm", "thinking_blocks": [block], "tool_calls": [call]});
        let told = told(&json!([{"index": 0, "message": message, "finish_reason": "tool_calls"}])).unwrap();
        let parts = json!([
            {"thought": true, "text": "hm", "thoughtSignature": "s"}, {"text": "Hi"},
            {"functionCall": {"id": "c", "name": "f", "args": {"a": 1}}},
        ]);
        let candidate = json!({
            "content": {"parts": parts, "role": "model"}, "finishReason": "STOP", "index": 0, "safetyRatings": []
        });
        let usage = json!({"promptTokenCount": 12, "candidatesTokenCount": 5, "totalTokenCount": 17});
        assert_eq!(told, json!({"candidates": [candidate], "usageMetadata": usage}));
    }

    #[test]
    fn each_choice_is_a_candidate_and_says_why_it_ended() {
        let told = told(&json!([
            {"index": 0, "message": {"content": "a"}, "finish_reason": "length"},
            {"index": 1, "message": {"content": null, "refusal": "No"}, "finish_reason": "stop"},
        ]));
        let told = told.unwrap();
        let reasons = |at: usize| (&told["candidates"][at]["finishReason"], &told["candidates"][at]["index"]);
        assert_eq!((reasons(0), reasons(1)), ((&json!("MAX_TOKENS"), &json!(0)), (&json!("SAFETY"), &json!(1))));
        assert_eq!(told["candidates"][1]["content"]["parts"], json!([{"text": "No"}]));
    }

    #[test]
    fn sources_and_probabilities_have_their_places() {
        let cited = json!({"type": "url_citation", "url_citation": {"url": "http://a", "title": "A", "start_index": 1, "end_index": 2}});
        let logprobs =
            json!({"content": [{"token": "Hi", "logprob": -0.5, "top_logprobs": [{"token": "Ho", "logprob": -1.0}]}]});
        let message = json!({"content": "Hi", "annotations": [cited]});
        let told = told(&json!([{"message": message, "logprobs": logprobs, "finish_reason": "stop"}])).unwrap();
        let candidate = &told["candidates"][0];
        let source = json!({"startIndex": 1, "endIndex": 2, "uri": "http://a", "title": "A"});
        assert_eq!(candidate["citationMetadata"]["citationSources"], json!([source]));
        assert_eq!(candidate["logprobsResult"]["chosenCandidates"], json!([{"token": "Hi", "logProbability": -0.5}]));
        assert_eq!(candidate["logprobsResult"]["topCandidates"][0]["candidates"][0]["token"], "Ho");
    }

    #[test]
    fn arguments_that_are_no_object_are_not_made_one() {
        let call = json!({"function": {"name": "f", "arguments": "[1"}});
        assert!(told(&json!([{"message": {"tool_calls": [call]}}])).is_err());
    }
}
