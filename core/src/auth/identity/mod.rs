//! Callers who present a token of an issuer in place of a virtual key: what the token says is checked, and who that is
//! here. Asks issuers over a seam; knows no HTTP status and nothing of how a caller is remembered.
//!
//! [`jwk`] are an issuer's keys, [`key_source`] how they are fetched and kept, [`jwt`] is a token that one of them
//! signed, [`claims`] finds what a token says, [`mapping`] makes a caller of it. [`introspection`] asks the
//! issuer about a token that says nothing by itself, [`custom`] a service of the operator's own; [`opaque`] is the one or
//! the other, and [`keys_beside`] what becomes of virtual keys. [`proxied`] are callers whom a proxy names in headers. [`told`] makes a caller of what these say. [`tokens`]
//! joins all, and [`provisioning`] makes the records that a token names.

pub mod claims;
pub mod custom;
pub mod error;
pub mod introspection;
pub mod jwk;
pub mod jwt;
pub mod key_source;
pub mod keys_beside;
pub mod mapping;
pub mod opaque;
pub mod provisioning;
pub mod proxied;
pub mod tokens;
mod told;

#[cfg(test)]
pub(in crate::auth) mod issuing;
#[cfg(test)]
mod tests;
