//! The request's body, read whole up to a bound.

use super::error::ErrorAnswer;
use axum::body::Body;
use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// Reads the body.
pub(super) async fn read(body: Body, bytes_max: usize) -> Result<Bytes, ErrorAnswer> {
    match Limited::new(body, bytes_max).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
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
