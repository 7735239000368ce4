//! What an administrator who is not one of everything may make of a key or a record: never more than what it hangs from.
//!
//! [`bounds`] says for each field which of two rights is the narrower, [`fields`] which fields are for administrators of
//! the proxy alone.

pub mod bounds;
pub mod fields;
