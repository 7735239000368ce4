//! Members that a client puts into `extra_body` go upstream as they are, past all rules about parameters. What decides who
//! is called and what the call can cost is moved out of it first, so that no limit is passed that way.

use super::error::CallError;
use crate::api::members::Members;
use serde_json::value::RawValue;

const NAME: &str = "extra_body";

/// Members that are read here wherever they stand.
const DECIDING: [&str; 20] = [
    "model",
    "messages",
    "prompt",
    "input",
    "stream",
    "stream_options",
    "n",
    "best_of",
    "max_tokens",
    "max_completion_tokens",
    "service_tier",
    "modalities",
    "web_search_options",
    "tools",
    "user",
    "api_key",
    "api_base",
    "base_url",
    "user_config",
    "guardrails",
];

/// Moves the deciding members out of `extra_body`, over those of the body.
pub(super) fn hoist(members: &mut Members<'_>) -> Result<(), CallError> {
    if !members.has(NAME) {
        return Ok(());
    }
    let wrong = || CallError::Member { member: NAME, message: format!("'{NAME}' must be an object.") };
    let text = members.take(NAME).ok_or_else(wrong)?.into_owned();
    let mut extra = Members::parse(text.get().as_bytes()).map_err(|_| wrong())?;
    for name in DECIDING {
        if let Some(value) = extra.take(name) {
            members.set(name, value.into_owned());
        }
    }
    let rest = String::from_utf8(extra.to_json()).ok().and_then(|json| RawValue::from_string(json).ok());
    members.set(NAME, rest.ok_or_else(wrong)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hoisted(body: &str) -> Result<String, CallError> {
        let mut members = Members::parse(body.as_bytes()).unwrap();
        hoist(&mut members)?;
        Ok(String::from_utf8(members.to_json()).unwrap())
    }

    #[test]
    fn what_decides_about_cost_counts_wherever_it_stands() {
        let body = r#"{"max_tokens":1,"extra_body":{"max_tokens":9,"flag":1.0}}"#;
        assert_eq!(hoisted(body).unwrap(), r#"{"max_tokens":9,"extra_body":{"flag":1.0}}"#);
    }

    #[test]
    fn a_body_without_extras_stays() {
        assert_eq!(hoisted(r#"{"a":1}"#).unwrap(), r#"{"a":1}"#);
        assert!(hoisted(r#"{"extra_body":[1]}"#).is_err());
    }
}
