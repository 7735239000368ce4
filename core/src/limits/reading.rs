//! From fields as LiteLLM names them to limits. A value that can be no limit is refused with the field that holds it;
//! nothing is guessed. `Limits::read` takes the fields that are there and leaves the other limits as they are, so that
//! an update names what it changes; a field that is null takes the limit away.

use super::limit_set::{BudgetMode, BudgetPolicy, Limits, ModelBudget, TemporaryIncrease};
use super::period::BudgetPeriod;
use crate::calendar;
use crate::clock::Timestamp;
use crate::money::NanoDollars;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A field that cannot be a limit.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{field} {fault}")]
pub struct LimitError {
    /// Which field: `max_budget`, or `model_max_budget.gpt-4o.time_period`.
    pub field: String,
    /// What is wrong with it.
    pub fault: LimitFault,
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LimitFault {
    /// An amount of money is below zero or not finite.
    #[error("must be a non-negative finite number. Received: {0:?}")]
    Amount(f64),
    /// An amount of money is no number.
    #[error("must be a number")]
    NoNumber,
    /// A count is below zero, has a fraction, or is no number.
    #[error("must be a whole number of at least 0")]
    Count,
    /// A period is none.
    #[error("is no period of a budget: `{0}`. Use a format like '1h', '24h', '7d', or '30d'.")]
    Period(String),
    /// A point in time is none.
    #[error("must be a date or a point in time")]
    Time,
    /// What maps models to limits is no map.
    #[error("must map names of models to limits")]
    NoMap,
    /// An id is no text, or an empty one.
    #[error("must be a text that is not empty")]
    NoText,
    /// A flag is none.
    #[error("must be true or false")]
    NoFlag,
    /// The word is not one of those that there are.
    #[error("must be {0}")]
    Word(&'static str),
}

impl Limits {
    /// Takes over the limits among `fields`. `temp_budget_increase` and `temp_budget_expiry` count together; given
    /// alone, neither has an effect. A new `budget_duration` begins a period at `now`; a `budget_reset_at` beside it
    /// wins.
    ///
    /// # Errors
    /// [`LimitError`] names the first field that holds no limit. The limits are then half read and to be thrown away.
    pub fn read(&mut self, fields: &Map<String, Value>, now: Timestamp) -> Result<(), LimitError> {
        let given = Fields(fields);
        given.set("max_budget", &mut self.max_budget, amount)?;
        given.set("soft_budget", &mut self.soft_budget, amount)?;
        given.set("rpm_limit", &mut self.rpm_limit, count)?;
        given.set("tpm_limit", &mut self.tpm_limit, count)?;
        given.set("max_parallel_requests", &mut self.max_parallel_requests, count)?;
        given.set("budget_id", &mut self.budget_id, text)?;
        given.set("blocked", &mut self.blocked, flag)?;
        given.set("budget_duration", &mut self.budget_duration, period)?;
        if fields.contains_key("budget_duration") {
            self.budget_reset_at = self.budget_duration.as_ref().map(|period| period.next_reset(now));
        }
        given.set("budget_reset_at", &mut self.budget_reset_at, time)?;
        self.read_of_models(&given)?;
        self.read_settings(fields)
    }

    /// Takes over the limits that are settings rather than columns: those that a record may keep in its metadata.
    ///
    /// # Errors
    /// As [`Limits::read`].
    pub fn read_settings(&mut self, fields: &Map<String, Value>) -> Result<(), LimitError> {
        let given = Fields(fields);
        given.set_map("model_rpm_limit", &mut self.model_rpm_limit, count)?;
        given.set_map("model_tpm_limit", &mut self.model_tpm_limit, count)?;
        given.set_map("model_max_parallel_requests", &mut self.model_max_parallel_requests, count)?;
        given.set("budget_mode", &mut self.budget_mode, mode)?;
        given.set("budget_policy", &mut self.budget_policy, policy)?;
        let (mut increase, mut expiry) = match self.temporary_increase {
            Some(TemporaryIncrease { amount, expires_at }) => (Some(amount), Some(expires_at)),
            None => (None, None),
        };
        given.set("temp_budget_increase", &mut increase, amount)?;
        given.set("temp_budget_expiry", &mut expiry, time)?;
        self.temporary_increase =
            increase.zip(expiry).map(|(amount, expires_at)| TemporaryIncrease { amount, expires_at });
        Ok(())
    }

    /// Takes the limits that are settings from where a record keeps them, in its metadata and its free fields
    /// (`model_max_budget`), in place of those it had.
    ///
    /// # Errors
    /// As [`Limits::read`].
    pub fn read_kept(
        &mut self,
        metadata: &Map<String, Value>,
        document: &Map<String, Value>,
    ) -> Result<(), LimitError> {
        (self.model_max_budget, self.model_rpm_limit, self.model_tpm_limit) = Default::default();
        self.model_max_parallel_requests.clear();
        (self.temporary_increase, self.budget_mode, self.budget_policy) = (None, None, None);
        self.read_of_models(&Fields(document))?;
        self.read_settings(metadata)
    }

    /// Budgets of models, each a number of dollars or a map. A rate that stands beside a model's budget counts as one of
    /// `model_rpm_limit`, `model_tpm_limit` and `model_max_parallel_requests`.
    fn read_of_models(&mut self, given: &Fields<'_>) -> Result<(), LimitError> {
        let Some(models) = given.map("model_max_budget")? else { return Ok(()) };
        self.model_max_budget.clear();
        for (model, entry) in models {
            let within = |error: LimitError| error.within(&format!("model_max_budget.{model}"));
            let Value::Object(entry) = entry else {
                let budget = amount(entry).map_err(|fault| within(LimitError { field: String::new(), fault }))?;
                let budget = ModelBudget { max_budget: Some(budget), soft_budget: None, budget_duration: None };
                self.model_max_budget.insert(model.clone(), budget);
                continue;
            };
            let entry = Fields(entry);
            let max_budget = entry.first_of(["max_budget", "budget_limit"], amount).map_err(within)?;
            let budget_duration = entry.first_of(["budget_duration", "time_period"], period).map_err(within)?;
            let soft_budget = entry.first_of(["soft_budget"], amount).map_err(within)?;
            if max_budget.or(soft_budget).is_some() {
                let budget = ModelBudget { max_budget, soft_budget, budget_duration };
                self.model_max_budget.insert(model.clone(), budget);
            }
            let rpm = entry.first_of(["rpm_limit"], count).map_err(within)?;
            self.model_rpm_limit.extend(rpm.map(|rpm| (model.clone(), rpm)));
            let tpm = entry.first_of(["tpm_limit"], count).map_err(within)?;
            self.model_tpm_limit.extend(tpm.map(|tpm| (model.clone(), tpm)));
            let parallel = entry.first_of(["max_parallel_requests"], count).map_err(within)?;
            self.model_max_parallel_requests.extend(parallel.map(|parallel| (model.clone(), parallel)));
        }
        Ok(())
    }
}

impl LimitError {
    fn within(mut self, place: &str) -> Self {
        self.field = if self.field.is_empty() { place.to_owned() } else { format!("{place}.{}", self.field) };
        self
    }
}

/// The fields of a record or a request.
struct Fields<'a>(&'a Map<String, Value>);

type Read<T> = fn(&Value) -> Result<T, LimitFault>;

impl<'a> Fields<'a> {
    fn set<T>(&self, name: &str, target: &mut Option<T>, read: Read<T>) -> Result<(), LimitError> {
        match self.0.get(name) {
            None => {}
            Some(Value::Null) => *target = None,
            Some(value) => {
                *target = Some(read(value).map_err(|fault| LimitError { field: name.to_owned(), fault })?);
            }
        }
        Ok(())
    }

