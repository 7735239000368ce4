//! `/config/cost_discount_config` and `/config/cost_margin_config`: what is taken off the cost of calls, and put on it.

use super::config_admin::ConfigAdmin;
use crate::auth::rights::Actor;
use crate::clock::Timestamp;
use crate::config::cost_rules::GLOBAL;
use crate::flow::admin::body;
use crate::flow::admin::error::AdminError;
use crate::providers::catalog;
use serde_json::{Map, Value, json};

const SECTION: &str = "litellm_settings";

/// Which of them.
#[derive(Clone, Copy, Debug)]
pub enum CostRule {
    /// What is taken off.
    Discount,
    /// What is put on.
    Margin,
}

impl CostRule {
    const fn setting(self) -> &'static str {
        match self {
            Self::Discount => "cost_discount_config",
            Self::Margin => "cost_margin_config",
        }
    }

    const fn changed(self) -> &'static str {
        match self {
            Self::Discount => "Cost discount configuration updated successfully",
            Self::Margin => "Cost margin configuration updated successfully",
        }
    }

    /// The provider that an entry is for, where it is for one.
    fn provider(self, name: &str) -> Option<&str> {
        match self {
            Self::Discount => Some(name.split('/').next().unwrap_or(name)),
            Self::Margin => Some(name).filter(|name| *name != GLOBAL),
        }
    }
}

impl ConfigAdmin {
    /// The rules of one kind.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn cost_rules(&self, rule: CostRule) -> Result<Value, AdminError> {
        let stored = self.latest().await?.settings;
        let said = self.served.file().get(SECTION, rule.setting()).or_else(|| stored.get(SECTION, rule.setting()));
        Ok(json!({ "values": said.cloned().unwrap_or_else(|| json!({})) }))
    }

    /// Puts these rules in place of all of their kind.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::Refused`] for a provider that is not spoken to; those of
    /// [`ConfigAdmin::update`].
    pub async fn set_cost_rules(
        &self,
        rule: CostRule,
        actor: &Actor,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Value, AdminError> {
        let rules = body::object(body)?;
        let providers = rules.keys().filter_map(|name| rule.provider(name));
        let unknown: Vec<&str> =
            providers.filter(|name| catalog::spoken().all(|provider| provider.name != *name)).collect();
        if !unknown.is_empty() {
            let names = unknown.join(", ");
            return Err(AdminError::Refused(format!(
                "Invalid provider(s): {names}. GET /public/providers lists them."
            )));
        }
        let rules = Value::from(rules);
        self.change(actor, now, &Map::new(), |settings| self.set(settings, (SECTION, rule.setting()), &rules)).await?;
        Ok(json!({"message": rule.changed(), "status": "success", "values": rules}))
    }
}
