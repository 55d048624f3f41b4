//! Graceful shutdown: what starts it, how the connections learn of it, and the count of finished
//! and aborted requests. Used throughout `server/`.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// The outcome of the requests that were in flight when the server was told to stop.
///
/// # Examples
///
/// ```
/// # fn log(shutdown: velox_rpc::server::Shutdown) {
/// if shutdown.cut > 0 {
///     tracing::warn!(cut = shutdown.cut, "requests did not finish in time");
/// }
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shutdown {
    /// The number of requests that were in flight at that moment and ended before the deadline.
    pub finished: usize,
    /// The number of requests that were aborted at the deadline.
    pub cut: usize,
}

/// Tells the connections of one server that it is shutting down, and counts how their requests end.
#[derive(Debug, Default)]
pub(super) struct Drain {
    announced: AtomicBool,
    draining: AtomicBool,
    cutting: AtomicBool,
    wake: Arc<Notify>,
    waited_for: AtomicUsize,
    cut: AtomicUsize,
}

impl Drain {
    /// Records that the server was told to stop. From now on it is not ready for new connections,
    /// even if it still accepts them.
    pub(super) fn announce(&self) {
        self.announced.store(true, Relaxed);
    }

    /// Returns whether the server was told to stop.
    pub(super) fn is_announced(&self) -> bool {
        self.announced.load(Relaxed)
    }

    /// Starts the shutdown. Connections finish their requests and accept no new ones.
    pub(super) fn begin(&self) {
        self.draining.store(true, Relaxed);
        // Takes the lock that each waiter took to register. A waiter that registered too late to be
        // woken therefore sees the flag.
        self.wake.notify_waiters();
    }

    /// Records that the deadline has passed. Requests on connections that are dropped from now on
    /// count as aborted.
    pub(super) fn cut(&self) {
        self.cutting.store(true, Relaxed);
    }

    /// Returns whether the deadline has passed.
    pub(super) fn is_cutting(&self) -> bool {
        self.cutting.load(Relaxed)
    }

    /// Returns whether the server is shutting down. It is cheap, because it runs whenever a
    /// connection is polled.
    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Relaxed)
    }

    /// Returns a future that wakes when the server shuts down. Check
    /// [`is_draining`](Self::is_draining) after registering it.
    pub(super) fn notified(&self) -> OwnedNotified {
        Arc::clone(&self.wake).notified_owned()
    }

    /// Waits until the server shuts down.
    pub(super) async fn draining(&self) {
        let notified = self.wake.notified();
        tokio::pin!(notified);
        notified.as_mut().enable();
        if !self.is_draining() {
            notified.await;
        }
    }

    /// Adds the requests in flight that the server waits for.
    pub(super) fn wait_for(&self, requests: usize) {
        self.waited_for.fetch_add(requests, Relaxed);
    }

    /// Records that a connection with this many requests in flight was dropped, or that a call
    /// without its client was. After the deadline, they count as aborted.
    pub(super) fn gone(&self, requests: usize) {
        if self.cutting.load(Relaxed) {
            self.cut.fetch_add(requests, Relaxed);
        }
    }

    /// Returns the counts. The handlers of `stuck` connections block their threads, so these could
    /// not be stopped.
    pub(super) fn account(&self, stuck: usize) -> Shutdown {
        let cut = self.cut.load(Relaxed) + stuck;
        Shutdown { finished: self.waited_for.load(Relaxed).saturating_sub(cut), cut }
    }
}

/// The signals that ask a process to stop: SIGTERM on Unix, and SIGINT (Ctrl-C).
#[derive(Debug)]
pub(super) struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// Starts to listen. From then on, the signals no longer end the process by themselves.
    pub(super) fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }
}

#[cfg(not(unix))]
impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {})
    }
}

/// Tells the server when to stop, and when to stop waiting.
pub(super) trait Stop: Send {
    /// Completes when the server has to go on to the next stage: to stop, to end the delay, and to
    /// abort what is left.
    fn next(&mut self) -> impl Future<Output = ()> + Send;
}

/// A further signal means that the user does not want to wait.
impl Stop for Signals {
    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            // Without the signal nobody can stop the server. Stopping at once would be worse.
            std::future::pending::<()>().await;
        }
    }
}

/// Stops when the caller's future completes, and then waits for as long as it takes.
pub(super) struct Until<F>(pub(super) Option<F>);

impl<F: Future<Output: Send> + Send + Unpin> Stop for Until<F> {
    async fn next(&mut self) {
        match &mut self.0 {
            Some(stop) => {
                stop.await;
                self.0 = None;
            }
            None => std::future::pending().await,
        }
    }
}
