//! TLS policy: the only room that chooses protocol versions, suites and roots. Knows no HTTP.
//!
//! [`roots`] says whom to trust, [`client`] is our side of a connection. [`server`] is our side of a client's connection,
//! [`listener`] the files behind it, [`handshake`] how one begins.

pub mod cipher_list;
pub mod client;
pub mod handshake;
pub mod listener;
pub mod roots;
pub mod server;
