//! What was spent: the log row by row, and sums of it.
//!
//! [`spend_admin`] is the part that all share, [`row`] how a row is shown, [`logs`] and [`totals`] the operations.

pub mod activity;
pub mod logs;
mod of_person;
pub mod reports;
pub mod row;
mod span;
pub mod spend_admin;
pub mod totals;
