//! The request of a chat: OpenAI's messages and tools, with some parameters under other names.

use super::address::endpoint;
use crate::api::members::{Members, raw};
use crate::providers::envelope::{self, Extras, unwritable};
use crate::providers::openai::{messages, values, words};
use crate::providers::parameters::admit::admit;
use crate::providers::provider::{Call, TransformError};
use crate::providers::target::Target;
use bytes::Bytes;
use http::{HeaderValue, Request};
use std::borrow::Cow;

/// Names who calls, as Cohere asks those who build on its API to do. LiteLLM's words.
const SOURCE: (&str, HeaderValue) = ("request-source", HeaderValue::from_static("unspecified:litellm"));

/// Parameters that have another name there.
const RENAMED: [(&str, &str); 2] = [("top_p", "p"), ("n", "num_generations")];

/// Builds the upstream request.
pub(super) fn build(mut call: Call<'_, '_>, target: &Target) -> Result<Request<Bytes>, TransformError> {
    let extras = Extras::take(call.members, target)?;
    admit(&mut call, &target.profile, &target.model)?;
    values::adapt(&mut call, &target.profile, &target.model)?;
    messages::adapt(call.members, &target.profile)?;
    words::remove(call.members, "tools", &["cache_control"])?;
    tool_choice(&mut call)?;
    let Call { members, stream, .. } = call;
    for (name, other) in RENAMED {
        members.rename(name, other);
    }
    stop(members)?;
    members.set("model", raw(&target.model).map_err(|error| unwritable(&error))?);
    members.set("stream", raw(&stream).map_err(|error| unwritable(&error))?);
    members.set_all(&extras.overrides()?);
    let mut request = envelope::post(&endpoint(&target.api_base, "/v2/chat"), members.to_json())?;
    let (name, source) = SOURCE;
    request.headers_mut().insert(name, source);
    envelope::set_headers(request.headers_mut(), extras.headers, target)?;
    Ok(request)
}

/// A choice can be made between any tool and none, not for one of them.
fn tool_choice(call: &mut Call<'_, '_>) -> Result<(), TransformError> {
    let Some(choice) = call.members.take("tool_choice") else { return Ok(()) };
    let word = match choice.get() {
        "\"required\"" | "\"any\"" => "REQUIRED",
        "\"none\"" => "NONE",
        "\"auto\"" => return Ok(()),
        _ => {
            call.dropped.push(Cow::Borrowed("tool_choice"));
            return Ok(());
        }
    };
    call.members.set("tool_choice", raw(&word).map_err(|error| unwritable(&error))?);
    Ok(())
}

/// Texts that end the answer are always a list.
fn stop(members: &mut Members<'_>) -> Result<(), TransformError> {
    let Some(stop) = members.take("stop") else { return Ok(()) };
    let listed = if stop.get().starts_with('"') {
        raw(&[&*stop]).map_err(|error| unwritable(&error))?
    } else {
        stop.into_owned()
    };
    members.set("stop_sequences", listed);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{DeploymentParams, Environment};
    use crate::providers::operation::Operation;
    use crate::providers::resolve::target_of;
    use serde_json::{Value, json};

    fn said(body: &Value) -> (Value, Vec<Cow<'static, str>>) {
        let params = DeploymentParams { model: "cohere/command-a-03-2025".to_owned(), ..DeploymentParams::default() };
        let target = target_of(&params, &Environment::default()).unwrap();
        let text = body.to_string();
        let (mut members, mut dropped) = (Members::parse(text.as_bytes()).unwrap(), Vec::new());
        let (operation, policy) = (Operation::Chat, &target.policy);
        let call = Call { operation, members: &mut members, stream: false, policy, dropped: &mut dropped };
        let request = build(call, &target).unwrap();
        assert_eq!(request.uri(), "https://api.cohere.com/v2/chat");
        (serde_json::from_slice(request.body()).unwrap(), dropped)
    }

    #[test]
    fn parameters_have_coheres_names() {
        let (body, dropped) = said(&json!({"messages": [], "top_p": 0.5, "stop": "x", "max_completion_tokens": 9}));
        let wanted = json!({"messages": [], "max_tokens": 9, "p": 0.5, "stop_sequences": ["x"],
            "model": "command-a-03-2025", "stream": false});
        assert_eq!((body, dropped.is_empty()), (wanted, true));
    }

    #[test]
    fn a_tool_must_be_called_or_none_and_no_single_one_can_be_chosen() {
        let choice = |choice: Value| {
            let (body, dropped) = said(&json!({"messages": [], "tool_choice": choice}));
            (body["tool_choice"].clone(), dropped.len())
        };
        assert_eq!(choice(json!("required")), (json!("REQUIRED"), 0));
        assert_eq!(choice(json!("none")), (json!("NONE"), 0));
        assert_eq!(choice(json!("auto")), (Value::Null, 0));
        assert_eq!(choice(json!({"type": "function", "function": {"name": "f"}})), (Value::Null, 1));
    }

    #[test]
    fn an_operator_by_another_name_is_the_system_and_cache_marks_stay_here() {
        let messages = json!([{"role": "developer", "content": "x", "cache_control": {"type": "ephemeral"}},
            {"role": "assistant", "content": null}]);
        let wanted = json!([{"role": "system", "content": "x"}, {"role": "assistant"}]);
        assert_eq!(said(&json!({"messages": messages})).0["messages"], wanted);
    }
}
