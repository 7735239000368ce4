//! Use cases, one a file or folder, in the order in which a request walks through them. Knows no HTTP framework and
//! no status codes of ours: a refusal is a variant that the surface maps.

pub mod admin;
pub mod background;
pub mod endpoints;
pub mod erasures;
mod found;
pub mod health;
pub mod maintenance;
pub mod model_call;
pub mod model_credential;
pub mod model_group;
pub mod model_hub;
pub mod model_info;
pub mod models;
pub mod provider_fields;
pub mod resealable;
pub mod sharing;
pub mod sign_in;
pub mod trial;
pub mod upstream_tls;
pub mod utilities;
