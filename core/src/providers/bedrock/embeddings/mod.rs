//! Embeddings: each maker's own format.

pub(super) mod cohere;
mod input;
pub(super) mod titan;
