//! Words in what goes to models and in what comes back: found in order, and replaced in the same. [`request`] reads a request,
//! [`answer`] one in one piece, [`stream`] one that came in events; [`walk`] knows where words stand in all of them. Pure.

pub mod answer;
pub mod request;
pub mod stream;
#[cfg(test)]
mod tests;
mod tool_calls;
mod walk;
mod words;

pub use words::{Unreadable, Words};
