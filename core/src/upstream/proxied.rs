//! Calls through a proxy: a client that knows the proxy settings of the environment (`HTTPS_PROXY`, `NO_PROXY`, …), and
//! credentials written into an address.

use super::bounded::BoundedBody;
use super::limits::{CONNECT_WAIT, Limits};
use super::transport::{TransportError, UpstreamBody, Wait};
use bytes::Bytes;
use futures_util::StreamExt;
use http::{Request, Response};
use http_body_util::BodyDataStream;
use tokio::time::timeout_at;

/// The way through a proxy to all upstreams of one TLS policy.
#[derive(Clone, Debug)]
pub(super) struct ProxiedClient {
    client: reqwest::Client,
}

impl ProxiedClient {
    /// A client with this TLS configuration.
    ///
    /// # Errors
    /// [`TransportError::Invalid`]: the environment's proxy settings cannot be read.
    pub(super) fn new(tls: rustls::ClientConfig) -> Result<Self, TransportError> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .tcp_nodelay(true)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_WAIT)
            .referer(false)
            .build()
            .map_err(|error| TransportError::Invalid(Box::new(error)))?;
        Ok(Self { client })
    }

    /// Sends a request.
    pub(super) async fn send(
        &self,
        request: Request<Bytes>,
        limits: Limits,
    ) -> Result<Response<UpstreamBody>, TransportError> {
        let request = reqwest::Request::try_from(request).map_err(|error| TransportError::Invalid(Box::new(error)))?;
        let answer = timeout_at(limits.head(), self.client.execute(request)).await;
        let answer = answer.map_err(|_| limits.head_missed())?.map_err(sorted)?;
        Ok(Response::from(answer).map(|body| {
            let chunks = BodyDataStream::new(body).map(|chunk| chunk.map_err(sorted));
            UpstreamBody::pieces(BoundedBody::new(chunks, limits))
        }))
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
