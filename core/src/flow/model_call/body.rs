//! The client's body: what decides is read, what is ours is taken out, the rest stays as it came.

use super::error::CallError;
use super::extra_body;
use super::notes::{self, Notes};
use super::usual;
use super::wishes::Wishes;
use crate::api::demand::Asked;
use crate::api::form::Form;
use crate::api::google;
use crate::api::medium::Medium;
use crate::api::members::Members;
use crate::config::usual_models::UsualModels;
use crate::price::ModelPrice;
use crate::providers::operation::{Dialect, Operation};
use crate::providers::parameters::policy::PolicyChange;
use memchr::memmem;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::time::Duration;

/// Members that speak to a LiteLLM proxy and not to a provider, and that this version does not act on. They are
/// dropped, and the answer says so in `x-postern-dropped`.
const DROPPED: &[&str] = &["cache", "caching", "no-log", "litellm_session_id", "litellm_trace_id", "litellm_call_id"];

/// Members that would change where the call goes or what guards it. Dropping them silently would betray the client.
const REFUSED: &[(&str, &str)] = &[
    ("api_key", "Credentials of a provider are not taken from a request. Set `api_key` in the deployment."),
    ("api_base", "The provider's address is not taken from a request. Set `api_base` in the deployment."),
    ("base_url", "The provider's address is not taken from a request. Set `api_base` in the deployment."),
    ("user_config", "A router configuration is not taken from a request. Set it in config.yaml."),
    ("guardrails", "No guardrail is configured here. Leave `guardrails` out."),
];

/// What the body says to us, apart from what it says to the provider.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The model's public name.
    pub(super) model: String,
    /// Whether the answer is to be streamed.
    pub(super) stream: bool,
    /// Whether the client asked for the usage event of a stream.
    pub(super) show_usage: bool,
    /// Whether the answer only promises another one, whose use is not told with it.
    pub(super) background: bool,
    /// What decides about the most that the call can cost.
    pub(super) asked: Asked,
    /// What is asked for that is not counted in tokens.
    pub(super) medium: Option<Medium>,
    /// The price that holds in place of the deployment's.
    pub(super) price: Option<Box<ModelPrice>>,
    /// For the whole call, over all attempts.
    pub(super) timeout: Option<Duration>,
    /// What it says about retries and fallbacks.
    pub(super) wishes: Option<Box<Wishes>>,
    /// Whose turn it is first where calls wait; `None`: the configuration says.
    pub(super) priority: Option<u8>,
    /// A fixed answer.
    pub(super) mock_response: Option<Value>,
    /// The person behind the call.
    pub(super) end_user: Option<String>,
    /// Tags for the spend row.
    pub(super) tags: Vec<String>,
    /// What the client wants kept with the spend row.
    pub(super) kept: Map<String, Value>,
    /// Where the deployment must be.
    pub(super) region: Option<String>,
    /// Names of members that were dropped.
    pub(super) dropped: Vec<Cow<'static, str>>,
    /// What becomes of parameters that the model does not take.
    pub(super) policy: PolicyChange,
}

/// Reads the body's members. An empty body counts as an empty object, so that the error names what is missing.
pub(super) fn parse(body: &[u8]) -> Result<Members<'_>, CallError> {
    if body.trim_ascii().is_empty() {
        return Ok(Members::default());
    }
    refuse_lone_surrogates(body)?;
    Members::parse(body).map_err(|error| CallError::Json(error.to_string()))
}

/// Half a surrogate pair is JSON by the letter, but no text: providers refuse it with messages nobody understands.
fn refuse_lone_surrogates(body: &[u8]) -> Result<(), CallError> {
    let may_hold_one = memmem::find_iter(body, b"\\u")
        .any(|at| matches!(body.get(at + 2..at + 4), Some([b'd' | b'D', b'8' | b'9' | b'a'..=b'f' | b'A'..=b'F'])));
    if may_hold_one && let Err(error) = serde_json::from_slice::<Value>(body) {
        return Err(CallError::Json(error.to_string()));
    }
    Ok(())
}

