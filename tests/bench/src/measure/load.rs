//! One round over all targets: latency, saturation, streams.

use super::{latency, saturation, streams};
use crate::error::BenchError;
use crate::mock::Mock;
use crate::peer::Peer;
use crate::process::resident_mib;
use crate::report::Figures;
use crate::request;
use std::net::SocketAddr;
use std::time::Duration;

/// Whom to call, and with which requests.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    /// A chat request that wants one answer.
    pub(crate) plain: Vec<u8>,
    /// A chat request that wants a stream.
    pub(crate) stream: Vec<u8>,
    /// As `plain`, of a key without limits where there is one.
    pub(crate) unlimited: Vec<u8>,
}

impl Target {
    /// A target that is called with this key.
    pub(crate) fn new(address: SocketAddr, key: &str) -> Self {
        let plain = request::chat(address, key, false);
        Self { address, unlimited: plain.clone(), plain, stream: request::chat(address, key, true) }
    }

    /// The same, with a second key that has no limits.
    pub(crate) fn and_without_limits(self, key: &str) -> Self {
        Self { unlimited: request::chat(self.address, key, false), ..self }
    }

    /// The mock itself.
    pub(crate) fn direct(address: SocketAddr) -> Self {
        Self::new(address, "sk-direct")
    }
}

/// Everything a round needs. `peers` stand in the order of their figures, behind the direct ones.
pub(crate) struct Load<'a> {
    pub(crate) mock: &'a Mock,
    pub(crate) direct: Target,
    pub(crate) peers: Vec<(Peer, Target)>,
    pub(crate) calls: usize,
    pub(crate) seconds: u64,
}

/// A pause between chunks as of a quick model.
const PACED: Duration = Duration::from_millis(2);

impl Load<'_> {
    /// Measures every target once and adds what was found to its figures.
    pub(crate) async fn round(&self, figures: &mut [Figures]) -> Result<(), BenchError> {
        let targets: Vec<&Target> = std::iter::once(&self.direct).chain(self.peers.iter().map(|(_, t)| t)).collect();
        let latencies = latency::interleaved(&targets, self.calls).await?;
        self.mock.pace(PACED);
        let paced = streams::paced(&targets).await?;
        self.mock.pace(Duration::ZERO);
        for (index, (figures, target)) in figures.iter_mut().zip(&targets).enumerate() {
            let peer = index.checked_sub(1).and_then(|index| self.peers.get(index)).map(|(peer, _)| peer);
            let pid = peer.map(Peer::pid);
            if let (Some(latency), Some(paced)) = (latencies.get(index), paced.get(index)) {
                figures.latency(latency);
                figures.paced(paced);
            }
            figures.saturated(&saturation::plain(target, pid, Duration::from_secs(self.seconds)).await?);
            if pid.is_some() {
                figures.unlimited(&saturation::unlimited(target, pid, Duration::from_secs(self.seconds)).await?);
            }
            figures.streamed(&saturation::streams(target, pid, Duration::from_secs(self.seconds)).await?);
            figures.loaded_mib.extend(pid.map(resident_mib));
        }
        Ok(())
    }

    /// Keeps the last peer busy without measuring.
    pub(crate) async fn saturate_last(&self, seconds: u64) -> Result<(), BenchError> {
        if let Some((peer, target)) = self.peers.last() {
            crate::report::watching(peer.pid());
            saturation::plain(target, Some(peer.pid()), Duration::from_secs(seconds)).await?;
        }
        Ok(())
    }
}
