//! Recorded conversations with LiteLLM's management API, held against the use cases. Test code only.
//!
//! [`gateway`] stands in for the router, [`answer`] for the surface's mapping of errors, [`compare`] knows the
//! placeholders of the recording, [`conversation`] plays it, [`journeys`] are told by ourselves.

mod answer;
mod compare;
mod conversation;
mod gateway;
mod journeys;
