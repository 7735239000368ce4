//! What administrators do: keys, the records above and beside them, and spend. In comes a caller who was let through, a body or parameters, and the time;
//! out goes JSON as LiteLLM's clients know it. Which caller may call which route is decided before, in `auth::route`.
//!
//! [`body`] and [`params`] check what comes in, [`error`] says what can go wrong.

mod access_groups;
pub mod body;
pub mod cache_admin;
pub mod credentials;
pub mod error;
pub mod keys;
pub mod models;
pub mod params;
pub mod records;
pub mod spend;
