//! The way to an upstream: sends a request, gives the answer as it comes, and ends every wait. Knows no dialect.
//!
//! [`transport`] is the seam, [`client`] the real one: [`direct`] on connections of our own, [`proxied`] where the
//! environment names a proxy. [`identity`] shows the upstream who calls. [`guarded`] goes to addresses that clients give,
//! [`fetch`] brings the files that stand there.

mod bounded;
pub mod client;
mod connect;
mod connection;
mod direct;
pub mod fetch;
pub mod guarded;
mod http2;
pub mod identity;
mod io;
pub mod judged;
mod limits;
mod origin;
mod pool;
mod proxied;
mod timer;
pub mod transport;
