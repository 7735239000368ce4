//! Our own wire formats, as far as deciding and translating need them. Pure; knows the ground floor only.
//!
//! A request body that passes is not turned into structs and back: [`members`] keeps each member as the bytes the
//! client sent. Where a provider has a format of its own, [`chat`] is what it reads and [`answer`] what it writes; [`object`] writes
//! what goes upstream. [`rerank`] is the same for rerankers. Where a client does not chat in the OpenAI dialect,
//! [`completion`] is what is read of an answer, [`messages`] is Anthropic's dialect, [`google`] Google's, and
//! [`responses`] OpenAI's newer one.
//! [`demand`] is what a request can use, bounded with [`care`]; [`billed_tools`] as far as its provider runs tools,
//! [`picture_tool`] the one that draws.
//! [`form`] is a body with files, [`medium`] what images and sound come to, [`percent`] reads escapes.

pub mod answer;
mod billed_tools;
pub mod care;
pub mod chat;
pub mod completion;
pub mod demand;
pub mod form;
pub mod google;
pub mod medium;
pub mod members;
pub mod messages;
pub mod object;
pub mod percent;
pub mod picture_tool;
pub mod rerank;
pub mod responses;
