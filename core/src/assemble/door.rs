//! The routes of a process, answered by the gateway of the moment.

use super::gateway::Serves;
use super::live::Live;
use crate::surface::front::{Broken, Front};
use crate::surface::security_headers::SecurityHeaders;
use bytes::Bytes;
use http::Request;
use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower_service::Service;

/// Where requests come in.
#[derive(Clone)]
pub struct Door {
    live: Arc<Live>,
    serves: Serves,
    security: SecurityHeaders,
}

impl Door {
    /// The routes that `serves` says, with these headers on every answer, whichever gateway answers them.
    pub fn new(live: Arc<Live>, serves: Serves, security: SecurityHeaders) -> Self {
        Self { live, serves, security }
    }
}

impl<B> Service<Request<B>> for Door
where
    B: http_body::Body<Data = Bytes, Error: Into<Broken>> + Send + 'static,
{
    type Response = <Front as Service<Request<B>>>::Response;
    type Error = Infallible;
    type Future = <Front as Service<Request<B>>>::Future;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.live.now().front(self.serves, &self.security).clone().call(request)
    }
}
