//! Who is calling: what a request presents, which key that is, and which routes the key may call. Knows the store's
//! seam and the hash of a key; knows no HTTP status, no routing and no money beyond showing it.
//!
//! [`authenticate`] joins the rest: [`credential`] reads the headers, [`master`] compares the administrator's key,
//! [`key_store`] keeps [`key_record`]s, [`records`] what stands above and beside them, [`budget_period`] begins their
//! budgets' periods, [`cache`] remembers them for a bounded time, [`route`] says which models' routes a caller may call
//! and which routes a key's own list admits, [`rights`] who administers what, [`identity`] reads tokens that stand in
//! place of keys, and [`token_callers`] finds their bearers, [`mapped_callers`] the keys that stand for them by
//! [`key_mappings`]. [`presumption`] is what is taken for so while it is read again, [`caller`] how surely a caller is
//! known. [`sign_in`] knows people who sign in with a browser. [`error`] says why a caller is not recognised.

pub mod authenticate;
pub mod budget_period;
pub mod cache;
pub mod caller;
pub mod credential;
pub mod error;
pub mod identity;
mod item_difference;
mod item_text;
pub mod key_item;
pub mod key_listing;
pub mod key_mappings;
pub mod key_record;
mod key_secret;
pub mod key_store;
mod limits_item;
mod mapped_callers;
pub mod master;
pub mod policy;
pub mod presumption;
mod recent_reads;
pub mod records;
pub mod rights;
pub mod route;
pub mod sign_in;
mod token_callers;
