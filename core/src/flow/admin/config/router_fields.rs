//! `/router/settings` and `/router/fields`: the settings of the router as a form would show them.

use super::config_admin::{ConfigAdmin, masked_one};
use super::fields::{default, field_type, is_listed};
use crate::config::ledger;
use crate::config::routing::STRATEGIES;
use crate::flow::admin::error::AdminError;
use serde_json::{Map, Value, json};

const ROUTER: &str = "router_settings";

impl ConfigAdmin {
    /// Every setting of the router, what it is now, and where that is said.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn router_settings(&self) -> Result<Value, AdminError> {
        let stored = self.latest().await?.settings;
        let (mut values, mut sources) = (Map::new(), Map::new());
        for setting in listed() {
            if let (Some(value), source) = self.said(&stored, ROUTER, setting.name) {
                values.insert(setting.name.to_owned(), masked_one(ROUTER, setting.name, value));
                sources.insert(setting.name.to_owned(), source.into());
            }
        }
        let mut told = fields(&values);
        told.insert("current_values".to_owned(), values.into());
        told.insert("source".to_owned(), sources.into());
        Ok(told.into())
    }

    /// The same without what they are.
    pub fn router_fields(&self) -> Value {
        fields(&Map::new()).into()
    }
}

fn listed() -> impl Iterator<Item = &'static ledger::Setting> {
    ledger::in_section(ROUTER).filter(|setting| is_listed(ROUTER, setting.name))
}

fn fields(values: &Map<String, Value>) -> Map<String, Value> {
    let strategies: Vec<&str> = STRATEGIES.iter().map(|(name, ..)| *name).collect();
    let fields: Vec<Value> = listed()
        .map(|setting| {
            let options = (setting.name == "routing_strategy").then_some(&strategies);
            json!({
                "field_name": setting.name,
                "field_type": field_type(setting),
                "field_value": values.get(setting.name),
                "field_description": setting.meaning,
                "field_default": default(setting),
                "options": options,
                "ui_field_name": title(setting.name),
                "link": null,
            })
        })
        .collect();
    let descriptions: Map<String, Value> =
        STRATEGIES.iter().map(|(name, _, meaning)| ((*name).to_owned(), (*meaning).into())).collect();
    let mut told = Map::new();
    told.insert("fields".to_owned(), fields.into());
    told.insert("routing_strategy_descriptions".to_owned(), descriptions.into());
    told
}

/// `routing_strategy` as people would write it.
fn title(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    });
    words.collect::<Vec<String>>().join(" ")
}
