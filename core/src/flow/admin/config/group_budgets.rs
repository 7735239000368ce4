//! Budgets of model access groups among the stored settings (`access_group_budget_config`), one group at a time. What is
//! spent of them is not known here.

use super::config_admin::{ConfigAdmin, of_file};
use crate::auth::rights::Actor;
use crate::clock::Timestamp;
use crate::config::BudgetSetting;
use crate::config::stored::StoredSettings;
use crate::flow::admin::body::{self, Field, Kind};
use crate::flow::admin::error::{AdminError, Problem};
use crate::limits::Limits;
use serde_json::{Map, Value};

/// Fields of a body that says what a budget is.
pub const FIELDS: &[Field] = &[
    ("max_budget", Kind::Number),
    ("budget_duration", Kind::Text),
    ("soft_budget", Kind::Number),
    ("rpm_limit", Kind::Integer),
    ("tpm_limit", Kind::Integer),
    ("max_parallel_requests", Kind::Integer),
];

const SECTION: &str = "litellm_settings";
const NAME: &str = "access_group_budget_config";

impl ConfigAdmin {
    /// Gives a group the budget of the body. Of a budget that it has, what the body does not name stays.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::Refused`] for a field that no such budget has; those of
    /// [`ConfigAdmin::update`].
    pub async fn set_group_budget(
        &self,
        actor: &Actor,
        group: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<BudgetSetting, AdminError> {
        let asked = read(body)?;
        let change = |budgets: &mut Map<String, Value>| {
            let setting = merged(budgets.get(group), &asked, now)?;
            budgets.insert(group.to_owned(), written(&setting));
            Ok(())
        };
        let made = self.change(actor, now, &Map::new(), |settings| self.change_budgets(settings, change)).await?;
        let stored = made.version.settings.get(SECTION, NAME).and_then(|budgets| budgets.get(group));
        merged(stored, &asked, now)
    }

    /// Takes a group's budget away. False where it has none.
    ///
    /// # Errors
    /// Those of [`ConfigAdmin::update`].
    pub async fn remove_group_budget(&self, actor: &Actor, group: &str, now: Timestamp) -> Result<bool, AdminError> {
        let change = |budgets: &mut Map<String, Value>| match budgets.shift_remove(group) {
            Some(_) => Ok(()),
            None => Err(AdminError::NoSuchGroup(group.to_owned())),
        };
        match self.change(actor, now, &Map::new(), |settings| self.change_budgets(settings, change)).await {
            Err(AdminError::NoSuchGroup(_)) => Ok(false),
            done => done.map(|_| true),
        }
    }

    /// Whether budgets of groups are kept in the table, and not in the file.
    pub fn keeps_group_budgets(&self) -> bool {
        self.is_on() && self.served.file().get(SECTION, NAME).is_none()
    }

    fn change_budgets(
        &self,
        settings: &mut StoredSettings,
        change: impl Fn(&mut Map<String, Value>) -> Result<(), AdminError>,
    ) -> Result<(), AdminError> {
        if self.served.file().get(SECTION, NAME).is_some() {
            return Err(of_file(SECTION, NAME));
        }
        let mut budgets = settings.get(SECTION, NAME).and_then(Value::as_object).cloned().unwrap_or_default();
        change(&mut budgets)?;
        match budgets.is_empty() {
            true => drop(settings.remove(SECTION, NAME)),
            false => settings.set(SECTION, NAME, budgets.into())?,
        }
        Ok(())
    }
}

/// The fields of a body. One that would have no effect is refused: a limit that is not kept must not look like one.
fn read(bytes: &[u8]) -> Result<Map<String, Value>, AdminError> {
    let given = body::object(bytes)?;
    let is_known = |name: &str| FIELDS.iter().any(|(known, _)| *known == name);
    if let Some((name, _)) = given.iter().find(|(name, value)| !value.is_null() && !is_known(name)) {
        return Err(AdminError::Refused(format!(
            "`{name}` is nothing that the budget of an access group has: say `max_budget`, `budget_duration` for a \
             period, `soft_budget`, `rpm_limit`, `tpm_limit` or `max_parallel_requests`"
        )));
    }
    let asked = body::read(bytes, FIELDS)?;
    if asked.is_empty() {
        return Err(Problem::missing(&["body", "max_budget"]).into());
    }
    Ok(asked)
}

/// The budget that there is, with what the fields change of it.
fn merged(before: Option<&Value>, asked: &Map<String, Value>, now: Timestamp) -> Result<BudgetSetting, AdminError> {
    let before = before.and_then(|stored| serde_json::from_value::<BudgetSetting>(stored.clone()).ok());
    let mut limits = before.map_or_else(Limits::default, |before| before.limits());
    limits.read(asked, now)?;
    BudgetSetting::of(&limits).ok_or_else(|| Problem::missing(&["body", "max_budget"]).into())
}

/// As a file would say it.
fn written(setting: &BudgetSetting) -> Value {
    let fields = [
        ("max_budget", Some(setting.max_budget.dollars().into())),
        ("budget_duration", setting.budget_duration.as_ref().map(|period| period.as_str().into())),
        ("soft_budget", setting.soft_budget.map(|budget| budget.dollars().into())),
        ("rpm_limit", setting.rpm_limit.map(Value::from)),
        ("tpm_limit", setting.tpm_limit.map(Value::from)),
        ("max_parallel_requests", setting.max_parallel_requests.map(Value::from)),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect::<Map<_, _>>().into()
}
