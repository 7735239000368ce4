//! The form of a `config.yaml` as JSON Schema, for editors and for those who check files before they use them. Made from
//! the table of settings. Pure.
//!
//! <https://json-schema.org/draft/2020-12>

use super::ledger::{self, Fate, Setting};
use serde_json::{Map, Value, json};

/// Sections that stand in others, by the setting that holds them.
const HELD: [&str; 11] = [
    "litellm_params",
    "model_info",
    "litellm_settings",
    "router_settings",
    "general_settings",
    "cache_params",
    "key_generation_settings",
    "routing_strategy_args",
    "retry_policy",
    "key_management_settings",
    "litellm_jwtauth",
];
/// Sections whose parts are those of each entry of a list.
const LISTED: [&str; 4] = ["model_list", "credential_list", "guardrails", "pass_through_endpoints"];
/// Sections in which other names than the known ones mean nothing.
const CLOSED: [&str; 3] = ["litellm_settings", "router_settings", "general_settings"];

/// The schema.
pub fn schema() -> Value {
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "config.yaml of Postern",
        "description": "As LiteLLM writes it. Every text may be `os.environ/NAME`.",
    });
    if let (Value::Object(schema), Value::Object(section)) = (&mut schema, object("top_level")) {
        schema.extend(section);
    }
    schema
}

/// A section as an object.
fn object(section: &str) -> Value {
    let mut properties = Map::new();
    for setting in ledger::in_section(section).filter(|setting| !setting.name.contains(['<', '[', '*'])) {
        insert(&mut properties, &mut setting.name.split('.'), setting);
    }
    let is_open = !CLOSED.contains(&section);
    json!({"type": ["object", "null"], "properties": properties, "additionalProperties": is_open})
}

/// Puts a setting where its name says: each dot is a step down.
fn insert(properties: &mut Map<String, Value>, steps: &mut std::str::Split<'_, char>, setting: &Setting) {
    let Some(step) = steps.next() else { return };
    if steps.clone().next().is_none() {
        // One that was made for its parts stays, and gets its own words.
        let described = described(setting);
        match (properties.get_mut(step), described) {
            (Some(Value::Object(known)), Value::Object(described)) => known.extend(described),
            (_, described) => drop(properties.insert(step.to_owned(), described)),
        }
        return;
    }
    let parent = properties.entry(step).or_insert_with(|| json!({"type": ["object", "null"]}));
    let Some(parent) = parent.as_object_mut() else { return };
    let parts = parent.entry("properties").or_insert_with(|| json!({}));
    if let Some(parts) = parts.as_object_mut() {
        insert(parts, steps, setting);
    }
}

fn described(setting: &Setting) -> Value {
    let mut schema = Map::new();
    let mut types: Vec<&str> = setting.types().collect();
    if !types.is_empty() {
        // Any value may come from a variable, as a text.
        types.extend(["string", "null"]);
        types.dedup();
        let mut seen = std::collections::BTreeSet::new();
        types.retain(|name| seen.insert(*name));
        schema.insert("type".to_owned(), types.into());
    }
    let fate = setting.fate_with_parent();
    schema.insert("description".to_owned(), description(setting, fate).into());
    if matches!(fate, Fate::NotYet | Fate::Refused) {
        schema.insert("deprecated".to_owned(), true.into());
    }
    if let Some(default) = default(setting) {
        schema.insert("default".to_owned(), default);
    }
    if HELD.contains(&setting.name) {
        schema.extend(object(setting.name).as_object().cloned().unwrap_or_default());
    }
    if LISTED.contains(&setting.name) {
        schema.insert("items".to_owned(), object(setting.name));
    }
    Value::Object(schema)
}

/// What a setting means, and what becomes of it.
pub fn description(setting: &Setting, fate: Fate) -> String {
    let Setting { meaning, advice, .. } = setting;
    let becomes = match fate {
        Fate::Honoured | Fate::WithParent | Fate::Outside => return (*meaning).to_owned(),
        Fate::Inherent => "Changes nothing here",
        Fate::NotYet => "Without effect in this version",
        Fate::Refused => "Stops the start",
    };
    if advice.is_empty() { format!("{meaning}. {becomes}.") } else { format!("{meaning}. {becomes}: {advice}.") }
}

/// The default as a value of the setting's type, where it is one.
fn default(setting: &Setting) -> Option<Value> {
    if setting.default.is_empty() {
        return None;
    }
    let read: Option<Value> = serde_json::from_str(setting.default).ok();
    let is_text = setting.types().next() == Some("string");
    read.filter(|_| !is_text).or_else(|| is_text.then(|| setting.default.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_stand_where_they_do_in_the_file() {
        let schema = schema();
        let at = |path: &str| schema.pointer(path).unwrap_or_else(|| panic!("{path}")).clone();
        let model = at("/properties/model_list/items/properties/litellm_params/properties/model");
        assert_eq!(model["type"], json!(["string", "null"]));
        assert_eq!(at("/properties/litellm_settings/properties/cache_params/properties/ttl/type/0"), "integer");
        assert_eq!(at("/properties/litellm_settings/additionalProperties"), false);
        let secret_manager = at("/properties/general_settings/properties/secret_manager");
        assert_eq!(secret_manager["type"], json!(["object", "string", "null"]));
        assert!(secret_manager["properties"]["vault_address"]["description"].is_string());
        let guardrail = at("/properties/guardrails/items/properties/litellm_params/properties");
        assert!(guardrail["api_base"]["description"].is_string() && guardrail.get("base_model").is_none());
        assert_eq!(guardrail["scan_raw_request"]["deprecated"], true);
        assert_eq!(at("/properties/router_settings/properties/max_fallbacks/default"), 5);
    }
}
