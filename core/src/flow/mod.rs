//! The use cases: each joins rooms of the floors below into one thing that a caller wants done. Knows no HTTP.

pub mod admin;
