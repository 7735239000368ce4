//! Converse: one format for every model of Bedrock that chats. Its parts know no address: [`body`] writes a request,
//! [`answer`] reads a whole answer, [`events`] a stream.
//!
//! `turns`, `blocks` and `media` are the conversation, `tools` and `schema` what a model may call.

pub(in crate::providers::bedrock) mod answer;
mod blocks;
pub(in crate::providers::bedrock) mod body;
pub(in crate::providers::bedrock) mod events;
mod media;
mod schema;
mod tools;
mod turns;
mod wire;
