//! What choices ask of a deployment, worked out once when it is built.

use crate::config::deployment::ModelEntry;
use crate::price::ModelPrice;
use serde_json::Value;

/// Dollars for a token in and a token out of a model whose price nobody knows: dearer than any other.
const COST_UNKNOWN: f64 = 10.0;

/// What choices ask of a deployment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Traits {
    /// Those of the lowest go first.
    pub order: i64,
    /// Its share of the traffic.
    pub weight: Option<f64>,
    /// Requests a minute that it can take.
    pub rpm: Option<u64>,
    /// Tokens a minute that it can take.
    pub tpm: Option<u64>,
    /// Dollars for a token in and a token out.
    pub cost: f64,
    /// Tokens of input that its model can take.
    pub max_input_tokens: Option<u64>,
    /// Whose calls it takes; `None`: everybody's.
    pub team: Option<String>,
    /// The name under which its team calls it.
    pub team_name: Option<String>,
    /// What kind of calls it is meant for.
    pub tags: Vec<String>,
    /// Where it is.
    pub region: Option<String>,
    /// Whether tags count for its model, whatever the router says.
    pub by_tags: Option<bool>,
}

impl Traits {
    /// Those of an entry whose model has this price.
    pub fn of(entry: &ModelEntry, price: Option<&ModelPrice>) -> Self {
        let params = &entry.params;
        let said = |name: &str| entry.info.get(name).and_then(Value::as_str).map(str::to_owned);
        let limit = |param: Option<i64>, name: &str| {
            let limit = param.or_else(|| entry.info.get(name).and_then(Value::as_i64));
            limit.and_then(|limit| u64::try_from(limit).ok())
        };
        Self {
            order: params.order.unwrap_or(i64::MAX),
            weight: params.weight,
            rpm: limit(params.rpm, "rpm"),
            tpm: limit(params.tpm, "tpm"),
            cost: price.map_or(COST_UNKNOWN, cost),
            max_input_tokens: price.and_then(ModelPrice::max_input_tokens),
            team: said("team_id"),
            team_name: said("team_public_model_name"),
            tags: params.tags.clone(),
            region: region(entry),
            by_tags: entry.info.get("enable_tag_filtering").and_then(Value::as_bool),
        }
    }
}

fn cost(price: &ModelPrice) -> f64 {
    let dollars = |name: &str| price.info().get(name).and_then(Value::as_f64).unwrap_or(COST_UNKNOWN / 2.0);
    dollars("input_cost_per_token") + dollars("output_cost_per_token")
}

/// Where a deployment is: as the operator says, else as its account does.
fn region(entry: &ModelEntry) -> Option<String> {
    let account = &entry.params.account;
    let said = entry.params.region_name.as_ref().or(account.aws_region_name.as_ref());
    said.or(account.vertex_location.as_ref()).map(|region| region.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::tests::entry;
    use serde_json::json;

    #[test]
    fn limits_and_regions_are_found_wherever_they_are_said() {
        let entry = entry(json!({
            "model_name": "a",
            "litellm_params": {"model": "openai/x", "rpm": 3, "aws_region_name": "EU-west-1", "tags": ["paid"]},
            "model_info": {"tpm": 9, "team_id": "t", "team_public_model_name": "gpt"}
        }));
        let traits = Traits::of(&entry, None);
        assert_eq!((traits.rpm, traits.tpm, traits.cost), (Some(3), Some(9), COST_UNKNOWN));
        assert_eq!((traits.region.as_deref(), traits.tags), (Some("eu-west-1"), vec!["paid".to_owned()]));
        assert_eq!((traits.team.as_deref(), traits.team_name.as_deref()), (Some("t"), Some("gpt")));
    }
}
