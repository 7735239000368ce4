//! The OpenAI dialect, spoken by most upstreams. Clients speak it too, so answers pass as the bytes they came in.
//!
//! Wire format: <https://platform.openai.com/docs/api-reference/chat>

mod address;
mod answer;
mod choices;
mod dialect;
pub(super) mod failure;
mod json_tool;
mod messages;
mod request;
mod stream;
mod values;
mod words;

pub use dialect::OpenAi;
pub(super) use stream::EventReader;
