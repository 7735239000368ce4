//! How a call comes in: whether the process takes it on, then its body. A body that takes its time keeps nobody else
//! out.

use super::body;
use super::error::{ErrorAnswer, overloaded};
use crate::admission::load::{Load, TakenOn};
use axum::body::Body;
use bytes::Bytes;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

/// A call's body, read whole up to a bound, and that the call is taken on where the process counts its calls.
///
/// # Errors
/// 503 before anything of the body is read, where the process takes on no more; else as [`body::read`].
pub(super) async fn take(
    load: Option<&Arc<Load>>,
    (body, bytes_max): (Body, usize),
) -> Result<(Option<TakenOn>, Bytes), ErrorAnswer> {
    // Before anything of it is read: a refusal must cost next to nothing.
    let taken_on = match load.map(|load| load.take_on()) {
        Some(None) => return Err(overloaded()),
        taken_on => taken_on.flatten(),
    };
    let mut reading = pin!(body::read(body, bytes_max));
    let read_at_once = poll_fn(|context| Poll::Ready(reading.as_mut().poll(context))).await;
    if let Poll::Ready(read) = read_at_once {
        return Ok((taken_on, read?));
    }
    // A client that sends half of a body would hold another's place.
    drop(taken_on);
    let read = reading.await?;
    Ok((load.map(Load::count), read))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{FutureExt, stream};
    use http::StatusCode;
    use std::convert::Infallible;
    use std::time::Duration;

    fn load() -> Arc<Load> {
        Arc::new(Load::new(1, Duration::from_secs(1)))
    }

    #[tokio::test]
    async fn a_call_whose_body_is_there_has_its_place_at_once() {
        let load = load();
        let taken = take(Some(&load), (Body::from("hello"), 10)).now_or_never().unwrap().unwrap();
        assert_eq!((load.in_flight(), &taken.1[..]), (1, &b"hello"[..]));
        let refused = take(Some(&load), (Body::from("hello"), 10)).now_or_never().unwrap().unwrap_err();
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    }

    #[tokio::test]
    async fn a_body_that_takes_its_time_takes_no_place() {
        let (load, (sender, rest)) = (load(), tokio::sync::oneshot::channel::<Bytes>());
        let pieces = stream::once(async { Ok::<_, Infallible>(rest.await.unwrap()) });
        let mut slow = pin!(take(Some(&load), (Body::from_stream(pieces), 10)));
        assert!(slow.as_mut().now_or_never().is_none());
        assert_eq!(load.in_flight(), 0);
        let other = take(Some(&load), (Body::from("other"), 10)).now_or_never().unwrap().unwrap();
        sender.send(Bytes::from_static(b"late")).unwrap();
        let (taken_on, body) = slow.await.unwrap();
        assert_eq!((load.in_flight(), &body[..]), (2, &b"late"[..]));
        drop((taken_on, other));
        assert_eq!(load.in_flight(), 0);
    }
}
