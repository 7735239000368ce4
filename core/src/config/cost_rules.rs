//! `cost_discount_config` and `cost_margin_config`: what is taken off the cost of calls and put on it before it is
//! charged. Read and checked here; whoever charges stands above.

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// The margin of every provider that has none of its own.
pub const GLOBAL: &str = "global";
/// The highest margin, as a share of the cost.
const SHARE_MAX: f64 = 10.0;

/// What is taken off, as a share of the cost, by provider or `provider/model`, in which a `*` stands for anything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Discounts(pub BTreeMap<String, f64>);

/// What is put on, by provider or [`GLOBAL`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Margins(pub BTreeMap<String, Margin>);

/// What is put on the cost of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Margin {
    /// A share of the cost.
    pub percentage: f64,
    /// Dollars for each call.
    pub fixed_amount: f64,
}

impl<'de> Deserialize<'de> for Discounts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let discounts = BTreeMap::<String, Value>::deserialize(deserializer)?;
        let read = discounts.into_iter().map(|(name, share)| {
            if name.split_once('/').is_some_and(|(_, model)| model.is_empty()) {
                return Err(D::Error::custom(format!("Model pattern for {name} cannot be empty")));
            }
            if name.contains(['?', '[']) {
                return Err(D::Error::custom(format!("`{name}`: only `*` stands for other text, not `?` nor `[…]`")));
            }
            let share =
                number(&share).ok_or_else(|| D::Error::custom(format!("Discount for {name} must be a number")))?;
            match (0.0..=1.0).contains(&share) {
                true => Ok((name, share)),
                false => Err(D::Error::custom(format!("Discount for {name} must be between 0 and 1 (0% to 100%)"))),
            }
        });
        read.collect::<Result<_, _>>().map(Self)
    }
}

impl<'de> Deserialize<'de> for Margins {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let margins = BTreeMap::<String, Value>::deserialize(deserializer)?;
        let read = margins.into_iter().map(|(name, value)| {
            let margin = margin(&name, value).map_err(D::Error::custom)?;
            Ok((name, margin))
        });
        read.collect::<Result<_, _>>().map(Self)
    }
}

fn margin(name: &str, value: Value) -> Result<Margin, String> {
    let margin = match number(&value) {
        Some(percentage) => Margin { percentage, fixed_amount: 0.0 },
        None if value.as_object().is_some_and(|fields| !fields.is_empty()) => {
            serde_json::from_value(value).map_err(|error| format!("Margin for {name}: {error}"))?
        }
        None => {
            return Err(format!(
                "Margin for {name} must be a number (percentage) or dict with 'percentage' and/or 'fixed_amount'"
            ));
        }
    };
    if !(0.0..=SHARE_MAX).contains(&margin.percentage) {
        return Err(format!("Margin percentage for {name} must be between 0 and 10 (0% to 1000%)"));
    }
    match margin.fixed_amount.is_finite() && margin.fixed_amount >= 0.0 {
        true => Ok(margin),
        false => Err(format!("Fixed margin amount for {name} must be non-negative")),
    }
}

/// A number, in quotes or not.
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
}
