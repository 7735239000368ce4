//! The ways to upstreams by channel: a call takes the one that its deployment was given, without a lock.

use super::transport::{Bounds, Transport, TransportError, UpstreamBody};
use crate::config::tls::Channel;
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use std::sync::{Arc, OnceLock};

/// Distinct policies in one process.
pub const CHANNELS_MAX: usize = 256;

/// All ways to upstreams. New ones may be added at any time; none is ever taken away.
#[derive(Clone)]
pub struct Transports {
    global: Arc<dyn Transport>,
    /// Those of channels from 1 on.
    others: Arc<[OnceLock<Arc<dyn Transport>>]>,
    nowhere: Arc<dyn Transport>,
}

impl Transports {
    /// The way of whoever says nothing of its own, which is channel 0's.
    pub fn new(global: Arc<dyn Transport>) -> Self {
        let others = (1..CHANNELS_MAX).map(|_| OnceLock::new()).collect();
        Self { global, others, nowhere: Arc::new(Nowhere) }
    }

    /// The way of whoever says nothing of its own.
    pub fn global(&self) -> &Arc<dyn Transport> {
        &self.global
    }

    /// The way of a channel. One that nobody made leads nowhere: never past its policy by another's.
    pub fn of(&self, channel: Channel) -> &Arc<dyn Transport> {
        match channel.0.checked_sub(1) {
            None => &self.global,
            Some(index) => self.others.get(index).and_then(OnceLock::get).unwrap_or(&self.nowhere),
        }
    }

    /// Makes a channel. `false`: there are as many as there can be.
    pub(super) fn add(&self, channel: Channel, transport: Arc<dyn Transport>) -> bool {
        let place = channel.0.checked_sub(1).and_then(|index| self.others.get(index));
        place.is_some_and(|place| place.set(transport).is_ok())
    }
}

impl<T: Transport + 'static> From<Arc<T>> for Transports {
    fn from(global: Arc<T>) -> Self {
        Self::new(global)
    }
}

struct Nowhere;

#[async_trait]
impl Transport for Nowhere {
    async fn send(&self, _: Request<Bytes>, _: Bounds) -> Result<Response<UpstreamBody>, TransportError> {
        Err(TransportError::NotSent("the deployment's TLS policy was never made".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_leads_where_it_was_made_to_and_an_unknown_one_nowhere() {
        let (global, other): (Arc<dyn Transport>, Arc<dyn Transport>) = (Arc::new(Nowhere), Arc::new(Nowhere));
        let transports = Transports::new(Arc::clone(&global));
        assert!(transports.add(Channel(1), Arc::clone(&other)));
        assert!(
            !transports.add(Channel(1), Arc::clone(&other)) && !transports.add(Channel(CHANNELS_MAX), other.clone())
        );
        assert!(Arc::ptr_eq(transports.of(Channel(0)), &global));
        assert!(Arc::ptr_eq(transports.of(Channel(1)), &other));
        assert!(Arc::ptr_eq(transports.of(Channel(2)), &transports.nowhere));
    }
}
