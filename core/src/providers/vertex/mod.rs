//! Vertex AI: Google Cloud's way to Gemini and to models of others, each in its own dialect.
//!
//! [`place`] is where a deployment is called, `address` where each of its methods, [`family`] which dialect a model
//! speaks. `gemini`, `claude`, `messages` and `raw` speak it, `embeddings` and `rerank` are the other operations.

mod address;
mod claude;
mod embeddings;
mod family;
mod gemini;
mod messages;
pub mod place;
mod raw;
mod rerank;
mod speaker;

pub use speaker::{content, is, messages, reranker, speaker, speaks_claude, speaks_gemini};
