//! What a request says about its own retries, fallbacks and waits. Most requests say nothing, and cost nothing here.

use super::error::CallError;
use crate::api::members::Members;
use crate::providers::failure::{FailureClass, ProviderFailure};
use crate::routing::fallback::Fallback;
use crate::routing::fault::Fault;
use crate::routing::retry::RETRIES_MAX;
use http::HeaderMap;
use serde_json::{Map, Value};
use std::time::Duration;

/// Members that are read here.
const NAMES: [&str; 12] = [
    "num_retries",
    "max_retries",
    "fallbacks",
    "context_window_fallbacks",
    "content_policy_fallbacks",
    "disable_fallbacks",
    "mock_testing_fallbacks",
    "mock_testing_context_fallbacks",
    "mock_testing_content_policy_fallbacks",
    "mock_testing_rate_limit_error",
    "mock_timeout",
    "stream_timeout",
];
/// Most fallbacks that a request may name, and the most members of one.
const FALLBACKS_MAX: usize = 50;

/// What a request wishes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Wishes {
    /// Most retries.
    pub(super) retries: Option<u32>,
    /// Models that stand in, in place of the configured ones.
    pub(super) fallbacks: Option<Vec<Fallback>>,
    /// The same where the input is too long.
    pub(super) context_window: Option<Vec<Fallback>>,
    /// The same where a content policy refuses the input.
    pub(super) content_policy: Option<Vec<Fallback>>,
    /// No model stands in.
    pub(super) no_fallbacks: bool,
    /// The first attempt fails like this, without being made.
    pub(super) mock_fault: Option<Fault>,
    /// Seconds to the first content of a stream and between its pieces.
    pub(super) stream_gap: Option<Duration>,
}

impl Wishes {
    /// What stands in for the model that was asked for; `None`: what is configured.
    pub(super) fn stands_in(&self, fault: Fault) -> Option<&[Fallback]> {
        let special = match fault {
            Fault::ContextWindow => self.context_window.as_deref(),
            Fault::ContentPolicy => self.content_policy.as_deref(),
            _ => None,
        };
        special.or(self.fallbacks.as_deref()).filter(|_| fault.helped_by_another_model())
    }

    /// Every model that the request names.
    pub(super) fn models(&self) -> impl Iterator<Item = &str> {
        let lists = [&self.fallbacks, &self.context_window, &self.content_policy];
        lists.into_iter().flatten().flatten().map(|fallback| fallback.model.as_str())
    }
}

/// Takes the wishes out of a request's members, and adds what its headers say. `model` is what was asked for.
pub(super) fn read(
    members: &mut Members<'_>,
    headers: &HeaderMap,
    model: &str,
) -> Result<Option<Box<Wishes>>, CallError> {
    let mut wishes: Option<Box<Wishes>> = None;
    for name in NAMES {
        let Some(value) = members.take(name).filter(|value| value.get() != "null") else { continue };
        let value: Value = serde_json::from_str(value.get()).unwrap_or_default();
        let wishes = wishes.get_or_insert_default();
        match name {
            "num_retries" => wishes.retries = Some(retries(name, &value)?),
            "max_retries" => wishes.retries = wishes.retries.or(Some(retries(name, &value)?)),
            "fallbacks" => wishes.fallbacks = Some(fallbacks(name, &value, model)?),
            "context_window_fallbacks" => wishes.context_window = Some(fallbacks(name, &value, model)?),
            "content_policy_fallbacks" => wishes.content_policy = Some(fallbacks(name, &value, model)?),
            "disable_fallbacks" => wishes.no_fallbacks = flag(name, &value)?,
            "stream_timeout" => wishes.stream_gap = Some(seconds(name, &value)?),
            _ => wishes.mock_fault = flag(name, &value)?.then(|| mocked(name)).or(wishes.mock_fault),
        }
    }
    if let Some(told) = headers.get("x-litellm-num-retries") {
        let told = told.to_str().ok().map(Value::from).unwrap_or_default();
        wishes.get_or_insert_default().retries = Some(retries("x-litellm-num-retries", &told)?);
    }
    if let Some(told) = headers.get("x-litellm-stream-timeout") {
        let told = told.to_str().ok().map(Value::from).unwrap_or_default();
        wishes.get_or_insert_default().stream_gap = Some(seconds("x-litellm-stream-timeout", &told)?);
    }
    Ok(wishes)
}

/// The bound of the whole call over all retries, where the request names one.
pub(super) fn timeout(members: &mut Members<'_>, headers: &HeaderMap) -> Result<Option<Duration>, CallError> {
    if let Some(value) = members.take("timeout").filter(|value| value.get() != "null") {
        let value: Value = serde_json::from_str(value.get()).unwrap_or_default();
        return seconds("timeout", &value).map(Some);
    }
    let Some(told) = headers.get("x-litellm-timeout") else { return Ok(None) };
    let told = told.to_str().ok().map(Value::from).unwrap_or_default();
    seconds("x-litellm-timeout", &told).map(Some)
}

