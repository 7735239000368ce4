//! `GET /model/settings`: what a deployment of each provider says of where it is called and by whom, for whoever makes a
//! form of it.

use crate::providers::catalog::{self, Provider};
use serde_json::{Value, json};

/// The providers that are spoken to, with their fields.
pub fn provider_fields() -> Value {
    catalog::spoken().map(|provider| json!({"name": provider.name, "fields": fields(provider)})).collect()
}

fn fields(provider: &Provider) -> Vec<Value> {
    let variable = |variables: &[&str]| variables.first().map(|name| format!("os.environ/{name}"));
    let key = variable(provider.key_variables);
    let base = match provider.api_base {
        None => variable(provider.base_variables).or_else(|| Some(String::new())),
        Some(address) => Some(address.to_owned()),
    };
    let of_key = key.map(|value| ("api_key", "the provider's key", value));
    let of_base = base.map(|value| ("api_base", "where the provider is called", value));
    let field = |(name, description, value): (&str, &str, String)| {
        json!({
            "field_name": name,
            "field_type": "string",
            "field_description": description,
            "field_value": value,
        })
    };
    of_key.into_iter().chain(of_base).map(field).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> Vec<(String, String)> {
        let all = provider_fields();
        let provider = all.as_array().unwrap().iter().find(|provider| provider["name"] == name).unwrap().clone();
        let text = |field: &Value, name: &str| field[name].as_str().unwrap().to_owned();
        let fields = provider["fields"].as_array().unwrap().iter();
        fields.map(|field| (text(field, "field_name"), text(field, "field_value"))).collect()
    }

    #[test]
    fn each_provider_says_where_its_key_and_its_address_come_from() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let key = pair("api_key", "os.environ/OPENAI_API_KEY");
        assert_eq!(of("openai"), [key, pair("api_base", "https://api.openai.com/v1")]);
        let azure = of("azure");
        assert_eq!(azure[1], pair("api_base", "os.environ/AZURE_API_BASE"));
    }
}
