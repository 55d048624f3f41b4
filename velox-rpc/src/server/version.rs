//! Tells the HTTP version of a connection from its first bytes, because HTTP/1 and HTTP/2 share one
//! port. `conn` uses this module before hyper sees the connection, and `socket` uses it too.
//!
//! The bytes are read, not peeked at. A peek leaves the bytes in the socket, so the socket stays
//! readable. Waiting for the rest of a preface that arrives in pieces would then be a busy loop, or
//! need a timer. [`Socket`](super::socket::Socket) gives the bytes back.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use super::stream::Stream;

/// An HTTP version, as far as it decides how the connection is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// HTTP/1.0 and 1.1, and anything that is not HTTP, which hyper answers with 400.
    Http1,
    /// HTTP/2 with prior knowledge.
    Http2,
}

/// The bytes that were read before hyper asks for them, at most as many as the HTTP/2 preface has.
#[derive(Debug, Default)]
pub(super) struct ReadAhead {
    bytes: [u8; PREFACE.len()],
    read: usize,
    given: usize,
}

impl ReadAhead {
    /// Reads until the version is certain. Returns `None` if the client closed without sending a
    /// byte.
    ///
    /// # Cancel safety
    ///
    /// Bytes that were read before this future is dropped are kept.
    pub(super) async fn read(&mut self, stream: &mut Stream) -> io::Result<Option<Version>> {
        loop {
            if let Some(version) = self.version() {
                return Ok(Some(version));
            }
            match stream.read(&mut self.bytes[self.read..]).await? {
                // The bytes are not a preface. hyper handles the incomplete head.
                0 => return Ok((self.read > 0).then_some(Version::Http1)),
                count => self.read += count,
            }
        }
    }

    /// Reads bytes ahead of the next call of [`give_back`](Self::give_back), unless some are left
    /// to be given back. Returns their number, which is zero at the end of the stream.
    pub(super) fn poll_ahead(&mut self, stream: &mut Stream, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.given < self.read {
            return Poll::Pending;
        }
        let mut buffer = ReadBuf::new(&mut self.bytes);
        ready!(Pin::new(stream).poll_read(cx, &mut buffer))?;
        (self.read, self.given) = (buffer.filled().len(), 0);
        Poll::Ready(Ok(self.read))
    }

    /// Copies the bytes that were not given back yet into the buffer, as far as they fit.
    pub(super) fn give_back(&mut self, buffer: &mut ReadBuf<'_>) {
        if self.given < self.read {
            let count = (self.read - self.given).min(buffer.remaining());
            buffer.put_slice(&self.bytes[self.given..self.given + count]);
            self.given += count;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.read == 0
    }

    /// Returns the version once one byte differs from the preface or the preface is complete.
    fn version(&self) -> Option<Version> {
        let read = &self.bytes[..self.read];
        if !PREFACE.starts_with(read) {
            Some(Version::Http1)
        } else if read.len() == PREFACE.len() {
            Some(Version::Http2)
        } else {
            None
        }
    }
}

const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

#[cfg(test)]
mod tests {
    use super::*;

    fn ahead(read: &[u8]) -> ReadAhead {
        let mut ahead = ReadAhead::default();
        ahead.bytes[..read.len()].copy_from_slice(read);
        ahead.read = read.len();
        ahead
    }

    #[test]
    fn one_byte_that_differs_is_http_1() {
        assert_eq!(ahead(b"GET / HTTP/1.1\r\n").version(), Some(Version::Http1));
        assert_eq!(ahead(b"PRI * HTTP/1.1\r\n").version(), Some(Version::Http1));
        assert_eq!(ahead(b"\x16\x03\x01").version(), Some(Version::Http1));
    }

    #[test]
    fn a_part_of_the_preface_leaves_it_open() {
        for end in 0..PREFACE.len() {
            assert_eq!(ahead(&PREFACE[..end]).version(), None, "{end} bytes");
        }
        assert_eq!(ahead(PREFACE).version(), Some(Version::Http2));
    }

    #[test]
    fn every_byte_is_replayed_once_even_into_small_buffers() {
        let mut ahead = ahead(b"GET /posts HTTP");
        let mut all = Vec::new();
        for _ in 0..10 {
            let mut bytes = [0; 4];
            let mut buffer = ReadBuf::new(&mut bytes);
            ahead.give_back(&mut buffer);
            all.extend_from_slice(buffer.filled());
        }
        assert_eq!(all, b"GET /posts HTTP");
    }
}
