//! What a connection is doing right now, as a handful of plain cells. Written by the socket, the requests and the replies of one
//! connection, read by its [`watch`](super::watch).
//!
//! Nothing here reads a clock or touches a timer: that is what keeps the deadlines free for a request that meets no obstacle. The
//! cells are atomics only because HTTP/2 runs its streams as tasks of their own; no other memory hangs on them, so every access is
//! `Relaxed`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

/// The state of one connection.
#[derive(Debug, Default)]
pub(super) struct Activity {
    in_flight: AtomicUsize,
    started: AtomicUsize,
    written: AtomicUsize,
    reading_head: AtomicBool,
    write_blocked: AtomicBool,
    body_unread: AtomicBool,
    body_late: AtomicBool,
    closing: AtomicBool,
}

impl Activity {
    /// Bytes of HTTP/1 arrived. Outside of a request they are the beginning of a head.
    pub(super) fn received(&self) {
        if self.in_flight.load(Relaxed) == 0 {
            self.reading_head.store(true, Relaxed);
        }
    }

    /// Whether the client owes the rest of a head.
    pub(super) fn within_head(&self, within: bool) {
        self.reading_head.store(within, Relaxed);
    }

    /// The socket took bytes.
    pub(super) fn sent(&self, count: usize) {
        self.written.store(self.written.load(Relaxed).wrapping_add(count), Relaxed);
    }

    /// The socket takes no more: the client does not read.
    pub(super) fn blocked(&self) {
        self.write_blocked.store(true, Relaxed);
    }

    /// Everything there was to write is written: hyper flushes only then.
    pub(super) fn flushed(&self) {
        self.write_blocked.store(false, Relaxed);
    }

    /// The connection is being closed by us.
    pub(super) fn close(&self) {
        self.closing.store(true, Relaxed);
    }

    /// A body was given up before its end.
    pub(super) fn body_unread(&self) {
        self.body_unread.store(true, Relaxed);
    }

    /// A body did not arrive in time.
    pub(super) fn body_late(&self) {
        self.body_late.store(true, Relaxed);
    }

    /// Whether a body did not arrive in time. What follows on the connection is of unknown meaning then.
    pub(super) fn is_body_late(&self) -> bool {
        self.body_late.load(Relaxed)
    }

    /// Whether the client may still be sending something that nobody reads.
    pub(super) fn is_unread(&self) -> bool {
        self.body_unread.load(Relaxed) || self.is_reading_head()
    }

    pub(super) fn is_reading_head(&self) -> bool {
        self.reading_head.load(Relaxed)
    }

    pub(super) fn is_write_blocked(&self) -> bool {
        self.write_blocked.load(Relaxed)
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Relaxed)
    }

    /// The requests whose reply is not yet handed over in full.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Relaxed)
    }

    /// A number that differs after every request.
    pub(super) fn started(&self) -> usize {
        self.started.load(Relaxed)
    }

    /// All bytes the socket took, wrapping.
    pub(super) fn written(&self) -> usize {
        self.written.load(Relaxed)
    }
}

/// A request in flight: from the end of its head to the end of its reply, or to the moment it is given up.
#[derive(Debug)]
pub(super) struct InFlight(Arc<Activity>);

impl InFlight {
    /// A head is complete. Called by the connection's own task only.
    pub(super) fn begin(activity: &Arc<Activity>) -> Self {
        activity.in_flight.fetch_add(1, Relaxed);
        activity.started.store(activity.started.load(Relaxed).wrapping_add(1), Relaxed);
        activity.body_unread.store(false, Relaxed);
        Self(Arc::clone(activity))
    }

    /// The connection the request came by.
    pub(super) fn activity(&self) -> &Arc<Activity> {
        &self.0
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}
