//! What administrators do: keys, the records above and beside them, and spend. In comes a caller who was let through, a
//! body or parameters, and the time; out goes JSON as LiteLLM's clients know it. Which caller may call which route is decided before, in `auth::rights`;
//! what it may see and touch there comes with it, and each operation checks the objects that it loads.
//!
//! [`body`] and [`params`] check what comes in, `rights` what those may ask for who do not administer everything, `listing`
//! orders what is listed, [`error`] says what can go wrong.

pub mod access_groups;
pub mod audit;
pub mod body;
pub mod cache_admin;
pub mod config;
pub mod credentials;
pub mod encryption;
pub mod error;
pub mod group_budgets;
pub mod keys;
mod listing;
pub mod models;
pub mod params;
pub mod person;
pub mod records;
pub mod rights;
pub mod spend;
