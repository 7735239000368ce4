//! One call of a model, whatever the operation: authenticate → plan → attempt → answer or relay → settle.
//!
//! [`calls`] walks through it, [`plan`] decides without waiting, [`attempt`] talks to the upstream, [`relay`] passes a
//! stream on, [`settlement`] charges every dispatched call exactly once, also when its client goes away.

pub(super) mod attempt;
mod body;
mod calls;
mod error;
mod facts;
pub(super) mod plan;
mod relay;
mod settlement;

pub use calls::{CallAnswer, CallBody, CallRequest, ModelCalls};
pub use error::CallError;
pub use facts::Facts;
pub use relay::Relay;
