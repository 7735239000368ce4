//! What names stand for, judged when a connection is made: what was judged is what is connected to.

use crate::egress::{Destination, Egress};
use async_trait::async_trait;
use futures_util::future::BoxFuture;
use hyper_util::client::legacy::connect::dns::Name;
use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};
use tower_service::Service;

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

impl Service<Name> for JudgedNames {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let Self { destination, egress, names } = self.clone();
        Box::pin(async move {
            let found = names.addresses(name.as_str()).await?;
            // One of them is enough: which one is connected to is chance.
            found.iter().try_for_each(|&address| egress.judge(&destination, address))?;
            let addresses: Vec<_> = found.into_iter().map(|address| SocketAddr::new(address, 0)).collect();
            Ok(addresses.into_iter())
        })
    }
}
