//! How a server ends: the word that it does, what it tells the connections, and the account of it. Used by `accept` and `watch`.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// What became of the requests that were in flight when the server was told to stop.
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
    /// Requests that were in flight at the signal and ended before the deadline.
    pub finished: usize,
    /// Requests that were cut off at the deadline.
    pub cut: usize,
}

/// Tells the connections of one server that it ends, and collects the account.
#[derive(Debug, Default)]
pub(super) struct Drain {
    draining: AtomicBool,
    cutting: AtomicBool,
    wake: Arc<Notify>,
    waited_for: AtomicUsize,
    cut: AtomicUsize,
}

impl Drain {
    /// No new requests: connections finish what they have.
    pub(super) fn begin(&self) {
        self.draining.store(true, Relaxed);
        // Takes the lock that every waiter took when it registered: who registered too late to be woken sees the flag.
        self.wake.notify_waiters();
    }

    /// The deadline is over: connections that are dropped from now on are dropped in the middle of something.
    pub(super) fn cut(&self) {
        self.cutting.store(true, Relaxed);
    }

    /// Whether the deadline is over.
    pub(super) fn is_cutting(&self) -> bool {
        self.cutting.load(Relaxed)
    }

    /// Whether the server ends. Cheap: it is asked whenever a connection is polled.
    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Relaxed)
    }

    /// Wakes when the server ends. Whoever registers looks at [`is_draining`](Self::is_draining) afterwards.
    pub(super) fn notified(&self) -> OwnedNotified {
        Arc::clone(&self.wake).notified_owned()
    }

    /// Ends when the server does.
    pub(super) async fn draining(&self) {
        let notified = self.wake.notified();
        tokio::pin!(notified);
        notified.as_mut().enable();
        if !self.is_draining() {
            notified.await;
        }
    }

    /// A connection has so many requests in flight that the server waits for.
    pub(super) fn wait_for(&self, requests: usize) {
        self.waited_for.fetch_add(requests, Relaxed);
    }

    /// A connection is gone, with so many requests in flight, or a call that went on without its client.
    pub(super) fn gone(&self, requests: usize) {
        if self.cutting.load(Relaxed) {
            self.cut.fetch_add(requests, Relaxed);
        }
    }

    /// The account. `stuck` connections could not be stopped: their handlers block the thread.
    pub(super) fn account(&self, stuck: usize) -> Shutdown {
        let cut = self.cut.load(Relaxed) + stuck;
        Shutdown { finished: self.waited_for.load(Relaxed).saturating_sub(cut), cut }
    }
}

/// The signals that ask a process to end: SIGTERM and SIGINT (Ctrl-C).
#[derive(Debug)]
pub(super) struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// Starts to listen. From here on the signals no longer end the process by themselves.
    pub(super) fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// The next of them.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    pub(super) async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            // Nobody can be told to stop then; ending at once would be worse.
            std::future::pending::<()>().await;
        }
    }
}

/// When to stop, and when to stop waiting.
pub(super) trait Stop {
    /// Ends when the server is to stop.
    fn stop(&mut self) -> impl Future<Output = ()> + Send;
    /// Ends when what is left is to be cut off before the deadline.
    fn hurry(&mut self) -> impl Future<Output = ()> + Send;
}

/// A second signal is somebody who does not want to wait.
impl Stop for Signals {
    async fn stop(&mut self) {
        self.next().await;
    }

    async fn hurry(&mut self) {
        self.next().await;
    }
}

/// A future of the caller's.
pub(super) struct Until<F>(pub(super) F);

impl<F: Future<Output: Send> + Send + Unpin> Stop for Until<F> {
    async fn stop(&mut self) {
        (&mut self.0).await;
    }

    async fn hurry(&mut self) {
        std::future::pending().await
    }
}
