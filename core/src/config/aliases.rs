//! Other names of models: `router_settings.model_group_alias`.

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// Another name of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelAlias {
    /// The name; may hold `*`.
    pub name: String,
    /// The model that it means; what `*` stands for takes the place of its `*`.
    pub model: String,
    /// Whether it is left out of lists of models.
    pub is_hidden: bool,
}

/// `{gpt: gpt-4o}`, or `{gpt: {model: gpt-4o, hidden: true}}`.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ModelAlias>, D::Error> {
    let said = Option::<Map<String, Value>>::deserialize(deserializer)?.unwrap_or_default();
    said.into_iter().map(|(name, value)| alias(name, &value).map_err(D::Error::custom)).collect()
}

fn alias(name: String, value: &Value) -> Result<ModelAlias, String> {
    let (model, hidden) = match value {
        Value::String(model) => (Some(model.as_str()), None),
        _ => (value.get("model").and_then(Value::as_str), value.get("hidden")),
    };
    let hidden = hidden.filter(|hidden| !hidden.is_null()).map_or(Some(false), Value::as_bool);
    match (model.filter(|model| !model.is_empty()), hidden) {
        (Some(model), Some(is_hidden)) => Ok(ModelAlias { name, model: model.to_owned(), is_hidden }),
        _ => Err(format!("`{name}` must be a model's name, or a map with `model` and `hidden: true` or `false`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_alias_is_a_name_or_a_map_and_anything_else_is_refused_by_name() {
        let read = |value: Value| read(value).map_err(|error| error.to_string());
        let aliases = read(json!({"a": "b", "c": {"model": "d", "hidden": true}})).unwrap();
        let named =
            |name: &str, model: &str, is_hidden| ModelAlias { name: name.into(), model: model.into(), is_hidden };
        assert_eq!(aliases, [named("a", "b", false), named("c", "d", true)]);
        assert_eq!(read(json!(null)).unwrap(), []);
        for wrong in [json!({"a": 1}), json!({"a": {}}), json!({"a": {"model": "b", "hidden": "so"}})] {
            assert!(read(wrong).unwrap_err().contains("`a` must be a model's name"));
        }
    }
}
