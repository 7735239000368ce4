//! The request's body, read whole, up to a bound of its size and of the time that it may take.

use super::error::ErrorAnswer;
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::error::Error;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long a client may send nothing while its body is incomplete.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// How long a whole body may take: one of 64 MiB then needs less than a megabit a second.
const TIME_MAX: Duration = Duration::from_secs(600);

/// Reads the body. One that comes in one piece, as most do, is not copied.
pub(super) async fn read(body: Body, bytes_max: usize) -> Result<Bytes, ErrorAnswer> {
    let mut body = Limited::new(body, bytes_max);
    match pieces(&mut body).await {
        Ok(bytes) => Ok(bytes),
        Err(error) if error.is::<LengthLimitError>() => {
            let message = format!(
                "The request's body is larger than {bytes_max} bytes. Send less, or raise \
                 `general_settings.max_request_size_mb`."
            );
            Err(ErrorAnswer::new(StatusCode::PAYLOAD_TOO_LARGE, "invalid_request_error", message).param("request_body"))
        }
        Err(error) if error.is::<Late>() => {
            let message = format!("The request's body is incomplete: {error}.");
            Err(ErrorAnswer::new(StatusCode::REQUEST_TIMEOUT, "invalid_request_error", message).param("request_body"))
        }
        Err(_) => {
            let message = "The request's body ended before it was complete.";
            Err(ErrorAnswer::new(StatusCode::BAD_REQUEST, "invalid_request_error", message).param("request_body"))
        }
    }
}

/// Why a body is no longer waited for.
#[derive(Debug, thiserror::Error)]
enum Late {
    #[error("nothing more of it came for {} seconds", SILENCE_MAX.as_secs())]
    Silent,
    #[error("it was still coming after {} seconds", TIME_MAX.as_secs())]
    Slow,
}

async fn pieces(body: &mut Limited<Body>) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
    let end = Instant::now() + TIME_MAX;
    let mut all = match data(body, end).await? {
        Some(only) if body.is_end_stream() => return Ok(only),
        Some(first) => BytesMut::from(first),
        None => return Ok(Bytes::new()),
    };
    while let Some(piece) = data(body, end).await? {
        all.extend_from_slice(&piece);
    }
    Ok(all.freeze())
}

/// The next bytes, which must be there before `end`; trailers end a body.
async fn data(body: &mut Limited<Body>, end: Instant) -> Result<Option<Bytes>, Box<dyn Error + Send + Sync>> {
    let silent_at = Instant::now() + SILENCE_MAX;
    let late = |_| if silent_at < end { Late::Silent } else { Late::Slow };
    let frame = timeout_at(silent_at.min(end), body.frame()).await.map_err(late)?;
    Ok(frame.transpose()?.and_then(|frame| frame.into_data().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{StreamExt, stream};
    use std::convert::Infallible;
    use tokio::time::sleep;

    /// A body of single bytes, each so many seconds after the one before.
    fn trickling(seconds: u64) -> Body {
        let bytes = stream::repeat(Bytes::from_static(b"a"));
        Body::from_stream(bytes.then(move |byte| async move {
            sleep(Duration::from_secs(seconds)).await;
            Ok::<_, Infallible>(byte)
        }))
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_or_never_ends_is_not_waited_for() {
        for (seconds, waited) in [(3_600, SILENCE_MAX), (20, TIME_MAX)] {
            let begun = Instant::now();
            let error = read(trickling(seconds), 1_000).await.unwrap_err();
            assert_eq!((error.status, begun.elapsed()), (StatusCode::REQUEST_TIMEOUT, waited));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_is_too_large_is_refused_however_it_comes() {
        for body in [Body::from("x".repeat(1_001)), trickling(0)] {
            assert_eq!(read(body, 1_000).await.unwrap_err().status, StatusCode::PAYLOAD_TOO_LARGE);
        }
        assert_eq!(read(Body::from("x".repeat(1_000)), 1_000).await.unwrap().len(), 1_000);
    }
}
