//! The embeddings function.

fn main() {}
