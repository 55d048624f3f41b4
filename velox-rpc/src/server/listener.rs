//! The sources of connections: the public [`Listener`], and its type-erased form for `accept`.

use std::future::{Future, Ready, ready};
use std::io;
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

use super::stream::{Stream, erased};
use crate::context::Peer;

/// A source of connections for a server, passed to [`Server::listen`](super::Server::listen).
///
/// tokio's `TcpListener` and `UnixListener` implement it. Wrap one of them to add TLS or a filter.
///
/// When [`accept`](Self::accept) fails, the server logs the error and tries again after 20
/// milliseconds. If it keeps failing, the pause doubles up to 640 milliseconds, without further log
/// lines. Errors that concern a single connection, such as `ConnectionReset`, are ignored.
///
/// # Examples
///
/// A listener that only accepts connections from this machine:
///
/// ```
/// use std::future::{Ready, ready};
/// use std::io;
///
/// use tokio::net::{TcpListener, TcpStream};
/// use velox_rpc::context::Peer;
/// use velox_rpc::server::Listener;
///
/// struct Loopback(TcpListener);
///
/// impl Listener for Loopback {
///     type Stream = TcpStream;
///     type Handshake = Ready<io::Result<TcpStream>>;
///
///     async fn accept(&mut self) -> io::Result<(Self::Handshake, Peer)> {
///         loop {
///             let (stream, address) = self.0.accept().await?;
///             if address.ip().is_loopback() {
///                 return Ok((ready(Ok(stream)), address.into()));
///             }
///         }
///     }
/// }
/// ```
pub trait Listener: Send + 'static {
    /// The bytes of an established connection.
    type Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static;

    /// Sets up a connection before it can be used, for example with a TLS handshake. It runs
    /// concurrently with the other connections and has to end within
    /// [`Server::header_timeout`](super::Server::header_timeout). Use [`Ready`] if there is nothing
    /// to set up.
    type Handshake: Future<Output = io::Result<Self::Stream>> + Send + 'static;

    /// Waits for the next connection and returns its handshake and its peer.
    ///
    /// # Errors
    ///
    /// Returns an error if no connection can be accepted at the moment.
    ///
    /// # Cancel safety
    ///
    /// The server drops this future whenever it has something else to do, so dropping it must not
    /// lose a connection. Do not await a handshake here; return it as the
    /// [`Handshake`](Self::Handshake).
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Handshake, Peer)>> + Send;
}

impl Listener for TcpListener {
    type Stream = TcpStream;
    type Handshake = Ready<io::Result<TcpStream>>;

    async fn accept(&mut self) -> io::Result<(Self::Handshake, Peer)> {
        let (stream, address) = Self::accept(self).await?;
        Ok((ready(Ok(stream)), address.into()))
    }
}

#[cfg(unix)]
impl Listener for tokio::net::UnixListener {
    type Stream = tokio::net::UnixStream;
    type Handshake = Ready<io::Result<Self::Stream>>;

    async fn accept(&mut self) -> io::Result<(Self::Handshake, Peer)> {
        let (stream, _) = Self::accept(self).await?;
        Ok((ready(Ok(stream)), Peer::Unix))
    }
}

/// A listener with its type erased, so that the server is compiled once and not for each listener.
pub(super) type AnyListener = Box<dyn Accept>;

/// A connection whose handshake may still have to run.
pub(super) type Connecting = Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>>;

/// The future that [`Accept::accept`] returns.
pub(super) type Accepting<'a> = Pin<Box<dyn Future<Output = io::Result<(Connecting, Peer)>> + Send + 'a>>;

/// A [`Listener`] with its types erased.
pub(super) trait Accept: Send {
    fn accept(&mut self) -> Accepting<'_>;
}

impl<L: Listener> Accept for L {
    fn accept(&mut self) -> Accepting<'_> {
        Box::pin(async move {
            let (handshake, peer) = Listener::accept(self).await?;
            let connecting: Connecting = Box::pin(async move { Ok(erased(handshake.await?)) });
            Ok((connecting, peer))
        })
    }
}
