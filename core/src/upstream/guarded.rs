//! The way to addresses that clients give: every host and every address that it stands for is judged when it is
//! connected to, redirects anew, and nothing is sent along that anybody could want.

use super::judged::{JudgedNames, Names, SystemNames};
use super::limits::CONNECT_WAIT;
use super::policies::Policies;
use super::transport::{Bounds, TransportError, UpstreamBody};
use crate::egress::{Destination, Egress, Forbidden};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request, Response, Uri};
use reqwest::redirect;
use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use url::Url;

/// Redirects that are followed.
const REDIRECTS_MAX: usize = 3;
/// Longest wait for a whole file, redirects included.
const FILE_WAIT: Duration = Duration::from_secs(30);
/// Longest wait for our own look at a name, where a proxy will resolve it.
const LOOK_WAIT: Duration = Duration::from_secs(1);

/// A client for addresses that nobody vouches for.
#[derive(Clone)]
pub struct GuardedClient {
    tls: rustls::ClientConfig,
    /// Who goes through the proxies that the environment names, where it names one.
    proxied: Option<Arc<Policies>>,
    egress: Arc<Egress>,
    names: Arc<dyn Names>,
}

/// What stands at an address.
#[derive(Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Its media type, as its server says.
    pub kind: Option<String>,
    /// All of it.
    pub bytes: Bytes,
}

/// Why nothing was fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The address cannot be read.
    #[error("it is no address")]
    NoAddress,
    /// It may not be called.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// Redirects led on and on.
    #[error("more than {REDIRECTS_MAX} redirects stand in the way")]
    Redirects,
    /// The server has nothing there for us.
    #[error("its server answered with status {0}")]
    Status(u16),
    /// It is larger than is taken.
    #[error("it has more than {0} bytes")]
    TooLarge(usize),
    /// It is of a kind that no model reads.
    #[error("it is of the type `{0}`, which is no image, sound, film or document")]
    Kind(String),
    /// It took too long.
    #[error("its server did not answer within {} seconds", FILE_WAIT.as_secs())]
    TimedOut,
    /// The server cannot be reached, or broke off. The cause is for logs.
    #[error("its server cannot be reached")]
    Unreachable(#[source] Box<dyn Error + Send + Sync>),
}

impl GuardedClient {
    /// A client that obeys this judge and connects by itself.
    pub fn new(tls: rustls::ClientConfig, egress: Egress) -> Self {
        Self { tls, proxied: None, egress: Arc::new(egress), names: Arc::new(SystemNames) }
    }

    /// One that goes through proxies where one stands before an address. Then it is the proxy that resolves names and
    /// connects.
    #[must_use]
    pub fn through(self, proxied: Arc<Policies>) -> Self {
        Self { proxied: Some(proxied), ..self }
    }

    /// With another resolver.
    #[must_use]
    pub fn resolving(self, names: Arc<dyn Names>) -> Self {
        Self { names, ..self }
    }

    /// Fetches what stands at an address, up to so many bytes. No credential, cookie or referrer is sent.
    ///
    /// # Errors
    /// [`FetchError`]
    pub async fn fetch(&self, address: &str, bytes_max: usize) -> Result<Fetched, FetchError> {
        timeout(FILE_WAIT, self.follow(address, bytes_max)).await.map_err(|_| FetchError::TimedOut)?
    }

    async fn follow(&self, address: &str, bytes_max: usize) -> Result<Fetched, FetchError> {
        // Read as the client below reads it, so that what is judged is what is called.
        let mut address = Url::parse(address).map_err(|_| FetchError::NoAddress)?;
        for _ in 0..=REDIRECTS_MAX {
            let answer = self.ask(address.clone()).await?;
            let status = answer.status();
            if status.is_success() {
                return collect(answer, bytes_max).await;
            }
            if !status.is_redirection() {
                return Err(FetchError::Status(status.as_u16()));
            }
            let place = answer.headers().get(LOCATION).and_then(|place| place.to_str().ok());
            let place = place.ok_or(FetchError::Status(status.as_u16()))?;
            address = address.join(place).map_err(|_| FetchError::NoAddress)?;
        }
        Err(FetchError::Redirects)
    }

