//! Jobs on a schedule, one a file. Each is idempotent, bounded in one run, goes on where the last run stopped, and
//! reports what it did. Two runs at once do no harm.

mod budgets;
mod cursor;
mod log_retention;
mod run;

pub use budgets::BudgetReport;
pub use log_retention::LogReport;
pub use run::{Maintenance, Report};
