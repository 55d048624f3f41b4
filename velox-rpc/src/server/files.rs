//! Computes how many connections fit into the limit of open files. Only `conn` uses this module.
//! This code is pure, except for the query to the system.

/// The numbers of connections that the limit of open files allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) connections: usize,
    /// The number of further connections that may be refused at a time.
    pub(super) refusals: usize,
}

impl Room {
    /// Returns the number of connections that fit into `files`, at most `wanted`. Without a known
    /// limit, it returns `wanted`.
    pub(super) fn within(files: Option<usize>, wanted: usize) -> Self {
        let Some(files) = files else { return Self { connections: wanted, refusals: REFUSALS } };
        // Reserved for everything else: connections to the store, logs, the listener, and
        // connections that are being refused. Accepting a connection and querying a store both need
        // a file. Without the reserve, new clients would hang without an answer, and so would
        // requests that need the store.
        let reserve = (files / 8).max(RESERVE);
        Self { connections: wanted.min(files.saturating_sub(reserve).max(1)), refusals: REFUSALS.min(reserve / 2) }
    }
}

/// Returns how many files this process may have open, or `None` if there is no limit or it is
/// unknown.
pub(super) fn limit() -> Option<usize> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit};
        usize::try_from(getrlimit(Resource::Nofile).current?).ok()
    }
    #[cfg(not(unix))]
    None
}

/// The smallest number of files reserved for everything else.
const RESERVE: usize = 32;

/// The number of connections that may be refused at a time, if enough files are left.
const REFUSALS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn room(connections: usize, refusals: usize) -> Room {
        Room { connections, refusals }
    }

    #[test]
    fn the_limit_of_connections_follows_the_limit_of_files() {
        for (files, expected) in [
            (None, room(10_000, 64)),
            (Some(1 << 20), room(10_000, 64)),
            (Some(11_429), room(10_000, 64)),
            (Some(1024), room(896, 64)),
            (Some(256), room(224, 16)),
            (Some(64), room(32, 16)),
            (Some(0), room(1, 16)),
            (Some(usize::MAX), room(10_000, 64)),
        ] {
            assert_eq!(Room::within(files, 10_000), expected, "{files:?}");
        }
        assert_eq!(Room::within(Some(1024), 2), room(2, 64));
        assert_eq!(Room::within(Some(1024), 0), room(0, 64));
    }
}
