//! The list of a user's sessions: a sorted set of names, by when each session began, and the mark that says when all were last ended.
//!
//! A name is put on the list once its record is there, and leaves it with the record; where the record expires, the name may stay behind.

use std::time::Duration;

use super::answer::{array, number_at, texts_at, warn_of_garbage};
use super::link::{Effect, Link, Script};
use super::{RedisStore, life, scripts};
use crate::record::Record;
use crate::store::{Owner, StoreError};

/// A name on the list.
pub(super) struct Entry {
    member: Vec<u8>,
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

    pub(super) fn member(&self) -> &[u8] {
        &self.member
    }

    /// What a script is told of it.
    pub(super) fn args(&self) -> [Vec<u8>; 3] {
        let number = |number: u64| number.to_string().into_bytes();
        [self.member.clone(), number(self.created_at), number(self.list_lives)]
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
        terms: [Vec<u8>; 2],
    ) -> Result<Option<Vec<Vec<u8>>>, StoreError> {
        let list = self.layout.list(owner);
        let args: Vec<_> = entry.args().into_iter().chain(terms).collect();
        let parts = array(link.eval(&scripts::ADD, &[&list], &args[..], Effect::Idempotent).await)?;
        warn_of_garbage(Some(&list), number_at(&parts, 1)?);
        if number_at(&parts, 0)? == 0 { Ok(None) } else { texts_at(&parts, 2).map(Some) }
    }

    /// All names on the list, the oldest first.
    pub(super) async fn names(&self, owner: &Owner) -> Result<Vec<Vec<u8>>, StoreError> {
        self.look_by(&self.link, &scripts::NAMES, owner).await
    }

    /// Leaves a mark on the list, and answers all names on it, the oldest first.
    pub(super) async fn mark(&self, owner: &Owner) -> Result<Vec<Vec<u8>>, StoreError> {
        self.look_by(&self.writes(), &scripts::MARK, owner).await
    }

    async fn look_by(&self, link: &Link, script: &Script, owner: &Owner) -> Result<Vec<Vec<u8>>, StoreError> {
        let list = self.layout.list(owner);
        let parts = array(link.eval(script, &[&list], &[] as &[String], Effect::Idempotent).await)?;
        warn_of_garbage(Some(&list), number_at(&parts, 0)?);
        texts_at(&parts, 1)
    }

    /// Takes names off the list.
    pub(super) async fn unlist(&self, owner: &Owner, names: &[impl AsRef<[u8]>]) -> Result<(), StoreError> {
        let list = self.layout.list(owner);
        for names in names.chunks(1_000) {
            let mut remove = redis::cmd("ZREM");
            remove.arg(&list);
            for name in names {
                remove.arg(name.as_ref());
            }
            self.link.call(&remove, &list, Effect::Idempotent).await.map_err(StoreError::new)?;
        }
        Ok(())
    }
}

/// Ten minutes.
const CLOCKS_DIFFER: u64 = 600_000;
