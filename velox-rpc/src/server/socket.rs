//! The socket that hyper reads and writes. It records what happens in the connection's
//! [`Activity`], gives back the bytes that were read to tell the versions apart, and closes without
//! losing the last reply. Only `conn` uses this module.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::activity::Activity;
use super::stream::Stream;
use super::version::{ReadAhead, Version};

/// A stream whose reads and writes are recorded.
pub(super) struct Socket {
    stream: Stream,
    ahead: ReadAhead,
    activity: Arc<Activity>,
    version: Version,
    shut: bool,
}

impl Socket {
    pub(super) fn new(stream: Stream, ahead: ReadAhead, version: Version, activity: Arc<Activity>) -> Self {
        Self { stream, ahead, activity, version, shut: false }
    }

    fn note(&self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &result {
            Poll::Ready(Ok(count)) => self.activity.sent(*count),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.activity.blocked(),
        }
        result
    }

    /// Looks whether a client of HTTP/1 that waits for a reply has left. Returns an error if it
    /// has.
    ///
    /// A client that closed only its half of the connection still gets a whole reply, but not a
    /// stream. hyper cannot tell the two apart. Its own look also needs a new buffer for each
    /// request, because the head borrows the old one. So it is off (`half_close`).
    fn look(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.version != Version::Http1 || !self.activity.is_waited_for() {
            return Ok(());
        }
        match self.ahead.poll_ahead(&mut self.stream, cx) {
            Poll::Ready(Ok(0)) if self.activity.is_streaming() => Err(io::ErrorKind::ConnectionAborted.into()),
            Poll::Ready(Ok(0)) | Poll::Pending => Ok(()),
            Poll::Ready(Ok(_)) => {
                // hyper may be waiting for these bytes.
                cx.waker().wake_by_ref();
                Ok(())
            }
            Poll::Ready(Err(error)) => Err(error),
        }
    }

    /// Reads and discards what the client still sends.
    ///
    /// Closing a socket with unread bytes sends a reset, which can overtake the reply. A client
    /// that is refused in the middle of its upload would then see a broken connection instead of
    /// the 413. The watch ends this after a moment.
    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut bytes = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut bytes);
            // An error means that the client is gone, so nothing is left to wait for.
            if ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer)).is_err() || buffer.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        this.ahead.give_back(buffer);
        // Reads from the socket, too. The rest of the head has usually arrived, and hyper would
        // otherwise parse the head twice.
        let result = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            if this.version == Version::Http1 {
                this.activity.received();
            }
            return Poll::Ready(Ok(()));
        }
        result
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.note(result)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        this.note(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// hyper calls this at the end of each poll of an HTTP/1 connection.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // TCP buffers nothing here, but TLS does.
        match Pin::new(&mut this.stream).poll_flush(cx) {
            Poll::Ready(Ok(())) => {
                this.activity.flushed();
                Poll::Ready(this.look(cx))
            }
            Poll::Pending => {
                this.activity.blocked();
                Poll::Pending
            }
            failed @ Poll::Ready(Err(_)) => failed,
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.shut {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
            this.shut = true;
            this.activity.close();
        }
        if this.version == Version::Http1 && this.activity.is_unread() {
            this.poll_discard(cx)
        } else {
            Poll::Ready(Ok(()))
        }
    }
}
