//! Connecting to the upstream beside the call's admission: the store's round trip hides behind the handshake. A call
//! that is admitted at once does not connect ahead, and one that is refused leaves at most a connection.

use super::plan::Upstream;
use crate::upstream::transport::{Bounds, Transport, TransportError};
use futures_util::FutureExt;
use http::Uri;
use std::pin::{Pin, pin};

/// How far connecting is when a call is admitted.
pub(super) enum Connecting {
    /// Not begun: sending will see to it.
    NotBegun,
    /// Under way: wait for it.
    UnderWay,
    /// Over.
    Over(Result<(), TransportError>),
}

/// Where a call goes, if it goes anywhere.
pub(super) fn address(upstream: &Upstream) -> Option<Uri> {
    match upstream {
        Upstream::Provider(request) => Some(request.uri().clone()),
        Upstream::Mock(_) => None,
    }
}

/// Connects to the address.
pub(super) async fn connect(
    transport: &dyn Transport,
    address: Option<Uri>,
    bounds: Bounds,
) -> Result<(), TransportError> {
    match address {
        Some(address) => transport.connect(&address, bounds).await,
        None => Ok(()),
    }
}

/// Waits for the admission, and connects as long as that takes. `connecting` is not dropped, so that its caller can
/// wait for it when the call is one to settle.
pub(super) async fn admitted<A>(
    admission: impl Future<Output = A>,
    connecting: Pin<&mut impl Future<Output = Result<(), TransportError>>>,
) -> (A, Connecting) {
    let mut admission = pin!(admission);
    if let Some(admitted) = admission.as_mut().now_or_never() {
        return (admitted, Connecting::NotBegun);
    }
    tokio::select! {
        biased;
        admitted = &mut admission => (admitted, Connecting::UnderWay),
        connected = connecting => (admission.await, Connecting::Over(connected)),
    }
}
