//! What every table does, as tests that any store can be held to. For tests only.
//!
//! Each case is an `async fn(Arc<dyn Table>, Arc<dyn Clock>)` that panics where the store misbehaves. Cases keep to
//! partitions of their own, so they may share a table, run at once, and run again. The clock is the table's own; it need
//! not be movable. [`suite::run_all`] runs every case, [`crate::table_conformance`] makes a test of each.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "these are tests: a panic is how one fails"
)]

pub mod changes;
pub mod concurrency;
pub mod conditions;
pub mod endings;
mod fixture;
pub mod limits;
pub mod paging;
pub mod suite;
pub mod tokens;
pub mod transactions;
pub mod values;
