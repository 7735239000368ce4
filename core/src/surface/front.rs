//! The door of a process that serves everything: calls of models are answered at once, all else by the router, whose
//! layers and look-ups cost more than a call needs. What both answer is the same.

use super::caller_address::CallerAddresses;
use super::model_call::ModelCallSurface;
use super::security_headers::SecurityHeaders;
use axum::Router;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::ORIGIN;
use http::{Method, Request};
use std::convert::Infallible;
use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};
use tower_service::Service;

/// Why a body of a request broke.
pub type Broken = Box<dyn Error + Send + Sync>;

/// The routes of a process.
#[derive(Clone)]
pub struct Front {
    pub(super) calls: Option<ModelCallSurface>,
    pub(super) router: Router,
    pub(super) security: SecurityHeaders,
    pub(super) addresses: CallerAddresses,
}

impl Front {
    /// The same routes, with these headers on every answer.
    #[must_use]
    pub fn with_security(self, security: SecurityHeaders) -> Self {
        Self { security, ..self }
    }

    /// The same routes, for callers from these addresses.
    #[must_use]
    pub fn for_callers(self, addresses: CallerAddresses) -> Self {
        Self { addresses, ..self }
    }
}

impl<B> Service<Request<B>> for Front
where
    B: http_body::Body<Data = Bytes, Error: Into<Broken>> + Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // A router is always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut request = request.map(Body::new);
        if !self.addresses.is_open()
            && let Some(refused) = self.addresses.refusal(&mut request)
        {
            let security = self.security.clone();
            return Box::pin(async move { Ok(marked(refused, &security)) });
        }
        // A browser's call has headers of its own to be answered with, which the router adds.
        let is_plain_call = *request.method() == Method::POST && !request.headers().contains_key(ORIGIN);
        let known = self.calls.as_ref().filter(|_| is_plain_call);
        match known.and_then(|calls| Some((calls, calls.operation_at(request.uri().path())?))) {
            Some((calls, operation)) => {
                let (calls, security) = (calls.clone(), self.security.clone());
                Box::pin(async move { Ok(marked(calls.answer(operation, None, request).await, &security)) })
            }
            None => {
                let (answer, security) = (self.router.call(request), self.security.clone());
                Box::pin(async move { answer.await.map(|answer| marked(answer, &security)) })
            }
        }
    }
}

fn marked(mut answer: Response, security: &SecurityHeaders) -> Response {
    security.add(answer.headers_mut());
    answer
}
