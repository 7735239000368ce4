//! One handshake with a client.

use rustls::ServerConfig;
use std::io;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

/// A connection under TLS.
pub type Connection = tokio_rustls::server::TlsStream<TcpStream>;

/// The first byte of everything that a client of TLS begins with (RFC 8446, 5.1: a record of the handshake).
pub const FIRST_BYTE: u8 = 22;

/// Shakes hands. It ends when the client is done or gone: the caller bounds it.
///
/// # Errors
/// The client left, does not speak TLS, or the two have nothing in common; the client was told which.
pub async fn accept(stream: TcpStream, config: Arc<ServerConfig>) -> io::Result<Connection> {
    TlsAcceptor::from(config).accept(stream).await
}
