//! Makes connections: name, TCP, TLS, and the version of HTTP that both sides speak.

use super::connection::Connection;
use super::http2;
use super::limits::{CONNECT_WAIT, Limits};
use super::origin::Origin;
use super::transport::{TransportError, Wait};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::{Connection as _, HttpConnector};
use tokio::time::{Instant, timeout_at};
use tower_service::Service;

/// A new connection.
pub(super) enum Connected {
    /// For one call at a time.
    Http1(Box<Connection>),
    /// For any number.
    Http2(http2::Shared),
}

/// Connects under one TLS policy.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    https: HttpsConnector<HttpConnector>,
}

impl Connector {
    pub(super) fn new(tls: rustls::ClientConfig) -> Self {
        let mut http = HttpConnector::new();
        // The TLS layer sits on top and brings its own scheme.
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(CONNECT_WAIT));
        Self { https: HttpsConnector::from((http, tls)) }
    }

    /// Connects to an origin.
    ///
    /// # Errors
    /// [`TransportError::NotSent`], or [`TransportError::TimedOut`] with the wait that ended first.
    pub(super) async fn connect(&self, origin: &Origin, limits: &Limits) -> Result<Connected, TransportError> {
        let connect_by = Instant::now() + CONNECT_WAIT;
        match timeout_at(connect_by.min(limits.head()), self.open(origin)).await {
            Ok(connected) => connected,
            Err(_) if connect_by < limits.head() => Err(TransportError::TimedOut(Wait::Connect)),
            Err(_) => Err(limits.head_missed()),
        }
    }

    async fn open(&self, origin: &Origin) -> Result<Connected, TransportError> {
        // Without a pool of its own it is always ready.
        let io = self.https.clone().call(origin.uri()?).await.map_err(TransportError::NotSent)?;
        if io.connected().is_negotiated_h2() {
            return http2::open(io).await.map(Connected::Http2);
        }
        Connection::open(io, origin).await.map(|connection| Connected::Http1(Box::new(connection)))
    }
}
