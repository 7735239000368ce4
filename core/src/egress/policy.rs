//! What is allowed, and the judgement over one address.

use super::address::{is_link_local, is_public};
use http::Uri;
use std::net::IpAddr;

/// The operator's word on addresses that clients give: which hosts are allowed beyond those of the public internet.
#[derive(Clone, Debug)]
pub struct Egress {
    is_checked: bool,
    allowed: Vec<Host>,
    /// Never called, whatever is allowed: who answers there hands out other clients' requests.
    runtime: Option<Host>,
}

/// A host as an address names it, in lower case and without brackets, and a port if one is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Host {
    name: String,
    port: Option<u16>,
}

/// Where an address leads: a host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The host: a name, or an IP address without brackets.
    pub host: String,
    /// The port, also where the address leaves it to its scheme.
    pub port: u16,
    is_listed: bool,
}

/// Why an address is not called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// It is no address of the web.
    #[error("the address is not one of `http://` or `https://` with a host")]
    NoWebAddress,
    /// It holds a name and a password.
    #[error("the address holds a name or a password")]
    Credentials,
    /// The host is not one of the public internet, by its name or by what the name stands for.
    #[error(
        "the host `{0}` is not one of the public internet. An operator can allow it in \
         `litellm_settings.user_url_allowed_hosts`"
    )]
    Host(String),
    /// The port is another service's.
    #[error(
        "port {port} of `{host}` is not one of the web. An operator can allow `{host}:{port}` in \
         `litellm_settings.user_url_allowed_hosts`"
    )]
    Port {
        /// The host.
        host: String,
        /// The port.
        port: u16,
    },
}

/// Names that stand for this machine or its neighbours, whoever resolves them.
const LOCAL_NAMES: [&str; 5] = ["localhost", "local", "internal", "localdomain", "home.arpa"];
/// From here on ports belong to nobody: services of the web that are no standard ones listen there.
const FREE_PORTS: u16 = 1024;

impl Egress {
    /// What may be called: hosts of the public internet, and these. A host stands as it does in an address, with a port
    /// or without. `runtime`: where AWS Lambda's runtime listens (`AWS_LAMBDA_RUNTIME_API`).
    pub fn new(allowed: &[String], runtime: Option<&str>) -> Self {
        Self {
            is_checked: true,
            allowed: allowed.iter().filter_map(|text| Host::read(text)).collect(),
            runtime: runtime.and_then(Host::read),
        }
    }

    /// Whether anything is checked at all.
    #[must_use]
    pub fn checked(self, is_checked: bool) -> Self {
        Self { is_checked, ..self }
    }

    /// Where an address leads, if its host may be called at all. What a name stands for is judged by
    /// [`Egress::judge`].
    ///
    /// # Errors
    /// [`Forbidden`]
    pub fn destination(&self, address: &Uri) -> Result<Destination, Forbidden> {
        let usual_port = match address.scheme_str() {
            Some("http") => 80,
            Some("https") => 443,
            _ => return Err(Forbidden::NoWebAddress),
        };
        let authority = address.authority().ok_or(Forbidden::NoWebAddress)?;
        if authority.as_str().contains('@') {
            return Err(Forbidden::Credentials);
        }
        let host = bare(authority.host());
        if host.is_empty() {
            return Err(Forbidden::NoWebAddress);
        }
        let port = authority.port_u16().unwrap_or(usual_port);
        let is_listed = self.allowed.iter().any(|allowed| allowed.is(&host, port));
        let destination = Destination { host, port, is_listed };
        self.judge_host(&destination)?;
        Ok(destination)
    }

    fn judge_host(&self, to: &Destination) -> Result<(), Forbidden> {
        let forbidden = || Forbidden::Host(to.host.clone());
        if let Ok(address) = to.host.parse::<IpAddr>() {
            return self.judge(to, address);
        }
        if self.runtime.as_ref().is_some_and(|runtime| runtime.is(&to.host, to.port)) {
            return Err(forbidden());
        }
        if to.is_listed || !self.is_checked {
            return Ok(());
        }
        let is_local = LOCAL_NAMES.iter().any(|name| is_below(&to.host, name));
        if is_local || !to.host.contains('.') || ends_in_number(&to.host) {
            return Err(forbidden());
        }
        judge_port(to)
    }

    /// Judges an address that a destination's name stands for, or that it is. To be asked for each address anew, when it
    /// is connected to: a name may stand for another one by then.
    ///
    /// # Errors
    /// [`Forbidden`]
    pub fn judge(&self, to: &Destination, address: IpAddr) -> Result<(), Forbidden> {
        let forbidden = || Err(Forbidden::Host(to.host.clone()));
        if self.runtime.as_ref().is_some_and(|runtime| runtime.is_at(address, to.port)) {
            return forbidden();
        }
        if !self.is_checked {
            return Ok(());
        }
        if to.is_listed {
            // The name is allowed, not whatever it may come to stand for: credentials of the machine are never meant.
            let is_named = to.host.parse() == Ok(address);
            return if is_link_local(address) && !is_named { forbidden() } else { Ok(()) };
        }
        if !is_public(address) {
            return forbidden();
        }
        judge_port(to)
    }
}

fn judge_port(to: &Destination) -> Result<(), Forbidden> {
    match to.port {
        80 | 443 | FREE_PORTS.. => Ok(()),
        port => Err(Forbidden::Port { host: to.host.clone(), port }),
    }
}

