//! The settings of subscriptions.

use std::time::Duration;

/// How subscriptions are sent: what [`App::subscriptions`](crate::App::subscriptions) takes.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use velox_rpc::App;
/// use velox_rpc::service::Subscriptions;
///
/// let app = App::new(()).subscriptions(Subscriptions::new().ping_interval(Duration::from_secs(5)));
/// # let _ = app;
/// ```
#[derive(Debug, Clone)]
#[must_use = "settings do nothing until an application has them"]
pub struct Subscriptions {
    pub(super) ping: Duration,
    reconnect_after: Option<Duration>,
    pub(super) retry: Option<Duration>,
    pub(super) event_limit: usize,
}

impl Subscriptions {
    /// Returns the default settings.
    pub fn new() -> Self {
        Self { ping: DEFAULT_PING, reconnect_after: None, retry: None, event_limit: DEFAULT_EVENT_LIMIT }
    }

    /// Sets after how long without an event a ping is sent, 15 seconds unless it is set. Zero is no pings.
    ///
    /// Pings keep proxies from closing a connection that seems idle. They need a runtime of tokio.
    pub fn ping_interval(mut self, interval: Duration) -> Self {
        self.ping = interval;
        self
    }

    /// Sets after how long without an event or a ping the client of tRPC connects again, three ping intervals unless it is set. Without
    /// pings it never does.
    ///
    /// It has to be longer than the ping interval: else the application does not start.
    pub fn reconnect_after_inactivity(mut self, time: Duration) -> Self {
        self.reconnect_after = Some(time);
        self
    }

    /// Sets how long a client waits before it connects again, by the field `retry` of server-sent events. Unless it is set, none is sent, and
    /// browsers wait for three to five seconds. It counts for `EventSource`, and so for the client of tRPC.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use velox_rpc::App;
    /// use velox_rpc::service::Subscriptions;
    ///
    /// let app = App::new(()).subscriptions(Subscriptions::new().retry(Duration::from_secs(1)));
    /// # let _ = app;
    /// ```
    pub fn retry(mut self, time: Duration) -> Self {
        self.retry = Some(time);
        self
    }

    /// Sets how many bytes of JSON an event may have, 1 MiB unless it is set. A subscription that gives a larger one ends with
    /// `PAYLOAD_TOO_LARGE`, for which no client connects again.
    pub fn event_limit(mut self, bytes: usize) -> Self {
        self.event_limit = bytes;
        self
    }

    pub(crate) fn check(&self) -> Result<(), &'static str> {
        match self.reconnect_after {
            Some(time) if time <= self.ping => Err(
                "clients would connect again before the first ping: make `reconnect_after_inactivity` longer than `ping_interval`",
            ),
            _ => Ok(()),
        }
    }

    pub(super) fn reconnect_after(&self) -> Duration {
        self.reconnect_after.unwrap_or(self.ping * 3)
    }
}

impl Default for Subscriptions {
    fn default() -> Self {
        Self::new()
    }
}

const DEFAULT_PING: Duration = Duration::from_secs(15);
const DEFAULT_EVENT_LIMIT: usize = 1 << 20;
