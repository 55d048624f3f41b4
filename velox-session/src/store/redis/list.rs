//! The list of a user's sessions: a sorted set of names, by how long each is listed.

use std::time::Duration;

use futures_util::future::join_all;
use redis::Value;

use super::link::{Effect, Link};
use super::{RedisStore, life, number, scripts, unexpected};
use crate::key::StoreKey;
use crate::store::{Owner, StoreError};

/// A name on the list.
pub(super) struct Entry {
    member: Vec<u8>,
    /// Until when it is listed: a quarter longer than the record lives, so that a session that is only read is listed anew four times
    /// in its lifetime, and not with every read.
    pub(super) until: u64,
    /// How long the list lives at least: until the name is over by the clock of any server.
    list_lives: u64,
    now: u64,
}

impl Entry {
    /// The name of a record that lives for `ttl` from now on.
    pub(super) fn new(member: Vec<u8>, ttl: Duration, now: u64) -> Self {
        let ttl = life(ttl);
        let lives = ttl.saturating_add(ttl / 4);
        Self { member, until: now.saturating_add(lives), list_lives: lives.saturating_add(CLOCKS_DIFFER), now }
    }

    /// What a script is told of it.
    pub(super) fn args(&self) -> [Vec<u8>; 4] {
        // Not at once: another server's clock may be behind.
        let over = self.now.saturating_sub(CLOCKS_DIFFER);
        let [until, lives, over] = [self.until, self.list_lives, over].map(|number| number.to_string().into_bytes());
        [self.member.clone(), until, lives, over]
    }
}

impl RedisStore {
    /// Puts a session on its user's list.
    pub(super) async fn list(&self, link: &Link, owner: &Owner, entry: &Entry) -> Result<(), StoreError> {
        let list = self.layout.list(owner);
        let answer = link.eval(&scripts::LIST, &[&list], &entry.args()[..], Effect::Idempotent).await;
        self.tidy(owner, entry, answer.map_err(StoreError::new)?).await
    }

    /// Takes those off a long list that are over, of some that a script has answered. Whatever goes wrong here, goes wrong with the next
    /// request that needs Redis.
    pub(super) async fn tidy(&self, owner: &Owner, entry: &Entry, some: Value) -> Result<(), StoreError> {
        let some = texts(some)?;
        // One that was listed a moment ago may stand for a record that is only now being written.
        let settled = entry.until.saturating_sub(A_MOMENT);
        let is_settled = |until: &Vec<u8>| {
            std::str::from_utf8(until)
                .is_ok_and(|until| until.parse::<f64>().is_ok_and(|until| until <= settled as f64))
        };
        let names = some.chunks_exact(2).filter(|pair| is_settled(&pair[1])).map(|pair| pair[0].clone());
        let over: Vec<_> = join_all(names.map(async |name| {
            let key = self.layout.listed(&name, owner);
            let over = match &key {
                Some(key) => matches!(self.exists(key).await, Ok(false)),
                None => true,
            };
            over.then_some(name)
        }))
        .await
        .into_iter()
        .flatten()
        .collect();
        if !over.is_empty() {
            let list = self.layout.list(owner);
            let mut remove = redis::cmd("ZREM");
            remove.arg(&list).arg(over);
            self.link.call(&remove, &list, Effect::Idempotent).await.ok();
        }
        Ok(())
    }

    async fn exists(&self, key: &StoreKey) -> Result<bool, StoreError> {
        let name = self.layout.record(key)?;
        let mut exists = redis::cmd("EXISTS");
        exists.arg(&name);
        Ok(number(self.link.call(&exists, &name, Effect::Idempotent).await)? == 1)
    }
}

pub(super) fn texts(answer: Value) -> Result<Vec<Vec<u8>>, StoreError> {
    let Value::Array(items) = answer else { return Err(unexpected(&answer)) };
    Ok(items
        .into_iter()
        .filter_map(|item| match item {
            Value::BulkString(text) => Some(text),
            _ => None,
        })
        .collect())
}

/// Ten minutes.
const CLOCKS_DIFFER: u64 = 600_000;
/// Longer than a record is on its way to Redis.
const A_MOMENT: u64 = 10_000;