/// The error of an attempt that is only played. A wait that ends is played by waiting.
pub(super) fn mock_failure(fault: Fault, model: &str) -> CallError {
    let (class, status) = match fault {
        Fault::ContextWindow => (FailureClass::ContextWindow, 400),
        Fault::ContentPolicy => (FailureClass::ContentPolicy, 400),
        Fault::RateLimit => (FailureClass::RateLimited, 429),
        _ => (FailureClass::Server, 500),
    };
    let message = format!("'{model}' failed because the request asks for it with 'mock_testing_…'.");
    CallError::Upstream { failure: ProviderFailure { class, status, message, param: None }, retry_after: None }
}

fn mocked(name: &str) -> Fault {
    match name {
        "mock_testing_context_fallbacks" => Fault::ContextWindow,
        "mock_testing_content_policy_fallbacks" => Fault::ContentPolicy,
        "mock_testing_rate_limit_error" => Fault::RateLimit,
        "mock_timeout" => Fault::Timeout,
        _ => Fault::Server,
    }
}

fn wrong(member: &'static str, what: &str) -> CallError {
    CallError::Member { member, message: format!("'{member}' must be {what}.") }
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|number| number.is_finite())
}

fn retries(name: &'static str, value: &Value) -> Result<u32, CallError> {
    let whole = number(value).filter(|number| number.fract() == 0.0 && (0.0..=f64::from(RETRIES_MAX)).contains(number));
    whole.map(|number| number as u32).ok_or_else(|| wrong(name, &format!("a whole number from 0 to {RETRIES_MAX}")))
}

fn seconds(name: &'static str, value: &Value) -> Result<Duration, CallError> {
    // A year: beyond it a sum with the clock's time could overflow.
    let seconds = number(value).filter(|seconds| *seconds > 0.0).map(|seconds| seconds.min(31_536_000.0));
    let seconds = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| wrong(name, "a number of seconds above 0"))
}

fn flag(name: &'static str, value: &Value) -> Result<bool, CallError> {
    match value {
        Value::Bool(said) => Ok(*said),
        Value::String(said) if said.eq_ignore_ascii_case("true") => Ok(true),
        Value::String(said) if said.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(wrong(name, "true or false")),
    }
}

/// `["b", {"model": "c", "temperature": 0}]`, or as the configuration has it: `[{"a": ["b"]}]`.
fn fallbacks(name: &'static str, value: &Value, model: &str) -> Result<Vec<Fallback>, CallError> {
    let form = || wrong(name, "a list of models, each a name or an object with 'model'");
    let mut list = Vec::new();
    for item in value.as_array().filter(|items| items.len() <= FALLBACKS_MAX).ok_or_else(form)? {
        match item {
            Value::String(model) => list.push(Fallback::plain(model)),
            Value::Object(members) if members.get("model").is_some_and(Value::is_string) => list.push(object(members)),
            Value::Object(by_model) => {
                let own = by_model.get(model).or_else(|| by_model.get("*"));
                for of_model in by_model.values() {
                    let list = of_model.as_array().ok_or_else(form)?;
                    list.iter().all(Value::is_string).then_some(()).ok_or_else(form)?;
                }
                let names = own.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
                list.extend(names.map(Fallback::plain));
            }
            _ => return Err(form()),
        }
    }
    Ok(list)
}

fn object(members: &Map<String, Value>) -> Fallback {
    let mut params = members.clone();
    let model = params.remove("model");
    Fallback { model: model.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned(), params }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wishes(body: &str) -> Result<Option<Box<Wishes>>, CallError> {
        read(&mut Members::parse(body.as_bytes()).unwrap(), &HeaderMap::new(), "a")
    }

    #[test]
    fn fallbacks_may_be_names_objects_or_as_the_configuration_has_them() {
        let read = wishes(r#"{"fallbacks":["b",{"model":"c","n":2},{"a":["d"],"x":["y"]}],"num_retries":"3"}"#);
        let read = read.unwrap().unwrap();
        let expected = ["b", "c", "d"];
        assert_eq!(read.models().collect::<Vec<_>>(), expected);
        assert_eq!(read.fallbacks.unwrap()[1].params["n"], 2);
        assert_eq!(read.retries, Some(3));
    }

    #[test]
    fn a_request_that_wishes_nothing_has_no_wishes() {
        assert_eq!(wishes(r#"{"model":"a","num_retries":null}"#).unwrap(), None);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_name() {
        for (body, name) in [
            (r#"{"num_retries":-1}"#, "num_retries"),
            (r#"{"num_retries":1000}"#, "num_retries"),
            (r#"{"fallbacks":"b"}"#, "fallbacks"),
            (r#"{"fallbacks":[1]}"#, "fallbacks"),
            (r#"{"stream_timeout":0}"#, "stream_timeout"),
            (r#"{"mock_testing_fallbacks":1}"#, "mock_testing_fallbacks"),
        ] {
            assert!(matches!(wishes(body), Err(CallError::Member { member, .. }) if member == name), "{body}");
        }
    }
}
