//! What names stand for, judged when a connection is made: what was judged is what is connected to.

use crate::egress::{Destination, Egress};
use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// The seam to whoever knows what names stand for.
#[async_trait]
pub trait Names: Send + Sync {
    /// The addresses that a name stands for right now.
    ///
    /// # Errors
    /// As the resolver says.
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The operating system's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemNames;

#[async_trait]
impl Names for SystemNames {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// Resolves the name of one destination, and refuses it where it stands for an address that may not be called.
#[derive(Clone)]
pub(super) struct JudgedNames {
    destination: Destination,
    egress: Arc<Egress>,
    names: Arc<dyn Names>,
}

impl JudgedNames {
    pub(super) fn new(destination: Destination, egress: Arc<Egress>, names: Arc<dyn Names>) -> Self {
        Self { destination, egress, names }
    }
}

impl Resolve for JudgedNames {
    fn resolve(&self, name: Name) -> Resolving {
        let Self { destination, egress, names } = self.clone();
        Box::pin(async move {
            let found = names.addresses(name.as_str()).await?;
            // One of them is enough: which one is connected to is chance.
            found.iter().try_for_each(|&address| egress.judge(&destination, address))?;
            // The client puts the address's own port in.
            let addresses: Addrs = Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}
