//! Recorded conversations with LiteLLM's management API, held against the routes. Test code only.
//!
//! [`gateway`] puts the router together, [`compare`] knows the placeholders of the recording, [`conversation`] plays
//! it, [`journeys`] are told by ourselves.

mod compare;
mod conversation;
mod gateway;
mod journeys;
