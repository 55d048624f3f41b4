//! How a read renews the life of a session.

use std::time::Duration;

use crate::policy::Policy;
use crate::record::Record;

/// How a read renews the life of a session: by how much, how often, and until when.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use velox_session::Record;
/// use velox_session::store::Renewal;
///
/// /// As [`SessionStore::load`](velox_session::SessionStore::load) of a store decides it: for how long from now, if at all.
/// fn decide(record: &Record, renewal: &Renewal) -> Option<Duration> {
///     renewal.of(record)
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Renewal {
    policy: Policy,
    now: u64,
}

impl Renewal {
    pub(crate) fn new(policy: Policy, now: u64) -> Self {
        Self { policy, now }
    }

    /// For how long from now this record lives on; `None` if it is left as it is, since it was renewed a moment ago or has
    /// come to its absolute end.
    #[must_use]
    pub fn of(&self, record: &Record) -> Option<Duration> {
        self.policy.renewed(record, self.now).map(Duration::from_millis)
    }

    /// The present time, in Unix milliseconds.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.now
    }

    /// The lifetime that a renewal gives, in milliseconds, unless the record has one of its own. See [`Record::max_age`].
    #[must_use]
    pub fn ttl(&self) -> u64 {
        self.policy.ttl
    }

    /// The lifetime since [`Record::created_at`] that no renewal goes beyond, in milliseconds.
    #[must_use]
    pub fn absolute(&self) -> Option<u64> {
        self.policy.absolute
    }

    /// How much longer a renewal must make a life to be worth it, in milliseconds. For a record with a lifetime of its own it is no more than
    /// a tenth of that.
    #[must_use]
    pub fn interval(&self) -> u64 {
        self.policy.touch_interval
    }

    /// The record as it is once it was renewed.
    pub(crate) fn renewed(&self, record: Record, ttl: Duration) -> Record {
        record.with_expiry(self.now.saturating_add(crate::clock::milliseconds(ttl)))
    }
}
