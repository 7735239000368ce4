//! The way to an upstream: sends a request, gives the answer as it comes, and ends every wait. Knows no dialect.
//!
//! [`transport`] is the seam, [`client`] the real one, on connections of our own, straight or through [`proxies`]. There
//! is one for each distinct TLS policy: [`policies`] makes them, [`transports`] leads a call to its own. [`identity`]
//! shows the upstream who calls.

mod bounded;
pub mod client;
pub mod connect;
mod connection;
mod direct;
pub mod handshakes;
mod http2;
pub mod identity;
mod io;
mod limits;
mod origin;
pub mod policies;
mod pool;
pub mod proxies;
mod timer;
pub mod transport;
pub mod transports;
