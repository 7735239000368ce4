//! A whole answer: passed with the names that its client knows, and read for its usage.

use super::expected;
use super::renamed::Naming;
use super::tools::{Item, Ran, billed_searches, drawn};
use crate::api::members::Members;
use crate::providers::failure::ProviderFailure;
use crate::providers::openai::failure;
use crate::providers::provider::{Reply, WholeAnswer};
use crate::usage::{ToolUses, Usage};
use crate::wire::openai_usage::usage_and_tier;
use bytes::Bytes;
use memchr::memmem;

/// The items of an answer.
const OUTPUT: &str = "output";
/// Ends the kind of every item that tells of a tool.
const TOOL: &[u8] = b"_call\"";

/// Reads an answer of status 200. One that failed is told as its upstream tells it: it has been billed.
pub(super) fn read(reply: Reply<'_>, body: &Bytes) -> Result<WholeAnswer, ProviderFailure> {
    let malformed = |what: &str| ProviderFailure::malformed(format!("{what}: {}", failure::excerpt(body)));
    let (mut response, output) =
        Members::parse_with_list(body, OUTPUT).map_err(|_| malformed("the upstream's answer is no response"))?;
    let Some(mut output) = output else {
        if let Some(error) = response.get("error").filter(|error| error.get() != "null") {
            return Err(failure::in_band(error.get().as_bytes()));
        }
        return Err(malformed("the upstream's answer has no output"));
    };
    let usage = used(&response, || Ran::count(output.iter().map(Item::of)));
    Naming::of(reply).put_into(&mut response);
    expected::fill_in(&mut response);
    expected::fill_in_output(&mut output);
    Ok(WholeAnswer { body: Bytes::from(response.to_json_with_list(OUTPUT, &output)), usage })
}

/// A response that is kept, with the names that its client knows. `None`: it is none.
pub(super) fn of_kept(naming: &Naming, body: &[u8]) -> Option<Bytes> {
    let (mut response, output) = Members::parse_with_list(body, OUTPUT).ok()?;
    naming.put_into(&mut response);
    expected::fill_in(&mut response);
    let Some(mut output) = output else { return Some(response.to_json().into()) };
    expected::fill_in_output(&mut output);
    Some(response.to_json_with_list(OUTPUT, &output).into())
}

/// What a response used, where it tells.
pub(super) fn usage(response: &Members<'_>) -> Option<Usage> {
    let output = response.get(OUTPUT).map(|output| output.get()).unwrap_or_default();
    let has_tools = memmem::find(output.as_bytes(), TOOL).is_some();
    used(response, || Ran::count(if has_tools { Item::all(output) } else { Vec::new() }))
}

