//! Shapes that travel over wires, whoever speaks them. Knows only usage.

pub mod openai_usage;
