//! Legacy text completions as a dialect of clients, over any provider that chats.
//!
//! `request` says a prompt as a message, `answer` tells an answer as a text, whole or in events, `logprobs` its
//! probabilities in the older form. `fim` is a provider of completions that answers as in a chat.

mod answer;
mod dialect;
mod fim;
mod logprobs;
mod request;

pub use dialect::Completions;
pub use fim::FillInTheMiddle;
