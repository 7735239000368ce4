//! The stream of bytes below a connection.

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::MaybeHttpsStream;
use hyper_util::rt::TokioIo;
use rustls::ClientConnection;
use std::io::{IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::net::TcpStream;

/// A stream in the clear or under TLS.
pub(super) type Outer = MaybeHttpsStream<TokioIo<TcpStream>>;
/// The same within a stream to a proxy that is under TLS itself.
pub(super) type Inner = MaybeHttpsStream<Outer>;

/// An open stream to an upstream.
#[allow(clippy::large_enum_variant, reason = "the large one is nearly all there are, and lives in a box already")]
pub(super) enum Io {
    /// Straight, or through a proxy that is spoken to in the clear.
    Plain(Outer),
    /// Within TLS to a proxy.
    Wrapped(Box<Inner>),
}

impl Io {
    /// The connection of TLS with the upstream itself.
    pub(super) fn tls(&self) -> Option<&ClientConnection> {
        match self {
            Self::Plain(MaybeHttpsStream::Https(stream)) => Some(stream.inner().get_ref().1),
            Self::Wrapped(stream) => match stream.as_ref() {
                MaybeHttpsStream::Https(stream) => Some(stream.inner().get_ref().1),
                MaybeHttpsStream::Http(_) => None,
            },
            Self::Plain(MaybeHttpsStream::Http(_)) => None,
        }
    }
}

impl Read for Io {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Wrapped(stream) => Pin::new(stream.as_mut()).poll_read(context, buffer),
        }
    }
}

impl Write for Io {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Wrapped(stream) => Pin::new(stream.as_mut()).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Wrapped(stream) => Pin::new(stream.as_mut()).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Wrapped(stream) => Pin::new(stream.as_mut()).poll_shutdown(context),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Wrapped(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Self::Wrapped(stream) => Pin::new(stream.as_mut()).poll_write_vectored(context, slices),
        }
    }
}
