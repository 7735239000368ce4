//! Connections under TLS: handshakes beside each other, each bounded, and files looked at again while they are served.

use axum::serve::Listener;
use postern_core::tls::handshake::{self, Connection, FIRST_BYTE};
use postern_core::tls::listener::ListenerTls;
use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval, timeout};

/// How long a client may take for its handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Handshakes under way at once. Where there are more, the longest one ends: it is the one that gets nowhere.
const HANDSHAKES_MAX: usize = 1_024;
/// Connections that are ready and not yet taken.
const READY_MAX: usize = 64;
/// Bytes of a request in the clear that are read before its connection is closed, so that the answer arrives.
const CLEAR_BYTES_MAX: u64 = 64 * 1024;

/// What a client in the clear is told.
const CLEAR_BODY: &str = r#"{"error":{"message":"This port speaks HTTPS: call it with https://. The request was not encrypted; if it held a key, others may have seen it: replace it.","type":"invalid_request_error","param":null,"code":"400"}}"#;

/// A listener whose connections are under TLS.
pub(crate) struct SecureListener {
    ready: mpsc::Receiver<(Connection, SocketAddr)>,
    address: SocketAddr,
    /// What takes connections; it ends with this.
    _taking: JoinSet<()>,
}

impl SecureListener {
    /// Takes connections from now on, until this is dropped. The files are looked at again in this interval.
    pub(crate) fn begin(listener: TcpListener, tls: Arc<ListenerTls>, look_again: Duration) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (give, ready) = mpsc::channel(READY_MAX);
        let mut taking = JoinSet::new();
        taking.spawn(take_all(listener, tls, give, look_again));
        Ok(Self { ready, address, _taking: taking })
    }
}

impl Listener for SecureListener {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // What takes connections ends with this listener.
            None => pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

async fn take_all(
    mut listener: TcpListener,
    tls: Arc<ListenerTls>,
    give: mpsc::Sender<(Connection, SocketAddr)>,
    look_again: Duration,
) {
    let (mut handshakes, mut oldest_first) = (JoinSet::new(), VecDeque::new());
    let mut looks = interval(look_again);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            (stream, address) = Listener::accept(&mut listener) => {
                make_room(&mut handshakes, &mut oldest_first);
                let (tls, give) = (Arc::clone(&tls), give.clone());
                oldest_first.push_back(handshakes.spawn(async move {
                    if let Ok(Some(connection)) = timeout(HANDSHAKE, begin(stream, &tls)).await {
                        // Nobody takes it any more when the server ends.
                        let _ = give.send((connection, address)).await;
                    }
                }));
            }
            _ = looks.tick() => look(Arc::clone(&tls)),
            () = give.closed() => return,
        }
    }
}

/// Forgets the handshakes that have ended and, where all are under way, ends the oldest.
fn make_room(handshakes: &mut JoinSet<()>, oldest_first: &mut VecDeque<AbortHandle>) {
    while handshakes.try_join_next().is_some() {}
    if oldest_first.len() < HANDSHAKES_MAX {
        return;
    }
    oldest_first.retain(|handshake| !handshake.is_finished());
    if oldest_first.len() >= HANDSHAKES_MAX
        && let Some(oldest) = oldest_first.pop_front()
    {
        oldest.abort();
    }
}

/// Looks at the files beside everything else: they may lie on a slow disk.
fn look(tls: Arc<ListenerTls>) {
    tokio::task::spawn_blocking(move || match tls.reload() {
        Ok(true) => tracing::info!("the listener's certificate was renewed"),
        Ok(false) => {}
        Err(error) => tracing::warn!("the listener keeps its certificate: {error}"),
    });
}

/// The connection under TLS; `None` where it does not come to be.
async fn begin(stream: TcpStream, tls: &ListenerTls) -> Option<Connection> {
    // Without this a small piece of a stream waits up to 40 ms for the acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    let mut first = [0];
    if stream.peek(&mut first).await.ok()? == 0 {
        return None;
    }
    let [first] = first;
    if first != FIRST_BYTE && first.is_ascii_uppercase() {
        refuse_clear(stream).await.ok()?;
        return None;
    }
    match handshake::accept(stream, tls.current()).await {
        Ok(connection) => Some(connection),
        Err(error) => {
            tracing::debug!("a handshake failed: {error}");
            None
        }
    }
}

/// Tells a client that speaks HTTP in the clear what to do.
async fn refuse_clear(mut stream: TcpStream) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        CLEAR_BODY.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(CLEAR_BODY.as_bytes()).await?;
    stream.shutdown().await?;
    // Closed with bytes unread, the connection would be reset and the answer lost.
    tokio::io::copy(&mut stream.take(CLEAR_BYTES_MAX), &mut tokio::io::sink()).await?;
    Ok(())
}
