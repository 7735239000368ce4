//! A body whose every wait ends.

use super::limits::Limits;
use super::timer::Timer;
use super::transport::TransportError;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::time::Instant;

/// The pieces of a body, each within its limit.
pub(super) struct BoundedBody<S> {
    chunks: S,
    limits: Limits,
    next_by: Instant,
    timer: Timer,
}

impl<S> BoundedBody<S> {
    pub(super) fn new(chunks: S, limits: Limits) -> Self {
        Self { chunks, limits, next_by: limits.next_chunk(), timer: Timer::default() }
    }
}

impl<S: Stream<Item = Result<Bytes, TransportError>> + Unpin> Stream for BoundedBody<S> {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Poll::Ready(chunk) = this.chunks.poll_next_unpin(context) {
            this.next_by = this.limits.next_chunk();
            return Poll::Ready(chunk);
        }
        this.timer.poll_until(this.next_by, context).map(|()| Some(Err(this.limits.chunk_missed())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::transport::{Bounds, Wait};
    use futures_util::stream;
    use std::time::Duration;

    fn bounded(
        between_chunks: u64,
        total: u64,
    ) -> BoundedBody<impl Stream<Item = Result<Bytes, TransportError>> + Unpin> {
        let chunks = stream::iter([Ok(Bytes::from_static(b"a"))]).chain(stream::pending());
        let [between_chunks, total] = [between_chunks, total].map(Duration::from_secs);
        BoundedBody::new(chunks, Limits::of(Bounds { first_byte: total, between_chunks, total }))
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
