//! What a request can use at most, as far as it says so in places of its own.

use crate::api::billed_tools::{GOOGLE_MAPS, GOOGLE_SEARCHES};
use crate::api::demand::Asked;
use crate::api::members::{Members, raw};
use serde_json::{Value, json};

const CONFIG: [&str; 2] = [CONFIG_USUAL, "generation_config"];
const CONFIG_USUAL: &str = "generationConfig";
const CAP: [&str; 2] = [CAP_USUAL, "max_output_tokens"];
const CAP_USUAL: &str = "maxOutputTokens";
const ANSWERS: [&str; 2] = ["candidateCount", "candidate_count"];
const MODALITIES: [&str; 2] = ["responseModalities", "response_modalities"];
/// Tools that run code of ours: none of Google's.
const OURS: [&str; 2] = ["functionDeclarations", "function_declarations"];

/// Reads a body.
pub fn asked(members: &Members<'_>) -> Asked {
    let mut said = Members::default();
    let mut say = |name: &'static str, value: &Value| {
        if let Ok(value) = raw(value) {
            said.set(name, value);
        }
    };
    let config = CONFIG.iter().find_map(|name| members.read::<Value>(name)).unwrap_or_default();
    let of = |names: [&str; 2]| names.iter().find_map(|name| config.get(name));
    if let Some(cap) = of(CAP) {
        say("max_tokens", cap);
    }
    if let Some(answers) = of(ANSWERS) {
        say("n", answers);
    }
    if let Some(kinds) = of(MODALITIES) {
        let kinds = kinds.as_array().into_iter().flatten().filter_map(Value::as_str);
        say("modalities", &kinds.map(str::to_ascii_lowercase).collect());
    }
    let tools = members.read::<Value>("tools").unwrap_or_default();
    let names: Vec<&str> = match &tools {
        Value::Array(list) => {
            list.iter().filter_map(Value::as_object).flat_map(|tool| tool.keys()).map(String::as_str).collect()
        }
        Value::Object(tool) => tool.keys().map(String::as_str).collect(),
        _ => Vec::new(),
    };
    let kinds: Vec<Value> = names.into_iter().filter(|name| !OURS.contains(name)).map(tool).collect();
    if !kinds.is_empty() {
        say("tools", &Value::from(kinds));
    }
    if ["cachedContent", "cached_content"].iter().any(|name| members.has(name)) {
        say("conversation", &Value::from("kept"));
    }
    Asked::read(&said, &["max_tokens"])
}

/// A tool of Google's. What is not known here may do anything.
fn tool(name: &str) -> Value {
    if GOOGLE_SEARCHES.contains(&name) || GOOGLE_MAPS.contains(&name) {
        return json!({name: {}});
    }
    json!({"type": "code_interpreter"})
}

/// Says in the body how long an answer may be.
///
/// # Errors
/// Those of the serialiser; none for a body that was read from JSON.
pub fn cap(members: &mut Members<'_>, tokens: u64) -> Result<(), serde_json::Error> {
    let place = CONFIG.iter().find(|name| members.has(name)).unwrap_or(&CONFIG_USUAL);
    let mut config = members.read::<Value>(place).unwrap_or_else(|| json!({}));
    if let Some(config) = config.as_object_mut() {
        CAP.iter().for_each(|name| {
            config.shift_remove(*name);
        });
        config.insert(CAP_USUAL.to_owned(), tokens.into());
    }
    members.set(*place, raw(&config)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::care::Care;
    use crate::wire::input_weight::{InputWeight, Unbounded};

    fn read(body: &str) -> Asked {
        asked(&Members::parse(body.as_bytes()).unwrap())
    }

    #[test]
    fn a_body_says_its_cap_and_its_answers_in_either_spelling() {
        for body in [
            r#"{"generationConfig":{"maxOutputTokens":9,"candidateCount":2}}"#,
            r#"{"generation_config":{"max_output_tokens":9,"candidate_count":2}}"#,
        ] {
            let asked = read(body);
            assert_eq!((asked.output_tokens, asked.choices), (Some(9), 2), "{body}");
        }
        assert_eq!((read("{}").output_tokens, read("{}").choices), (None, 1));
    }

    #[test]
    fn what_has_no_bound_is_not_admitted_under_a_strict_budget() {
        let demand = |body: &str| {
            read(body).demand(&InputWeight::default(), None, Care::Strict { output_tokens: Some(1) }, true).map(|_| ())
        };
        assert_eq!(demand(r#"{"tools":[{"googleSearch":{}}]}"#), Err(Unbounded::Search));
        for tool in ["codeExecution", "googleMaps", "frobnicate"] {
            assert_eq!(demand(&format!(r#"{{"tools":[{{"{tool}":{{}}}}]}}"#)), Err(Unbounded::Tool), "{tool}");
        }
        assert_eq!(demand(r#"{"cachedContent":"x"}"#), Err(Unbounded::Kept));
        assert_eq!(demand(r#"{"tools":[{"functionDeclarations":[]}]}"#), Ok(()));
    }

    #[test]
    fn a_cap_is_said_where_the_body_says_it() {
        for (body, wanted) in [
            (r#"{"contents":[]}"#, r#"{"contents":[],"generationConfig":{"maxOutputTokens":5}}"#),
            (r#"{"generation_config":{"max_output_tokens":9}}"#, r#"{"generation_config":{"maxOutputTokens":5}}"#),
        ] {
            let mut members = Members::parse(body.as_bytes()).unwrap();
            cap(&mut members, 5).unwrap();
            assert_eq!(String::from_utf8(members.to_json()).unwrap(), wanted);
        }
    }
}