    fn set_map<T>(&self, name: &str, target: &mut BTreeMap<String, T>, read: Read<T>) -> Result<(), LimitError> {
        let Some(models) = self.map(name)? else { return Ok(()) };
        target.clear();
        for (model, value) in models.iter().filter(|(_, value)| !value.is_null()) {
            let value = read(value).map_err(|fault| LimitError { field: format!("{name}.{model}"), fault })?;
            target.insert(model.clone(), value);
        }
        Ok(())
    }

    /// The map in a field that is given; null is a map of nothing.
    fn map(&self, name: &str) -> Result<Option<&'a Map<String, Value>>, LimitError> {
        static NOTHING: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::Null) => Ok(Some(&NOTHING)),
            Some(Value::Object(map)) => Ok(Some(map)),
            Some(_) => Err(LimitError { field: name.to_owned(), fault: LimitFault::NoMap }),
        }
    }

    fn first_of<T, const N: usize>(&self, names: [&str; N], read: Read<T>) -> Result<Option<T>, LimitError> {
        let mut value = None;
        for name in names {
            if value.is_none() {
                self.set(name, &mut value, read)?;
            }
        }
        Ok(value)
    }
}

fn amount(value: &Value) -> Result<NanoDollars, LimitFault> {
    let dollars = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).ok_or(LimitFault::NoNumber)?;
    if !dollars.is_finite() || dollars < 0.0 {
        return Err(LimitFault::Amount(dollars));
    }
    Ok(NanoDollars::from_dollars(dollars))
}

fn count(value: &Value) -> Result<i64, LimitFault> {
    let number = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
    number.filter(|number| *number >= 0).ok_or(LimitFault::Count)
}

fn period(value: &Value) -> Result<BudgetPeriod, LimitFault> {
    let text = value.as_str().ok_or_else(|| LimitFault::Period(value.to_string()))?;
    BudgetPeriod::parse(text).map_err(|refused| LimitFault::Period(refused.0))
}

fn time(value: &Value) -> Result<Timestamp, LimitFault> {
    value.as_str().and_then(calendar::parse).ok_or(LimitFault::Time)
}

fn text(value: &Value) -> Result<String, LimitFault> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned).ok_or(LimitFault::NoText)
}

