//! Who changed what, when and from where: a record of every change of an object that administrators manage, written in
//! the same transaction as the change, and chained so that a missing or altered record shows. Knows tables and what is
//! written to them; which items are objects it is told.
//!
//! [`object`] names what is changed, [`change`] what a write changes, [`mask`] what is not shown of it, [`entry`] what is
//! kept of all that, [`audited`] is the table that keeps it, and [`log`] reads it.

pub mod audited;
mod change;
pub mod entry;
pub mod log;
pub mod mask;
pub mod object;

pub use entry::Entry;
pub use object::{Action, Object, Objects};
