//! One call of a model, whatever the operation: authenticate → plan → admit → attempt → answer or relay → settle.
//!
//! [`calls`] walks through it, [`plan`] decides without waiting, [`admit`] counts the call in its limits, [`attempt`]
//! talks to the upstream, [`relay`] passes a stream on, [`settlement`] charges every dispatched call exactly once, also
//! when its client goes away. [`probe`] is a call that the gateway makes by itself.

mod admit;
mod attempt;
mod body;
mod calls;
mod error;
mod facts;
mod late;
mod parts;
mod plan;
mod probe;
mod relay;
mod request;
mod settlement;
#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests;

pub use calls::{CallAnswer, CallBody};
pub use error::CallError;
pub use facts::Facts;
pub use parts::ModelCalls;
pub use relay::Relay;
pub use request::CallRequest;