/// The counts that are told, with what ran; the searches only where they are not among the counts.
fn used(response: &Members<'_>, ran: impl FnOnce() -> Ran) -> Option<Usage> {
    let mut usage = usage_and_tier(response.get("usage"), response.get("service_tier"))?;
    let ran = ran();
    if usage.web_searches == 0 {
        usage.web_searches = billed_searches(response).unwrap_or(ran.web_searches);
    }
    let (drawn, doubts) = drawn(response, &ran.pictures);
    doubts.iter().for_each(|doubt| usage.doubts.note(doubt));
    Some(Usage { tools: ToolUses { drawn, ..ran.tools }, ..usage }.checked())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::responses::id::ResponseId;
    use crate::clock::Timestamp;
    use crate::id::RequestId;
    use crate::providers::failure::FailureClass;
    use crate::providers::operation::Operation;
    use crate::usage::Doubt;
    use serde_json::{Value, json};

    fn told(body: &str) -> Result<(Value, Option<Usage>), ProviderFailure> {
        let (operation, id) = (Operation::Responses, RequestId::at(Timestamp::from_seconds(1), &[0; 10]));
        let reply = Reply { operation, id, model: "mine", deployment: "d", asked: &[], show_usage: false };
        let answer = read(reply, &Bytes::copy_from_slice(body.as_bytes()))?;
        Ok((serde_json::from_slice(&answer.body).unwrap(), answer.usage))
    }

    fn told_usage(body: &str) -> Usage {
        told(body).unwrap().1.unwrap()
    }

    #[test]
    fn an_answer_passes_with_its_clients_names_and_is_counted() {
        let body = json!({"id": "resp_u", "model": "gpt-x", "previous_response_id": "resp_p", "frob": 1.5, "status": "failed",
            "output": [{"type": "web_search_call"}, {"type": "frobnicate", "deep": {"x": [1]}}],
            "usage": {"input_tokens": 12, "output_tokens": 5, "input_tokens_details": {"cached_tokens": 4},
                      "output_tokens_details": {"reasoning_tokens": 3}}});
        let (told, usage) = told(&body.to_string()).unwrap();
        let usage = usage.unwrap();
        assert_eq!((usage.prompt_tokens, usage.completion_tokens, usage.web_searches), (12, 5, 1));
        assert_eq!((usage.cache_read_tokens, usage.reasoning_tokens), (4, 3));
        assert_eq!((&told["model"], &told["frob"], &told["output"]), (&json!("mine"), &json!(1.5), &body["output"]));
        let id = ResponseId::read(told["id"].as_str().unwrap()).unwrap();
        assert_eq!((id.deployment.as_str(), id.model.as_str(), id.upstream.as_str()), ("d", "mine", "resp_u"));
        assert_eq!(ResponseId::read(told["previous_response_id"].as_str().unwrap()).unwrap().upstream, "resp_p");
    }

    #[test]
    fn tools_that_ran_are_counted_and_a_count_of_the_upstreams_own_wins() {
        let body = json!({"output": [{"type": "file_search_call"}, {"type": "web_search_call"}, {"type": "web_search_call"},
                {"type": "code_interpreter_call", "container_id": "c"}],
            "usage": {"input_tokens": 1, "output_tokens": 1}, "tool_usage": {"web_search": {"num_requests": 1}}});
        let whole = told(&body.to_string()).unwrap().1.unwrap();
        assert_eq!((whole.web_searches, whole.tools.file_searches, whole.tools.containers), (1, 1, 1));
        let bytes = body.to_string();
        assert_eq!(usage(&Members::parse(bytes.as_bytes()).unwrap()), Some(whole));
    }

    #[test]
    fn pictures_cost_what_the_model_takes_that_drew_them() {
        let picture = json!({"type": "image_generation_call", "status": "completed", "result": "AA==", "size": "1024x1024",
            "quality": "low"});
        let failed = json!({"type": "image_generation_call", "status": "failed", "result": null});
        let answering = |output: Value, told: Value| {
            let body = json!({"output": output, "usage": {"input_tokens": 1, "output_tokens": 1},
                "tools": [{"type": "image_generation", "model": "gpt-image-1", "quality": "auto"}], "tool_usage": told});
            let body = body.to_string();
            let whole = told_usage(&body);
            assert_eq!(usage(&Members::parse(body.as_bytes()).unwrap()), Some(whole));
            (whole.tools.drawn.nanos(), whole.doubts.has(Doubt::Estimated))
        };
        let drawing = |told: Value| answering(json!([picture, failed]), told);
        let counted = json!({"image_gen": {"input_tokens": 50, "output_tokens": 272, "total_tokens": 322,
            "input_tokens_details": {"text_tokens": 50, "image_tokens": 0},
            "output_tokens_details": {"image_tokens": 272, "text_tokens": 0}}});
        assert_eq!(drawing(counted.clone()), (50 * 5000 + 272 * 40_000, false));
        assert_eq!(answering(json!([failed]), counted), (50 * 5000 + 272 * 40_000, false), "billed all the same");
        assert_eq!(answering(json!([failed]), Value::Null), (0, false));
        assert_eq!(drawing(json!({"image_gen": {"input_tokens": 0, "output_tokens": 272}})), (272 * 40_000, false));
        assert_eq!(drawing(json!({"image_gen": {"input_tokens": 0, "output_tokens": 0}})), (11_000_000, true));
        assert_eq!(drawing(json!({"web_search": {"num_requests": 0}})), (11_000_000, true));
        assert_eq!(drawing(Value::Null), (11_000_000, true));
    }

    #[test]
    fn what_is_no_response_is_the_upstreams_fault() {
        for body in ["<html>", "{\"output\":[", "", "[]", "{}"] {
            assert_eq!(told(body).unwrap_err().class, FailureClass::Malformed, "{body}");
        }
        let failure = told(r#"{"error":{"message":"slow down","code":429}}"#).unwrap_err();
        assert_eq!((failure.status, failure.message.as_str()), (429, "slow down"));
    }
}
