//! Where an upstream answers, and how a request names it in each version of HTTP.

use super::transport::TransportError;
use bytes::Bytes;
use http::header::HOST;
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Request, Uri};
use http_body_util::Full;

/// The body of a request.
pub(super) type RequestBody = Full<Bytes>;

/// Scheme, host and port. Connections are shared by calls to the same origin only.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Origin {
    scheme: Scheme,
    authority: Authority,
}

impl Origin {
    /// The origin of an address.
    pub(super) fn of(uri: &Uri) -> Result<Self, TransportError> {
        match (uri.scheme(), uri.authority()) {
            (Some(scheme), Some(authority)) if *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS => {
                Ok(Self { scheme: scheme.clone(), authority: authority.clone() })
            }
            _ => Err(TransportError::Invalid("the address is neither http:// nor https://".into())),
        }
    }

    /// The origin as an address.
    pub(super) fn uri(&self) -> Result<Uri, TransportError> {
        let uri = Uri::builder().scheme(self.scheme.clone()).authority(self.authority.clone()).path_and_query("/");
        uri.build().map_err(invalid)
    }

    /// The origin for people.
    pub(super) fn name(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }

    pub(super) fn is_https(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    /// What the `Host` header says: the port only where it is not the scheme's own.
    pub(super) fn host(&self) -> Result<HeaderValue, TransportError> {
        let own_port = if self.scheme == Scheme::HTTPS { 443 } else { 80 };
        let host = match self.authority.port_u16() {
            Some(port) if port != own_port => HeaderValue::try_from(self.authority.as_str()),
            _ => HeaderValue::try_from(self.authority.host()),
        };
        host.map_err(invalid)
    }

    /// The request as HTTP/1 says it: only the path in its first line, the origin in `Host`.
    pub(super) fn name_in_header(request: &mut Request<RequestBody>, host: &HeaderValue) -> Result<(), TransportError> {
        let mut parts = std::mem::take(request.uri_mut()).into_parts();
        (parts.scheme, parts.authority) = (None, None);
        *request.uri_mut() = Uri::from_parts(parts).map_err(invalid)?;
        request.headers_mut().insert(HOST, host.clone());
        Ok(())
    }

    /// The request as HTTP/2 says it: the whole address, and no `Host`.
    pub(super) fn name_in_address(&self, request: &mut Request<RequestBody>) -> Result<(), TransportError> {
        self.name_whole(request)?;
        request.headers_mut().remove(HOST);
        Ok(())
    }

    /// The request as a proxy that passes it on wants it: the whole address in its first line.
    pub(super) fn name_whole(&self, request: &mut Request<RequestBody>) -> Result<(), TransportError> {
        let mut parts = std::mem::take(request.uri_mut()).into_parts();
        (parts.scheme, parts.authority) = (Some(self.scheme.clone()), Some(self.authority.clone()));
        *request.uri_mut() = Uri::from_parts(parts).map_err(invalid)?;
        Ok(())
    }
}

fn invalid(error: impl Into<http::Error>) -> TransportError {
    TransportError::Invalid(Box::new(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(address: &'static str) -> String {
        let host = Origin::of(&Uri::from_static(address)).and_then(|origin| origin.host());
        host.unwrap().to_str().unwrap().to_owned()
    }

    #[test]
    fn the_port_is_named_where_it_is_not_the_usual_one() {
        assert_eq!(host("http://upstream.test:80/v1"), "upstream.test");
        assert_eq!(host("https://upstream.test:80/v1"), "upstream.test:80");
        assert_eq!(host("http://[::1]:8000/v1"), "[::1]:8000");
    }

    #[test]
    fn a_request_can_be_said_in_both_versions_one_after_the_other() {
        let address = "https://upstream.test/v1/x?y=1";
        let mut request = Request::new(RequestBody::default());
        *request.uri_mut() = Uri::from_static(address);
        let origin = Origin::of(request.uri()).unwrap();
        Origin::name_in_header(&mut request, &origin.host().unwrap()).unwrap();
        assert_eq!(request.uri(), "/v1/x?y=1");
        assert_eq!(request.headers()[HOST], "upstream.test");
        origin.name_in_address(&mut request).unwrap();
        assert_eq!(request.uri(), address);
        assert!(!request.headers().contains_key(HOST));
    }

    #[test]
    fn an_address_that_is_not_http_is_no_origin() {
        assert!(Origin::of(&Uri::from_static("ftp://upstream.test/")).is_err());
        assert!(Origin::of(&Uri::from_static("/v1")).is_err());
    }
}
