//! Logs: how much, in which form. Knows nobody.

mod json_line;
pub mod logs;
