//! The seam to the network: one request out, one answer back, every wait bounded and named.

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::Stream;
use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Instant;

/// How long each wait of one call may last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// From sending the request to the answer's head.
    pub first_byte: Duration,
    /// From one piece of the body to the next.
    pub between_chunks: Duration,
    /// The whole call, body included.
    pub total: Duration,
}

impl Bounds {
    /// The same waits, none of which outlasts `end`.
    pub fn ending(self, end: Instant) -> Self {
        let left = end.saturating_duration_since(Instant::now());
        Self {
            first_byte: self.first_byte.min(left),
            between_chunks: self.between_chunks.min(left),
            total: self.total.min(left),
        }
    }
}

/// Which wait ended a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Connecting, TLS included.
    Connect,
    /// The answer's head.
    FirstByte,
    /// The next piece of the body.
    BetweenChunks,
    /// The whole call.
    Total,
}

/// The body of an answer: a stream of its pieces, each wait bounded.
pub enum UpstreamBody {
    /// All of it, there already: nothing is waited for.
    Whole(Bytes),
    /// Piece by piece.
    Pieces(Pin<Box<dyn Stream<Item = Result<Bytes, TransportError>> + Send>>),
}

impl UpstreamBody {
    /// A body that comes as these pieces.
    pub fn pieces(pieces: impl Stream<Item = Result<Bytes, TransportError>> + Send + 'static) -> Self {
        Self::Pieces(Box::pin(pieces))
    }
}

impl Stream for UpstreamBody {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut *self {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(std::mem::take(bytes)))),
            Self::Pieces(pieces) => pieces.as_mut().poll_next(context),
        }
    }
}

/// Sends requests to upstreams.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends one request. Dropping the answer's body cancels the call. Redirects are not followed: a credential goes
    /// to the configured origin only.
    ///
    /// # Errors
    /// [`TransportError::NotSent`] only where the upstream cannot have seen the request.
    async fn send(
        &self,
        request: http::Request<Bytes>,
        bounds: Bounds,
    ) -> Result<http::Response<UpstreamBody>, TransportError>;

    /// Connects to where `address` points, if no connection to it is idle, for a request that is about to be sent. Sends
    /// nothing.
    ///
    /// # Errors
    /// As sending would fail that finds no way there.
    async fn prepare(&self, address: &http::Uri, bounds: Bounds) -> Result<(), TransportError> {
        let _ = (address, bounds);
        Ok(())
    }
}

/// The cause below a transport error, for logs only: it may name hosts.
pub type Cause = Box<dyn Error + Send + Sync>;

/// Why there is no answer, or no more of it.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// No connection could be made.
    #[error("the upstream cannot be reached")]
    NotSent(#[source] Cause),
    /// A wait ended.
    #[error("the upstream did not answer in time")]
    TimedOut(Wait),
    /// The connection broke after the request was sent.
    #[error("the upstream closed the connection")]
    Broken(#[source] Cause),
    /// The request's address or headers cannot be sent.
    #[error("the request to the upstream is not valid")]
    Invalid(#[source] Cause),
}

impl TransportError {
    /// Whether the upstream may have had the request, and may have worked on it.
    pub const fn may_have_arrived(&self) -> bool {
        match self {
            Self::NotSent(_) | Self::Invalid(_) | Self::TimedOut(Wait::Connect) => false,
            Self::Broken(_) | Self::TimedOut(Wait::FirstByte | Wait::BetweenChunks | Wait::Total) => true,
        }
    }
}
