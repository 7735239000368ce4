//! Makes connections: name, TCP, a proxy's tunnel, TLS, and the version of HTTP that both sides speak.

use super::connection::Connection;
use super::handshakes::Seen;
use super::http2;
use super::io::Io;
use super::limits::{CONNECT_WAIT, Limits};
use super::origin::Origin;
use super::proxies::{Proxies, Proxy};
use super::transport::{Cause, TransportError, Wait};
use crate::tls::policy::Policy;
use crate::tls::question::{self, Choice};
use crate::tls::report;
use http::Uri;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tower_service::Service;

/// Longest wait for what a server answers to an old client's greeting.
const QUESTION_WAIT: Duration = Duration::from_secs(2);

/// A new connection.
pub(super) enum Connected {
    /// For one call at a time.
    Http1(Box<Connection>),
    /// For any number.
    Http2(http2::Shared),
}

/// How connections are made, whatever is said over them.
#[derive(Clone, Debug, Default)]
pub struct Roads {
    /// The proxies in between.
    pub proxies: Option<Arc<Proxies>>,
    /// Whether names are only followed to addresses of IPv4.
    pub ipv4_only: bool,
}

/// Connects under one TLS policy.
pub(super) struct Connector {
    http: HttpConnector,
    /// Exchanged when the files that it was made of change. Read when a connection is made.
    tls: RwLock<Arc<ClientConfig>>,
    policy: Policy,
    proxies: Option<Arc<Proxies>>,
    /// How often the configuration was exchanged.
    generation: AtomicU32,
    seen: Seen,
}

/// No connection under TLS, and why in a sentence.
#[derive(Debug, thiserror::Error)]
#[error("no TLS with {origin}: {sentence}")]
struct NoTls {
    origin: String,
    sentence: String,
    #[source]
    cause: Cause,
}

/// No way through a proxy.
#[derive(Debug, thiserror::Error)]
#[error("no way through the proxy {proxy}")]
struct NoTunnel {
    proxy: String,
    #[source]
    cause: Cause,
}

