//! The maintenance function.

fn main() {}
