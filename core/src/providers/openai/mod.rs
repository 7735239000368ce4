//! The OpenAI dialect, spoken by most upstreams. Clients speak it too, so answers pass as the bytes they came in.
//!
//! [`responses`] chats by OpenAI's newer way to ask, [`either`] by whichever a request needs.
//!
//! Wire format: <https://platform.openai.com/docs/api-reference/chat>

pub(super) mod address;
mod answer;
mod choices;
mod dialect;
mod either;
mod embedding;
pub(super) mod failure;
mod forms;
mod json_tool;
mod media_answer;
mod media_events;
pub(super) mod messages;
mod request;
mod responses;
mod stream;
pub(super) mod values;
pub(super) mod words;

pub use dialect::OpenAi;
pub use either::OpenAiEither;
pub(super) use request::{body, post};
pub use responses::OpenAiResponses;
pub(super) use stream::EventReader;
