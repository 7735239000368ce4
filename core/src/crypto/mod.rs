//! Hashes and ciphers. Knows no store, no network and no configuration.
//!
//! [`key_hash`] turns a virtual key into what is stored of it, and makes new keys.

pub mod key_hash;
