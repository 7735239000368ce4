//! `/budget/…`: limits that several records share by the budget's id.

use super::forms::{self, id_in, required_id, required_ids};
use super::record_admin::RecordAdmin;
use super::render;
use crate::auth::records::{Record, RecordId, RecordKind};
use crate::auth::rights::Actor;
use crate::clock::Timestamp;
use crate::flow::admin::body::{self, Field, Kind};
use crate::flow::admin::error::{AdminError, Problem};
use crate::flow::admin::params::Params;
use serde_json::{Map, Value};

/// Fields of a body that names a budget to be deleted.
pub const NAMED: &[Field] = &[("id", Kind::Text)];

impl RecordAdmin {
    /// Makes a budget.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::Taken`].
    pub async fn new_budget(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let (id, asked) = read(body)?;
        let id = match id {
            Some(id) => id,
            None => self.new_id()?,
        };
        let stored = self.make(actor, budget_id(&id), (&forms::BUDGET, &asked), now).await?;
        Ok(render::budget(&stored.record).into())
    }

    /// The body's `budgets` that are there.
    ///
    /// # Errors
    /// [`AdminError::Form`].
    pub async fn budget_info(&self, body: &[u8]) -> Result<Value, AdminError> {
        let mut shown = Vec::new();
        for id in required_ids(body, "budgets")? {
            let record = self.records.record(&budget_id(&id)).await?;
            shown.extend(record.map(|record| Value::Object(render::budget(&record))));
        }
        Ok(shown.into())
    }

    /// What each field of a budget means and holds: that of the parameter `budget_id`.
    ///
    /// # Errors
    /// [`AdminError::Missing`].
    pub async fn budget_settings(&self, params: &Params) -> Result<Value, AdminError> {
        let id = params.text("budget_id").ok_or_else(|| Problem::missing(&["query", "budget_id"]))?;
        Ok(render::budget_settings(&self.find(&budget_id(id)).await?.record))
    }

    /// All budgets.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list_budgets(&self) -> Result<Value, AdminError> {
        let all = self.all(RecordKind::Budget).await?;
        Ok(all.iter().map(|stored| Value::Object(render::budget(&stored.record))).collect())
    }

    /// Changes what the body names of a budget.
    ///
    /// # Errors
    /// The mistakes of a body; [`AdminError::Missing`].
    pub async fn update_budget(&self, actor: &Actor, body: &[u8], now: Timestamp) -> Result<Value, AdminError> {
        let (id, asked) = read(body)?;
        let id = id.ok_or_else(|| Problem::missing(&["body", "budget_id"]))?;
        let change = |record: &mut Record| forms::BUDGET.apply(&asked, record, now);
        let stored = self.change(actor, &budget_id(&id), now, change).await?;
        Ok(render::budget(&stored.record).into())
    }

    /// Deletes a budget. Records that name it are no longer limited by it.
    ///
    /// # Errors
    /// [`AdminError::Missing`].
    pub async fn delete_budget(&self, body: &[u8]) -> Result<Value, AdminError> {
        let asked = body::read(body, NAMED)?;
        let id = budget_id(required_id(&asked, "id")?);
        let stored = self.remove(&id).await?.ok_or(AdminError::Missing(id))?;
        Ok(render::budget(&stored.record).into())
    }
}

/// The id and the other fields: a budget is under no other budget.
fn read(body: &[u8]) -> Result<(Option<String>, Map<String, Value>), AdminError> {
    let mut asked = forms::BUDGET.read(body)?;
    let id = id_in(&asked, "budget_id")?.map(str::to_owned);
    asked.shift_remove("budget_id");
    Ok((id, asked))
}

fn budget_id(id: &str) -> RecordId {
    RecordId::of(RecordKind::Budget, id)
}
