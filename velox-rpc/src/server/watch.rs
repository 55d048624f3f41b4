//! The single timer of a connection. Only `conn` uses this module.
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
//! After each poll of hyper's connection, the watch reads the state from the [`Activity`] and
//! compares it with the previous one. A request that never waits for its client goes from Open to
//! Open. It costs a few loads and does not touch the timer.
//!
//! States with an exact deadline are rare: a head in pieces, a full socket, a closing connection.
//! Every request enters the idle state, so idleness is counted by a tick that keeps running. An
//! idle connection is therefore closed after 1 to 1 1/8 times the idle timeout. When connections
//! are scarce, it is closed after the first tick without a request, to make room for others.
//!
//! On HTTP/2, only the first head has this deadline. In the middle of a later head, the client
//! cannot answer the pings that hyper sends (`conn`), and hyper closes the connection.
//!
//! hyper's own header timeout is off. It allocates and arms a timer for each request. It also runs
//! while a connection is idle, so the two timeouts could not differ. Bodies have their own
//! deadline (`body`), and so do HTTP/2 streams (`stall`).

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::sync::futures::OwnedNotified;
use tokio::time::{Instant, Sleep, sleep_until};

use super::activity::Activity;
use super::limits::{CLOSE_GRACE, LINGER, Limits, WRITE_QUANTUM};
use super::shutdown::Drain;

/// The operations that hyper's connections of both versions share.
pub(super) trait Connection: Future<Output = hyper::Result<()>> + Unpin {
    /// `true` if [`finish`](Self::finish) may lose a request that the client has already sent.
    const LINGERS: bool;

    /// Finishes the requests in flight and accepts no new ones.
    fn finish(&mut self);
}

/// A connection under watch. The future completes when the connection ends or has to be closed.
pub(super) struct Watched<C> {
    connection: C,
    activity: Arc<Activity>,
    drain: Arc<Drain>,
    limits: Limits,
    timer: Pin<Box<Sleep>>,
    drained: Pin<Box<OwnedNotified>>,
    /// The waker that `timer` and `drained` wake. A task keeps its waker, so these two are polled
    /// only when they are due and not each time a request wakes the task.
    waker: Option<Waker>,
    wait: Wait,
    lingering: bool,
    finishing: bool,
    /// The number of requests when the timer was armed; `written` is the number of bytes then.
    started: usize,
    written: usize,
    idle_ticks: u32,
}

/// The states in the table of the module docs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    Head,
    Write,
    Linger,
    Close,
    Open,
}

impl<C: Connection> Watched<C> {
    /// Watches a connection whose first byte has just arrived. Its first head is due at `head`.
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
            // The first poll does not arm the timer again, because part of the head's time has
            // passed already.
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

    /// Tells hyper to finish the connection, because the server shuts down or the idle time is
    /// over.
    fn finish(&mut self) {
        self.finishing = true;
        self.connection.finish();
    }

    /// Reacts to the shutdown. A request in flight is the last one. If there is none, an HTTP/1
    /// connection waits a moment for one more.
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

    /// Compares the state with the previous one, and arms or checks the timer.
    fn watch(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        let wait = self.wait();
        // One slow head may follow another within a single poll.
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
        // The flag is checked when the task runs. This future only has to wake the task.
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

    /// Closes a connection on which nothing happens.
    fn close(&mut self) {
        self.finish();
        self.wait = Wait::Close;
        // hyper has to be polled again to close the connection in order.
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }

    /// Handles an expired timer. Returns `None` if the connection continues.
    #[cold]
    fn expired(&mut self) -> Option<End> {
        let written = self.activity.written().wrapping_sub(self.written);
        match self.wait {
            Wait::Head => return Some(End::SlowHead),
            Wait::Write if written < WRITE_QUANTUM => return Some(End::SlowReader),
            // HTTP/2 may still hold bytes of a finished reply that the client reads slowly. Answers
            // to pings do not count.
            Wait::Close if written < QUIET_BYTES => return Some(End::Closed),
            Wait::Write | Wait::Close => {}
            Wait::Linger => self.close(),
            Wait::Open => {
                let quiet = self.activity.in_flight() == 0
                    && self.started == self.activity.started()
                    // On HTTP/2, a finished reply may still be in transit. Pings and their answers
                    // are smaller than this.
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
        // Waits until hyper has read what has already arrived. hyper closes a connection on which
        // it has seen no bytes.
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

/// The reason why a connection ended.
#[derive(Debug)]
pub(super) enum End {
    /// Either side closed it in order.
    Closed,
    /// hyper failed, usually because the client broke off or does not speak HTTP.
    Failed(hyper::Error),
    SlowHead,
    SlowReader,
}

/// The number of ticks in one idle timeout.
const IDLE_TICKS: u32 = 8;

/// If fewer bytes than this are written within a tick, they are not a reply.
const QUIET_BYTES: usize = 4096;
