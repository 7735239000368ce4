//! The chat function.

fn main() {}
