//! What a connection is doing right now, as a handful of plain cells. Written by the socket, the requests and the replies of one
//! connection, read by its [`watch`](super::watch).
//!
//! Nothing here reads a clock or touches a timer: that is what keeps the deadlines free for a request that meets no obstacle. The
//! cells are atomics only because HTTP/2 runs its streams as tasks of their own; no other memory hangs on them, so every access is
//! `Relaxed`.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::body::Incoming;

use super::limits::STREAMS;
use super::places::Place;
use super::shutdown::Drain;
use crate::service::Core;

/// The state of one connection.
pub(super) struct Activity {
    in_flight: AtomicUsize,
    /// Bodies that are waited for.
    bodies: AtomicUsize,
    started: AtomicUsize,
    written: AtomicUsize,
    reading_head: AtomicBool,
    write_blocked: AtomicBool,
    body_unread: AtomicBool,
    closing: AtomicBool,
    /// Of HTTP/1: whether the head of the reply is made, and until then what is left of a body that was given up.
    replied: AtomicBool,
    rest: Mutex<Option<Incoming>>,
    /// Calls that go on without their client.
    outliving: AtomicUsize,
    /// Of HTTP/1: whether a reply is being sent that has no known end.
    streaming: AtomicBool,
    /// What a subscription listens to.
    drain: Arc<Drain>,
    place: Place,
    app: Option<Arc<Core>>,
}

impl Activity {
    pub(super) fn new(drain: Arc<Drain>, place: Place, app: Option<Arc<Core>>) -> Self {
        Self {
            in_flight: AtomicUsize::new(0),
            bodies: AtomicUsize::new(0),
            started: AtomicUsize::new(0),
            written: AtomicUsize::new(0),
            reading_head: AtomicBool::new(false),
            write_blocked: AtomicBool::new(false),
            body_unread: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            replied: AtomicBool::new(false),
            rest: Mutex::new(None),
            outliving: AtomicUsize::new(0),
            streaming: AtomicBool::new(false),
            drain,
            place,
            app,
        }
    }

    /// The application, where it is called directly.
    pub(super) fn app(&self) -> Option<&Core> {
        self.app.as_deref()
    }

    /// The connection's place in the server.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// How many calls go on without their client.
    pub(super) fn outliving(&self) -> usize {
        self.outliving.load(Relaxed)
    }

    /// Whether calls that go on without their client leave no room for the request that has just begun.
    pub(super) fn is_full(&self) -> bool {
        let outliving = self.outliving();
        outliving > 0 && outliving + self.in_flight() > STREAMS as usize
    }

    /// The present reply has no known end.
    pub(super) fn stream(&self) {
        self.streaming.store(true, Relaxed);
    }

    /// Whether the client of HTTP/1 owes nothing and waits: then it may have closed its half of the connection.
    pub(super) fn is_waited_for(&self) -> bool {
        let is_sending = self.is_write_blocked() || self.in_flight() > 0 && self.bodies.load(Relaxed) == 0;
        is_sending && !self.streaming.load(Relaxed)
    }

    /// What tells that the server ends.
    pub(super) fn drain(&self) -> &Arc<Drain> {
        &self.drain
    }

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

    /// A body is waited for from now on. `false` if too many others are.
    pub(super) fn wait_for_body(&self) -> bool {
        let has_room = self.bodies.fetch_add(1, Relaxed) < BODIES;
        if !has_room {
            self.body_there();
        }
        has_room
    }

    /// A body is waited for no longer.
    pub(super) fn body_there(&self) {
        self.bodies.fetch_sub(1, Relaxed);
    }

    /// Whether the body of the present request was given up before its end.
    pub(super) fn is_body_unread(&self) -> bool {
        self.body_unread.load(Relaxed)
    }

    /// Leaves the rest of a body that was given up to the reply, which can have it read. `false` if that is on its way already.
    pub(super) fn leave(&self, rest: Incoming) -> bool {
        let in_time = !self.replied.load(Relaxed);
        if in_time {
            *self.rest() = Some(rest);
        }
        in_time
    }

    /// The head of the reply is made: gives the rest of the body that was left.
    pub(super) fn reply(&self) -> Option<Incoming> {
        self.replied.store(true, Relaxed);
        self.rest().take()
    }

    fn rest(&self) -> MutexGuard<'_, Option<Incoming>> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
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
        activity.replied.store(false, Relaxed);
        activity.streaming.store(false, Relaxed);
        Self(Arc::clone(activity))
    }

    /// The same request, once more: it is in flight until both are dropped.
    pub(super) fn again(&self) -> Self {
        self.0.in_flight.fetch_add(1, Relaxed);
        Self(Arc::clone(&self.0))
    }

    /// The connection the request came by.
    pub(super) fn activity(&self) -> &Arc<Activity> {
        &self.0
    }
}

/// A call that goes on without its client. It counts against the limits of its connection, and keeps the connection's place.
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

/// Bodies of one connection that may be waited for at a time: more have no use but to fill memory. HTTP/1 has one.
const BODIES: usize = 16;

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}
