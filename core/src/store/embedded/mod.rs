//! The store of `postern` itself: SQLite in one file, or in memory. Knows nothing of what the items mean.
//!
//! One process owns a file. All writes go through one connection, either inline (when nobody else is writing) or
//! through a queue whose waiting transactions share one commit; reads go beside it. An answered write outlives the
//! process, however it ends; after a loss of power the last moments may be missing, but nothing is torn.

mod checkpoint;
mod codec;
mod engine;
mod evaluate;
mod fingerprint;
mod jobs;
#[cfg(test)]
mod model_test;
mod open;
mod reader;
mod sql;
mod sweep;
mod table;
#[cfg(test)]
mod tests;
mod working_set;
mod writer;

pub use open::OpenError;
pub use table::EmbeddedTable;
