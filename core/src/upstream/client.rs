//! The real transport: one pooled HTTP client.

use super::transport::{Bounds, Transport, TransportError, UpstreamBody, Wait};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, timeout_at};

/// Longest wait for a connection, TLS included.
const CONNECT_WAIT: Duration = Duration::from_secs(10);
/// Idle connections kept for each upstream: enough for every request of a busy instance to find one.
const IDLE_CONNECTIONS_MAX: usize = 512;
/// How long an idle connection is kept. Below the 60 seconds after which many load balancers drop it silently.
const IDLE_WAIT: Duration = Duration::from_secs(55);

/// A pooled HTTP client for all upstreams of one TLS policy.
#[derive(Clone, Debug)]
pub struct HttpClient {
    client: reqwest::Client,
}

impl HttpClient {
    /// A client with this TLS configuration.
    ///
    /// # Errors
    /// [`TransportError::Invalid`]: the environment's proxy settings cannot be read.
    pub fn new(tls: rustls::ClientConfig) -> Result<Self, TransportError> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .tcp_nodelay(true)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_WAIT)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .pool_idle_timeout(IDLE_WAIT)
            .referer(false)
            .build()
            .map_err(|error| TransportError::Invalid(Box::new(error)))?;
        Ok(Self { client })
    }
}

#[async_trait]
impl Transport for HttpClient {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        bounds: Bounds,
    ) -> Result<http::Response<UpstreamBody>, TransportError> {
        let started = Instant::now();
        let total = started + bounds.total;
        let first_byte = started + bounds.first_byte;
        let request = reqwest::Request::try_from(request).map_err(|error| TransportError::Invalid(Box::new(error)))?;
        let answer = timeout_at(first_byte.min(total), self.client.execute(request))
            .await
            .map_err(|_| TransportError::TimedOut(if total < first_byte { Wait::Total } else { Wait::FirstByte }))?
            .map_err(sorted)?;
        let (head, body) = http::Response::from(answer).into_parts();
        let chunks = http_body_util::BodyDataStream::new(body).map(|chunk| chunk.map_err(sorted));
        let body = BoundedBody {
            chunks,
            between_chunks: bounds.between_chunks,
            timer: Box::pin(tokio::time::sleep_until(total.min(Instant::now() + bounds.between_chunks))),
            total,
        };
        Ok(http::Response::from_parts(head, Box::pin(body) as UpstreamBody))
    }
}

/// Sorts the client's errors by what a caller can do about them.
fn sorted(error: reqwest::Error) -> TransportError {
    if error.is_connect() && error.is_timeout() {
        TransportError::TimedOut(Wait::Connect)
    } else if error.is_connect() {
        TransportError::NotSent(Box::new(error))
    } else if error.is_builder() {
        TransportError::Invalid(Box::new(error))
    } else {
        TransportError::Broken(Box::new(error))
    }
}

/// A body whose every wait ends.
struct BoundedBody<S> {
    chunks: S,
    between_chunks: Duration,
    timer: Pin<Box<Sleep>>,
    total: Instant,
}

impl<S: Stream<Item = Result<Bytes, TransportError>> + Unpin> Stream for BoundedBody<S> {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Poll::Ready(chunk) = self.chunks.poll_next_unpin(context) {
            let next = (Instant::now() + self.between_chunks).min(self.total);
            self.timer.as_mut().reset(next);
            return Poll::Ready(chunk);
        }
        if self.timer.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        let wait = if Instant::now() >= self.total { Wait::Total } else { Wait::BetweenChunks };
        Poll::Ready(Some(Err(TransportError::TimedOut(wait))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    fn bounded(
        between_chunks: u64,
        total: u64,
    ) -> BoundedBody<impl Stream<Item = Result<Bytes, TransportError>> + Unpin> {
        let now = Instant::now();
        let chunks = stream::iter([Ok(Bytes::from_static(b"a"))]).chain(stream::pending());
        let between_chunks = Duration::from_secs(between_chunks);
        let total = now + Duration::from_secs(total);
        let timer = Box::pin(tokio::time::sleep_until(total.min(now + between_chunks)));
        BoundedBody { chunks, between_chunks, timer, total }
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_stream_ends_after_the_gap() {
        let mut body = bounded(5, 60);
        assert!(matches!(body.next().await, Some(Ok(_))));
        assert!(matches!(body.next().await, Some(Err(TransportError::TimedOut(Wait::BetweenChunks)))));
    }

    #[tokio::test(start_paused = true)]
    async fn no_stream_outlives_the_whole_calls_bound() {
        let mut body = bounded(50, 20);
        assert!(matches!(body.next().await, Some(Ok(_))));
        assert!(matches!(body.next().await, Some(Err(TransportError::TimedOut(Wait::Total)))));
    }
}
