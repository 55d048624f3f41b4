//! The socket that hyper reads and writes. It records what happens in the connection's
//! [`Activity`], gives back the bytes that were read to tell the versions apart, and closes without
//! losing the last reply. Used by `conn` alone.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::activity::Activity;
use super::stream::Stream;
use super::version::{Prefix, Version};

/// A stream whose reads and writes are recorded.
pub(super) struct Socket {
    stream: Stream,
    prefix: Prefix,
    activity: Arc<Activity>,
    version: Version,
    shut: bool,
    /// Whether the client has closed its half, while hyper does not know it yet.
    hides_end: bool,
}

impl Socket {
    pub(super) fn new(stream: Stream, prefix: Prefix, version: Version, activity: Arc<Activity>) -> Self {
        Self { stream, prefix, activity, version, shut: false, hides_end: false }
    }

    fn note(&self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &result {
            Poll::Ready(Ok(count)) => self.activity.sent(*count),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.activity.blocked(),
        }
        result
    }

    /// Hides from hyper that the client has closed its half of the connection, as long as the
    /// client waits for a whole reply. hyper would otherwise conclude that the client is gone and
    /// drop the request. If the client really left, a reset or the write of the reply shows it.
    fn poll_half_closed(&mut self) -> Poll<io::Result<()>> {
        self.hides_end = self.version == Version::Http1 && self.activity.is_waited_for();
        if self.hides_end { Poll::Pending } else { Poll::Ready(Ok(())) }
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
        this.prefix.give_back(buffer);
        // Reads past the prefix too. The rest of the head has usually arrived, and hyper would
        // otherwise parse the head twice.
        let result = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            if this.version == Version::Http1 {
                this.activity.received();
            }
            return Poll::Ready(Ok(()));
        }
        if matches!(result, Poll::Ready(Ok(()))) { this.poll_half_closed() } else { result }
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

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // TCP buffers nothing here, but TLS does.
        match Pin::new(&mut self.stream).poll_flush(cx) {
            Poll::Ready(Ok(())) => self.activity.flushed(),
            Poll::Pending => {
                self.activity.blocked();
                return Poll::Pending;
            }
            failed @ Poll::Ready(Err(_)) => return failed,
        }
        if self.hides_end && !self.activity.is_waited_for() {
            // The reply is written, or a stream has begun. Wake hyper, so that it reads and finds
            // the end.
            self.hides_end = false;
            cx.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
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
