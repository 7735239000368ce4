//! Counts tokens where a provider told none. Never on the way to the first byte: before it, bytes are weighed instead.
//!
//! One encoding, `cl100k_base`, stands for all models: its words lie sorted in the program, so that nothing is loaded or
//! built before the first count. For models with another encoding the count is near, and it is marked as estimated for
//! all. Pure; knows only `wire`.

mod decode;
mod encoding;
mod generated;
mod google;
mod pieces;
mod request;
mod tools;
mod vocabulary;

pub use decode::texts_of;
pub use encoding::count_text;
pub use generated::{count_answer, gather};
pub use request::count_request;
