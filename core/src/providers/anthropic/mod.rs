//! Anthropic's dialect. Its parts know no address, so that whoever else serves Claude uses them with an address and a
//! credential of its own: [`body`] writes a message request, [`answer`] reads a whole answer, [`events`] a stream.
//!
//! `abilities` is what a model can do, `parameters` what it does not take, `turns` and `blocks` the conversation, `tools`
//! and `schema` what answers must look like, `thinking` how long it thinks, `betas` the features that a header names. [`messages`] passes on what
//! clients of the same dialect say.

pub mod abilities;
pub mod answer;
pub mod betas;
mod blocks;
pub mod body;
mod dialect;
pub mod events;
mod failure;
mod messages;
pub mod parameters;
mod request;
mod schema;
pub mod thinking;
mod tools;
mod turns;
mod wire;

pub use dialect::Anthropic;
pub use messages::AnthropicMessages;
