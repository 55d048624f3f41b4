//! The pings of a subscription: when to send one. Beside the server only this file and `health` name tokio: for its clock.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep, sleep_until};

/// Tells when nothing has been sent for a while. Outside of a runtime of tokio it never does.
pub(super) struct Pings {
    interval: Duration,
    sent: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Pings {
    /// The first is due after `interval`; none ever is if that is zero.
    pub(super) fn every(interval: Duration) -> Self {
        let now = Instant::now();
        let due = now.checked_add(interval).filter(|_| !interval.is_zero() && Handle::try_current().is_ok());
        Self { interval, sent: now, timer: due.map(|due| Box::pin(sleep_until(due))) }
    }

    /// Whether there will be any.
    pub(super) fn are_sent(&self) -> bool {
        self.timer.is_some()
    }

    /// Something else was sent: the next one is due after that.
    pub(super) fn put_off(&mut self) {
        self.sent = Instant::now();
    }

    /// Ready when one is due.
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
            // Moved only when it fires, and not with each event.
            timer.as_mut().reset(due);
        }
    }
}
