//! How the cost of a deployment's calls is charged: the operator's discounts and margins that hold for it.

use super::pattern::Pattern;
use crate::config::cost_rules::{Discounts, GLOBAL, Margins};
use crate::price::Billing;

/// Discounts and margins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CostRules {
    /// What is taken off.
    pub discounts: Discounts,
    /// What is put on.
    pub margins: Margins,
}

impl CostRules {
    /// How calls of a provider's model are charged.
    pub(super) fn billing(&self, provider: &str, model: &str) -> Billing {
        let discount = self.discount(provider, model).unwrap_or_default();
        let margin = self.margins.0.get(provider).or_else(|| self.margins.0.get(GLOBAL)).copied().unwrap_or_default();
        Billing::new(discount, margin.percentage, margin.fixed_amount)
    }

    /// That of the model by its name, else of the pattern that says most, else of the provider.
    fn discount(&self, provider: &str, model: &str) -> Option<f64> {
        let Discounts(discounts) = &self.discounts;
        if let Some(exact) = discounts.get(&format!("{provider}/{model}")) {
            return Some(*exact);
        }
        let patterns = discounts.iter().filter_map(|(name, share)| {
            let pattern = name.strip_prefix(provider)?.strip_prefix('/').filter(|pattern| pattern.contains('*'))?;
            Pattern::new(pattern).matches_all_of(model).then(|| (pattern.len() - pattern.matches('*').count(), *share))
        });
        let said_most = patterns.max_by_key(|(literal, _)| *literal).map(|(_, share)| share);
        said_most.or_else(|| discounts.get(provider).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn rules(discounts: Value, margins: Value) -> CostRules {
        CostRules {
            discounts: serde_json::from_value(discounts).unwrap(),
            margins: serde_json::from_value(margins).unwrap(),
        }
    }

    #[test]
    fn the_discount_that_says_most_of_the_model_holds() {
        let discounts = json!({"a": 0.1, "a/x-*": 0.2, "a/x-large-*": 0.3, "a/x-large-2": 0.4, "ab": 0.5});
        let rules = rules(discounts, json!({}));
        let found = ["y", "x-small", "x-large-1", "x-large-2"].map(|model| rules.discount("a", model).unwrap());
        assert_eq!(found, [0.1, 0.2, 0.3, 0.4]);
        assert_eq!(rules.discount("b", "x-large-2"), None);
    }

    #[test]
    fn a_providers_own_margin_stands_in_place_of_that_of_all() {
        let rules = rules(json!({}), json!({"global": 0.05, "a": {"fixed_amount": 0.001}, "b": "0.1"}));
        assert_eq!(rules.billing("a", "x"), Billing::new(0.0, 0.0, 0.001));
        assert_eq!(rules.billing("b", "x"), Billing::new(0.0, 0.1, 0.0));
        assert_eq!(rules.billing("c", "x"), Billing::new(0.0, 0.05, 0.0));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for discounts in
            [json!({"a": 1.5}), json!({"a": -0.1}), json!({"a/": 0.1}), json!({"a/x?": 0.1}), json!({"a": []})]
        {
            assert!(serde_json::from_value::<Discounts>(discounts.clone()).is_err(), "{discounts}");
        }
        for margins in [json!({"a": 11}), json!({"a": {}}), json!({"a": {"fixed_amount": -1}}), json!({"a": {"x": 1}})]
        {
            assert!(serde_json::from_value::<Margins>(margins.clone()).is_err(), "{margins}");
        }
    }
}
