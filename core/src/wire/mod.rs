//! Wire formats below any dialect. Pure; knows only usage and money.

pub mod event_stream;
pub mod framing;
pub mod input_weight;
pub mod json_lines;
pub mod openai_usage;
pub mod recording;
pub mod sse;
pub mod text_bytes;
mod vendor_number;
