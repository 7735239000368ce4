//! What a caller may spend and how fast, as one value for every record that can limit: keys, teams, members, users,
//! organizations, end users, tags, shared budgets. Read once, at the door or from the store, and right from then on.
//! Knows no store and no request; counting against a limit is done elsewhere.
//!
//! [`limit_set`] is the value, [`period`] how long a budget lasts, [`reading`] makes both from LiteLLM's fields.

pub mod limit_set;
pub mod period;
pub mod reading;

pub use limit_set::{BudgetMode, BudgetPolicy, Limits, ModelBudget, TemporaryIncrease};
pub use period::BudgetPeriod;
pub use reading::{LimitError, LimitFault};
