//! The list of a user's sessions: a sorted set of names, by when each session began, and the mark that says when all were last ended.
//!
//! A name is put on the list once its record is there, and leaves it with the record; where the record expires, the name may stay behind.

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
    /// Until when the list is there for certain: a quarter longer than the record lives, so that a session that is only read is listed anew
    /// four times in its lifetime, and not with every read.
    pub(super) until: u64,
    /// How long the list lives at least: until then by the clock of any server.
    list_lives: u64,
}

impl Entry {
    /// The name of a record that lives for `ttl` from now on.
    pub(super) fn new(member: Vec<u8>, record: &Record, ttl: Duration, now: u64) -> Self {
        let ttl = life(ttl);
        let lives = ttl.saturating_add(ttl / 4);
        let list_lives = lives.saturating_add(CLOCKS_DIFFER);
        Self { member, created_at: record.created_at(), until: now.saturating_add(lives), list_lives }
    }

    /// What a script is told of it: the name, when the session began, how long the list lives.
    pub(super) fn args(&self) -> (&[u8], u64, u64) {
        (&self.member, self.created_at, self.list_lives)
    }
}

impl RedisStore {
    /// Puts a session on its user's list. Answers all others on it if they are as many as the limit or more; `None` if all were ended since a
    /// login began.
    pub(super) async fn add(
        &self,
        link: &Link,
        owner: &Owner,
        entry: &Entry,
        terms: Terms,
    ) -> Result<Option<Vec<Vec<u8>>>, StoreError> {
        self.ask(link, owner, &scripts::ADD, (entry.args(), terms)).await
    }

    /// All names on the list, the oldest first. Leaves a mark on it, if that is asked for.
    pub(super) async fn names(&self, link: &Link, owner: &Owner, marks: bool) -> Result<Vec<Vec<u8>>, StoreError> {
        self.ask(link, owner, &scripts::NAMES, marks).await
    }

    /// Runs a script on the list, which answers whether that held something else, and what it is for.
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

    /// Takes names off the list.
    pub(super) async fn unlist(&self, owner: &Owner, names: &[Vec<u8>]) -> Result<(), StoreError> {
        let list = self.layout.list(owner);
        Ok(self.link.call(redis::cmd("ZREM").arg(&list).arg(names), &list, Effect::Idempotent).await?)
    }
}

/// How long ago a login began, and the limit.
pub(super) type Terms = (i64, u64);

/// Of what is no login: no mark was left after it began, and no limit is reached.
pub(super) const NO_TERMS: Terms = (-NEVER.cast_signed(), NEVER);

/// Says that a key held what this crate does not write, and was made anew.
pub(super) fn warn_of_garbage(key: &[u8], found: bool) {
    if found {
        let key = String::from_utf8_lossy(key);
        tracing::warn!(%key, "a key of the session store held something else and was made anew");
    }
}

/// Ten minutes.
const CLOCKS_DIFFER: u64 = 600_000;
