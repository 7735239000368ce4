//! The server: connections that answer at once, and an end that lets calls finish.

use crate::addressed::PerConnection;
use axum::serve::ListenerExt;
use postern_core::surface::front::Front;
use std::io;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Serves until the process is asked to stop, then lets the calls that are running finish.
pub(crate) async fn serve(listener: TcpListener, front: Front) -> io::Result<()> {
    let listener = listener.tap_io(|connection| {
        // Without this a small piece of a stream waits up to 40 ms for the acknowledgement of the one before.
        let _ = connection.set_nodelay(true);
    });
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let stop = async move {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
    };
    axum::serve(listener, PerConnection(front)).with_graceful_shutdown(stop).await
}
