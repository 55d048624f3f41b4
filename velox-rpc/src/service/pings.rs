//! Decides when to send a ping to a subscription. Apart from the server, only this file and
//! `health` use tokio, for its clock.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep, sleep_until};

/// Tells when nothing was sent for an interval. Outside a tokio runtime, it never does.
pub(super) struct Pings {
    interval: Duration,
    sent: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Pings {
    /// Makes pings, the first of which is due after `interval`. If that is zero, none is ever due.
    pub(super) fn every(interval: Duration) -> Self {
        let now = Instant::now();
        let due = now.checked_add(interval).filter(|_| !interval.is_zero() && Handle::try_current().is_ok());
        Self { interval, sent: now, timer: due.map(|due| Box::pin(sleep_until(due))) }
    }

    /// Returns whether pings will be sent.
    pub(super) fn are_sent(&self) -> bool {
        self.timer.is_some()
    }

    /// Records that something else was sent, so that the next ping is due an interval after it.
    pub(super) fn put_off(&mut self) {
        self.sent = Instant::now();
    }

    /// Returns ready when a ping is due.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(timer) = &mut self.timer else { return Poll::Pending };
        loop {
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            let now = Instant::now();
            let due = self.sent + self.interval;
            if due <= now {
                self.sent = now;
                timer.as_mut().reset(now + self.interval);
                return Poll::Ready(());
            }
            // The timer is moved only when it fires, not with each event.
            timer.as_mut().reset(due);
        }
    }
}
