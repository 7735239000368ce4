//! The real transport: one client for all upstreams of one TLS policy, straight or through proxies.

use super::connect::Roads;
use super::direct::DirectClient;
use super::handshakes::Handshakes;
use super::limits::Limits;
use super::transport::{Bounds, Transport, TransportError, UpstreamBody};
use crate::tls::policy::Policy;
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::uri::Authority;
use http::{HeaderValue, Request, Response, Uri};
use rustls::ClientConfig;
use std::collections::BTreeMap;

/// An HTTP client for all upstreams of one TLS policy, with its pool of connections.
pub struct HttpClient {
    direct: DirectClient,
}

impl HttpClient {
    /// A client with this TLS configuration, made of this policy.
    pub fn new(tls: ClientConfig, policy: Policy, roads: &Roads) -> Self {
        Self { direct: DirectClient::new(tls, policy, roads) }
    }

    /// Connections are made under this from now on; those that are idle are closed.
    pub fn renew(&self, tls: ClientConfig) {
        self.direct.renew(tls);
    }

    /// What came of handshakes, by origin.
    pub fn handshakes(&self) -> BTreeMap<String, Handshakes> {
        self.direct.handshakes()
    }
}

#[async_trait]
impl Transport for HttpClient {
    async fn send(&self, request: Request<Bytes>, bounds: Bounds) -> Result<Response<UpstreamBody>, TransportError> {
        let limits = Limits::of(bounds);
        if has_credentials(request.uri()) {
            return self.direct.send(with_credentials_in_header(request)?, limits).await;
        }
        self.direct.send(request, limits).await
    }

    async fn prepare(&self, address: &Uri, bounds: Bounds) -> Result<(), TransportError> {
        if has_credentials(address) {
            return Ok(());
        }
        self.direct.prepare(address, Limits::of(bounds)).await
    }
}

/// Whether a name and a password stand in the address.
fn has_credentials(uri: &Uri) -> bool {
    uri.authority().is_some_and(|authority| authority.as_str().contains('@'))
}

/// The request with the address's credentials in a header, where none of its own is there.
fn with_credentials_in_header(mut request: Request<Bytes>) -> Result<Request<Bytes>, TransportError> {
    let invalid = |error: http::Error| TransportError::Invalid(Box::new(error));
    let mut parts = std::mem::take(request.uri_mut()).into_parts();
    if let Some(authority) = &parts.authority
        && let Some((credentials, host)) = authority.as_str().rsplit_once('@')
    {
        // Either may hold what an address cannot, written in percent.
        let written: Vec<u8> = match credentials.split_once(':') {
            Some((name, password)) => [&decoded(name)[..], b":", &decoded(password)].concat(),
            None => [&decoded(credentials)[..], b":"].concat(),
        };
        let mut header = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(written)))
            .map_err(|error| invalid(error.into()))?;
        header.set_sensitive(true);
        let bare = Authority::try_from(host).map_err(|error| invalid(error.into()))?;
        parts.authority = Some(bare);
        request.headers_mut().entry(AUTHORIZATION).or_insert(header);
    }
    *request.uri_mut() = Uri::from_parts(parts).map_err(|error| invalid(error.into()))?;
    Ok(request)
}

fn decoded(text: &str) -> Vec<u8> {
    let mut rest = text.as_bytes();
    let mut decoded = Vec::with_capacity(rest.len());
    while let Some((byte, after)) = rest.split_first() {
        let digits = after.split_at_checked(2).filter(|_| *byte == b'%');
        let value = digits.and_then(|(digits, after)| {
            let digits = std::str::from_utf8(digits).ok()?;
            Some((u8::from_str_radix(digits, 16).ok()?, after))
        });
        let (byte, after) = value.unwrap_or((*byte, after));
        decoded.push(byte);
        rest = after;
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_of_an_address_become_a_header() {
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = Uri::from_static("https://Aladdin:open%20sesame@upstream.test:8443/v1?x=1");
        let request = with_credentials_in_header(request).unwrap();
        assert_eq!(request.uri(), "https://upstream.test:8443/v1?x=1");
        assert_eq!(request.headers()[AUTHORIZATION], "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!(request.headers()[AUTHORIZATION].is_sensitive());
    }

    #[test]
    fn a_header_that_is_there_stays() {
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = Uri::from_static("https://a:b@upstream.test/");
        request.headers_mut().insert(AUTHORIZATION, HeaderValue::from_static("Bearer x"));
        assert_eq!(with_credentials_in_header(request).unwrap().headers()[AUTHORIZATION], "Bearer x");
    }
}
