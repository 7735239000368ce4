//! Replicate: a request begins a prediction, which is asked after until it has ended. What a model takes is its own
//! affair; those that chat take a text.
//!
//! Wire format: <https://replicate.com/docs/reference/http>

mod address;
mod dialect;
mod events;
mod failure;
mod prediction;
mod request;

pub use dialect::Replicate;
