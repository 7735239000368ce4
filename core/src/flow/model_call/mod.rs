//! One call of a model, whatever the operation: authenticate → plan → admit → attempt → answer or relay → settle.
//!
//! [`calls`] walks through it, [`plan`] decides without waiting, [`choice`] which deployment, [`admit`] counts the call in
//! its limits: [`scopes`] says in which, [`bound`] how much, [`course`] what is tried next where one stands in the way,
//! [`queueing`] who waits where all do.
//! [`attempt`] talks to the
//! upstream, [`several`] more than once, [`followed`] until what it does has ended, [`relay`] passes a stream on, [`slices`]
//! holds more for one that outgrows what it holds, [`settlement`] charges every dispatched call exactly once, also when its
//! client goes away. [`probe`] is a call that the gateway makes by itself, [`kept`] asks for what an earlier call left with
//! its upstream.

mod admit;
mod asked;
mod attempt;
mod body;
mod bound;
mod calls;
mod choice;
mod count;
mod course;
mod error;
mod extra_body;
mod facts;
mod followed;
mod forwarded;
mod kept;
mod late;
mod outage;
mod parts;
mod plan;
mod probe;
mod proxy_limits;
mod queueing;
mod relay;
mod request;
mod sample;
mod scopes;
mod settlement;
mod several;
mod slices;
mod soft_budget;
#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests;
mod unrecorded;
mod whole;

pub use calls::{CallAnswer, CallBody};
pub use error::CallError;
pub use facts::Facts;
pub use kept::{KeptAnswer, KeptRequest};
pub use parts::ModelCalls;
pub use proxy_limits::ProxyLimits;
pub use relay::Relay;
pub use request::CallRequest;
