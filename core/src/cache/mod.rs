//! Answers that are kept to be given again. Bytes in, bytes out: what a request and an answer are, only `flow` knows.
//!
//! [`key`] says what makes two requests the same, and for whom; [`entry`] is what is kept; [`answers`] the seam to where it
//! is kept, with the backends beside it; [`sealed`] closes it
//! for who may not read it; [`flights`] lets requests that ask the same at once wait for one answer;
//! [`shelf`] is all of it behind one door, which never fails a call and bounds each wait.
//!
//! For requests that mean about the same: a [`vector`] says what one means, a [`point`] leads from it to an answer, the
//! [`index`] finds the nearest point, [`semantic`] says how like it must be, [`similar`] is the door to it; [`breaker`] leaves
//! alone what keeps failing.

pub mod answers;
pub mod breaker;
#[cfg(test)]
mod conformance;
pub mod entry;
pub mod flights;
pub mod in_memory;
#[cfg(feature = "redis")]
pub mod in_redis;
#[cfg(feature = "aws")]
pub mod in_s3;
pub mod in_table;
pub mod index;
pub mod key;
pub mod point;
pub mod sealed;
pub mod semantic;
pub mod shelf;
pub mod similar;
pub mod vector;