fn flag(value: &Value) -> Result<bool, LimitFault> {
    value.as_bool().ok_or(LimitFault::NoFlag)
}

fn mode(value: &Value) -> Result<BudgetMode, LimitFault> {
    value.as_str().and_then(BudgetMode::parse).ok_or(LimitFault::Word("'strict' or 'balanced'"))
}

fn policy(value: &Value) -> Result<BudgetPolicy, LimitFault> {
    value.as_str().and_then(BudgetPolicy::parse).ok_or(LimitFault::Word("'refuse' or 'clamp'"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(fields: Value) -> Result<Limits, LimitError> {
        let mut limits = Limits::default();
        limits.read(fields.as_object().unwrap(), Timestamp::from_millis(1_700_000_000_000))?;
        Ok(limits)
    }

    #[test]
    fn limits_are_read_from_the_fields_that_clients_know() {
        let limits = read(json!({
            "max_budget": 1.5, "soft_budget": 1, "rpm_limit": 3, "tpm_limit": 0, "max_parallel_requests": 2,
            "budget_id": "b", "blocked": true, "budget_duration": "1d", "budget_mode": "strict",
            "budget_policy": "clamp", "temp_budget_increase": 2, "temp_budget_expiry": "2030-01-01",
            "model_max_budget": {
                "a": {"budget_limit": "0.0000001", "time_period": "1d", "soft_budget": 5e-8},
                "b": {"rpm_limit": 7, "max_parallel_requests": 4}, "c": 0.5},
            "model_tpm_limit": {"a": 9},
        }))
        .unwrap();
        assert_eq!(limits.max_budget, Some(NanoDollars::new(1_500_000_000)));
        assert_eq!((limits.rpm_limit, limits.tpm_limit, limits.max_parallel_requests), (Some(3), Some(0), Some(2)));
        assert_eq!(limits.budget_reset_at, calendar::parse("2023-11-15"));
        assert_eq!(limits.temporary_increase.unwrap().expires_at, calendar::parse("2030-01-01").unwrap());
        assert_eq!((limits.budget_mode, limits.budget_policy), (Some(BudgetMode::Strict), Some(BudgetPolicy::Clamp)));
        let of_model = &limits.model_max_budget["a"];
        let amounts = (of_model.max_budget, of_model.soft_budget);
        assert_eq!(amounts, (Some(NanoDollars::new(100)), Some(NanoDollars::new(50))));
        assert_eq!(limits.model_max_budget["a"].budget_duration.as_ref().unwrap().as_str(), "1d");
        assert_eq!(limits.model_max_budget["c"].budget_duration, None);
        assert!(!limits.model_max_budget.contains_key("b"));
        assert_eq!((limits.model_rpm_limit["b"], limits.model_tpm_limit["a"]), (7, 9));
        assert_eq!(limits.model_max_parallel_requests, [("b".to_owned(), 4)].into());
    }

    #[test]
    fn what_can_be_no_limit_is_refused_by_the_name_of_its_field() {
        for (fields, message) in [
            (json!({"max_budget": -1}), "max_budget must be a non-negative finite number. Received: -1.0"),
            (json!({"soft_budget": "NaN"}), "soft_budget must be a non-negative finite number. Received: NaN"),
            (json!({"max_budget": "much"}), "max_budget must be a number"),
            (json!({"rpm_limit": -1}), "rpm_limit must be a whole number of at least 0"),
            (json!({"tpm_limit": 1.5}), "tpm_limit must be a whole number of at least 0"),
            (json!({"blocked": 1}), "blocked must be true or false"),
            (json!({"budget_id": ""}), "budget_id must be a text that is not empty"),
            (json!({"budget_mode": "loose"}), "budget_mode must be 'strict' or 'balanced'"),
            (json!({"temp_budget_expiry": "soon"}), "temp_budget_expiry must be a date or a point in time"),
            (json!({"model_rpm_limit": 3}), "model_rpm_limit must map names of models to limits"),
            (json!({"model_tpm_limit": {"a": -3}}), "model_tpm_limit.a must be a whole number of at least 0"),
            (
                json!({"model_max_parallel_requests": {"a": "few"}}),
                "model_max_parallel_requests.a must be a whole number of at least 0",
            ),
            (
                json!({"model_max_budget": {"a": {"budget_limit": 1, "time_period": "0s"}}}),
                "model_max_budget.a.time_period is no period of a budget: `0s`. Use a format like '1h', '24h', '7d', \
                 or '30d'.",
            ),
        ] {
            assert_eq!(read(fields).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn what_is_not_named_stays_and_null_takes_away() {
        let mut limits = read(json!({"max_budget": 1, "rpm_limit": 5, "budget_duration": "1d"})).unwrap();
        let change = json!({"rpm_limit": null, "budget_duration": null});
        limits.read(change.as_object().unwrap(), Timestamp::default()).unwrap();
        let expected = Limits { max_budget: Some(NanoDollars::new(1_000_000_000)), ..Limits::default() };
        assert_eq!(limits, expected);
    }
}
