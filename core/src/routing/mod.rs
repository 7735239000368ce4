//! Which deployment answers a request for a model. Pure but for chance, which comes in as an argument: no network, no
//! store; whether a deployment is healthy is the caller's to say.
//!
//! [`table`] leads from a model's name to its deployments, [`deployment`] is one of them, [`access`] says who may ask
//! for what, [`listing`] what a caller sees, [`LiveModels`] is the table that can be replaced. [`group`] chooses: [`filter`] says which deployments could answer a call that
//! has a [`wish`], [`left`] which of them are left, [`choice`] takes one of these by what is [`seen`] of each. [`rules`] say
//! what follows a failure: [`retry`] within a [`retry_budget`], [`fallback`], and the cooldown of a [`breaker`]; [`fault`] is
//! what went wrong. [`cost_rules`] say how the cost of a deployment's calls is charged.

pub mod access;
mod aliases;
pub mod breaker;
mod breakers;
mod choice;
pub mod cost_rules;
pub mod deployment;
pub mod fallback;
pub mod fault;
mod filter;
pub mod group;
pub mod identity;
pub mod latencies;
pub mod left;
pub mod listed;
pub mod listing;
mod live;
pub mod pattern;
mod recent;
pub mod retry;
pub mod retry_budget;
#[allow(clippy::module_inception, reason = "what the room is named after")]
pub mod routing;
pub mod rules;
pub mod seen;
pub mod stored;
pub mod table;
mod tags;
#[cfg(test)]
pub(crate) mod tests;
pub mod traits;
pub mod wish;

pub use cost_rules::CostRules;
pub use deployment::{Backend, BuildError, Deployment, Targets, Timeouts};
pub use group::Group;
pub use identity::deployment_id;
pub use left::NothingLeft;
pub use listed::{Listed, Source};
pub use live::LiveModels;
pub use routing::Routing;
pub use table::{ModelTable, ResolveError};
pub use wish::Wish;
