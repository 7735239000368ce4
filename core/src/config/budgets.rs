//! Budgets and limits as the file sets them: for providers, tags and deployments, and what new users and teams get where
//! nobody says otherwise. Read here; whoever counts against them stands above.

use super::lenient;
use crate::limits::{BudgetPeriod, Limits};
use crate::money::NanoDollars;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A budget for a provider (`provider_budget_config`), a tag (`tag_budget_config`) or a model access group
/// (`access_group_budget_config`), and what else limits it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetSetting {
    /// The most that may be spent in one period. In nano-dollars.
    #[serde(alias = "budget_limit", deserialize_with = "lenient::budget")]
    pub max_budget: NanoDollars,
    /// The period; `None`: what is spent counts for ever.
    #[serde(default, alias = "time_period", deserialize_with = "lenient::period")]
    pub budget_duration: Option<BudgetPeriod>,
    /// What may be spent in a period before somebody is told. In nano-dollars.
    #[serde(default, deserialize_with = "lenient::optional_budget")]
    pub soft_budget: Option<NanoDollars>,
    /// Requests in a minute.
    #[serde(default, deserialize_with = "lenient::count")]
    pub rpm_limit: Option<i64>,
    /// Tokens in a minute.
    #[serde(default, deserialize_with = "lenient::count")]
    pub tpm_limit: Option<i64>,
    /// Requests in flight at once.
    #[serde(default, deserialize_with = "lenient::count")]
    pub max_parallel_requests: Option<i64>,
}

impl BudgetSetting {
    /// As limits of whatever it is set on.
    pub fn limits(&self) -> Limits {
        Limits {
            max_budget: Some(self.max_budget),
            budget_duration: self.budget_duration.clone(),
            soft_budget: self.soft_budget,
            rpm_limit: self.rpm_limit,
            tpm_limit: self.tpm_limit,
            max_parallel_requests: self.max_parallel_requests,
            ..Limits::default()
        }
    }

    /// The setting that sets these limits; `None`: there is no budget among them.
    pub fn of(limits: &Limits) -> Option<Self> {
        Some(Self {
            max_budget: limits.max_budget?,
            budget_duration: limits.budget_duration.clone(),
            soft_budget: limits.soft_budget,
            rpm_limit: limits.rpm_limit,
            tpm_limit: limits.tpm_limit,
            max_parallel_requests: limits.max_parallel_requests,
        })
    }
}

/// What a new record gets where its maker says nothing: `default_internal_user_params`, `default_team_params`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RecordDefaults {
    /// A user's role.
    #[serde(deserialize_with = "lenient::optional_text")]
    pub user_role: Option<String>,
    /// Public names of the models that may be called.
    pub models: Option<Vec<String>>,
    /// The most that may be spent in one period. In nano-dollars.
    #[serde(deserialize_with = "lenient::optional_budget")]
    pub max_budget: Option<NanoDollars>,
    /// The period; `None`: what is spent counts for ever.
    #[serde(deserialize_with = "lenient::period")]
    pub budget_duration: Option<BudgetPeriod>,
    /// Tokens in a minute.
    #[serde(deserialize_with = "lenient::count")]
    pub tpm_limit: Option<i64>,
    /// Requests in a minute.
    #[serde(deserialize_with = "lenient::count")]
    pub rpm_limit: Option<i64>,
    /// Requests in flight at once.
    #[serde(deserialize_with = "lenient::count")]
    pub max_parallel_requests: Option<i64>,
    /// Teams that new users are put into.
    pub teams: Option<Vec<UsualTeam>>,
    /// Teams that users may join by themselves.
    pub available_teams: Option<Vec<String>>,
}

/// A team that new users are put into: its id, or a map.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "WrittenTeam")]
pub struct UsualTeam {
    /// Which team.
    pub id: String,
    /// What each may spend there in one period. In nano-dollars.
    pub max_budget: Option<NanoDollars>,
    /// As what.
    pub role: UsualTeamRole,
}

/// What a new user is in a team.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UsualTeamRole {
    /// A member.
    #[default]
    User,
    /// Its administrator.
    Admin,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenTeam {
    Id(String),
    Map(TeamMap),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TeamMap {
    team_id: String,
    #[serde(default, deserialize_with = "lenient::optional_budget")]
    max_budget_in_team: Option<NanoDollars>,
    #[serde(default)]
    user_role: UsualTeamRole,
}

impl From<WrittenTeam> for UsualTeam {
    fn from(written: WrittenTeam) -> Self {
        match written {
            WrittenTeam::Id(id) => Self { id, max_budget: None, role: UsualTeamRole::User },
            WrittenTeam::Map(TeamMap { team_id: id, max_budget_in_team: max_budget, user_role: role }) => {
                Self { id, max_budget, role }
            }
        }
    }
}

impl UsualTeam {
    /// As a request for a new user names it.
    fn asked(&self) -> Value {
        let budget = self.max_budget.map(NanoDollars::dollars);
        json!({"team_id": self.id, "max_budget_in_team": budget, "user_role": self.role.as_str()})
    }
}

impl UsualTeamRole {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
        }
    }
}

impl RecordDefaults {
    /// Adds the defaults to the fields of a request that asks for a new record, where they are missing or null.
    pub fn fill(&self, asked: &mut Map<String, Value>) {
        let texts = |list: &Vec<String>| list.iter().map(String::as_str).collect::<Value>();
        let defaults = [
            ("user_role", self.user_role.as_deref().map(Value::from)),
            ("models", self.models.as_ref().map(texts)),
            ("max_budget", self.max_budget.map(|budget| budget.dollars().into())),
            ("budget_duration", self.budget_duration.as_ref().map(|period| period.as_str().into())),
            ("tpm_limit", self.tpm_limit.map(Value::from)),
            ("rpm_limit", self.rpm_limit.map(Value::from)),
            ("max_parallel_requests", self.max_parallel_requests.map(Value::from)),
            ("teams", self.teams.as_ref().map(|teams| teams.iter().map(UsualTeam::asked).collect())),
        ];
        for (name, value) in defaults {
            if let Some(value) = value.filter(|_| asked.get(name).is_none_or(Value::is_null)) {
                asked.insert(name.to_owned(), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_fill_what_is_missing_and_nothing_else() {
        let defaults: RecordDefaults =
            serde_json::from_value(json!({"max_budget": 5, "budget_duration": "30d", "models": ["gpt"]})).unwrap();
        let mut asked = json!({"max_budget": 1, "budget_duration": null}).as_object().unwrap().clone();
        defaults.fill(&mut asked);
        assert_eq!(Value::Object(asked), json!({"max_budget": 1, "budget_duration": "30d", "models": ["gpt"]}));
    }
    #[test]
    fn teams_are_named_by_their_id_or_with_what_their_members_get() {
        let defaults: RecordDefaults = serde_json::from_value(
            json!({"teams": ["a", {"team_id": "b", "max_budget_in_team": 2, "user_role": "admin"}]}),
        )
        .unwrap();
        let mut asked = Map::new();
        defaults.fill(&mut asked);
        let teams = json!([{"team_id": "a", "max_budget_in_team": null, "user_role": "user"},
            {"team_id": "b", "max_budget_in_team": 2.0, "user_role": "admin"}]);
        assert_eq!(asked["teams"], teams);
        assert!(serde_json::from_value::<RecordDefaults>(json!({"teams": [{"team": "a"}]})).is_err());
    }
}
