//! Cohere's own API, version 2: chat, in a dialect that is close to OpenAI's, and embeddings. How it reranks is the
//! dialect of all rerankers and stands with them.
//!
//! Wire format: <https://docs.cohere.com/reference/chat>, <https://docs.cohere.com/reference/embed>

mod address;
mod answer;
mod dialect;
mod embedding;
mod events;
mod framing;
mod request;
mod wire;

pub use dialect::Cohere;
