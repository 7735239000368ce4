//! The server: connections that answer at once, and an end that lets calls finish.

use crate::addressed::PerConnection;
use crate::secure::SecureListener;
use axum::serve::{Listener, ListenerExt};
use postern_core::assemble::Door;
use postern_core::tls::listener::ListenerTls;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// TLS below the connections.
pub(crate) struct Secured {
    /// What is spoken.
    pub(crate) tls: Arc<ListenerTls>,
    /// How often its files are looked at again.
    pub(crate) look_again: Duration,
}

/// Serves until the process is asked to stop, then lets the calls that are running finish.
pub(crate) async fn serve(listener: TcpListener, secured: Option<Secured>, door: Door) -> io::Result<()> {
    match secured {
        Some(Secured { tls, look_again }) => answer(SecureListener::begin(listener, tls, look_again)?, door).await,
        None => {
            let listener = listener.tap_io(|connection| {
                // Without this a small piece of a stream waits up to 40 ms for the acknowledgement of the one before.
                let _ = connection.set_nodelay(true);
            });
            answer(listener, door).await
        }
    }
}

async fn answer(listener: impl Listener<Addr = SocketAddr>, door: Door) -> io::Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let stop = async move {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
    };
    axum::serve(listener, PerConnection(door)).with_graceful_shutdown(stop).await
}
