//! Virtual keys: one operation family a file.
//!
//! [`key_admin`] is the part that all share, [`fields`] what a key can be asked to be, [`render`] how it is shown,
//! [`rules`] the configuration's word on new keys,
//! `rights` which keys somebody makes and changes who does not administer everything.

pub mod block;
pub mod bulk;
pub mod delete;
pub mod fields;
pub mod generate;
pub mod health;
pub mod info;
pub mod key_admin;
pub mod list;
pub mod regenerate;
pub mod render;
pub mod reset_spend;
mod rights;
pub mod rotation;
pub mod rules;
mod schedule;
pub mod session;
pub mod stored_keys;
pub mod update;