    async fn ask(&self, address: Url) -> Result<Response<UpstreamBody>, FetchError> {
        // An address of another kind may not even have a host.
        let uri: Uri = address.as_str().parse().map_err(|_| Forbidden::NoWebAddress)?;
        let destination = self.egress.destination(&uri)?;
        let is_proxied = |policies: &&Arc<Policies>| policies.proxies().is_some_and(|them| them.before(&uri).is_some());
        let Some(policies) = self.proxied.as_ref().filter(is_proxied) else {
            return self.connect(destination, address).await;
        };
        self.look(&destination).await?;
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = uri;
        *request.headers_mut() = headers();
        let bounds = Bounds { first_byte: FILE_WAIT, between_chunks: FILE_WAIT, total: FILE_WAIT };
        let proxied = policies.transports().global();
        proxied.send(request, bounds).await.map_err(|error| match error {
            TransportError::TimedOut(_) => FetchError::TimedOut,
            error => FetchError::Unreachable(Box::new(error)),
        })
    }

    /// On a connection of its own: one that an earlier judgement opened is never used again.
    async fn connect(&self, destination: Destination, address: Url) -> Result<Response<UpstreamBody>, FetchError> {
        let names = JudgedNames::new(destination, Arc::clone(&self.egress), Arc::clone(&self.names));
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .dns_resolver(Arc::new(names))
            .connect_timeout(CONNECT_WAIT)
            .pool_max_idle_per_host(0)
            // What the client would do by itself is judged here: redirects, proxies, another try.
            .redirect(redirect::Policy::none())
            .no_proxy()
            .retry(reqwest::retry::never())
            .referer(false)
            .default_headers(headers())
            .build()
            .map_err(sorted)?;
        let answer = client.get(address).send().await.map_err(sorted)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let pieces = answer.bytes_stream();
        let pieces = pieces.map(|piece| piece.map_err(|error| TransportError::Broken(Box::new(error))));
        let mut answer = Response::new(UpstreamBody::pieces(pieces));
        (*answer.status_mut(), *answer.headers_mut()) = (status, headers);
        Ok(answer)
    }

    /// A proxy resolves names itself. What we know of a name that is not public still counts; what we do not know is the
    /// proxy's to judge.
    async fn look(&self, destination: &Destination) -> Result<(), FetchError> {
        if destination.host.parse::<IpAddr>().is_ok() {
            return Ok(());
        }
        let Ok(Ok(found)) = timeout(LOOK_WAIT, self.names.addresses(&destination.host)).await else { return Ok(()) };
        Ok(found.into_iter().try_for_each(|address| self.egress.judge(destination, address))?)
    }
}

/// Headers that say nothing of us but our name.
fn headers() -> HeaderMap {
    let accept = (ACCEPT, HeaderValue::from_static("*/*"));
    HeaderMap::from_iter([accept, (USER_AGENT, HeaderValue::from_static("postern"))])
}

async fn collect(answer: Response<UpstreamBody>, bytes_max: usize) -> Result<Fetched, FetchError> {
    let (head, mut body) = answer.into_parts();
    let text = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
    let told = text(CONTENT_LENGTH).and_then(|bytes| bytes.parse::<usize>().ok()).unwrap_or_default();
    if told > bytes_max {
        return Err(FetchError::TooLarge(bytes_max));
    }
    let mut bytes = BytesMut::with_capacity(told);
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|error| FetchError::Unreachable(Box::new(error)))?;
        if bytes.len() + piece.len() > bytes_max {
            return Err(FetchError::TooLarge(bytes_max));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(Fetched { kind: text(CONTENT_TYPE).map(str::to_owned), bytes: bytes.freeze() })
}

/// A judgement may stand deep in the client's error.
fn sorted(error: reqwest::Error) -> FetchError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(inner) = cause {
        if let Some(forbidden) = inner.downcast_ref::<Forbidden>() {
            return FetchError::Forbidden(forbidden.clone());
        }
        cause = inner.source();
    }
    FetchError::Unreachable(Box::new(error))
}

#[cfg(test)]
mod tests;
