//! Where connections come from. Part of the public interface; its inner half is used by `accept`.

use std::future::{Future, Ready, ready};
use std::io;
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

use super::stream::Stream;
use crate::context::Peer;

/// Where a server takes its connections from: what [`Server::listen`](super::Server::listen) takes.
///
/// A `TcpListener` and a `UnixListener` of tokio are listeners. Another can be made of them, for TLS or for filtering. An error of
/// [`accept`](Self::accept) is logged, and tried again after a pause of 20 to 640 milliseconds.
///
/// # Examples
///
/// A listener that lets nobody in but this machine:
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
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static;

    /// What has to be done before a connection can be used, such as the handshake of TLS. It runs beside the other connections, and within
    /// [`Server::header_timeout`](super::Server::header_timeout). [`Ready`] where there is nothing to do.
    type Handshake: Future<Output = io::Result<Self::Stream>> + Send + 'static;

    /// Waits for the next connection, and says who is at its other end.
    ///
    /// # Errors
    ///
    /// When there is no connection to be had at the moment.
    ///
    /// # Cancel safety
    ///
    /// It is dropped whenever the server has something else to do, so it must not lose a connection. A handshake belongs into
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

/// A listener whose type is erased, so that the server is compiled once and not for each of them.
pub(super) type Listening = Box<dyn Accept>;

/// A connection that may have to be set up first.
pub(super) type Connecting = Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>>;

/// A future of [`Accept`].
pub(super) type Accepting<'a> = Pin<Box<dyn Future<Output = io::Result<(Connecting, Peer)>> + Send + 'a>>;

/// A [`Listener`] without its types.
pub(super) trait Accept: Send {
    fn accept(&mut self) -> Accepting<'_>;
}

impl<L: Listener> Accept for L {
    fn accept(&mut self) -> Accepting<'_> {
        Box::pin(async move {
            let (handshake, peer) = Listener::accept(self).await?;
            let connecting: Connecting = Box::pin(async move { Ok(Stream::of(handshake.await?)) });
            Ok((connecting, peer))
        })
    }
}
