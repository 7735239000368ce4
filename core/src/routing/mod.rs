//! Which deployment answers a request for a model. Pure but for chance, which comes in as an argument: no network, no
//! store; whether a deployment is healthy is the caller's to say.
//!
//! [`table`] leads from a model's name to its deployments, [`deployment`] is one of them, [`access`] says who may ask
//! for what, [`listing`] what a caller sees; [`LiveModels`] is the table that can be replaced.

pub mod access;
pub mod deployment;
pub mod group;
pub mod identity;
pub mod listed;
pub mod listing;
mod live;
pub mod pattern;
mod recent;
pub mod table;
#[cfg(test)]
pub(crate) mod tests;

pub use deployment::{Backend, BuildError, Deployment, Targets, Timeouts};
pub use group::Group;
pub use identity::deployment_id;
pub use listed::{Listed, Source};
pub use live::LiveModels;
pub use table::{ModelTable, ResolveError};
