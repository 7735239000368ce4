//! The real transport: straight to the upstream, or by the proxy that the environment names.

use super::direct::DirectClient;
use super::limits::Limits;
use super::proxied::ProxiedClient;
use super::transport::{Bounds, Transport, TransportError, UpstreamBody};
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, Uri};
use std::sync::OnceLock;

/// Which way calls take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Straight to the upstream.
    Direct,
    /// As the environment's proxy settings say.
    Proxied,
}

/// The variables of the environment that name a proxy.
pub const PROXY_VARIABLES: [&str; 6] =
    ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// An HTTP client for all upstreams of one TLS policy, with its pool of connections.
pub struct HttpClient {
    way: Way,
    tls: rustls::ClientConfig,
    direct: DirectClient,
    /// Made when it is first needed; most deployments never do.
    proxied: OnceLock<ProxiedClient>,
}

impl HttpClient {
    /// A client with this TLS configuration.
    ///
    /// # Errors
    /// [`TransportError::Invalid`]: the environment's proxy settings cannot be read.
    pub fn new(tls: rustls::ClientConfig, way: Way) -> Result<Self, TransportError> {
        let client = Self { way, direct: DirectClient::new(tls.clone()), tls, proxied: OnceLock::new() };
        if way == Way::Proxied {
            client.proxied()?;
        }
        Ok(client)
    }

    fn proxied(&self) -> Result<&ProxiedClient, TransportError> {
        if let Some(client) = self.proxied.get() {
            return Ok(client);
        }
        let client = ProxiedClient::new(self.tls.clone())?;
        Ok(self.proxied.get_or_init(|| client))
    }
}

#[async_trait]
impl Transport for HttpClient {
    async fn send(&self, request: Request<Bytes>, bounds: Bounds) -> Result<Response<UpstreamBody>, TransportError> {
        let limits = Limits::of(bounds);
        if self.way == Way::Direct && !has_credentials(request.uri()) {
            return self.direct.send(request, limits).await;
        }
        Box::pin(self.proxied()?.send(request, limits)).await
    }

    async fn prepare(&self, address: &Uri, bounds: Bounds) -> Result<(), TransportError> {
        if self.way == Way::Direct && !has_credentials(address) {
            return self.direct.prepare(address, Limits::of(bounds)).await;
        }
        Ok(())
    }
}

/// Whether a name and a password stand in the address, which only the other client makes a header of.
fn has_credentials(uri: &Uri) -> bool {
    uri.authority().is_some_and(|authority| authority.as_str().contains('@'))
}
