//! Sends the signed request and reads the answer, within a size and a time.

use super::location::ObjectLocation;
use super::request::{SignError, Signing, signed_get};
use crate::aws::connection::AwsConnection;
use crate::aws::error::AwsError;
use crate::aws::settings::Service;
use crate::clock::Clock;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_types::body::SdkBody;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::BodyExt;
use std::error::Error;
use std::time::Duration;

/// The largest object that is fetched. A configuration is far smaller; this bounds memory.
pub const OBJECT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// How long the whole fetch may take. It happens at start only, before anybody waits.
const FETCH_TIME_MAX: Duration = Duration::from_secs(10);

/// Names the region a bucket is in, where it was asked for in another.
const BUCKET_REGION: &str = "x-amz-bucket-region";

/// Why an object was not read.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// There is no such bucket.
    #[error("`{location}`: there is no such bucket")]
    NoSuchBucket {
        /// The object asked for.
        location: ObjectLocation,
    },
    /// The bucket has no such object.
    #[error("`{location}`: the bucket has no such object")]
    NoSuchKey {
        /// The object asked for.
        location: ObjectLocation,
    },
    /// The credentials may not read it. S3 also says so of an absent object to those who may not list the bucket.
    #[error(
        "`{location}`: access denied; the role needs `s3:GetObject` on it (and `s3:ListBucket` to learn of an absent one)"
    )]
    AccessDenied {
        /// The object asked for.
        location: ObjectLocation,
    },
    /// It is larger than [`OBJECT_BYTES_MAX`].
    #[error("`{location}` is larger than {OBJECT_BYTES_MAX} bytes")]
    TooLarge {
        /// The object asked for.
        location: ObjectLocation,
    },
    /// S3 answered something else.
    #[error("`{location}`: S3 answered with status {status}")]
    Refused {
        /// The object asked for.
        location: ObjectLocation,
        /// The HTTP status.
        status: u16,
    },
    /// S3 could not be reached or did not answer in time.
    #[error("`{location}`: S3 cannot be reached")]
    Unavailable {
        /// The object asked for.
        location: ObjectLocation,
        /// The cause, for logs.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The request could not be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// There are no credentials.
    #[error(transparent)]
    Aws(#[from] AwsError),
}

/// The bytes of an object. A bucket of another region is asked there, once.
///
/// # Errors
/// [`ObjectError`] names the object and what to do.
pub async fn fetch_object(
    connection: &AwsConnection,
    clock: &dyn Clock,
    location: &ObjectLocation,
) -> Result<Bytes, ObjectError> {
    match tokio::time::timeout(FETCH_TIME_MAX, Box::pin(fetch(connection, clock, location))).await {
        Ok(outcome) => outcome,
        Err(elapsed) => Err(ObjectError::Unavailable { location: location.clone(), cause: elapsed.into() }),
    }
}

async fn fetch(connection: &AwsConnection, clock: &dyn Clock, location: &ObjectLocation) -> Result<Bytes, ObjectError> {
    let answer = send(connection, clock, location, connection.region()).await?;
    let answer = match other_region(answer.headers(), connection.region()) {
        Some(region) if !answer.status().is_success() => send(connection, clock, location, &region).await?,
        _ => answer,
    };
    let status = answer.status();
    let body = read(answer.into_body(), location).await?;
    if status.is_success() { Ok(body) } else { Err(refusal(status, &body, location.clone())) }
}

async fn send(
    connection: &AwsConnection,
    clock: &dyn Clock,
    location: &ObjectLocation,
    region: &str,
) -> Result<Response<SdkBody>, ObjectError> {
    let unavailable = |cause| ObjectError::Unavailable { location: location.clone(), cause };
    let credentials = connection.credentials().await?;
    let endpoint = connection.endpoint(Service::S3);
    let signing = Signing { credentials: &credentials, region, endpoint, at: clock.now() };
    let request = signed_get(location, signing)?.map(|()| SdkBody::empty());
    let request = request.try_into().map_err(|error| unavailable(Box::from(error)))?;
    let answer = connection.connector().call(request).await.map_err(|error| unavailable(error.into()))?;
    answer.try_into_http1x().map_err(|error| unavailable(error.into()))
}

async fn read(mut body: SdkBody, location: &ObjectLocation) -> Result<Bytes, ObjectError> {
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|cause| ObjectError::Unavailable { location: location.clone(), cause })?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > OBJECT_BYTES_MAX {
            return Err(ObjectError::TooLarge { location: location.clone() });
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
}

/// The bucket's region, where the answer names another than the one asked. Only a plain name is taken: it becomes
/// part of a host name.
fn other_region(headers: &HeaderMap, asked: &str) -> Option<String> {
    let named = headers.get(BUCKET_REGION)?.to_str().ok()?;
    let plain = !named.is_empty() && named.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (plain && named != asked).then(|| named.to_owned())
}

fn refusal(status: StatusCode, body: &[u8], location: ObjectLocation) -> ObjectError {
    let says = |code: &[u8]| memchr::memmem::find(body, code).is_some();
    match status {
        StatusCode::NOT_FOUND if says(b"<Code>NoSuchBucket</Code>") => ObjectError::NoSuchBucket { location },
        StatusCode::NOT_FOUND => ObjectError::NoSuchKey { location },
        StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => ObjectError::AccessDenied { location },
        _ => ObjectError::Refused { location, status: status.as_u16() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_is_told_apart() {
        let location: ObjectLocation = "s3://bucket/key".parse().expect("an address");
        let refusal = |status, body: &str| refusal(status, body.as_bytes(), location.clone());
        let no_bucket = refusal(StatusCode::NOT_FOUND, "<Error><Code>NoSuchBucket</Code></Error>");
        assert!(matches!(no_bucket, ObjectError::NoSuchBucket { .. }));
        assert!(matches!(refusal(StatusCode::NOT_FOUND, ""), ObjectError::NoSuchKey { .. }));
        assert!(matches!(refusal(StatusCode::FORBIDDEN, ""), ObjectError::AccessDenied { .. }));
        assert!(matches!(refusal(StatusCode::BAD_GATEWAY, ""), ObjectError::Refused { status: 502, .. }));
    }

    #[test]
    fn only_a_plain_region_name_is_followed() {
        let named = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(BUCKET_REGION, http::HeaderValue::from_static(value));
            other_region(&headers, "us-east-1")
        };
        assert_eq!(named("eu-west-1").as_deref(), Some("eu-west-1"));
        assert_eq!(named("us-east-1"), None);
        assert_eq!(named("evil.example/"), None);
    }

    #[tokio::test]
    async fn an_object_over_the_limit_is_refused() {
        let location: ObjectLocation = "s3://bucket/key".parse().expect("an address");
        let body = |bytes: usize| SdkBody::from(vec![b'x'; bytes]);
        assert_eq!(read(body(OBJECT_BYTES_MAX), &location).await.expect("fits").len(), OBJECT_BYTES_MAX);
        let error = read(body(OBJECT_BYTES_MAX + 1), &location).await.expect_err("too large");
        assert!(matches!(error, ObjectError::TooLarge { .. }));
    }
}
