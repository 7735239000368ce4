//! Embeddings: each maker's own format.

pub(super) mod cohere;
pub(super) mod titan;
