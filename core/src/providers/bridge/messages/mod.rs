//! Anthropic's messages as a dialect of clients, over any provider that chats.
//!
//! A request is read by `request` with `turns` (the conversation), `parts` (what is said in a turn), `tools` and
//! `thinking`, and `marks` for what they share; `answer` tells a whole answer, `events` a streamed one.

mod answer;
mod dialect;
mod events;
mod image;
mod marks;
mod parts;
mod request;
mod thinking;
mod tools;
mod turns;

pub use dialect::Messages;
