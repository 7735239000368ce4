//! The proxies that stand between us and upstreams, as the environment names them: `HTTPS_PROXY`, `HTTP_PROXY`,
//! `ALL_PROXY` and `NO_PROXY`, in small letters first, as Python reads them and so LiteLLM.

use crate::config::{Environment, LitellmSettings, NotABool};
use http::uri::Scheme;
use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;

/// A variable names no proxy that can be used. Its value is not shown: there may be a password in it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// It is no address.
    #[error("environment variable {0} must be the address of a proxy, such as `http://user:password@host:3128`")]
    NotAnAddress(&'static str),
    /// It is the address of another kind of proxy.
    #[error("environment variable {0} names a proxy that is neither `http://` nor `https://`; others cannot be used")]
    OtherKind(&'static str),
    /// A variable should be true or false.
    #[error(transparent)]
    Flag(#[from] NotABool),
}

/// The proxies. Which of them stands before an address depends on its scheme and host.
#[derive(Debug)]
pub struct Proxies {
    matcher: Matcher,
}

/// One proxy.
#[derive(Clone, Debug)]
pub(super) struct Proxy {
    /// Where it is.
    pub(super) address: Uri,
    /// What it is shown of us.
    pub(super) credentials: Option<HeaderValue>,
}

impl Proxies {
    /// The proxies that the environment names. `None`: it names none, or they are not to be used.
    ///
    /// # Errors
    /// [`ProxyError`] names the variable.
    pub fn of(environment: &Environment, settings: &LitellmSettings) -> Result<Option<Self>, ProxyError> {
        // As LiteLLM: proxies are used unless that is turned off; to trust the environment turns it on again.
        let trusts = settings.aiohttp_trust_env || environment.flag("AIOHTTP_TRUST_ENV")?.unwrap_or(false);
        let is_off =
            settings.disable_aiohttp_trust_env || environment.flag("DISABLE_AIOHTTP_TRUST_ENV")?.unwrap_or(false);
        if is_off && !trusts {
            return Ok(None);
        }
        let http = address(environment, ["http_proxy", "HTTP_PROXY"])?;
        let https = address(environment, ["https_proxy", "HTTPS_PROXY"])?;
        let all = address(environment, ["all_proxy", "ALL_PROXY"])?;
        if http.is_none() && https.is_none() && all.is_none() {
            return Ok(None);
        }
        let none = environment.text("no_proxy").or_else(|| environment.text("NO_PROXY")).unwrap_or_default();
        let builder = Matcher::builder().all(all.unwrap_or_default()).http(http.unwrap_or_default());
        Ok(Some(Self { matcher: builder.https(https.unwrap_or_default()).no(none).build() }))
    }

    /// The proxy before an address.
    pub(super) fn before(&self, address: &Uri) -> Option<Proxy> {
        let found = self.matcher.intercept(address)?;
        Some(Proxy { address: found.uri().clone(), credentials: found.basic_auth().cloned() })
    }

    /// Where the proxy before an address is, without credentials.
    pub fn name_before(&self, address: &Uri) -> Option<String> {
        self.before(address).map(|proxy| proxy.name())
    }
}

impl Proxy {
    /// Where it is, without credentials.
    pub(super) fn name(&self) -> String {
        let scheme = self.address.scheme_str().unwrap_or("http");
        let host = self.address.host().unwrap_or_default();
        let port = self.address.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{scheme}://{host}{port}")
    }
}

fn address<'e>(environment: &'e Environment, names: [&'static str; 2]) -> Result<Option<&'e str>, ProxyError> {
    let Some((name, text)) = names.into_iter().find_map(|name| Some((name, environment.text(name)?))) else {
        return Ok(None);
    };
    // A proxy may be named by host and port alone.
    let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let uri: Uri = whole.parse().map_err(|_| ProxyError::NotAnAddress(name))?;
    if uri.host().is_none_or(str::is_empty) {
        return Err(ProxyError::NotAnAddress(name));
    }
    let is_known = uri.scheme() == Some(&Scheme::HTTP) || uri.scheme() == Some(&Scheme::HTTPS);
    if is_known { Ok(Some(text)) } else { Err(ProxyError::OtherKind(name)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn before(environment: &[(&str, &str)], address: &'static str) -> Option<(String, Option<String>)> {
        let environment = Environment::from_pairs(environment.iter().copied());
        let proxies = Proxies::of(&environment, &LitellmSettings::default()).unwrap()?;
        let proxy = proxies.before(&Uri::from_static(address))?;
        Some((proxy.name(), proxy.credentials.map(|value| value.to_str().unwrap().to_owned())))
    }

    #[test]
    fn each_scheme_has_its_proxy_and_all_stands_in_for_both() {
        let both = [("HTTP_PROXY", "http://one:1"), ("HTTPS_PROXY", "two:2")];
        assert_eq!(before(&both, "http://a.test/").unwrap().0, "http://one:1");
        assert_eq!(before(&both, "https://a.test/").unwrap().0, "http://two:2");
        let all = [("ALL_PROXY", "http://all:3"), ("https_proxy", "https://two")];
        assert_eq!(before(&all, "http://a.test/").unwrap().0, "http://all:3");
        assert_eq!(before(&all, "https://a.test/").unwrap().0, "https://two");
        assert_eq!(before(&[("NO_PROXY", "*")], "https://a.test/"), None);
    }

    #[test]
    fn small_letters_win_and_credentials_are_decoded() {
        let named = [("HTTPS_PROXY", "http://large:1"), ("https_proxy", "http://Aladdin:open%20sesame@small:2")];
        let (name, credentials) = before(&named, "https://a.test/").unwrap();
        assert_eq!(
            (name.as_str(), credentials.as_deref()),
            ("http://small:2", Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="))
        );
    }

    #[test]
    fn hosts_may_be_reached_without_a_proxy() {
        let named = [("ALL_PROXY", "http://p:1"), ("NO_PROXY", "a.test, 10.0.0.0/8,127.0.0.1")];
        for direct in ["https://a.test/", "https://sub.a.test:8443/", "http://10.1.2.3/", "http://127.0.0.1:4000/"] {
            assert_eq!(before(&named, direct), None, "{direct}");
        }
        for proxied in ["https://nota.test/", "http://11.1.2.3/", "http://127.0.0.2/"] {
            assert!(before(&named, proxied).is_some(), "{proxied}");
        }
    }

    #[test]
    fn the_environment_is_trusted_unless_that_is_turned_off() {
        let proxy = ("ALL_PROXY", "http://p:1");
        let off = ("DISABLE_AIOHTTP_TRUST_ENV", "True");
        assert_eq!(before(&[proxy, off], "https://a.test/"), None);
        assert!(before(&[proxy, off, ("AIOHTTP_TRUST_ENV", "True")], "https://a.test/").is_some());
        let settings = LitellmSettings { disable_aiohttp_trust_env: true, ..LitellmSettings::default() };
        assert!(Proxies::of(&Environment::from_pairs([proxy]), &settings).unwrap().is_none());
    }

    #[test]
    fn a_variable_that_names_no_proxy_is_refused_without_its_value() {
        for (text, expected) in
            [("http://", "NotAnAddress"), ("a b", "NotAnAddress"), ("socks5://u:pw@h:1", "OtherKind")]
        {
            let environment = Environment::from_pairs([("HTTPS_PROXY", text)]);
            let error = Proxies::of(&environment, &LitellmSettings::default()).unwrap_err();
            assert!(format!("{error:?}").starts_with(expected), "{error:?}");
            assert!(error.to_string().contains("HTTPS_PROXY") && !error.to_string().contains("pw"), "{error}");
        }
    }
}
