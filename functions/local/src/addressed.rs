//! Tells each request the address that its connection came from.

use axum::extract::Request;
use axum::serve::{IncomingStream, Listener};
use postern_core::assemble::Door;
use postern_core::surface::client_address::ClientAddress;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::{IpAddr, SocketAddr};
use std::task::{Context, Poll};
use tower_service::Service;

/// Makes the service of each connection.
pub(crate) struct PerConnection(pub(crate) Door);

/// The routes as one connection sees them.
#[derive(Clone)]
pub(crate) struct Addressed {
    door: Door,
    address: IpAddr,
}

impl<L: Listener<Addr = SocketAddr>> Service<IncomingStream<'_, L>> for PerConnection {
    type Response = Addressed;
    type Error = Infallible;
    type Future = Ready<Result<Addressed, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, connection: IncomingStream<'_, L>) -> Self::Future {
        // An IPv4 client of an IPv6 socket is shown as the IPv4 client that it is.
        let address = connection.remote_addr().ip().to_canonical();
        ready(Ok(Addressed { door: self.0.clone(), address }))
    }
}

impl Service<Request> for Addressed {
    type Response = <Door as Service<Request>>::Response;
    type Error = Infallible;
    type Future = <Door as Service<Request>>::Future;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        request.extensions_mut().insert(ClientAddress(self.address));
        self.door.call(request)
    }
}
