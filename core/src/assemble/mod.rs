//! From configuration to parts: the only room that names concrete backends. A process starts here: [`configuration`]
//! finds and reads what the operator wrote, [`state`] opens the store, [`gateway`] puts everything together,
//! [`function`] does all of it for a Lambda function.

pub mod aws;
mod cache;
pub mod configuration;
mod error;
pub mod function;
pub mod gateway;
mod routing;
mod sealed;
pub mod sealing;
pub mod state;
pub mod transports;

pub use error::StartError;
