//! The server's limits, as numbers that cannot be wrong. Read by every file of `server/`, written by the settings of
//! [`Server`](super::Server) alone.
//!
//! Always holds: no duration is zero (a timer of zero would spin) or so long that adding it to a point in time overflows, and no size
//! is below what hyper accepts (it panics there).

use std::time::Duration;

/// What a connection may cost, in time and in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// From the connection, or the first byte of a later request, to the end of the request's head.
    pub(super) header: Duration,
    /// From the moment a body is first waited for to its end.
    pub(super) body: Duration,
    /// How long a client may take for [`WRITE_QUANTUM`] bytes, or for what is left if that is less.
    pub(super) write: Duration,
    /// How long a connection may stay open with no request in flight.
    pub(super) idle: Duration,
    /// From the signal to the end of the process.
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
            write: Duration::from_secs(30),
            idle: Duration::from_secs(66),
            shutdown: Duration::from_secs(10),
            connections: 10_000,
            headers: HYPER_HEADERS,
            header_bytes: 64 * 1024,
        }
    }
}

/// Brings a duration into the range in which timers work.
pub(super) fn duration(wanted: Duration) -> Duration {
    wanted.clamp(SHORTEST, LONGEST)
}

/// Brings the size of a head into the range hyper and HTTP/2's 32-bit settings accept.
pub(super) fn header_bytes(wanted: usize) -> usize {
    wanted.clamp(HYPER_BUFFER, 16 * 1024 * 1024)
}

/// hyper's own limit, which it can keep on the stack: any other number costs an allocation a request, so it is only set if it differs.
pub(super) const HYPER_HEADERS: usize = 100;

/// Streams of one HTTP/2 connection at a time, those among them that go on without their client.
pub(super) const STREAMS: u32 = 100;

/// What a client has to take within the write time-out. A slow link that takes a large reply in many minutes is fine, a reader of one
/// byte a second is not.
pub(super) const WRITE_QUANTUM: usize = 64 * 1024;

/// What a connection that is about to be closed may still take: to read the last reply, to acknowledge a GOAWAY.
pub(super) const CLOSE_GRACE: Duration = Duration::from_secs(2);

/// How long an idle connection of HTTP/1 is still read once the server ends. Its client, most often a load balancer, may have sent a request
/// that has not arrived: closed at once, that would be a 502. HTTP/2 needs none, since its GOAWAY names the last request that is answered.
pub(super) const LINGER: Duration = Duration::from_millis(500);

/// hyper panics for buffers smaller than this.
const HYPER_BUFFER: usize = 8 * 1024;

const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extreme_durations_are_brought_into_range() {
        assert_eq!(duration(Duration::ZERO), SHORTEST);
        assert_eq!(duration(Duration::MAX), LONGEST);
        assert_eq!(duration(Duration::from_secs(5)), Duration::from_secs(5));
    }

    /// The common load balancers keep a connection for 60 s: whoever closes first must not be the server.
    #[test]
    fn by_default_a_connection_outlives_those_of_load_balancers_and_is_closed_within_75_seconds() {
        let idle = Limits::default().idle;
        assert!(idle >= Duration::from_secs(66) && idle * 9 / 8 <= Duration::from_secs(75));
    }

    #[test]
    fn a_head_is_never_smaller_than_what_hyper_takes() {
        assert_eq!(header_bytes(0), HYPER_BUFFER);
        assert_eq!(header_bytes(65_536), 65_536);
    }
}
