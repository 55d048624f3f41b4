//! Computes how long sessions live. All times are in milliseconds.

use crate::record::{Content, Record};

/// The lifetimes of sessions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    /// The lifetime without a request.
    pub(crate) ttl: u64,
    /// The lifetime since the login, or since the creation before a login.
    pub(crate) absolute: Option<u64>,
    /// The part of the lifetime that must have passed before a read renews it.
    pub(crate) touch_interval: u64,
    /// `true` if requests renew the lifetime at all.
    pub(crate) sliding: bool,
}

impl Policy {
    /// Returns how long a record still lives; zero if it is over. The result never exceeds the
    /// lifetime of a new record, even if the clock was set back.
    pub(crate) fn remaining(&self, record: &Record, now: u64) -> u64 {
        record.expires_at().saturating_sub(now).min(self.longest(record.content(), now))
    }

    /// Returns the longest time that a session with this content can still live.
    pub(crate) fn longest(&self, content: &Content, now: u64) -> u64 {
        let age = now.saturating_sub(content.created_at);
        content.max_age.unwrap_or(self.ttl).min(self.absolute.map_or(u64::MAX, |absolute| absolute.saturating_sub(age)))
    }

    /// Returns when a client has to reconnect to keep its session alive: once half of the lifetime
    /// has passed. Returns `None` if that renews nothing.
    #[cfg(feature = "rpc")]
    pub(crate) fn comes_back_at(&self, content: &Content, now: u64) -> Option<u64> {
        let longest = self.longest(content, now);
        let end = self.absolute.map_or(u64::MAX, |absolute| content.created_at.saturating_add(absolute));
        (self.sliding && now.saturating_add(longest) < end).then(|| now + longest / 2)
    }

    /// Returns the new lifetime if a read should renew the record, because enough time has passed.
    pub(crate) fn renewed(&self, record: &Record, now: u64) -> Option<u64> {
        let (longest, remaining) = (self.longest(record.content(), now), self.remaining(record, now));
        // The interval is relative to the lifetime in the settings, so a shorter lifetime gets a
        // shorter interval.
        let interval = record.content().max_age.map_or(u64::MAX, |max_age| max_age / 10).min(self.touch_interval);
        // A record that is over stays over, even if the store has not noticed.
        (remaining > 0 && longest - remaining >= interval).then_some(longest)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::user::{SessionUser, UserLogin};

    const POLICY: Policy = Policy { ttl: 100_000, absolute: Some(500_000), touch_interval: 10_000, sliding: true };

    fn record(created_at: u64, expires_at: u64) -> Record {
        Record::new(Arc::new(Content::new(created_at)), 1, expires_at, created_at)
    }

    #[test]
    fn a_clock_that_was_set_back_or_forward_makes_nothing_eternal() {
        let one = record(1_000_000, 1_100_000);
        assert_eq!(POLICY.remaining(&one, 0), 100_000);
        assert_eq!(POLICY.remaining(&one, u64::MAX), 0);
        assert_eq!(POLICY.remaining(&record(u64::MAX, u64::MAX), 1_000_000), 100_000);
    }

    #[test]
    fn a_read_renews_the_life_once_an_interval() {
        let one = record(0, 100_000);
        assert_eq!(POLICY.renewed(&one, 9_999), None);
        assert_eq!(POLICY.renewed(&one, 10_000), Some(100_000));
        assert_eq!(Policy { touch_interval: 0, ..POLICY }.renewed(&one, 0), Some(100_000));
    }

    #[test]
    fn the_absolute_timeout_caps_what_a_read_gives() {
        assert_eq!(POLICY.renewed(&record(0, 460_000), 420_000), Some(80_000));
        // The record already has all the time that is left.
        assert_eq!(POLICY.renewed(&record(0, 500_000), 450_000), None);
        assert_eq!(POLICY.renewed(&record(0, 600_000), 500_000), None);
    }

    #[test]
    fn a_lifetime_chosen_at_login_overrides_the_settings() {
        let of = |max_age, expires_at| {
            let mut content = Content::new(0);
            let user = SessionUser::new("u1", "ada@example.com");
            content.log_in(&UserLogin { max_age: Some(max_age), ..UserLogin::plain(user, 0) });
            Record::new(Arc::new(content), 1, expires_at, 0)
        };
        // A longer lifetime, up to the absolute timeout.
        assert_eq!(POLICY.remaining(&of(300_000, 300_000), 0), 300_000);
        assert_eq!(POLICY.renewed(&of(300_000, 300_000), 20_000), Some(300_000));
        assert_eq!(POLICY.renewed(&of(300_000, 300_000), 250_000), Some(250_000));
        // A shorter lifetime, which is then renewed more often.
        assert_eq!(POLICY.remaining(&of(5_000, 100_000), 0), 5_000);
        assert_eq!(POLICY.renewed(&of(5_000, 5_000), 499), None);
        assert_eq!(POLICY.renewed(&of(5_000, 5_000), 500), Some(5_000));
    }

    #[cfg(feature = "rpc")]
    #[test]
    fn clients_reconnect_in_the_middle_of_a_renewable_lifetime() {
        let content = Content::new(0);
        assert_eq!(POLICY.comes_back_at(&content, 0), Some(50_000));
        assert_eq!(POLICY.comes_back_at(&content, 399_999), Some(449_999));
        // The session ends at the absolute timeout, even if its client comes back.
        assert_eq!(POLICY.comes_back_at(&content, 400_000), None);
        assert_eq!(POLICY.comes_back_at(&content, u64::MAX), None);
        assert_eq!(Policy { absolute: None, ..POLICY }.comes_back_at(&content, 600_000), Some(650_000));
        assert_eq!(Policy { sliding: false, ..POLICY }.comes_back_at(&content, 0), None);
    }

    #[test]
    fn an_ended_session_is_not_renewed() {
        assert_eq!(POLICY.renewed(&record(0, 100_000), 99_999), Some(100_000));
        assert_eq!(POLICY.renewed(&record(0, 100_000), 100_000), None);
    }
}
