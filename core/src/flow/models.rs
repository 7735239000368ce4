//! The list of models that a caller may use, as the OpenAI dialect answers it.

use crate::principal::Principal;
use crate::routing::listing::{visible, visible_one};
use crate::routing::{Listed, ModelTable};
use serde_json::{Map, Value, json};

/// `GET /v1/models`: the models that the caller may use.
pub fn list_models(table: &ModelTable, caller: &Principal) -> Value {
    let cards: Vec<_> = visible(table, &caller.model_lists()).iter().map(card).collect();
    json!({"data": cards, "object": "list"})
}

/// `GET /v1/models/{id}`: one of them; `None` where the caller may not use it or there is none.
pub fn model_card(table: &ModelTable, caller: &Principal, name: &str) -> Option<Value> {
    visible_one(table, &caller.model_lists(), name).as_ref().map(card)
}

/// When the models were made, as far as clients are told: the date that LiteLLM answers for every model.
const CREATED: i64 = 1_677_610_602;

fn card(listed: &Listed) -> Value {
    let mut card = Map::new();
    card.insert("id".to_owned(), listed.name.as_str().into());
    card.insert("object".to_owned(), "model".into());
    card.insert("created".to_owned(), CREATED.into());
    card.insert("owned_by".to_owned(), "openai".into());
    let known = [
        ("mode", listed.mode.as_deref().map(Value::from)),
        ("max_input_tokens", listed.max_input_tokens.map(Value::from)),
        ("max_output_tokens", listed.max_output_tokens.map(Value::from)),
    ];
    card.extend(known.into_iter().filter_map(|(field, value)| Some((field.to_owned(), value?))));
    Value::Object(card)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::id::KeyHash;
    use crate::principal::Role;
    use crate::routing::tests::table;

    pub(crate) fn caller(models: &[&str]) -> Principal {
        let models = models.iter().map(|&model| model.to_owned()).collect();
        Principal { models, ..Principal::bare(Role::VirtualKey, KeyHash::parse(&"0".repeat(64)).unwrap()) }
    }

    #[test]
    fn models_are_listed_with_what_is_known_about_them() {
        let table = table(&[("gpt", "openai/gpt-4o"), ("own", "openai/own-model"), ("wild/*", "openai/gpt-4o*")]);
        let list = list_models(&table, &caller(&["gpt", "own", "wild/gpt-4o"]));
        let wanted = json!({"object": "list", "data": [
            {"id": "gpt", "object": "model", "created": 1677610602, "owned_by": "openai", "mode": "chat",
             "max_input_tokens": 128000, "max_output_tokens": 16384},
            {"id": "own", "object": "model", "created": 1677610602, "owned_by": "openai"},
            {"id": "wild/gpt-4o", "object": "model", "created": 1677610602, "owned_by": "openai"}
        ]});
        assert_eq!(list, wanted);
    }

    #[test]
    fn one_model_is_shown_to_those_who_may_use_it() {
        let table = table(&[("gpt", "openai/gpt-4o")]);
        assert_eq!(model_card(&table, &caller(&[]), "gpt").unwrap()["id"], "gpt");
        assert_eq!(model_card(&table, &caller(&["other"]), "gpt"), None);
        assert_eq!(model_card(&table, &caller(&[]), "nope"), None);
    }
}
