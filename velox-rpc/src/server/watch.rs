//! The one timer of a connection. Used by `conn` alone.
//!
//! ```text
//!             what it waits for                          until
//!   Head      the end of a request's head                header_timeout after its first byte
//!   Write     the client, which does not read            write_timeout after the socket was full
//!   Linger    a request that was on its way when         a moment after that
//!             the server began to end
//!   Close     the end, with nothing left in flight       a moment after that
//!   Open      a handler, a body, or the next request     idle_timeout without a request in flight, counted in ticks
//! ```
//!
//! After each poll of hyper's connection the state is read from the [`Activity`] and compared with the one before. A request that meets
//! no obstacle goes from Open to Open, and so costs a few loads and no timer at all. Whatever has an exact deadline is by its nature
//! rare: a head in pieces, a full socket, an end. Idleness is the one state that each request enters, so it is counted by a tick that
//! goes on by itself: an idle connection is closed between one and 1 1/8 idle time-outs. Where connections are scarce it is closed after the
//! first tick without a request, so that it makes room for others.
//!
//! Of HTTP/2, only the first head has this deadline. In the middle of a later one the client cannot answer the pings that hyper sends (`conn`),
//! and hyper closes the connection.
//!
//! hyper's own header time-out is off. It allocates and arms a timer for each request and also runs while a connection is idle, so the
//! two could not differ. Bodies have their own deadline (`body`), and so do HTTP/2's streams (`stall`).

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::sync::futures::OwnedNotified;
use tokio::time::{Instant, Sleep, sleep_until};

use super::activity::Activity;
use super::limits::{CLOSE_GRACE, LINGER, Limits, WRITE_QUANTUM};
use super::shutdown::Drain;

/// hyper's connections, as far as they are alike.
pub(super) trait Connection: Future<Output = hyper::Result<()>> + Unpin {
    /// Whether a client may have sent a request that [`finish`](Self::finish) loses.
    const LINGERS: bool;

    /// Finish what was begun, take nothing new.
    fn finish(&mut self);
}

/// A connection under watch. Ends when the connection does, or when it has to be closed.
pub(super) struct Watched<C> {
    connection: C,
    activity: Arc<Activity>,
    drain: Arc<Drain>,
    limits: Limits,
    timer: Pin<Box<Sleep>>,
    drained: Pin<Box<OwnedNotified>>,
    /// Whom `timer` and `drained` wake. A task keeps its waker, so the two are polled when they are due and not whenever a request
    /// makes the task run.
    waker: Option<Waker>,
    wait: Wait,
    lingering: bool,
    finishing: bool,
    /// How many requests there were, and bytes written, when the timer was armed.
    started: usize,
    written: usize,
    idle_ticks: u32,
}

/// See the table of the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    Head,
    Write,
    Linger,
    Close,
    Open,
}

impl<C: Connection> Watched<C> {
    /// Watches a connection whose first byte has just arrived, and whose first head is due at `head`.
    pub(super) fn new(
        connection: C,
        activity: Arc<Activity>,
        drain: Arc<Drain>,
        limits: Limits,
        head: Instant,
    ) -> Self {
        let drained = Box::pin(drain.notified());
        Self {
            connection,
            activity,
            drain,
            limits,
            // Not armed anew by the first poll: part of the head's time went by before hyper was there.
            timer: Box::pin(sleep_until(head)),
            drained,
            waker: None,
            wait: Wait::Head,
            lingering: false,
            finishing: false,
            started: 0,
            written: 0,
            idle_ticks: 0,
        }
    }

    /// Takes the end of the server, or of the idle time, to the connection.
    fn finish(&mut self) {
        self.finishing = true;
        self.connection.finish();
    }

    /// The server ends: a request that is in flight is the last one. Without one, the next is the last, if it comes soon.
    #[cold]
    fn drain(&mut self) {
        let in_flight = self.activity.in_flight();
        self.lingering = C::LINGERS && in_flight == 0;
        if !self.lingering {
            self.drain.wait_for(in_flight);
            self.finish();
        }
    }

    fn wait(&self) -> Wait {
        let activity = &self.activity;
        if activity.is_write_blocked() {
            Wait::Write
        } else if activity.in_flight() > 0 {
            Wait::Open
        } else if self.finishing || activity.is_closing() {
            Wait::Close
        } else if self.lingering {
            Wait::Linger
        } else if activity.is_reading_head() {
            Wait::Head
        } else {
            Wait::Open
        }
    }

