//! The runtime's connection to the Runtime API, without Nagle's delay.
//!
//! The runtime's client leaves the delay on. A streamed answer goes out as several small segments, and each would wait
//! up to 40 ms for the acknowledgement of the one before. The client gives no access to its socket, so it is found
//! among the open ones by its peer. Where the kernel refuses that, answers are as late as they were and no less right.

use rustix::fd::OwnedFd;
use rustix::net::{getpeername, sockopt::set_tcp_nodelay};
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
use std::net::SocketAddr;

/// Descriptors looked at: above the standard three, and few, for each request pays for it. The runtime connects first.
const DESCRIPTORS: std::ops::Range<i32> = 3..48;

/// Finds connections to one address among those of this process.
pub(crate) struct NoDelay {
    process: Option<OwnedFd>,
    peer: Option<SocketAddr>,
}

impl NoDelay {
    /// For connections to `runtime_api`: `host:port` as Lambda gives it, or a URL as emulators do. A name instead of an
    /// address is not looked up: then nothing is done.
    pub(crate) fn to(runtime_api: Option<&str>) -> Self {
        let peer = runtime_api.and_then(address);
        let process = peer.and_then(|_| pidfd_open(getpid(), PidfdFlags::empty()).ok());
        Self { process, peer }
    }

    /// Takes the delay off every connection that is open now. To be called at each request: by then the runtime has
    /// the connection that the answer will go out on.
    pub(crate) fn apply(&self) {
        let (Some(process), Some(peer)) = (&self.process, self.peer) else { return };
        for descriptor in DESCRIPTORS {
            // A duplicate of the descriptor: options belong to the socket, so setting them here sets them there.
            let Ok(socket) = pidfd_getfd(process, descriptor, PidfdGetfdFlags::empty()) else { continue };
            if is_connected_to(&socket, peer) {
                let _ = set_tcp_nodelay(&socket, true);
            }
        }
    }
}

fn address(runtime_api: &str) -> Option<SocketAddr> {
    let authority = runtime_api.strip_prefix("http://").unwrap_or(runtime_api);
    authority.split('/').next()?.parse().ok()
}

fn is_connected_to(socket: &OwnedFd, peer: SocketAddr) -> bool {
    getpeername(socket).ok().flatten().and_then(|address| SocketAddr::try_from(address).ok()) == Some(peer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::net::sockopt::tcp_nodelay;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn a_connection_to_the_runtime_api_loses_its_delay_and_another_keeps_it() {
        let [api, other] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [to_api, to_other] = [&api, &other].map(|l| TcpStream::connect(l.local_addr().unwrap()).unwrap());
        NoDelay::to(Some(&format!("http://{}/.rt", api.local_addr().unwrap()))).apply();
        assert!(tcp_nodelay(&to_api).unwrap());
        assert!(!tcp_nodelay(&to_other).unwrap());
    }

    #[test]
    fn the_address_is_read_as_lambda_and_as_emulators_write_it() {
        let expected = "127.0.0.1:9001".parse().ok();
        assert_eq!(address("127.0.0.1:9001"), expected);
        assert_eq!(address("http://127.0.0.1:9001/.rt/functions/chat"), expected);
        assert_eq!(address("runtime.example:9001"), None);
    }

    #[test]
    fn without_an_address_nothing_is_touched() {
        let api = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(api.local_addr().unwrap()).unwrap();
        NoDelay::to(Some("runtime.example:9001")).apply();
        NoDelay::to(None).apply();
        assert!(!tcp_nodelay(&stream).unwrap());
    }
}
