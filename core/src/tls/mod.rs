//! TLS policy: the only room that chooses protocol versions, suites, key exchanges, and whom to trust. Knows no HTTP and
//! opens no connection.
//!
//! [`policy`] says which settings hold, [`client`] makes a policy into our side of a connection: of its [`level`] follow
//! suites, key sizes and signatures. [`report`] says what a failed handshake means. [`pem`] reads certificates and keys.
//! [`server`] is our side of a client's connection, [`listener`] the files behind it, [`handshake`] how one begins.

mod algorithms;
pub mod cipher_list;
pub mod client;
pub mod curve;
mod der;
pub mod handshake;
pub mod level;
pub mod listener;
pub mod material;
mod p521;
pub mod pem;
pub mod policy;
pub mod question;
mod refusal;
pub mod report;
pub mod server;
mod short_rsa;
mod suites;
mod verifier;
