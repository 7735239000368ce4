//! OpenAI's responses as a dialect of clients, over any provider that chats.
//!
//! A request is read by `request` with `turns` (the conversation), `parts` (what is said in a turn) and `tools`; `answer`
//! tells a whole answer, `events` a streamed one, both in items that are written by `written`. Nothing is kept: what asks
//! for an earlier response is refused.

mod answer;
mod dialect;
mod events;
mod parts;
mod request;
mod tools;
mod turns;
mod written;

pub use dialect::Responses;
