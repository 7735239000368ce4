//! How managers of secrets are called that are reached by HTTP: through the transport of the upstreams, each call
//! bounded, and as whom they know us.

use crate::clock::Clock;
use crate::providers::identity::Identity;
use crate::secrets::{CallError, Calls};
use crate::upstream::identity::authorizer::Authorizer;
use crate::upstream::transport::{Bounds, Transport, UpstreamBody};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::{Request, Response};
use std::sync::Arc;
use std::time::Duration;

/// Longest wait for one answer. Secrets are fetched at start and when they are refreshed.
const CALL_WAIT: Duration = Duration::from_secs(5);
/// Most bytes of an answer: secrets have a few kilobytes.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Calls over a transport.
pub(super) struct OverTransport {
    transport: Arc<dyn Transport>,
    /// As whom; `None`: the manager shows it itself.
    shown: Option<(Authorizer, Identity)>,
}

impl OverTransport {
    /// Calls that show nobody.
    pub(super) fn plain(transport: Arc<dyn Transport>) -> Arc<dyn Calls> {
        Arc::new(Self { transport, shown: None })
    }

    /// Calls that show an account.
    pub(super) fn shown(transport: Arc<dyn Transport>, identity: Identity, clock: Arc<dyn Clock>) -> Arc<dyn Calls> {
        let authorizer = Authorizer::new(Arc::clone(&transport), clock);
        Arc::new(Self { transport, shown: Some((authorizer, identity)) })
    }
}

#[async_trait]
impl Calls for OverTransport {
    async fn call(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, CallError> {
        if let Some((authorizer, identity)) = &self.shown {
            Box::pin(authorizer.authorize(identity, &mut request)).await?;
        }
        let bounds = Bounds { first_byte: CALL_WAIT, between_chunks: CALL_WAIT, total: CALL_WAIT };
        let (head, mut body) = self.transport.send(request, bounds).await?.into_parts();
        Ok(Response::from_parts(head, whole(&mut body).await?))
    }
}

async fn whole(body: &mut UpstreamBody) -> Result<Bytes, CallError> {
    let mut all = BytesMut::new();
    while let Some(piece) = body.next().await.transpose()? {
        all.extend_from_slice(&piece);
        if all.len() > ANSWER_BYTES_MAX {
            return Err("the answer is too long to be a secret".into());
        }
    }
    Ok(all.freeze())
}
