//! Google's `generateContent` as a dialect of clients, over any provider that chats.
//!
//! A request is read by `request` with `turns` (the conversation), `parts` (what is said in a turn), `calls` (the ids that
//! calls get), `tools`, `schema` and `config` (how the answer is to be); `fields` reads objects in either of the two
//! spellings that Google takes. `answer` tells a whole answer, `events` a streamed one, both in parts that `told` makes.

mod answer;
mod calls;
mod config;
mod dialect;
mod events;
mod fields;
mod parts;
mod request;
mod schema;
mod told;
mod tools;
mod turns;

pub use dialect::GenerateContent;
pub use request::counted;
