//! Recorded conversations with LiteLLM's management API, held against the routes. Test code only.
//!
//! [`gateway`] puts the router together, [`compare`] knows the placeholders of the recording, [`conversation`] plays
//! it, [`records`] that about teams, users and the like; [`journeys`]
//! and [`record_journeys`] are told by ourselves.

mod calls;
mod compare;
mod config;
mod config_journeys;
mod conversation;
mod gateway;
mod journeys;
mod key_journeys;
mod model_journeys;
mod people_journeys;
mod probes;
mod record_journeys;
mod records;
mod report_journeys;
mod rights_journeys;
mod rights_matrix;
mod rights_world;
mod sealed;
mod served;
mod spend_journeys;