/// Reads what is said to us and takes it out of the members.
pub(super) fn read(
    operation: Operation,
    members: &mut Members<'_>,
    (path_model, models): (Option<String>, Option<&UsualModels>),
    form: Option<&Form>,
) -> Result<Said, CallError> {
    extra_body::hoist(members)?;
    if let Some((member, message)) = REFUSED.iter().find(|(name, _)| members.has(name)) {
        return Err(CallError::Member { member, message: (*message).to_owned() });
    }
    let policy = policy(members)?;
    // A cap that is not to be sent bounds nothing.
    for name in operation.caps().iter().filter(|cap| policy.never_sent.iter().any(|name| name == *cap)) {
        members.take(name);
    }
    let mut said = Said {
        model: model(operation, members, path_model, models)?,
        stream: streams(operation, members)?,
        background: operation == Operation::Responses && flag(members, "background")?,
        show_usage: asks_for_usage(members),
        asked: asked(operation, members),
        medium: medium(operation, members, form),
        end_user: end_user(operation, members),
        policy,
        ..Said::default()
    };
    let is_file = |name| form.is_some_and(|form| form.files(name).next().is_some());
    if let Some(member) = operation.required_members().iter().find(|name| !members.has(name) && !is_file(name)) {
        return Err(CallError::MissingMember { operation, member });
    }
    // What counts nothing is a mistake, and not the provider's to find.
    if operation == Operation::CountTokens && members.get("messages").is_some_and(|list| list.get() == "[]") {
        return Err(CallError::MissingMember { operation, member: "messages" });
    }
    said.priority = priority(members);
    said.mock_response = members.take("mock_response").and_then(|value| serde_json::from_str(value.get()).ok());
    Notes { tags: said.tags, kept: said.kept } = notes::read(operation, members)?;
    said.region = setting(members, "allowed_model_region", "a region such as `eu`")?;
    for name in DROPPED {
        if members.take(name).is_some_and(|value| value.get() != "null") {
            said.dropped.push(Cow::Borrowed(name));
        }
    }
    Ok(said)
}

/// Reads what decides about a call of a provider's own API. All of the body is the provider's.
pub(super) fn look(operation: Operation, members: &Members<'_>, path_model: Option<String>) -> Result<Said, CallError> {
    if path_model.is_none() && !members.has("model") {
        return Err(CallError::MissingMember { operation, member: "model" });
    }
    Ok(Said {
        model: model(operation, members, path_model, None)?,
        stream: streams(operation, members)?,
        background: operation == Operation::Responses && flag(members, "background")?,
        show_usage: true,
        asked: asked(operation, members),
        end_user: end_user(operation, members),
        ..Said::default()
    })
}

/// The request's own priority, taken out of its body: 0 goes first. What is no number is the provider's.
fn priority(members: &mut Members<'_>) -> Option<u8> {
    let priority = members.read::<i64>("priority")?;
    members.take("priority");
    Some(u8::try_from(priority.max(0)).unwrap_or(u8::MAX))
}

fn model(
    operation: Operation,
    members: &Members<'_>,
    path_model: Option<String>,
    models: Option<&UsualModels>,
) -> Result<String, CallError> {
    if let Some(model) = models.and_then(|models| usual::forced(models, operation)) {
        return Ok(model.to_owned());
    }
    if let Some(model) = path_model {
        return Ok(model);
    }
    if !members.has("model") {
        return Ok(usual::usual(models, operation).to_owned());
    }
    let message = "'model' must be a string.";
    members.read("model").ok_or_else(|| CallError::Member { member: "model", message: message.to_owned() })
}

/// Whether the answer comes in events.
fn streams(operation: Operation, members: &Members<'_>) -> Result<bool, CallError> {
    match operation {
        Operation::Speech => Ok(members.read::<&str>("stream_format") == Some("sse")),
        // The path says so.
        Operation::StreamGenerateContent => Ok(true),
        Operation::GenerateContent => Ok(false),
        _ => Ok(flag(members, "stream")? && operation.may_stream()),
    }
}

fn asked(operation: Operation, members: &Members<'_>) -> Asked {
    match operation.dialect() {
        Dialect::Google => google::asked::asked(members),
        _ => Asked::read(members, operation.caps()),
    }
}

fn medium(operation: Operation, members: &Members<'_>, form: Option<&Form>) -> Option<Medium> {
    match operation {
        Operation::ImageGeneration | Operation::ImageEdit => Some(Medium::images(members, form)),
        Operation::Speech => Some(Medium::speech(members)),
        Operation::Transcription | Operation::Translation => Some(Medium::recording(form)),
        _ => None,
    }
}

