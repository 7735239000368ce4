//! The request's body, read whole up to a bound.

use super::error::ErrorAnswer;
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::error::Error;

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
        Err(_) => {
            let message = "The request's body ended before it was complete.";
            Err(ErrorAnswer::new(StatusCode::BAD_REQUEST, "invalid_request_error", message).param("request_body"))
        }
    }
}

async fn pieces(body: &mut Limited<Body>) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
    let mut all = match data(body).await? {
        Some(only) if body.is_end_stream() => return Ok(only),
        Some(first) => BytesMut::from(first),
        None => return Ok(Bytes::new()),
    };
    while let Some(piece) = data(body).await? {
        all.extend_from_slice(&piece);
    }
    Ok(all.freeze())
}

/// The next bytes; trailers end a body.
async fn data(body: &mut Limited<Body>) -> Result<Option<Bytes>, Box<dyn Error + Send + Sync>> {
    Ok(body.frame().await.transpose()?.and_then(|frame| frame.into_data().ok()))
}
