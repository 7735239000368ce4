//! From configuration to parts: the only room that names concrete backends. A process starts here: [`configuration`]
//! finds and reads what the operator wrote, [`secrets`] fetches the secrets it names and [`rotation`] keeps them fresh,
//! [`state`] opens the store, [`gateway`] puts everything together as a [`recipe`] says, [`live`] does so again when
//! stored settings change, [`function`] does all of it for a Lambda function. [`due`] says when one that sleeps between
//! requests looks for changes.

mod administration;
pub mod aws;
mod cache;
mod calls;
pub mod catalog;
pub mod configuration;
mod door;
mod due;
mod egress;
mod error;
pub mod function;
pub mod gateway;
mod guardrails;
mod identity;
pub mod live;
mod managers;
mod pass_through;
pub mod recipe;
pub mod rotation;
mod routing;
mod sealed;
pub mod sealing;
mod sealing_error;
pub mod secrets;
mod sign_in;
pub mod state;
pub mod transports;

pub use door::Door;
pub use error::StartError;
pub use sealing_error::SealingError;