fn flag(members: &Members<'_>, name: &'static str) -> Result<bool, CallError> {
    match members.get(name).map(|value| value.get()) {
        None | Some("null" | "false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(CallError::Member { member: name, message: format!("'{name}' must be true or false.") }),
    }
}

fn asks_for_usage(members: &Members<'_>) -> bool {
    #[derive(serde::Deserialize)]
    struct Options {
        #[serde(default)]
        include_usage: Option<bool>,
    }
    members.read::<Options>("stream_options").and_then(|options| options.include_usage).unwrap_or(false)
}

/// What the request says about parameters that the model does not take.
fn policy(members: &mut Members<'_>) -> Result<PolicyChange, CallError> {
    Ok(PolicyChange {
        drops: setting(members, "drop_params", "true or false")?,
        modifies: setting(members, "modify_params", "true or false")?,
        never_sent: names(members, "additional_drop_params")?,
        allowed: names(members, "allowed_openai_params")?,
    })
}

/// Most names in a list of the request's. Each is looked for among the parameters.
const NAMES_MAX: usize = 128;

fn names(members: &mut Members<'_>, name: &'static str) -> Result<Vec<String>, CallError> {
    let names: Vec<String> = setting(members, name, "a list of names")?.unwrap_or_default();
    if names.len() > NAMES_MAX {
        let message = format!("'{name}' has {} names, and may have {NAMES_MAX}.", names.len());
        return Err(CallError::Member { member: name, message });
    }
    Ok(names)
}

fn setting<T: DeserializeOwned>(
    members: &mut Members<'_>,
    name: &'static str,
    what: &str,
) -> Result<Option<T>, CallError> {
    let Some(value) = members.take(name).filter(|value| value.get() != "null") else { return Ok(None) };
    let wrong = |_| CallError::Member { member: name, message: format!("'{name}' must be {what}.") };
    serde_json::from_str(value.get()).map(Some).map_err(wrong)
}

/// The person behind the call. Anthropic's clients name it in `metadata`.
pub(super) fn end_user(operation: Operation, members: &Members<'_>) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Metadata {
        #[serde(default)]
        user_id: Option<String>,
    }
    match operation.dialect() {
        Dialect::OpenAi | Dialect::Responses | Dialect::Google => members.read("user"),
        Dialect::Anthropic => members.read::<Metadata>("metadata").and_then(|metadata| metadata.user_id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_chat(body: &str) -> (Result<Said, CallError>, String) {
        let mut members = parse(body.as_bytes()).unwrap();
        let said = read(Operation::Chat, &mut members, (None, None), None);
        (said, String::from_utf8(members.to_json()).unwrap())
    }

    #[test]
    fn what_is_ours_is_taken_out_and_what_is_dropped_is_named() {
        let (said, rest) = read_chat(
            r#"{"model":"m","messages":[],"metadata":{"tags":["a"]},"tags":["b"],"no-log":true,"cache":null,"x":1}"#,
        );
        let said = said.unwrap();
        assert_eq!((said.tags, said.dropped), (vec!["b".to_owned(), "a".to_owned()], vec!["no-log".into()]));
        assert_eq!(rest, r#"{"model":"m","messages":[],"x":1}"#);
    }

    #[test]
    fn a_request_may_not_say_where_the_call_goes() {
        let (said, _) = read_chat(r#"{"model":"m","messages":[],"api_base":"http://evil.test"}"#);
        assert!(matches!(said, Err(CallError::Member { member: "api_base", .. })));
    }

    #[test]
    fn a_list_of_parameters_is_bounded() {
        let asked = |count: usize| {
            let names = vec!["\"seed\""; count].join(",");
            read_chat(&format!(r#"{{"model":"m","messages":[],"additional_drop_params":[{names}]}}"#)).0
        };
        assert_eq!(asked(NAMES_MAX).unwrap().policy.never_sent.len(), NAMES_MAX);
        assert!(matches!(asked(NAMES_MAX + 1), Err(CallError::Member { member: "additional_drop_params", .. })));
    }

    #[test]
    fn an_empty_body_is_told_what_it_lacks() {
        assert!(matches!(
            read_chat("").0,
            Err(CallError::MissingMember { operation: Operation::Chat, member: "messages" })
        ));
    }

    #[test]
    fn a_lone_surrogate_is_refused_and_a_pair_is_not() {
        assert!(parse(br#"{"messages":"\ud83d"}"#).is_err());
        assert!(parse(br#"{"messages":"\ud83d\ude00"}"#).is_ok());
    }
}
