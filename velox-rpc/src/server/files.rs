//! How many connections fit into the files that a process may have open. Used by `conn` alone. Pure, but for the question to the system.

/// How many connections there may be at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) connections: usize,
    /// Those beside them that are being refused.
    pub(super) refusals: usize,
}

impl Room {
    /// As many as are wanted, if so many fit into `files`. Where that is not known, they do.
    pub(super) fn within(files: Option<usize>, wanted: usize) -> Self {
        let Some(files) = files else { return Self { connections: wanted, refusals: REFUSALS } };
        // Of everything else: connections to the store, logs, the listener, and connections that are being refused. Without it a newcomer
        // would hang without an answer, since to accept takes a file, and so would a request that has to ask the store.
        let reserve = (files / 8).max(RESERVE);
        Self { connections: wanted.min(files.saturating_sub(reserve).max(1)), refusals: REFUSALS.min(reserve / 2) }
    }
}

/// The files that this process may have open; none if there is no limit, or nobody knows.
pub(super) fn limit() -> Option<usize> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit};
        usize::try_from(getrlimit(Resource::Nofile).current?).ok()
    }
    #[cfg(not(unix))]
    None
}

/// At least so many files are for everything else.
const RESERVE: usize = 32;

/// Connections that are being refused at a time, if there are files for them.
const REFUSALS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn room(connections: usize, refusals: usize) -> Room {
        Room { connections, refusals }
    }

    #[test]
    fn connections_follow_the_limit_of_files_with_a_reserve() {
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