impl Host {
    /// Reads `host`, `host:port`, `[address]:port`, or an address of the web that begins with its scheme.
    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.split_once("://").map_or(text, |(_, rest)| rest);
        let text = text.split(['/', '?', '#']).next().unwrap_or_default();
        let port_of = |port: &str| port.parse::<u16>().ok();
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, Some(port_of(port)?)),
            _ => (text, None),
        };
        let name = bare(name);
        (!name.is_empty()).then_some(Self { name, port })
    }

    fn is(&self, host: &str, port: u16) -> bool {
        self.name == host && self.port.is_none_or(|own| own == port)
    }

    /// Whether this is the address itself.
    fn is_at(&self, address: IpAddr, port: u16) -> bool {
        let own = self.name.parse::<IpAddr>().ok();
        let is_same = own.is_some_and(|own| own.to_canonical() == address.to_canonical());
        let is_loopback = own.is_some_and(|own| own.is_loopback()) || self.name == "localhost";
        let reaches = is_same || (is_loopback && (address.is_loopback() || address.is_unspecified()));
        reaches && self.port.is_none_or(|own| own == port)
    }
}

/// A host without brackets and the dot of the root, in lower case.
fn bare(host: &str) -> String {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

fn is_below(host: &str, name: &str) -> bool {
    host.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// Whether a host is read as an address in an old form (`2130706433`, `127.1`, `0x7f.0.0.1`), as some resolvers do.
fn ends_in_number(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or(host);
    let hex = last.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    hex || (!last.is_empty() && last.bytes().all(|digit| digit.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn egress(allowed: &[&str]) -> Egress {
        let allowed: Vec<String> = allowed.iter().map(|&host| host.to_owned()).collect();
        Egress::new(&allowed, Some("127.0.0.1:9001"))
    }

    fn to(egress: &Egress, address: &str) -> Result<Destination, Forbidden> {
        egress.destination(&address.parse().unwrap())
    }

    /// The judgement over an address whose name stands for another.
    fn resolved(egress: &Egress, address: &str, ip: &str) -> Result<(), Forbidden> {
        to(egress, address).and_then(|destination| egress.judge(&destination, ip.parse().unwrap()))
    }

    #[test]
    fn the_public_internet_is_open_and_nothing_else() {
        let egress = egress(&[]);
        assert!(resolved(&egress, "https://images.test/a.png", "8.8.8.8").is_ok());
        assert!(to(&egress, "http://8.8.8.8:8080/").is_ok());
        for ip in ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "64:ff9b::a00:1"] {
            assert!(matches!(resolved(&egress, "https://rebound.test/", ip), Err(Forbidden::Host(_))), "{ip}");
        }
        for address in [
            "http://127.0.0.1/",
            "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
            "http://[::1]/",
            "http://[::ffff:7f00:1]/",
            "http://localhost/",
            "http://LOCALHOST./",
            "http://a.localhost/",
            "http://metadata.google.internal/",
            "http://metadata/",
            "http://2130706433/",
            "http://127.1/",
            "http://0x7f.0.0.1/",
            "http://0177.0.0.1/",
            "http://printer.local/",
        ] {
            assert!(matches!(to(&egress, address), Err(Forbidden::Host(_))), "{address}");
        }
    }

    #[test]
    fn only_addresses_of_the_web_are_called() {
        let egress = egress(&[]);
        assert_eq!(to(&egress, "ftp://images.test/a"), Err(Forbidden::NoWebAddress));
        assert_eq!(to(&egress, "/a.png"), Err(Forbidden::NoWebAddress));
        assert_eq!(to(&egress, "https://user:word@images.test/a"), Err(Forbidden::Credentials));
        assert!(matches!(to(&egress, "http://images.test:22/"), Err(Forbidden::Port { port: 22, .. })));
        assert_eq!(to(&egress, "http://images.test:8443/").unwrap().port, 8443);
    }

    #[test]
    fn an_allowed_host_is_open_but_not_for_the_machines_own_credentials() {
        let egress = egress(&["files.corp", "10.0.0.5:8080", "[fd00::7]:443", "127.0.0.1", "http://a.corp:25/x"]);
        assert!(resolved(&egress, "http://files.corp/", "10.9.9.9").is_ok());
        assert!(resolved(&egress, "http://files.corp:25/", "127.0.0.1").is_ok());
        assert!(resolved(&egress, "http://files.corp/", "169.254.169.254").is_err());
        assert!(to(&egress, "http://10.0.0.5:8080/").is_ok());
        assert!(to(&egress, "http://10.0.0.5/").is_err());
        assert!(to(&egress, "https://[fd00::7]/").is_ok());
        assert!(to(&egress, "http://[fd00::7]/").is_err());
        assert!(to(&egress, "http://a.corp:25/").is_ok());
        assert!(to(&egress, "http://127.0.0.1:8080/").is_ok());
        // Lambda's runtime is nobody's to call.
        for address in ["http://127.0.0.1:9001/", "http://[::ffff:127.0.0.1]:9001/"] {
            assert!(to(&egress, address).is_err(), "{address}");
        }
    }

    #[test]
    fn without_the_check_all_is_open_but_lambdas_runtime() {
        let egress = egress(&[]).checked(false);
        assert!(resolved(&egress, "http://anything:22/", "10.0.0.1").is_ok());
        assert!(to(&egress, "http://127.0.0.1:8080/").is_ok());
        assert!(to(&egress, "http://127.0.0.1:9001/").is_err());
        assert!(resolved(&egress, "http://rebound.test:9001/", "127.0.0.1").is_err());
    }
}
