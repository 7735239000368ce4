//! Where a request came from, as the binary that took it in knows it. Headers are not asked: anyone can write them.

use std::net::IpAddr;

/// An extension of a request: the address of the connection it came over, or the one that API Gateway saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);
