//! The jobs that keep the state tidy, one a file. On AWS a schedule asks for them, in `postern` a loop does. No job is
//! needed for an answer to be right; each is bounded, goes on where it stopped, and may run twice at once.
//!
//! [`event`] says what is asked, [`run`] does it and gives a [`report`], [`every`] is the loop.

mod budget_rollover;
mod cursor;
mod erasure;
mod error;
pub mod event;
pub mod every;
mod expired_holds;
mod expired_items;
mod health_checks;
pub mod job;
mod key_rotation;
mod log_retention;
mod progress;
pub mod report;
mod resealing;
pub mod run;
mod spend_sums;
#[cfg(test)]
mod tests;

pub use event::{Event, EventError, Task};
pub use run::Maintenance;
