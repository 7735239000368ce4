//! Calls on connections of our own: one taken from the pool or made, given back when its answer is read.

use super::bounded::BoundedBody;
use super::connect::{Connected, Connector, Roads};
use super::connection::{Connection, Early, NoAnswer};
use super::handshakes::Handshakes;
use super::http2;
use super::limits::Limits;
use super::origin::{Origin, RequestBody};
use super::pool::Pool;
use super::transport::{TransportError, UpstreamBody};
use crate::tls::policy::Policy;
use bytes::Bytes;
use futures_util::Stream;
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use rustls::ClientConfig;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// The direct way to all upstreams of one TLS policy.
pub(super) struct DirectClient {
    connector: Connector,
    pool: Arc<Pool>,
}

impl DirectClient {
    pub(super) fn new(tls: ClientConfig, policy: Policy, roads: &Roads) -> Self {
        Self { connector: Connector::new(tls, policy, roads), pool: Arc::default() }
    }

    /// Connections are made under this from now on; idle ones are closed.
    pub(super) fn renew(&self, tls: ClientConfig) {
        self.pool.clear(self.connector.renew(tls));
    }

    /// What came of handshakes, by origin.
    pub(super) fn handshakes(&self) -> BTreeMap<String, Handshakes> {
        self.connector.seen().all()
    }

    /// Sends a request. A connection that turns out to be closed before anything went out is passed over.
    pub(super) async fn send(
        &self,
        request: Request<Bytes>,
        limits: Limits,
    ) -> Result<Response<UpstreamBody>, TransportError> {
        let origin = Origin::of(request.uri())?;
        let mut request = request.map(RequestBody::new);
        while let Some(mut connection) = self.pool.take(&origin, limits.started) {
            match connection.ask(request, &limits).await {
                Ok(answer) => return Ok(self.exclusive(answer, connection, origin, limits)),
                Err(NoAnswer::NotSent(unsent, _)) => request = *unsent,
                Err(NoAnswer::Failed(error)) => return Err(self.connector.explained(&origin, error)),
            }
        }
        if let Some(shared) = self.pool.shared(&origin, limits.started) {
            match http2::ask(shared, &origin, request, &limits).await {
                Ok(answer) => return Ok(shared_answer(answer, limits)),
                Err(NoAnswer::NotSent(unsent, _)) => request = *unsent,
                Err(NoAnswer::Failed(error)) => return Err(error),
            }
        }
        // In a box: this is the rare way, and its state is large.
        Box::pin(self.send_on_new(request, origin, limits)).await
    }

    /// Connects where no connection is idle, for a request that is about to be sent.
    pub(super) async fn prepare(&self, address: &Uri, limits: Limits) -> Result<(), TransportError> {
        let origin = Origin::of(address)?;
        let Some(_preparing) = self.pool.prepare(&origin, limits.started) else { return Ok(()) };
        match Box::pin(self.connector.connect(&origin, &limits)).await? {
            Connected::Http1(connection) => self.pool.put(&origin, connection),
            Connected::Http2(shared) => self.pool.share(&origin, shared, limits.started),
        }
        Ok(())
    }

    async fn send_on_new(
        &self,
        request: Request<RequestBody>,
        origin: Origin,
        limits: Limits,
    ) -> Result<Response<UpstreamBody>, TransportError> {
        let answer = match self.connector.connect(&origin, &limits).await? {
            Connected::Http1(mut connection) => match connection.ask(request, &limits).await {
                Ok(answer) => return Ok(self.exclusive(answer, connection, origin, limits)),
                Err(error) => Err(error),
            },
            Connected::Http2(shared) => {
                self.pool.share(&origin, shared.clone(), limits.started);
                http2::ask(shared, &origin, request, &limits).await.map(|answer| shared_answer(answer, limits))
            }
        };
        answer.map_err(|error| {
            let error = match error {
                NoAnswer::NotSent(_, error) => TransportError::NotSent(Box::new(error)),
                NoAnswer::Failed(error) => error,
            };
            self.connector.explained(&origin, error)
        })
    }

    fn exclusive(
        &self,
        answer: Response<Incoming>,
        connection: Box<Connection>,
        origin: Origin,
        limits: Limits,
    ) -> Response<UpstreamBody> {
        answer.map(|mut body| {
            let early = match Connection::whole(&mut body) {
                Early::Whole(whole) => {
                    if connection.is_idle() {
                        self.pool.put(&origin, connection);
                    }
                    return UpstreamBody::Whole(whole);
                }
                Early::Beginning(piece) => Some(piece),
                Early::Nothing => None,
            };
            let lease = Lease { connection, pool: Arc::clone(&self.pool), origin };
            UpstreamBody::pieces(BoundedBody::new(Pieces { early, body, lease: Some(lease) }, limits))
        })
    }
}

fn shared_answer(answer: Response<Incoming>, limits: Limits) -> Response<UpstreamBody> {
    answer.map(|body| UpstreamBody::pieces(BoundedBody::new(http2::pieces(body), limits)))
}

/// A connection in use.
struct Lease {
    connection: Box<Connection>,
    pool: Arc<Pool>,
    origin: Origin,
}

/// The pieces of an answer. Dropping them before the last one closes the connection, which cancels the call.
struct Pieces {
    early: Option<Bytes>,
    body: Incoming,
    /// Until the last piece.
    lease: Option<Lease>,
}

impl Stream for Pieces {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { early, body, lease } = &mut *self;
        if let Some(piece) = early.take() {
            return Poll::Ready(Some(Ok(piece)));
        }
        let Some(connection) = lease.as_mut().map(|lease| &mut lease.connection) else { return Poll::Ready(None) };
        let piece = ready!(connection.poll_piece(body, context));
        if !matches!(piece, Some(Ok(_)))
            && let Some(Lease { connection, pool, origin }) = lease.take()
            && connection.is_idle()
        {
            pool.put(&origin, connection);
        }
        Poll::Ready(piece)
    }
}

#[cfg(test)]
mod tests;
