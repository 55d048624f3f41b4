//! The list of a user's sessions: a sorted set of names, ordered by when each session began, and a
//! mark with the time when all were last ended.
//!
//! A name is added once its record is stored, and removed together with the record. If the record
//! expires, the name may stay.

use std::time::Duration;

use redis::{FromRedisValue, ToRedisArgs};

use super::RedisStore;
use super::link::{Effect, Link, Script};
use super::scripts::{self, NEVER, life};
use crate::record::Record;
use crate::store::{Owner, StoreError};

/// A name on the list.
pub(super) struct Entry {
    pub(super) member: Vec<u8>,
    created_at: u64,
    /// The time until which the list certainly exists. It is a quarter longer than the lifetime of
    /// the record, so a session that is only read is listed again four times in its lifetime, and
    /// not with every read.
    pub(super) until: u64,
    /// The minimal lifetime of the list, so that it exists until then by the clock of any server.
    list_lives: u64,
}

impl Entry {
    /// Returns the name of a record that lives for `ttl` from now.
    pub(super) fn new(member: Vec<u8>, record: &Record, ttl: Duration, now: u64) -> Self {
        let ttl = life(ttl);
        let lives = ttl.saturating_add(ttl / 4);
        let list_lives = lives.saturating_add(CLOCKS_DIFFER);
        Self { member, created_at: record.created_at(), until: now.saturating_add(lives), list_lives }
    }

    /// Returns the arguments for a script: the name, when the session began, and the lifetime of
    /// the list.
    pub(super) fn args(&self) -> (&[u8], u64, u64) {
        (&self.member, self.created_at, self.list_lives)
    }
}

impl RedisStore {
    /// Adds a session to its user's list. Returns all other names if they reach the limit, and
    /// `None` if all sessions were ended since the login began.
    pub(super) async fn add(
        &self,
        link: &Link,
        owner: &Owner,
        entry: &Entry,
        terms: Terms,
    ) -> Result<Option<Vec<Vec<u8>>>, StoreError> {
        self.ask(link, owner, &scripts::ADD, (entry.args(), terms)).await
    }

    /// Returns all names on the list, the oldest first. Sets the mark if `marks` is true.
    pub(super) async fn names(&self, link: &Link, owner: &Owner, marks: bool) -> Result<Vec<Vec<u8>>, StoreError> {
        self.ask(link, owner, &scripts::NAMES, marks).await
    }

    /// Runs a script on the list and returns its result. The script also reports whether the key
    /// held foreign data.
    async fn ask<T: FromRedisValue>(
        &self,
        link: &Link,
        owner: &Owner,
        script: &Script,
        args: impl ToRedisArgs,
    ) -> Result<T, StoreError> {
        let list = self.layout.list(owner);
        let (garbage, answer) = link.eval(script, &[&list], args, Effect::Idempotent).await?;
        warn_of_garbage(&list, garbage);
        Ok(answer)
    }

    /// Removes names from the list.
    pub(super) async fn unlist(&self, owner: &Owner, names: &[Vec<u8>]) -> Result<(), StoreError> {
        let list = self.layout.list(owner);
        Ok(self.link.call(redis::cmd("ZREM").arg(&list).arg(names), &list, Effect::Idempotent).await?)
    }
}

/// The milliseconds since a login began, and the limit.
pub(super) type Terms = (i64, u64);

/// The terms of a session that is not a login: no mark is later, and no limit is reached.
pub(super) const NO_TERMS: Terms = (-NEVER.cast_signed(), NEVER);

/// Logs a warning if a key held foreign data, which this crate did not write and has replaced.
pub(super) fn warn_of_garbage(key: &[u8], found: bool) {
    if found {
        let key = String::from_utf8_lossy(key);
        tracing::warn!(%key, "a key of the session store had foreign data and was replaced");
    }
}

/// The largest difference between the clocks of the servers: ten minutes.
const CLOCKS_DIFFER: u64 = 600_000;
