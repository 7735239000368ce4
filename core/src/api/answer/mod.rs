//! A chat answer of the OpenAI dialect as types, for providers whose own answers are in another: what they produce, and
//! the one place that writes it. Ids, indices, roles and the shape of usage are decided here and nowhere else.
//!
//! [`whole`] writes an answer in one piece, [`chunks`] one that is streamed, [`delta`] is a piece of it. [`message`] is
//! what the model said, [`finish`] why it ended, [`usage`] what it used. [`arguments`] are a tool call's arguments,
//! [`media`] pictures and speech.
//! [`embeddings`] writes an answer of another kind.

pub mod arguments;
pub mod chunks;
pub mod delta;
pub mod embeddings;
pub mod finish;
pub mod head;
pub mod media;
pub mod message;
pub mod usage;
pub mod whole;
