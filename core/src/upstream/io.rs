//! The stream of bytes below a connection.

use hyper_rustls::MaybeHttpsStream;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// An open stream to an upstream, in the clear or under TLS.
pub(super) type Io = MaybeHttpsStream<TokioIo<TcpStream>>;
