//! The settings of subscriptions.

use std::time::Duration;

/// The settings of subscriptions, passed to [`App::subscriptions`](crate::App::subscriptions).
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

    /// Sets after how long without an event the server sends a ping. The default is 15 seconds.
    /// Zero turns pings off.
    ///
    /// Pings keep proxies from closing a connection that seems idle. They need a tokio runtime;
    /// without one, none are sent.
    pub fn ping_interval(mut self, interval: Duration) -> Self {
        self.ping = interval;
        self
    }

    /// Sets after how long without an event or a ping the tRPC client reconnects. The default is
    /// three ping intervals. If no pings are sent, the client never reconnects for this reason.
    ///
    /// The time has to be longer than the ping interval; otherwise the application does not start.
    pub fn reconnect_after_inactivity(mut self, time: Duration) -> Self {
        self.reconnect_after = Some(time);
        self
    }

    /// Sets how long a client waits before it reconnects, as the `retry` field of server-sent
    /// events. It applies to `EventSource`, and so to the tRPC client. By default the field is not
    /// sent, and browsers wait three to five seconds.
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

    /// Sets the largest size of an event, in bytes of JSON. The default is 1 MiB. A larger event
    /// ends its subscription with `PAYLOAD_TOO_LARGE`, after which clients do not reconnect.
    pub fn event_limit(mut self, bytes: usize) -> Self {
        self.event_limit = bytes;
        self
    }

    pub(crate) fn check(&self) -> Result<(), &'static str> {
        match self.reconnect_after {
            Some(time) if time <= self.ping => Err(
                "clients would reconnect before the first ping: make `reconnect_after_inactivity` longer than `ping_interval`",
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
