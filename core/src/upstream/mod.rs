//! The way to an upstream: sends a request, gives the answer as it comes, and ends every wait. Knows no dialect.
//!
//! [`transport`] is the seam, [`client`] the real one.

pub mod client;
pub mod transport;
