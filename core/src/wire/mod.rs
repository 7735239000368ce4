//! Wire formats below any dialect. Pure; knows only usage and money.

pub mod input_weight;
pub mod openai_usage;
pub mod sse;
mod vendor_number;
