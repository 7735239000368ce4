//! Logs: how much, in which form. Knows nobody.

pub mod logs;
