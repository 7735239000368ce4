//! The OpenAI dialect, spoken by most upstreams. Clients speak it too, so answers pass as the bytes they came in.
//!
//! Wire format: <https://platform.openai.com/docs/api-reference/chat>

mod address;
mod answer;
mod choices;
mod dialect;
mod embedding;
pub(super) mod failure;
mod json_tool;
pub(super) mod messages;
mod request;
mod stream;
pub(super) mod values;
pub(super) mod words;

pub use dialect::OpenAi;
pub(super) use stream::EventReader;
