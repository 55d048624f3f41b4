//! Records what a connection is doing right now, in a few plain cells. The socket, the requests and
//! the replies of the connection write them; its [`watch`](super::watch) reads them.
//!
//! Nothing here reads a clock or touches a timer, so the deadlines cost nothing for a request that
//! does not have to wait. The cells are atomics only because HTTP/2 runs each stream in its own
//! task. They do not order any other memory access, so every access is `Relaxed`.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use super::limits::STREAMS;
use super::places::Place;
use super::shutdown::Drain;

pub(super) struct Activity {
    in_flight: AtomicUsize,
    /// The number of request bodies that calls are waiting for.
    bodies: AtomicUsize,
    started: AtomicUsize,
    written: AtomicUsize,
    reading_head: AtomicBool,
    write_blocked: AtomicBool,
    body_unread: AtomicBool,
    closing: AtomicBool,
    /// The number of calls that continue without their client.
    outliving: AtomicUsize,
    /// HTTP/1 only: whether the reply being sent has no known length.
    streaming: AtomicBool,
    /// Tells a subscription that the server is shutting down.
    drain: Arc<Drain>,
    place: Place,
}

impl Activity {
    pub(super) fn new(drain: Arc<Drain>, place: Place) -> Self {
        Self {
            in_flight: AtomicUsize::new(0),
            bodies: AtomicUsize::new(0),
            started: AtomicUsize::new(0),
            written: AtomicUsize::new(0),
            reading_head: AtomicBool::new(false),
            write_blocked: AtomicBool::new(false),
            body_unread: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            outliving: AtomicUsize::new(0),
            streaming: AtomicBool::new(false),
            drain,
            place,
        }
    }

    /// Returns the connection's place in the server.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Returns how many calls continue without their client.
    pub(super) fn outliving(&self) -> usize {
        self.outliving.load(Relaxed)
    }

    /// Returns whether calls that continue without their client leave no room for the request that
    /// has just begun.
    pub(super) fn is_full(&self) -> bool {
        let outliving = self.outliving();
        outliving > 0 && outliving + self.in_flight() > STREAMS as usize
    }

    /// Records that the current reply has no known length.
    pub(super) fn stream(&self) {
        self.streaming.store(true, Relaxed);
    }

    /// Returns whether an HTTP/1 client waits for a reply, or for the rest of one.
    pub(super) fn is_waited_for(&self) -> bool {
        self.in_flight() > 0 && self.bodies.load(Relaxed) == 0
    }

    /// Returns whether the current reply has no known length.
    pub(super) fn is_streaming(&self) -> bool {
        self.streaming.load(Relaxed)
    }

    /// Returns the signal that the server is shutting down.
    pub(super) fn drain(&self) -> &Arc<Drain> {
        &self.drain
    }

    /// Records that bytes arrived on HTTP/1. Outside a request, they begin a head.
    pub(super) fn received(&self) {
        if self.in_flight.load(Relaxed) == 0 {
            self.reading_head.store(true, Relaxed);
        }
    }

    /// Records whether the client still has to send the rest of a head.
    pub(super) fn within_head(&self, within: bool) {
        self.reading_head.store(within, Relaxed);
    }

    /// Records that the socket accepted `count` bytes.
    pub(super) fn sent(&self, count: usize) {
        self.written.store(self.written.load(Relaxed).wrapping_add(count), Relaxed);
    }

    /// Records that the socket accepts no more bytes, because the client does not read.
    pub(super) fn blocked(&self) {
        self.write_blocked.store(true, Relaxed);
    }

    /// Records that everything is written. hyper only flushes then.
    pub(super) fn flushed(&self) {
        self.write_blocked.store(false, Relaxed);
    }

    /// Records that the server is closing the connection.
    pub(super) fn close(&self) {
        self.closing.store(true, Relaxed);
    }

    /// Records that a body was dropped before its end.
    pub(super) fn body_unread(&self) {
        self.body_unread.store(true, Relaxed);
    }

    /// Records that a call waits for a body.
    pub(super) fn wait_for_body(&self) {
        self.bodies.fetch_add(1, Relaxed);
    }

    /// Records that a call no longer waits for a body.
    pub(super) fn body_there(&self) {
        self.bodies.fetch_sub(1, Relaxed);
    }

    /// Returns whether the body of the current request was dropped before its end.
    pub(super) fn is_body_unread(&self) -> bool {
        self.body_unread.load(Relaxed)
    }

    /// Returns whether the client may still be sending something that nobody reads.
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

    /// Returns the number of requests whose replies have not been handed over in full.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Relaxed)
    }

    /// Returns a number that changes with every request.
    pub(super) fn started(&self) -> usize {
        self.started.load(Relaxed)
    }

    /// Returns how many bytes the socket has accepted, wrapping at overflow.
    pub(super) fn written(&self) -> usize {
        self.written.load(Relaxed)
    }
}

/// A request in flight, from the end of its head to the end of its reply or until it is dropped.
#[derive(Debug)]
pub(super) struct InFlight(Arc<Activity>);

impl InFlight {
    /// Counts a request whose head is complete. Only the connection's own task calls this.
    pub(super) fn begin(activity: &Arc<Activity>) -> Self {
        activity.in_flight.fetch_add(1, Relaxed);
        activity.started.store(activity.started.load(Relaxed).wrapping_add(1), Relaxed);
        activity.body_unread.store(false, Relaxed);
        activity.streaming.store(false, Relaxed);
        Self(Arc::clone(activity))
    }

    /// Counts a request again, because a part of it continues. It stays in flight until both values
    /// are dropped.
    pub(super) fn again(activity: Arc<Activity>) -> Self {
        activity.in_flight.fetch_add(1, Relaxed);
        Self(activity)
    }

    /// Returns the activity of the request's connection.
    pub(super) fn activity(&self) -> &Arc<Activity> {
        &self.0
    }
}

/// A call that continues without its client. It counts against the limits of its connection and
/// keeps the connection's place.
#[derive(Debug)]
pub(super) struct Outliving {
    activity: Arc<Activity>,
    has_ended: bool,
}

impl Outliving {
    pub(super) fn begin(activity: &Arc<Activity>) -> Self {
        activity.outliving.fetch_add(1, Relaxed);
        Self { activity: Arc::clone(activity), has_ended: false }
    }

    pub(super) fn end(mut self) {
        self.has_ended = true;
    }
}

impl Drop for Outliving {
    fn drop(&mut self) {
        self.activity.outliving.fetch_sub(1, Relaxed);
        if !self.has_ended {
            self.activity.drain.gone(1);
        }
    }
}

impl fmt::Debug for Activity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Activity").field("in_flight", &self.in_flight).finish_non_exhaustive()
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}
