//! Legacy text completions as a dialect of clients, over any provider that chats.
//!
//! `request` says a prompt as a message, `answer` tells an answer as a text, whole or in events, `logprobs` its
//! probabilities in the older form.

mod answer;
mod dialect;
mod logprobs;
mod request;

pub use dialect::Completions;
