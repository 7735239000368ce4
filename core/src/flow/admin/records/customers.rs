//! `/customer/…`, also as `/end_user/…`: end users, whom requests name as their `user`.

use super::forms::{self, required_id, required_ids};
use super::person::ANONYMIZE;
use super::record_admin::RecordAdmin;
use super::render;
use crate::accounting::erasure::Person;
use crate::auth::records::{Record, RecordId, RecordKind};
use crate::auth::rights::Actor;
use crate::clock::Timestamp;
use crate::flow::admin::body;
use crate::flow::admin::error::{AdminError, Problem};
use crate::flow::admin::keys::fields;
use crate::flow::admin::params::Params;
use serde_json::{Map, Value, json};

/// The fields that make a budget of an end user's own.
const OWN_BUDGET: [&str; 7] = [
    "max_budget",
    "soft_budget",
    "budget_duration",
    "max_parallel_requests",
    "tpm_limit",
    "rpm_limit",
    "model_max_budget",
];

impl RecordAdmin {
    /// Makes an end user, with limits of its own or under a shared budget.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::Taken`].
    pub async fn new_customer(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let mut asked = forms::CUSTOMER.read(body)?;
        let id = customer_id(required_id(&asked, "user_id")?);
        if has_own_budget(&asked) && asked.get("budget_id").is_some_and(Value::is_string) {
            return Err(Problem::rule("Set either 'max_budget' or 'budget_id', not both.").into());
        }
        asked.entry("blocked").or_insert(Value::Bool(false));
        let spend = fields::amount(&asked, "spend")?;
        let own = has_own_budget(&asked).then(|| self.new_id()).transpose()?;
        let mut record = Record::new(id, now, actor.user_id.as_deref());
        forms::CUSTOMER.apply(&asked, &mut record, now)?;
        record.document.extend(own.map(|own| (render::OWN_BUDGET_ID.to_owned(), own.into())));
        if let Some(budget) = record.limits.budget_id.as_deref() {
            self.keys.check_budget(budget).await?;
        }
        let mut stored = self.create(record).await?;
        if let Some(spend) = spend {
            stored.totals = self.records.adjust_spend(&stored.record.id, spend).await?;
        }
        self.shown_customer(&stored).await
    }

    /// One end user: that of the parameter `end_user_id`.
    ///
    /// # Errors
    /// [`AdminError::Missing`].
    pub async fn customer_info(&self, params: &Params) -> Result<Value, AdminError> {
        let id = params.text("end_user_id").ok_or_else(|| Problem::missing(&["query", "end_user_id"]))?;
        let stored = self.find(&customer_id(id)).await?;
        self.shown_customer(&stored).await
    }

    /// All end users who have a record.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list_customers(&self) -> Result<Value, AdminError> {
        let mut shown = Vec::new();
        for stored in self.all(RecordKind::Customer).await? {
            shown.push(self.shown_customer(&stored).await?);
        }
        Ok(shown.into())
    }

    /// Changes what the body names of an end user. A shared budget takes the place of limits of its own, and the other
    /// way round.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::Missing`].
    pub async fn update_customer(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let asked = forms::CUSTOMER.read(body)?;
        let id = customer_id(required_id(&asked, "user_id")?);
        let new_id = self.new_id()?;
        let (own, shared) = (has_own_budget(&asked), asked.get("budget_id").is_some_and(Value::is_string));
        let change = |record: &mut Record| {
            if shared {
                let blocked = record.limits.blocked;
                record.limits = crate::limits::Limits { blocked, ..Default::default() };
                record.document.shift_remove("model_max_budget");
                record.document.shift_remove(render::OWN_BUDGET_ID);
            } else if own {
                record.limits.budget_id = None;
                record.document.entry(render::OWN_BUDGET_ID).or_insert(new_id.as_str().into());
            }
            forms::CUSTOMER.apply(&asked, record, now)
        };
        let stored = self.change(actor, &id, now, change).await?;
        self.shown_customer(&stored).await
    }

    /// Deletes end users' records and what they spent.
    ///
    /// # Errors
    /// [`AdminError::Missing`] names the first who has none; nothing is deleted then.
    pub async fn delete_customers(&self, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let ids = required_ids(body, "user_ids")?;
        let asked = body::read(body, &[ANONYMIZE])?;
        let forgets = asked.get(ANONYMIZE.0).is_some_and(Value::is_boolean);
        for id in &ids {
            let id = customer_id(id);
            // One without a record may have said something that is kept.
            match self.find(&id).await {
                Err(AdminError::Missing(_)) if forgets || self.has_kept(&id).await => {}
                found => found.map(drop)?,
            }
        }
        for id in &ids {
            self.forget(&Person::EndUser(id.clone()), &asked, now).await?;
            self.remove(&customer_id(id)).await?;
        }
        let quoted: Vec<_> = ids.iter().map(|id| format!("'{id}'")).collect();
        let message = format!("Successfully deleted customers with ids: [{}]", quoted.join(", "));
        Ok(json!({"deleted_customers": ids.len(), "message": message}))
    }

    /// Blocks end users, those who have no record too; or lets them in again.
    ///
    /// # Errors
    /// [`AdminError::Missing`] where one to be let in has no record.
    pub async fn block_customers(
        &self,
        actor: &Actor,
        body: &[u8],
        blocked: bool,
        now: Timestamp,
    ) -> Result<Value, AdminError> {
        let mut shown = Vec::new();
        for name in required_ids(body, "user_ids")? {
            let id = customer_id(&name);
            if !id.is_possible() {
                return Err(
                    Problem::new("string_too_long", vec!["body".into(), "user_ids".into()], "No such id").into()
                );
            }
            let stored = match self.set_blocked(actor, &id, blocked, now).await {
                Err(AdminError::Missing(_)) if blocked => {
                    let mut record = Record::new(id.clone(), now, actor.user_id.as_deref());
                    record.limits.blocked = Some(true);
                    match self.create(record).await {
                        Err(AdminError::Taken(_)) => self.set_blocked(actor, &id, true, now).await?,
                        made => made?,
                    }
                }
                done => done?,
            };
            shown.push(self.shown_customer(&stored).await?);
        }
        Ok(json!({"blocked_users": shown}))
    }

    async fn shown_customer(&self, stored: &crate::auth::records::StoredRecord) -> Result<Value, AdminError> {
        let shared = match stored.record.limits.budget_id.as_deref() {
            Some(id) => self.records.record(&RecordId::of(RecordKind::Budget, id)).await?,
            None => None,
        };
        Ok(render::customer(stored, shared.as_ref()))
    }
}

fn has_own_budget(asked: &Map<String, Value>) -> bool {
    OWN_BUDGET.iter().any(|field| asked.get(*field).is_some_and(|value| !value.is_null()))
}

fn customer_id(id: &str) -> RecordId {
    RecordId::of(RecordKind::Customer, id)
}
