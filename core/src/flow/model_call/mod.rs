//! One call of a model, whatever the operation: authenticate → plan → admit → attempt → answer or relay → settle.
//!
//! [`calls`] is where it begins and ends, [`walk`] goes through it, [`request_ids`] gives each attempt its own,
//! [`onward`] says what follows an attempt that failed ([`fault`]: why; [`wishes`]: what the request says to that),
//! [`dispatch`] makes one attempt. [`plan`] decides without waiting, [`choice`] which deployment, [`admit`] counts the
//! call in its limits: [`scopes`] says in which ([`model_names`]: by which names of the model, [`counted`]: where),
//! [`bound`] how much, [`fits`] whether the store has room for that,
//! [`presuming`] what is read again meanwhile, [`course`] what is tried next where one stands in the way, [`queueing`]
//! who waits where all do. [`named`] fills stored credentials in, [`attempt`] talks to the upstream, [`unfetched`]
//! brings the files that the request names first, [`several`] more than once, [`followed`] until what it does has
//! ended, [`relay`] passes a stream on, [`slices`] holds more for one that outgrows what it holds, [`settlement`]
//! charges every dispatched call exactly once, also when its client goes away; [`trace`] lets maintenance do so where
//! the process of a call dies that nothing limits, [`unsettled`] says what is charged then. [`cached`] answers from what
//! [`keeping`] has kept of earlier calls; where their [`words`] mean about the same ([`similar`]), which a deployment
//! says that is asked beside the call ([`embed`]). [`guarded`] has guardrails look at it ([`asking`]), and
//! [`guarded_answer`] at what it is answered. [`passed`] is a call of a provider's own API, [`probe`] one that the
//! gateway makes by itself, [`kept`] asks for what an earlier call left with its upstream. [`endpoint_call`] is one of
//! a path of the operator's own ([`endpoints`]), whose bytes nobody reads.

mod admit;
mod asked;
mod asked_input;
mod asking;
mod attempt;
mod bearer;
mod body;
mod bound;
mod cache_control;
mod cacheable;
mod cached;
mod calls;
mod captured;
mod choice;
mod completed;
mod count;
mod counted;
mod course;
mod details;
mod dispatch;
mod embed;
mod endpoint_call;
mod endpoint_request;
mod endpoints;
mod error;
mod evidence;
mod extra_body;
mod facts;
mod failed;
mod fault;
mod fits;
mod followed;
mod forwarded;
mod group_budgets;
mod guarded;
mod guarded_answer;
mod keeping;
mod kept;
mod kept_hit;
mod late;
mod lost;
mod model_names;
mod named;
mod notes;
mod onward;
mod outage;
mod parts;
mod passed;
mod place;
mod plan;
mod preamble;
mod presuming;
mod probe;
mod provider_budgets;
mod proxy_limits;
mod queueing;
mod relay;
mod request;
mod request_ids;
mod required;
mod sample;
mod scopes;
mod settlement;
mod several;
mod similar;
mod slices;
mod soft_budget;
#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests;
mod trace;
mod unfetched;
mod unrecorded;
mod unsettled;
mod usual;
mod waits;
mod walk;
mod watched;
mod whole;
mod wish;
mod wishes;
mod words;

pub use calls::{CallAnswer, CallBody};
pub use captured::KeptContents;
pub use endpoint_call::{EndpointAnswer, EndpointRequest};
pub use endpoints::{Endpoint, Endpoints, Meant};
pub use error::CallError;
pub use facts::Facts;
pub use forwarded::HeaderRules;
pub use group_budgets::{GroupBudget, GroupBudgets};
pub use kept::{KeptAnswer, KeptRequest};
pub use named::NamedCredentials;
pub use parts::ModelCalls;
pub use provider_budgets::ProviderBudgets;
pub use proxy_limits::ProxyLimits;
pub use relay::Relay;
pub use request::CallRequest;
pub use request_ids::RequestIds;