    /// Compares the state with the one before, and looks after the timer.
    fn watch(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        let wait = self.wait();
        // One head in pieces may follow another within a single poll.
        if wait != self.wait || (wait == Wait::Head && self.started != self.activity.started()) {
            self.wait = wait;
            self.idle_ticks = 0;
            self.arm();
        }
        let known = self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        if known && !self.timer.is_elapsed() {
            return Poll::Pending;
        }
        if !known {
            self.register(cx);
        }
        while self.timer.as_mut().poll(cx).is_ready() {
            if let Some(end) = self.expired() {
                return Poll::Ready(end);
            }
            self.arm();
        }
        Poll::Pending
    }

    #[cold]
    fn register(&mut self, cx: &mut Context<'_>) {
        self.waker = Some(cx.waker().clone());
        if self.finishing {
            return;
        }
        // The flag is looked at when the task runs, so all that is wanted of this future is that it wakes it.
        if self.drained.as_mut().poll(cx).is_ready() || self.drain.is_draining() {
            cx.waker().wake_by_ref();
        }
    }

    #[cold]
    fn arm(&mut self) {
        let wait = match self.wait {
            Wait::Head => self.limits.header,
            Wait::Write => self.limits.write,
            Wait::Linger => LINGER,
            Wait::Close => CLOSE_GRACE,
            Wait::Open => self.limits.idle / IDLE_TICKS,
        };
        self.started = self.activity.started();
        self.written = self.activity.written();
        self.timer.as_mut().reset(Instant::now() + wait);
    }

    /// Ends a connection on which nothing happens.
    fn close(&mut self) {
        self.finish();
        self.wait = Wait::Close;
        // hyper has to be polled to say goodbye.
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }

    /// The timer ran out. None if that is no reason to end.
    #[cold]
    fn expired(&mut self) -> Option<End> {
        let written = self.activity.written().wrapping_sub(self.written);
        match self.wait {
            Wait::Head => return Some(End::SlowHead),
            Wait::Write if written < WRITE_QUANTUM => return Some(End::SlowReader),
            // HTTP/2 may hold bytes of a finished reply that the client takes bit by bit. Answers to pings do not count.
            Wait::Close if written < QUIET_BYTES => return Some(End::Closed),
            Wait::Write | Wait::Close => {}
            Wait::Linger => self.close(),
            Wait::Open => {
                let quiet = self.activity.in_flight() == 0
                    && self.started == self.activity.started()
                    // A finished reply may still be on its way (HTTP/2). Pings and their answers are smaller.
                    && written < QUIET_BYTES;
                self.idle_ticks = if quiet { self.idle_ticks + 1 } else { 0 };
                let is_unwanted = self.idle_ticks > 0 && self.activity.place().is_scarce();
                if self.idle_ticks >= IDLE_TICKS || is_unwanted {
                    self.close();
                }
            }
        }
        None
    }
}

impl<C: Connection> Future for Watched<C> {
    type Output = End;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<End> {
        let this = self.get_mut();
        // Not before hyper has read what is there already: it closes a connection on which it has seen nothing.
        if this.drain.is_draining() && !this.finishing && this.waker.is_some() {
            this.drain();
        }
        match Pin::new(&mut this.connection).poll(cx) {
            Poll::Ready(Ok(())) => Poll::Ready(End::Closed),
            Poll::Ready(Err(error)) => Poll::Ready(End::Failed(error)),
            Poll::Pending => this.watch(cx),
        }
    }
}

impl<C> Drop for Watched<C> {
    fn drop(&mut self) {
        self.drain.gone(self.activity.in_flight());
    }
}

/// Why a connection ended.
#[derive(Debug)]
pub(super) enum End {
    /// In order, by either side.
    Closed,
    /// hyper gave up: most often the client broke off, or does not speak HTTP.
    Failed(hyper::Error),
    SlowHead,
    SlowReader,
}

/// How finely idleness is counted.
const IDLE_TICKS: u32 = 8;

/// Fewer bytes than this within a tick are no reply.
const QUIET_BYTES: usize = 4096;
