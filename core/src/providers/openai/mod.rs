//! The OpenAI dialect, spoken by most upstreams. Clients speak it too, so answers pass as the bytes they came in.
//!
//! [`responses`] chats by OpenAI's newer way to ask.
//!
//! Wire format: <https://platform.openai.com/docs/api-reference/chat>

pub(in crate::providers) mod address;
mod answer;
mod choices;
mod dialect;
pub(super) mod failure;
mod json_tool;
mod messages;
pub(in crate::providers) mod request;
mod responses;
mod stream;
mod values;
mod words;

pub use dialect::OpenAi;
pub use responses::OpenAiResponses;
pub(super) use stream::EventReader;
