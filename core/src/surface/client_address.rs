//! Where a request came from, as the binary that took it in knows it. Headers are not asked: anyone can write them.

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{Extensions, HeaderMap, Request};
use std::convert::Infallible;
use std::net::IpAddr;

/// An extension of a request: the address of the connection it came over, or the one that API Gateway saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// Who asks, as far as a request tells that without being read: for handlers that need nothing else of it.
pub(super) struct Asker {
    headers: HeaderMap,
    address: Option<IpAddr>,
}

impl Asker {
    /// The headers, and from where.
    pub(super) fn told(&self) -> (&HeaderMap, Option<IpAddr>) {
        (&self.headers, self.address)
    }
}

/// The headers of a request, and where it came from.
pub(super) fn told_by<B>(request: &Request<B>) -> (&HeaderMap, Option<IpAddr>) {
    (request.headers(), address_in(request.extensions()))
}

/// Where a request came from, as far as that is known.
pub(super) fn address_in(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ClientAddress>().map(|ClientAddress(address)| *address)
}

impl<S: Sync> FromRequestParts<S> for Asker {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self { headers: parts.headers.clone(), address: address_in(&parts.extensions) })
    }
}
