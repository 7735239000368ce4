//! Our own wire formats, as far as deciding needs them. Pure; knows the ground floor only.
//!
//! A request body is not turned into structs and back: [`members`] keeps each member as the bytes the client sent.

pub mod demand;
pub mod members;
