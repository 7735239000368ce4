//! Whether a call may be made at all: budgets and rate limits that hold whatever the number of instances. Knows the
//! store's seam; knows no headers, no routes, no prices and nobody's records: it is given limits and amounts.
//!
//! [`limits`] is what a caller may use, [`ledger`] reserves it before a byte goes upstream, [`extension`] reserves more
//! for a stream that outgrows it, [`hold`] is what was reserved until the call is settled, [`refusal`] says which limit stands in the way.
//! [`spent`] adds up what nothing limits. [`queue`] is who waits for a place at a deployment, [`load`] what one process takes on.

mod counters;
mod extension;
pub mod hold;
pub mod ledger;
pub mod left;
pub mod limits;
mod line;
pub mod load;
pub mod queue;
pub mod refusal;
mod spent;
pub mod windows;
