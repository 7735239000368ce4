//! Who may make keys, what keys get where their maker says nothing, and what none may pass: as the file sets it. Read
//! here; keys are made above.

use super::lenient;
use crate::duration::Duration;
use crate::limits::BudgetPeriod;
use crate::money::NanoDollars;
use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value};

/// `key_generation_settings`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeyGenerationSettings {
    /// Of keys that belong to a team.
    pub team_key_generation: Option<TeamKeyGeneration>,
    /// Of keys that belong to a user alone.
    pub personal_key_generation: Option<PersonalKeyGeneration>,
}

/// Who makes keys of a team.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TeamKeyGeneration {
    /// Roles in the team: `admin`, `user`; `None`: both, as far as they may.
    pub allowed_team_member_roles: Option<Vec<String>>,
    /// Fields that a request must have.
    pub required_params: Vec<String>,
}

/// Who makes keys of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PersonalKeyGeneration {
    /// Roles of users; `None`: all, as far as they may.
    pub allowed_user_roles: Option<Vec<String>>,
    /// Fields that a request must have.
    pub required_params: Vec<String>,
}

/// What keys get where their maker says nothing (`default_key_generate_params`), or what none may pass
/// (`upperbound_key_generate_params`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeyParams {
    /// The most that may be spent in one period. In nano-dollars.
    #[serde(deserialize_with = "lenient::optional_budget")]
    pub max_budget: Option<NanoDollars>,
    /// The period of the budget.
    #[serde(deserialize_with = "lenient::period")]
    pub budget_duration: Option<BudgetPeriod>,
    /// How long a key lives.
    #[serde(deserialize_with = "lifetime")]
    pub duration: Option<String>,
    /// Tokens in a minute.
    #[serde(deserialize_with = "lenient::count")]
    pub tpm_limit: Option<i64>,
    /// Requests in a minute.
    #[serde(deserialize_with = "lenient::count")]
    pub rpm_limit: Option<i64>,
    /// Requests in flight at once.
    #[serde(deserialize_with = "lenient::count")]
    pub max_parallel_requests: Option<i64>,
    /// Public names of the models that may be called. Of defaults alone.
    pub models: Option<Vec<String>>,
    /// The owner's own data. Of defaults alone.
    pub metadata: Option<Map<String, Value>>,
    /// The team. Of defaults alone.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub team_id: Option<String>,
}

impl KeyParams {
    /// What of it a request may name, as a request names it.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, Value)> {
        let texts = |list: &Vec<String>| list.iter().map(String::as_str).collect::<Value>();
        let fields = [
            ("max_budget", self.max_budget.map(|budget| budget.dollars().into())),
            ("budget_duration", self.budget_duration.as_ref().map(|period| period.as_str().into())),
            ("duration", self.duration.as_deref().map(Value::from)),
            ("tpm_limit", self.tpm_limit.map(Value::from)),
            ("rpm_limit", self.rpm_limit.map(Value::from)),
            ("max_parallel_requests", self.max_parallel_requests.map(Value::from)),
            ("models", self.models.as_ref().map(texts)),
            ("metadata", self.metadata.clone().map(Value::Object)),
            ("team_id", self.team_id.as_deref().map(Value::from)),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }

    /// Adds what is missing, null or empty in a request.
    pub fn fill(&self, asked: &mut Map<String, Value>) {
        let is_empty = |value: &Value| match value {
            Value::Null => true,
            Value::Array(list) => list.is_empty(),
            Value::Object(map) => map.is_empty(),
            _ => false,
        };
        for (name, value) in self.fields() {
            if asked.get(name).is_none_or(is_empty) {
                asked.insert(name.to_owned(), value);
            }
        }
    }
}

/// Ceilings know no models, metadata and teams.
pub(super) fn ceilings<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<KeyParams>, D::Error> {
    let params = Option::<KeyParams>::deserialize(deserializer)?;
    let has_no_ceiling = |name: &&'static str| ["models", "metadata", "team_id"].contains(name);
    let wrong = params.iter().flat_map(KeyParams::fields).map(|(name, _)| name).find(has_no_ceiling);
    match wrong {
        Some(name) => Err(de::Error::custom(format!("`{name}` has no ceiling; remove it"))),
        None => Ok(params),
    }
}

fn lifetime<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = lenient::optional_text(deserializer)?;
    match text.as_deref().map(Duration::parse) {
        Some(Err(_)) => Err(de::Error::custom("must be a time such as `30d` or `12h`")),
        _ => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_missing_or_empty_is_filled() {
        let params: KeyParams = serde_json::from_value(json!({"models": ["gpt"], "rpm_limit": 3})).unwrap();
        let mut asked = json!({"models": [], "rpm_limit": 1}).as_object().unwrap().clone();
        params.fill(&mut asked);
        assert_eq!(Value::Object(asked), json!({"models": ["gpt"], "rpm_limit": 1}));
        assert!(serde_json::from_value::<KeyParams>(json!({"duration": "soon"})).is_err());
    }
}
