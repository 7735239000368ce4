//! A chat asked and answered by OpenAI's newer API, the responses: what [`super::OpenAi`] is for chat completions.
//!
//! `request` says the chat, with `input` (the conversation); `answer` reads a whole answer, `events` a streamed one, `wire`
//! is what both are made of.
//!
//! Wire format: <https://platform.openai.com/docs/api-reference/responses>

mod answer;
mod dialect;
mod events;
mod input;
mod request;
mod wire;

pub use dialect::OpenAiResponses;
