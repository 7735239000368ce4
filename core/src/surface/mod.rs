//! HTTP: routes, limits of a request, and how each error is told. The only room that knows axum and status codes of
//! ours.
//!
//! [`router`] puts together what a function or `postern` serves.

pub mod admin;
mod admin_audit;
mod admin_config;
mod admin_credentials;
mod admin_error;
mod admin_models;
mod admin_people;
mod admin_person;
mod admin_records;
mod admin_request;
mod admin_spend;
mod answer;
mod body;
mod cache_admin;
pub mod caller_address;
mod catalogues;
pub mod client_address;
mod contract;
mod cors;
pub mod deadline;
mod endpoints;
mod error;
mod error_body;
mod fallback;
pub mod front;
pub mod gate;
mod google;
mod guardrails;
mod health;
mod health_tls;
mod health_trial;
mod intake;
mod model_call;
mod model_hub;
mod models;
#[cfg(test)]
#[cfg(feature = "embedded")]
mod replay;
mod responses;
mod route_list;
pub mod router;
pub mod security_headers;
mod sign_in;
mod sign_in_pages;
pub mod taken;
mod utilities;
