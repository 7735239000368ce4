//! Settings that administrators change while the gateway runs: versions of them in the table, beside what the file says
//! (`store_model_in_db`).
//!
//! [`versions`] keeps them, [`config_admin`] has what all operations share and those on whole sections, `fields` those on
//! one setting, `allowed_ips` those on where callers may call from.

pub mod allowed_ips;
pub mod config_admin;
pub mod fields;
pub mod versions;
