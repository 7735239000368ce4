//! TLS policy: the only room that chooses protocol versions, suites and roots. Knows no HTTP.
//!
//! [`roots`] says whom to trust, [`client`] is our side of a connection.

pub mod client;
pub mod roots;
