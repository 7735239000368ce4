//! Wire formats below any dialect. Pure; knows only usage.

pub mod openai_usage;
pub mod sse;
