//! Ollama's own API: `/api/chat`, where the server puts the conversation into the model's form, and `/api/generate`,
//! where it comes as one text. LiteLLM calls the one `ollama_chat` and the other `ollama`.
//!
//! `options` is what a request says beside the conversation, `messages` and `prompt` are the conversation in either
//! form, `literal` how tools stand in a prompt. `answer` reads whole answers, `events` streams; `thoughts` and `called`
//! find in a text what is not meant as text.
//!
//! Wire format: <https://docs.ollama.com/api>

mod answer;
mod api;
mod called;
mod dialect;
mod embeddings;
mod events;
mod literal;
mod messages;
mod options;
mod prompt;
mod request;
mod thoughts;

pub use api::Ollama;
