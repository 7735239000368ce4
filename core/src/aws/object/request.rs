//! The signed request for one object. Pure: no network, no clock.

use super::location::ObjectLocation;
use crate::clock::Timestamp;
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::{Method, Request};
use std::error::Error;
use std::fmt::Write;
use std::time::{Duration, UNIX_EPOCH};

/// With what a request is signed.
#[derive(Clone, Copy, Debug)]
pub struct Signing<'a> {
    /// Whose request it is.
    pub credentials: &'a Credentials,
    /// The bucket's region.
    pub region: &'a str,
    /// The address to call in place of AWS's own: an emulator or a store that speaks S3.
    pub endpoint: Option<&'a str>,
    /// When it is signed; S3 allows a quarter of an hour of difference.
    pub at: Timestamp,
}

/// The request could not be made; the endpoint's address is at fault.
#[derive(Debug, thiserror::Error)]
#[error("a request for `{location}` could not be signed")]
pub struct SignError {
    location: String,
    #[source]
    cause: Box<dyn Error + Send + Sync>,
}

/// A GET of the object, ready to be sent: path-style where an endpoint is set or the bucket's name has dots (no
/// certificate covers those), virtual-hosted otherwise.
///
/// # Errors
/// [`SignError`], where the endpoint is not a URL.
pub fn signed_get(location: &ObjectLocation, signing: Signing<'_>) -> Result<Request<()>, SignError> {
    build(location, signing).map_err(|cause| SignError { location: location.to_string(), cause })
}

fn build(location: &ObjectLocation, signing: Signing<'_>) -> Result<Request<()>, Box<dyn Error + Send + Sync>> {
    let target = Target { method: Method::GET, bucket: location.bucket(), key: location.key(), query: &[] };
    Ok(signed(&target, Bytes::new(), signing)?.map(drop))
}

/// What is asked of a bucket.
pub(super) struct Target<'a> {
    pub(super) method: Method,
    pub(super) bucket: &'a str,
    /// The object; empty: the bucket itself.
    pub(super) key: &'a str,
    /// In the order of the names.
    pub(super) query: &'a [(&'a str, &'a str)],
}

/// A request, ready to be sent.
pub(super) fn signed(
    target: &Target<'_>,
    body: Bytes,
    signing: Signing<'_>,
) -> Result<Request<Bytes>, Box<dyn Error + Send + Sync>> {
    let mut uri = object_uri(target.bucket, target.key, signing.region, signing.endpoint);
    for (index, (name, value)) in target.query.iter().enumerate() {
        let mark = if index == 0 { '?' } else { '&' };
        let value = encoded(value).replace('/', "%2F");
        let _ = write!(uri, "{mark}{name}={value}");
    }
    let mut request = Request::builder().method(target.method.clone()).uri(&uri).body(body)?;
    let mut settings = SigningSettings::default();
    // What S3 asks for: the path is encoded once, not tidied, and the body's hash is a header.
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    let identity = signing.credentials.clone().into();
    let since_epoch = Duration::from_millis(u64::try_from(signing.at.millis()).unwrap_or_default());
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(signing.region)
        .name("s3")
        .time(UNIX_EPOCH + since_epoch)
        .settings(settings)
        .build()?
        .into();
    let signable =
        SignableRequest::new(target.method.as_str(), &uri, std::iter::empty(), SignableBody::Bytes(request.body()))?;
    let (instructions, _) = sign(signable, &parameters)?.into_parts();
    instructions.apply_to_request_http1x(&mut request);
    Ok(request)
}

fn object_uri(bucket: &str, key: &str, region: &str, endpoint: Option<&str>) -> String {
    let key = encoded(key);
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    match endpoint {
        Some(endpoint) => format!("{}/{bucket}/{key}", endpoint.trim_end_matches('/')),
        None if bucket.contains('.') => format!("https://s3.{region}.{domain}/{bucket}/{key}"),
        None => format!("https://{bucket}.s3.{region}.{domain}/{key}"),
    }
}

/// The key as a path: all but unreserved characters and `/` as `%XX`.
fn encoded(key: &str) -> String {
    key.bytes().fold(String::with_capacity(key.len()), |mut path, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            path.push(char::from(byte));
        } else {
            let _ = write!(path, "%{byte:02X}");
        }
        path
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(location: &str, endpoint: Option<&str>) -> Request<()> {
        let credentials = Credentials::new(
            "AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            None,
            None,
            "documentation",
        );
        // 2013-05-24T00:00:00Z, the moment of the worked examples in S3's documentation.
        let at = Timestamp::from_seconds(1_369_353_600);
        let location = location.parse().expect("an address");
        signed_get(&location, Signing { credentials: &credentials, region: "us-east-1", endpoint, at }).expect("signed")
    }

    #[test]
    fn a_bucket_is_a_host_on_aws_and_a_path_elsewhere() {
        assert_eq!(get("s3://bucket/a/b.yaml", None).uri(), "https://bucket.s3.us-east-1.amazonaws.com/a/b.yaml");
        assert_eq!(get("s3://my.bucket/b.yaml", None).uri(), "https://s3.us-east-1.amazonaws.com/my.bucket/b.yaml");
        assert_eq!(get("s3://bucket/b", Some("http://127.0.0.1:9/")).uri(), "http://127.0.0.1:9/bucket/b");
    }

    #[test]
    fn characters_of_a_key_stay_inside_the_path() {
        let uri = get("s3://bucket/a b?c#d%/é", None).uri().to_string();
        assert!(uri.ends_with("/a%20b%3Fc%23d%25/%C3%A9"), "{uri}");
    }

    #[test]
    fn the_signature_covers_host_date_and_body_hash_and_tells_no_secret() {
        let request = get("s3://examplebucket/test.txt", None);
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let authorization = header("authorization");
        assert!(
            authorization
                .starts_with("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"),
            "{authorization}"
        );
        assert!(authorization.contains("SignedHeaders=host;x-amz-content-sha256;x-amz-date"), "{authorization}");
        assert_eq!(header("x-amz-date"), "20130524T000000Z");
        assert!(header("x-amz-content-sha256").starts_with("e3b0c44298fc1c14"));
        assert!(!format!("{request:?}").contains("wJalrXUtnFEMI"));
    }

    #[test]
    fn an_endpoint_that_is_no_url_is_an_error() {
        let credentials = Credentials::new("id", "secret", None, None, "test");
        let location = "s3://bucket/key".parse().expect("an address");
        let signing =
            Signing { credentials: &credentials, region: "r", endpoint: Some("not a url"), at: Timestamp::default() };
        assert!(signed_get(&location, signing).is_err());
    }
}
