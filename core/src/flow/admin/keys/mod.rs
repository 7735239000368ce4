//! Virtual keys: one operation family a file.
//!
//! [`key_admin`] is the part that all share, [`fields`] what a key can be asked to be, [`render`] how it is shown.

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
pub mod stored_keys;
pub mod update;
