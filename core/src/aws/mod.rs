//! How AWS is reached: region, credentials, endpoints, one HTTP client and its trusted roots.
//!
//! The ground under `store::dynamo`, `secrets` and `crypto`, which make their service clients from one
//! [`connection::AwsConnection`]. [`signing`] signs requests of other rooms, by the keys of [`accounts`]. This room knows no service but S3, of which it needs one request: fetching a
//! configuration object ([`object`]). It reads no environment itself; it is given a look-up.

pub mod accounts;
pub mod connection;
pub mod error;
mod error_chain;
mod http_client;
pub mod object;
mod roots;
pub mod settings;
pub mod signing;

pub use error_chain::nothing_sent;
