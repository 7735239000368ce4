//! `/access_group/…`, as far as budgets have a part in it: a group is shown with what it may spend and has spent, and
//! loses its budget when it goes. Which models a group has is said in `access_groups`.

use super::config::config_admin::ConfigAdmin;
use super::error::AdminError;
use super::models::ModelAdmin;
use crate::auth::records::record::ID_BYTES_MAX;
use crate::auth::rights::Actor;
use crate::calendar::rfc3339;
use crate::clock::Timestamp;
use crate::config::BudgetSetting;
use crate::flow::model_call::GroupBudgets;
use crate::limits::BudgetPeriod;
use crate::money::NanoDollars;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The operations on access groups and their budgets.
pub struct GroupAdmin {
    models: Arc<ModelAdmin>,
    config: Arc<ConfigAdmin>,
    budgets: GroupBudgets,
}

impl GroupAdmin {
    /// Groups of `models`, whose budgets `config` changes and calls are admitted by as `budgets` says.
    pub fn new(models: Arc<ModelAdmin>, config: Arc<ConfigAdmin>, budgets: GroupBudgets) -> Self {
        Self { models, config, budgets }
    }

    /// All groups of stored models.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn groups(&self, now: Timestamp) -> Result<Value, AdminError> {
        let mut shown = Vec::new();
        for (group, mut members) in self.models.access_groups().await? {
            members.extend(self.standing(&group, self.budgets.of(&group), now).await?);
            shown.push(Value::Object(members));
        }
        Ok(json!({ "access_groups": shown }))
    }

    /// One group of stored models.
    ///
    /// # Errors
    /// [`AdminError::NoSuchGroup`]; those of the store.
    pub async fn group(&self, group: &str, now: Timestamp) -> Result<Value, AdminError> {
        let mut members = self.models.access_group(group).await?;
        members.extend(self.standing(group, self.budgets.of(group), now).await?);
        Ok(members.into())
    }

    /// Deletes a group, and a budget that was given it here; its models stay.
    ///
    /// # Errors
    /// [`AdminError::NoSuchGroup`]; those of [`ConfigAdmin::update`].
    pub async fn delete(&self, actor: &Actor, group: &str, now: Timestamp) -> Result<Value, AdminError> {
        let deleted = self.models.delete_access_group(actor, group, now).await?;
        // The budget last: a group is never without it.
        if self.config.keeps_group_budgets() {
            self.config.remove_group_budget(actor, group, now).await?;
        }
        Ok(deleted)
    }

    /// The budget of a group, and what is spent of it. What calls under way hold counts as spent, as it does when the
    /// next one is admitted.
    ///
    /// # Errors
    /// [`AdminError::NoSuchGroup`]; those of the store.
    pub async fn budget(&self, group: &str, now: Timestamp) -> Result<Value, AdminError> {
        self.known(group).await?;
        self.told(group, self.budgets.of(group), now).await
    }

    /// Gives a group a budget, or changes the one it has.
    ///
    /// # Errors
    /// [`AdminError::NoSuchGroup`]; those of [`ConfigAdmin::set_group_budget`].
    pub async fn set_budget(
        &self,
        actor: &Actor,
        group: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Value, AdminError> {
        self.known(group).await?;
        if group.len() > ID_BYTES_MAX {
            let message = format!("A group with a budget has a name of at most {ID_BYTES_MAX} characters.");
            return Err(AdminError::Refused(message));
        }
        let setting = self.config.set_group_budget(actor, group, body, now).await?;
        self.told(group, Some(&setting), now).await
    }

    /// Takes the budget of a group away.
    ///
    /// # Errors
    /// [`AdminError::NoSuchGroup`]; those of [`ConfigAdmin::update`].
    pub async fn delete_budget(&self, actor: &Actor, group: &str, now: Timestamp) -> Result<Value, AdminError> {
        self.known(group).await?;
        let is_deleted = self.config.remove_group_budget(actor, group, now).await?;
        let message = match is_deleted {
            true => format!("The budget of access group '{group}' is deleted"),
            false => format!("Access group '{group}' has no budget"),
        };
        Ok(json!({"access_group": group, "budget_deleted": is_deleted, "message": message}))
    }

    /// A group is known where a model is in it, or a budget is set for it.
    async fn known(&self, group: &str) -> Result<(), AdminError> {
        if self.budgets.of(group).is_some() || self.models.has_group(group).await? {
            return Ok(());
        }
        Err(AdminError::NoSuchGroup(group.to_owned()))
    }

    async fn told(&self, group: &str, setting: Option<&BudgetSetting>, now: Timestamp) -> Result<Value, AdminError> {
        let mut told = self.standing(group, setting, now).await?;
        told.insert("access_group".to_owned(), group.into());
        Ok(told.into())
    }

    async fn standing(
        &self,
        group: &str,
        setting: Option<&BudgetSetting>,
        now: Timestamp,
    ) -> Result<Map<String, Value>, AdminError> {
        let (spend, budget) = match setting {
            None => (0.0, Value::Null),
            Some(setting) => {
                let stands = self.budgets.at(group, setting, now).await?;
                let told = json!({
                    "budget_id": null,
                    "max_budget": setting.max_budget.dollars(),
                    "soft_budget": setting.soft_budget.map(NanoDollars::dollars),
                    "budget_duration": setting.budget_duration.as_ref().map(BudgetPeriod::as_str),
                    "budget_reset_at": stands.resets_at.map(rfc3339),
                    "rpm_limit": setting.rpm_limit,
                    "tpm_limit": setting.tpm_limit,
                    "max_parallel_requests": setting.max_parallel_requests,
                });
                (stands.used.dollars(), told)
            }
        };
        Ok(Map::from_iter([("spend".to_owned(), spend.into()), ("budget".to_owned(), budget)]))
    }
}
