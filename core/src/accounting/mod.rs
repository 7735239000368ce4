//! What calls cost and who pays: the spend log and the running totals that move with it. Knows the store's seam; knows
//! no headers, no routes and no prices.
//!
//! [`spend_row`] is one call, [`spend_log`] stores it exactly once with its charge, [`release`] is what it gives back then, [`spend_query`] reads rows back,
//! [`spend_removal`] removes those of a day, [`erasure`] takes a person out of them, [`spend_sums`] are what reports are made of. [`subject_keys`] are the keys of users, which what is kept of their calls is
//! sealed under and destroyed with.

pub mod erasure;
pub mod health_log;
pub mod release;
pub mod shared_cooldowns;
pub mod shared_use;
pub mod spend_log;
pub mod spend_query;
pub mod spend_removal;
pub mod spend_row;
mod spend_row_text;
pub mod spend_sums;
pub mod subject_keys;
