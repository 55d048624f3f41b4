//! The rules by which a read renews the lifetime of a session.

use std::time::Duration;

use crate::policy::Policy;
use crate::record::Record;

/// The rules by which a read renews the lifetime of a session: for how long, how often, and until
/// when.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use velox_session::Record;
/// use velox_session::store::Renewal;
///
/// /// Decides in the `load` of a store how long the record lives from now, if it is renewed.
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

    /// Returns how long the record lives from now if it has to be renewed. Returns `None` if it was
    /// renewed a moment ago or has reached its absolute timeout.
    #[must_use]
    pub fn of(&self, record: &Record) -> Option<Duration> {
        self.policy.renewed(record, self.now).map(Duration::from_millis)
    }

    /// Returns the present time in Unix milliseconds.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Returns the lifetime that a renewal gives, in milliseconds. A record with a
    /// [`Record::max_age`] uses that instead.
    #[must_use]
    pub fn ttl(&self) -> u64 {
        self.policy.ttl
    }

    /// Returns the longest lifetime since [`Record::created_at`], in milliseconds, if one is set.
    #[must_use]
    pub fn absolute(&self) -> Option<u64> {
        self.policy.absolute
    }

    /// Returns by how much a renewal must extend the lifetime to be worth a write, in milliseconds.
    /// For a record with its own lifetime, a tenth of that is the maximum.
    #[must_use]
    pub fn interval(&self) -> u64 {
        self.policy.touch_interval
    }

    /// Returns the record as it is after the renewal.
    pub(crate) fn renewed(&self, record: Record, ttl: Duration) -> Record {
        record.with_expiry(self.now.saturating_add(crate::clock::milliseconds(ttl)))
    }
}
