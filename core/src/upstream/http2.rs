//! HTTP/2 connections to an upstream: one carries many calls at a time, so it has a task of its own.

use super::connection::NoAnswer;
use super::io::Io;
use super::limits::Limits;
use super::origin::{Origin, RequestBody};
use super::transport::TransportError;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http::{Request, Response};
use http_body_util::BodyDataStream;
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper::rt::Executor;
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout_at;

/// A connection that any number of calls share. The last one dropped closes it.
pub(super) type Shared = http2::SendRequest<RequestBody>;

/// A connection over an open stream.
pub(super) async fn open(io: Io) -> Result<Shared, TransportError> {
    let handshake = http2::handshake(TokioExecutor::new(), io).await;
    let (sender, connection) = handshake.map_err(|error| TransportError::NotSent(Box::new(error)))?;
    // It ends with the last sender, and its errors are those of the calls on it.
    TokioExecutor::new().execute(async move { drop(connection.await) });
    Ok(sender)
}

/// Sends a request and waits for its answer's head. `Err` with the request: nothing of it went out.
pub(super) async fn ask(
    mut shared: Shared,
    origin: &Origin,
    mut request: Request<RequestBody>,
    limits: &Limits,
) -> Result<Response<Incoming>, NoAnswer> {
    origin.name_in_address(&mut request).map_err(NoAnswer::Failed)?;
    let answer = timeout_at(limits.head(), shared.try_send_request(request)).await;
    answer.map_err(|_| NoAnswer::Failed(limits.head_missed()))?.map_err(|mut error| match error.take_message() {
        Some(request) => NoAnswer::NotSent(Box::new(request), error.into_error()),
        None => NoAnswer::Failed(TransportError::Broken(Box::new(error.into_error()))),
    })
}

/// The pieces of an answer.
pub(super) fn pieces(body: Incoming) -> impl Stream<Item = Result<Bytes, TransportError>> + Unpin {
    BodyDataStream::new(body).map(|piece| piece.map_err(|error| TransportError::Broken(Box::new(error))))
}
