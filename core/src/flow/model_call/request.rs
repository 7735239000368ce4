//! What a client asks of a model, as the surface hands it over: nothing is parsed yet.

use crate::providers::operation::Operation;
use bytes::Bytes;
use http::HeaderMap;
use std::net::IpAddr;

/// What a client asks.
#[derive(Debug)]
pub struct CallRequest {
    /// What is asked.
    pub operation: Operation,
    /// The route that was matched, as key permissions name it.
    pub route: &'static str,
    /// The model, where the path names it.
    pub path_model: Option<String>,
    /// The request's headers.
    pub headers: HeaderMap,
    /// The request's body.
    pub body: Bytes,
    /// The address that the connection came from, for the spend row. Never what a header claims.
    pub client_address: Option<IpAddr>,
}