impl Connector {
    pub(super) fn new(tls: ClientConfig, policy: Policy, roads: &Roads) -> Self {
        let mut http = HttpConnector::new();
        // The TLS layer sits on top and brings its own scheme.
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(CONNECT_WAIT));
        if roads.ipv4_only {
            // What is bound to an address of IPv4 goes to no other.
            http.set_local_address(Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED)));
        }
        let proxies = roads.proxies.clone();
        Self {
            http,
            tls: RwLock::new(Arc::new(tls)),
            policy,
            proxies,
            generation: AtomicU32::new(0),
            seen: Seen::default(),
        }
    }

    /// New connections are made under this from now on. Gives how often that happened.
    pub(super) fn renew(&self, tls: ClientConfig) -> u32 {
        let mut current = self.tls.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(tls);
        self.generation.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(super) fn seen(&self) -> &Seen {
        &self.seen
    }

    /// Connects to an origin.
    ///
    /// # Errors
    /// [`TransportError::NotSent`], or [`TransportError::TimedOut`] of [`Wait::Connect`], whichever wait ended.
    pub(super) async fn connect(&self, origin: &Origin, limits: &Limits) -> Result<Connected, TransportError> {
        let connect_by = limits.head().min(Instant::now() + CONNECT_WAIT);
        timeout_at(connect_by, self.open(origin)).await.map_err(|_| TransportError::TimedOut(Wait::Connect))?
    }

    /// An error that came later, where it is one of TLS: a server may refuse our certificate when we think that all is well.
    pub(super) fn explained(&self, origin: &Origin, error: TransportError) -> TransportError {
        match error {
            TransportError::NotSent(cause) => TransportError::NotSent(self.told(origin, cause, None)),
            TransportError::Broken(cause) => TransportError::Broken(self.told(origin, cause, None)),
            other => other,
        }
    }

    async fn open(&self, origin: &Origin) -> Result<Connected, TransportError> {
        let uri = origin.uri()?;
        let proxy = self.proxies.as_ref().and_then(|proxies| proxies.before(&uri));
        let (tls, generation) = {
            let tls = self.tls.read().unwrap_or_else(PoisonError::into_inner);
            (Arc::clone(&tls), self.generation.load(Ordering::Relaxed))
        };
        let io = match self.stream(&uri, proxy.as_ref(), tls).await {
            Ok(io) => io,
            Err(cause) => {
                let choice = self.asked_as_of_old(&cause, &uri, proxy.as_ref()).await;
                return Err(TransportError::NotSent(self.told(origin, cause, choice.as_ref())));
            }
        };
        if let Some(connection) = io.tls() {
            self.seen.made(origin, connection);
            if connection.alpn_protocol() == Some(b"h2") {
                return http2::open(io).await.map(Connected::Http2);
            }
        }
        let forwarding = proxy.filter(|_| !origin.is_https());
        let mut connection = Connection::open(io, origin, forwarding).await?;
        connection.generation = generation;
        Ok(Connected::Http1(Box::new(connection)))
    }

    /// A stream on which the upstream's HTTP begins; under TLS where its address says so.
    async fn stream(&self, uri: &Uri, proxy: Option<&Proxy>, tls: Arc<ClientConfig>) -> Result<Io, Cause> {
        let is_https = uri.scheme_str() == Some("https");
        let Some(proxy) = proxy else {
            return HttpsConnector::from((self.http.clone(), tls)).call(uri.clone()).await.map(Io::Plain);
        };
        let mut to_proxy = HttpsConnector::from((self.http.clone(), Arc::clone(&tls)));
        if !is_https {
            // The proxy passes requests on itself.
            let stream = to_proxy.call(proxy.address.clone()).await;
            return stream.map(Io::Plain).map_err(|cause| no_tunnel(proxy, cause));
        }
        if proxy.address.scheme_str() == Some("https") {
            let tunnel = HttpsConnector::from((tunnel(proxy, to_proxy), tls)).call(uri.clone()).await;
            return tunnel.map(|stream| Io::Wrapped(Box::new(stream))).map_err(|cause| no_tunnel(proxy, cause));
        }
        let tunnel = HttpsConnector::from((tunnel(proxy, self.http.clone()), tls)).call(uri.clone()).await;
        tunnel.map(Io::Plain).map_err(|cause| no_tunnel(proxy, cause))
    }

    /// What the server would speak with an old client, where its refusal does not say.
    async fn asked_as_of_old(&self, cause: &Cause, uri: &Uri, proxy: Option<&Proxy>) -> Option<Choice> {
        report::tls_error(cause.as_ref()).filter(|error| report::is_worth_asking(error))?;
        let asking = async {
            let mut stream = self.raw(uri, proxy).await?;
            stream.write_all(&question::greeting(uri.host()?)).await.ok()?;
            let mut answer = Vec::with_capacity(question::ANSWER_BYTES);
            while question::choice(&answer).is_none() && answer.len() < question::ANSWER_BYTES {
                let read = stream.read_buf(&mut answer).await.ok().filter(|read| *read > 0);
                read?;
            }
            question::choice(&answer)
        };
        timeout(QUESTION_WAIT, Box::pin(asking)).await.ok().flatten()
    }

    async fn raw(&self, uri: &Uri, proxy: Option<&Proxy>) -> Option<TcpStream> {
        let stream = match proxy {
            None => self.http.clone().call(uri.clone()).await.ok()?,
            Some(proxy) if proxy.address.scheme_str() != Some("https") => {
                tunnel(proxy, self.http.clone()).call(uri.clone()).await.ok()?
            }
            Some(_) => return None,
        };
        Some(TokioIo::into_inner(stream))
    }

    fn told(&self, origin: &Origin, cause: Cause, choice: Option<&Choice>) -> Cause {
        let Some(error) = report::tls_error(cause.as_ref()) else { return cause };
        let sentence = report::sentence(error, choice, &self.policy);
        self.seen.failed(origin, sentence.clone());
        Box::new(NoTls { origin: origin.name(), sentence, cause })
    }
}

fn tunnel<C>(proxy: &Proxy, connector: C) -> Tunnel<C> {
    let tunnel = Tunnel::new(proxy.address.clone(), connector);
    match &proxy.credentials {
        Some(credentials) => tunnel.with_auth(credentials.clone()),
        None => tunnel,
    }
}

fn no_tunnel(proxy: &Proxy, cause: Cause) -> Cause {
    // An error of TLS is the upstream's, whatever stands in between.
    if report::tls_error(cause.as_ref()).is_some() {
        return cause;
    }
    Box::new(NoTunnel { proxy: proxy.name(), cause })
}
