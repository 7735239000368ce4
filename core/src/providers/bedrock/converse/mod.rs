//! Converse: one format for every model of Bedrock that chats. Its parts know no address: [`body`] writes a request,
//! [`answer`] reads a whole answer, [`events`] a stream.
//!
//! `turns`, `blocks`, `parts` and `media` are the conversation, `tools` and `schema` what a model may call.

pub(super) mod answer;
mod blocks;
pub(super) mod body;
pub(super) mod events;
mod media;
mod parts;
mod schema;
mod tools;
mod turns;
mod wire;
