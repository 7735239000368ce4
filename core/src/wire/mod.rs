//! Wire formats below any dialect. Pure; knows nobody.

pub mod openai_usage;
pub mod sse;
