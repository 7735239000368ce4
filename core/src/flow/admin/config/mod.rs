//! Settings that administrators change while the gateway runs: versions of them in the table, beside what the file says
//! (`store_model_in_db`).
//!
//! [`versions`] keeps them, [`config_admin`] has what all operations share and those on whole sections, `fields` those on
//! one setting, `allowed_ips` those on where callers may call from, `fallbacks` those on who stands in for a model,
//! `group_budgets` those on what an access group may spend, `pass_through` those on paths of the operator's own;
//! `router_fields` shows the router's as a form would.

pub mod allowed_ips;
pub mod config_admin;
pub mod cost_rules;
pub mod fallbacks;
pub mod fields;
pub mod group_budgets;
pub mod pass_through;
pub mod public_models;
pub mod router_fields;
pub mod versions;
