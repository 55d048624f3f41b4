//! The list of a user's sessions: a sorted set of names, by how long each is listed.
//!
//! A long list is tidied: names without a record are taken off. Where a name is listed beside its record, half a millisecond is added to
//! its time, by which it is told apart, and taken away once the record is there; of a list that is short, it may stay.

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
    /// The record is put in at the same time, and not there yet for certain.
    is_under_way: bool,
}

impl Entry {
    /// The name of a record that lives for `ttl` from now on.
    pub(super) fn new(member: Vec<u8>, ttl: Duration, now: u64) -> Self {
        let ttl = life(ttl);
        let lives = ttl.saturating_add(ttl / 4);
        let list_lives = lives.saturating_add(CLOCKS_DIFFER);
        Self { member, until: now.saturating_add(lives), list_lives, now, is_under_way: false }
    }

    /// The name of a record that is put in at the same time. Nobody takes it off the list before it is over.
    pub(super) fn under_way(&self) -> Self {
        Self { member: self.member.clone(), is_under_way: true, ..*self }
    }

    /// What a script is told of it.
    pub(super) fn args(&self) -> [Vec<u8>; 4] {
        // Not at once: another server's clock may be behind.
        let over = self.now.saturating_sub(CLOCKS_DIFFER);
        let until = if self.is_under_way { format!("{}.5", self.until) } else { self.until.to_string() };
        [
            self.member.clone(),
            until.into_bytes(),
            self.list_lives.to_string().into_bytes(),
            over.to_string().into_bytes(),
        ]
    }
}

impl RedisStore {
    /// Puts a session on its user's list. Answers whether that is long.
    pub(super) async fn list(&self, link: &Link, owner: &Owner, entry: &Entry) -> Result<bool, StoreError> {
        let list = self.layout.list(owner);
        let answer = link.eval(&scripts::LIST, &[&list], &entry.args()[..], Effect::Idempotent).await;
        self.tidy(owner, answer.map_err(StoreError::new)?).await
    }

    /// Lets a name be taken off a long list once it has no record: it has one now.
    pub(super) async fn arrived(&self, owner: &Owner, entry: &Entry) {
        let list = self.layout.list(owner);
        let mut add = redis::cmd("ZADD");
        // Only a name that is there, or there may be a list without an end.
        add.arg(&list).arg("XX").arg(entry.until).arg(&entry.member);
        self.link.call(&add, &list, Effect::Idempotent).await.ok();
    }

    /// Takes those off a long list that are over, of some that a script has answered. Answers whether the list is long. Whatever goes wrong
    /// here, goes wrong with the next request that needs Redis.
    pub(super) async fn tidy(&self, owner: &Owner, some: Value) -> Result<bool, StoreError> {
        let some = texts(some)?;
        // What is under way has no record yet, and will have.
        let has_arrived = |until: &Vec<u8>| {
            std::str::from_utf8(until).is_ok_and(|until| until.parse::<f64>().is_ok_and(|until| until.fract() == 0.0))
        };
        let names = some.chunks_exact(2).filter(|pair| has_arrived(&pair[1])).map(|pair| pair[0].clone());
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
        Ok(!some.is_empty())
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
