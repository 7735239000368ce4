//! From where callers may call (`allowed_ips`), and whose word counts for where that is (`use_x_forwarded_for`).

use super::client_address::{ClientAddress, address_in};
use super::error::ErrorAnswer;
use crate::egress::network::Network;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, Request, StatusCode};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Paths that load balancers and orchestrators ask, from addresses of their own.
const OPEN: [&str; 4] = ["/", "/health/liveliness", "/health/liveness", "/health/readiness"];

/// What the configuration says of callers' addresses.
#[derive(Clone, Debug, Default)]
pub struct CallerAddresses {
    /// The only networks that are let in; `None`: all.
    pub allowed: Option<Arc<[Network]>>,
    /// Which headers say who calls, and who may write them.
    pub named: Option<Arc<NamedBy>>,
    /// Whether the proxy right in front is believed: it ends `X-Forwarded-For` with the address that it saw.
    pub trusts_proxy: bool,
}

/// A proxy that says who calls.
#[derive(Debug)]
pub struct NamedBy {
    /// The headers in which it says so.
    pub headers: Vec<HeaderName>,
    /// From where it calls.
    pub proxies: Vec<Network>,
}

impl CallerAddresses {
    /// Whether nothing is to be done.
    pub(super) fn is_open(&self) -> bool {
        self.allowed.is_none() && self.named.is_none() && !self.trusts_proxy
    }

    /// Notes where a request comes from, and answers it where that is not allowed.
    pub(super) fn refusal<B>(&self, request: &mut Request<B>) -> Option<Response> {
        if let Some(named) = &self.named {
            named.take_off_others_words(request);
        }
        let forwarded = self.trusts_proxy.then(|| forwarded_for(request)).flatten();
        if let Some(address) = forwarded {
            request.extensions_mut().insert(ClientAddress(address));
        }
        let allowed = self.allowed.as_ref().filter(|_| !OPEN.contains(&request.uri().path()))?;
        let address = address_in(request.extensions());
        if address.is_some_and(|address| allowed.iter().any(|network| network.contains(address))) {
            return None;
        }
        let shown = address.map_or_else(|| "unknown".to_owned(), |address| address.to_string());
        let message = format!("Access forbidden: IP address {shown} not allowed.");
        Some(ErrorAnswer::new(StatusCode::FORBIDDEN, "permission_error", message).into_response())
    }
}

impl NamedBy {
    /// Takes these headers off a request that somebody else has sent. The connection's address counts, whatever the
    /// request says of where it comes from.
    fn take_off_others_words<B>(&self, request: &mut Request<B>) {
        let address = address_in(request.extensions());
        let is_proxy = |address: IpAddr| self.proxies.iter().any(|network| network.contains(address));
        if !address.is_some_and(is_proxy) {
            self.headers.iter().for_each(|name| while request.headers_mut().remove(name).is_some() {});
        }
    }
}

/// The last address of `X-Forwarded-For`. Those before it are what the caller or others say.
fn forwarded_for<B>(request: &Request<B>) -> Option<IpAddr> {
    let last = request.headers().get_all("x-forwarded-for").iter().next_back()?;
    let last = last.to_str().ok()?.rsplit(',').next()?.trim();
    last.parse().ok().or_else(|| last.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(addresses: &CallerAddresses, path: &str, from: Option<&str>, forwarded: &[&str]) -> (u16, Option<String>) {
        let mut request = Request::builder().uri(path);
        for value in forwarded {
            request = request.header("x-forwarded-for", *value);
        }
        let mut request = request.body(()).unwrap();
        if let Some(from) = from {
            request.extensions_mut().insert(ClientAddress(from.parse().unwrap()));
        }
        let status = addresses.refusal(&mut request).map_or(200, |refused| refused.status().as_u16());
        (status, request.extensions().get::<ClientAddress>().map(|ClientAddress(address)| address.to_string()))
    }

    fn only(network: &str, trusts_proxy: bool) -> CallerAddresses {
        CallerAddresses { allowed: Some(Arc::new([network.parse().unwrap()])), named: None, trusts_proxy }
    }

    #[test]
    fn who_calls_is_said_by_the_proxy_and_by_nobody_else() {
        let proxies = vec!["10.0.0.0/8".parse().unwrap()];
        let named = NamedBy { headers: vec![HeaderName::from_static("x-user")], proxies };
        let addresses = CallerAddresses { allowed: None, named: Some(Arc::new(named)), trusts_proxy: true };
        for (from, stays) in [(Some("10.1.1.1"), true), (Some("11.1.1.1"), false), (None, false)] {
            let request = Request::builder().header("x-user", "a").header("x-user", "b").header("x-else", "c");
            let mut request = request.header("x-forwarded-for", "10.1.1.1").body(()).unwrap();
            if let Some(from) = from {
                request.extensions_mut().insert(ClientAddress(from.parse().unwrap()));
            }
            assert!(addresses.refusal(&mut request).is_none());
            let left = (request.headers().get_all("x-user").iter().count(), request.headers().contains_key("x-else"));
            assert_eq!(left, (if stays { 2 } else { 0 }, true), "{from:?}");
        }
    }

    #[test]
    fn who_calls_from_elsewhere_is_refused_and_probes_are_not() {
        let addresses = only("10.0.0.0/8", false);
        assert_eq!(asks(&addresses, "/v1/models", Some("10.1.1.1"), &[]).0, 200);
        assert_eq!(asks(&addresses, "/v1/models", Some("11.1.1.1"), &[]).0, 403);
        assert_eq!(asks(&addresses, "/v1/models", Some("11.1.1.1"), &["10.1.1.1"]).0, 403, "anybody can say so");
        assert_eq!(asks(&addresses, "/v1/models", None, &[]).0, 403);
        assert_eq!(asks(&addresses, "/health/liveliness", Some("11.1.1.1"), &[]).0, 200);
    }

    #[test]
    fn of_what_was_forwarded_the_last_address_counts() {
        let addresses = only("10.0.0.0/8", true);
        let asked = |forwarded: &[&str]| asks(&addresses, "/v1/models", Some("192.0.2.1"), forwarded);
        assert_eq!(asked(&["10.9.9.9, 203.0.113.7"]), (403, Some("203.0.113.7".to_owned())));
        assert_eq!(asked(&["203.0.113.7, 10.9.9.9:4711"]), (200, Some("10.9.9.9".to_owned())));
        assert_eq!(asked(&["10.9.9.9", "203.0.113.7"]).0, 403);
        assert_eq!(asked(&["nonsense"]), (403, Some("192.0.2.1".to_owned())));
    }
}
