//! The server's limits, within ranges that timers and hyper accept. Only the setters of
//! [`Server`](super::Server) change them.
//!
//! Invariants: no duration is zero, because a timer of zero would spin. No duration is so long that
//! adding it to an instant overflows. No size is below hyper's minimum, where hyper panics.

use std::time::Duration;

use crate::app::DEFAULT_HANDLER_TIMEOUT;

/// The limits on the time and the bytes of one connection, and on the number of connections.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// From the connection, or the first byte of a later request, to the end of the request's head.
    pub(super) header: Duration,
    /// From the first wait for a body to its end.
    pub(super) body: Duration,
    /// From the first wait of a service to the head of its reply. Applications have their own.
    pub(super) handler: Duration,
    /// The time that a client may take to read [`WRITE_QUANTUM`] bytes, or the rest if that is
    /// less.
    pub(super) write: Duration,
    /// The time that a connection may stay open with no request in flight.
    pub(super) idle: Duration,
    /// From the signal to stop until the listener closes.
    pub(super) delay: Duration,
    /// From the close of the listener until the requests in flight are aborted.
    pub(super) shutdown: Duration,
    pub(super) connections: usize,
    pub(super) headers: usize,
    pub(super) header_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header: Duration::from_secs(10),
            body: Duration::from_secs(30),
            handler: DEFAULT_HANDLER_TIMEOUT,
            write: Duration::from_secs(30),
            idle: Duration::from_secs(66),
            delay: Duration::ZERO,
            shutdown: Duration::from_secs(10),
            connections: 10_000,
            headers: HYPER_HEADERS,
            header_bytes: 64 * 1024,
        }
    }
}

/// Clamps a duration to the range in which timers work.
pub(super) fn duration(wanted: Duration) -> Duration {
    wanted.clamp(SHORTEST, LONGEST)
}

/// Clamps the size of a head to the range that hyper and HTTP/2's 32-bit settings accept.
pub(super) fn header_bytes(wanted: usize) -> usize {
    wanted.clamp(HYPER_BUFFER, 16 * 1024 * 1024)
}

/// hyper's default limit of header fields, for which it uses the stack. Any other number costs one
/// allocation for each request, so it is only set if it differs.
pub(super) const HYPER_HEADERS: usize = 100;

/// The number of streams that one HTTP/2 connection may have at a time, including calls that
/// continue without their client.
pub(super) const STREAMS: u32 = 100;

/// The bytes that a client has to read within the write timeout. A slow link that takes many
/// minutes for a large reply passes; a client that reads one byte a second does not.
pub(super) const WRITE_QUANTUM: usize = 64 * 1024;

/// The time that a closing connection stays open for the client to read the last reply or to
/// acknowledge a GOAWAY.
pub(super) const CLOSE_GRACE: Duration = Duration::from_secs(2);

/// The time for which the server still reads from an idle HTTP/1 connection during a shutdown. The
/// client, usually a load balancer, may have sent a request that has not arrived yet. If the server
/// closed at once, the balancer would answer it with 502. HTTP/2 does not need this, because its
/// GOAWAY names the last request that will be answered.
pub(super) const LINGER: Duration = Duration::from_millis(500);

/// hyper panics for smaller buffers.
const HYPER_BUFFER: usize = 8 * 1024;

const SHORTEST: Duration = Duration::from_millis(10);
pub(super) const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extreme_durations_are_clamped() {
        assert_eq!(duration(Duration::ZERO), SHORTEST);
        assert_eq!(duration(Duration::MAX), LONGEST);
        assert_eq!(duration(Duration::from_secs(5)), Duration::from_secs(5));
    }

    /// Common load balancers keep a connection for 60 s. The server must not close it first.
    #[test]
    fn by_default_a_connection_outlives_those_of_load_balancers_and_is_closed_within_75_seconds() {
        let idle = Limits::default().idle;
        assert!(idle >= Duration::from_secs(66) && idle * 9 / 8 <= Duration::from_secs(75));
    }

    #[test]
    fn the_limit_of_a_head_is_never_below_that_of_hyper() {
        assert_eq!(header_bytes(0), HYPER_BUFFER);
        assert_eq!(header_bytes(65_536), 65_536);
    }
}
