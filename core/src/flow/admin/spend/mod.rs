//! What was spent: the log row by row, and sums of it.
//!
//! [`spend_admin`] is the part that all share, [`row`] how a row is shown, [`logs`] and [`totals`] the operations.

pub mod activity;
pub mod deployments;
mod forecast;
pub mod logs;
mod of_person;
pub mod owners;
mod provider_budgets;
pub mod reports;
pub mod row;
mod scan;
mod span;
pub mod spend_admin;
mod tag_users;
pub mod tags;
pub mod totals;
