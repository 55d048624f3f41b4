//! The byte stream of a connection, of any transport. `listener`, `accept`, `conn`, `version` and
//! `socket` use this module.

use std::any::Any;
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// The byte stream of a connection, with its type erased.
pub(super) type Stream = Pin<Box<dyn Bytes>>;

/// A stream that can be read and written.
pub(super) trait Bytes: AsyncRead + AsyncWrite + Send {}

impl<T: AsyncRead + AsyncWrite + Send> Bytes for T {}

pub(super) fn erased<S: AsyncRead + AsyncWrite + Send + 'static>(stream: S) -> Stream {
    if let Some(tcp) = (&stream as &dyn Any).downcast_ref::<TcpStream>() {
        // Replies are written in one piece, so waiting for more bytes would only delay them. A
        // socket that cannot disable the delay still works.
        let _ = tcp.set_nodelay(true);
    }
    Box::pin(stream)
}
