//! The limits of a record as attributes of its item, and back: one attribute a limit, amounts in nano-dollars, points in
//! time in milliseconds. The limits that LiteLLM keeps as settings are not attributes: they are read from where the
//! record's metadata and free fields hold them.

use super::item_text::corrupt;
use crate::clock::Timestamp;
use crate::limits::{BudgetPeriod, Limits};
use crate::money::NanoDollars;
use crate::store::item::{Item, Value};
use crate::store::table::ReadError;
use serde_json::Map;

/// The item with the limits that are attributes.
pub(super) fn with(item: Item, limits: &Limits) -> Item {
    item.with_some("blocked", limits.blocked)
        .with_some("max_budget", limits.max_budget.map(NanoDollars::nanos))
        .with_some("soft_budget", limits.soft_budget.map(NanoDollars::nanos))
        .with_some("budget_duration", limits.budget_duration.as_ref().map(BudgetPeriod::as_str))
        .with_some("budget_reset_at", limits.budget_reset_at.map(Timestamp::millis))
        .with_some("budget_id", limits.budget_id.as_deref())
        .with_some("rpm_limit", limits.rpm_limit)
        .with_some("tpm_limit", limits.tpm_limit)
        .with_some("max_parallel_requests", limits.max_parallel_requests)
}

/// The limits of the record in `item`, whose settings stand in `metadata` and `document`.
///
/// # Errors
/// [`ReadError::Corrupt`] names what is no limit.
pub(super) fn read(
    item: &Item,
    metadata: &Map<String, serde_json::Value>,
    document: &Map<String, serde_json::Value>,
) -> Result<Limits, ReadError> {
    let period = item.text("budget_duration").map(BudgetPeriod::parse).transpose();
    let mut limits = Limits {
        blocked: item.attributes.get("blocked").and_then(Value::as_bool),
        max_budget: item.number("max_budget").map(NanoDollars::new),
        soft_budget: item.number("soft_budget").map(NanoDollars::new),
        budget_duration: period.map_err(|_| corrupt(item, "budget_duration"))?,
        budget_reset_at: item.number("budget_reset_at").map(Timestamp::from_millis),
        budget_id: item.text("budget_id").map(str::to_owned),
        rpm_limit: item.number("rpm_limit"),
        tpm_limit: item.number("tpm_limit"),
        max_parallel_requests: item.number("max_parallel_requests"),
        ..Limits::default()
    };
    limits.read_kept(metadata, document).map_err(|error| corrupt(item, &error.field))?;
    Ok(limits)
}
