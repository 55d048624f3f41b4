//! The methods of the store. Each is one script on the key of a record.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::try_join_all;

use super::RedisStore;
use super::layout::{self, Held};
use super::link::{Effect, Link};
use super::list::{Entry, NO_TERMS, warn_of_garbage};
use super::scripts::{self, LONGEST, NEVER, life};
use crate::key::StoreKey;
use crate::record::Record;
use crate::store::{
    Condition, Created, Destroyed, Expected, Found, NewSession, Owner, Renewal, SessionStore, StoreError, Stored,
};

impl RedisStore {
    /// Reads a record, and renews its lifetime according to the arguments: lifetime, absolute
    /// timeout, interval. Returns whether it was renewed, or whether it has [to be
    /// listed](TO_BE_LISTED) first.
    async fn read(
        &self,
        key: &StoreKey,
        renewal: (u64, u64, u64),
        now: u64,
    ) -> Result<(i64, Option<Record>), StoreError> {
        let (name, args) = (self.layout.record(key)?, (now, renewal, self.layout.veloxts));
        let (renewed, held): (i64, Option<Held>) =
            self.link.eval(&scripts::LOAD, &[&name], args, Effect::Idempotent).await?;
        let record = held.and_then(|held| {
            // A record that cannot be read is not a session, and will not become one. Its content
            // must not get into the log.
            let warn = |reason: &_| {
                if let Some(suppressed) = self.unreadable.count(now) {
                    tracing::warn!(session = key.fingerprint(), %reason, suppressed, "stored session cannot be read");
                }
            };
            layout::record(&held, now).inspect_err(warn).ok()
        });
        Ok((renewed, record))
    }

    /// Renews a record whose user's list may expire earlier. Returns whether the record exists.
    async fn list_and_touch(
        &self,
        link: &Link,
        key: &StoreKey,
        record: &Record,
        ttl: Duration,
        now: u64,
    ) -> Result<bool, StoreError> {
        let entry = Entry::new(self.layout.member(key), record, ttl, now);
        // The order matters: the record says that it is listed only once it is. Otherwise nothing
        // would list it again.
        if let Some(owner) = key.owner(record) {
            self.add(link, &owner, &entry, NO_TERMS).await?;
        }
        let args = (now, life(ttl), self.layout.veloxts, entry.until);
        Ok(link.eval(&scripts::TOUCH, &[&self.layout.record(key)?], args, Effect::Idempotent).await?)
    }

    /// Counts an attempt in a window of a rate limit. The first attempt opens the window. Returns
    /// the count, and the milliseconds until the window closes.
    pub(crate) async fn count(&self, hash: &str, window: Duration) -> Result<(u64, u64), StoreError> {
        let name = self.layout.rate(hash);
        let (count, left, garbage) = self.link.eval(&scripts::HIT, &[&name], life(window), Effect::Once).await?;
        warn_of_garbage(&name, garbage);
        Ok((count, left))
    }
}

#[async_trait]
impl SessionStore for RedisStore {
    async fn get(&self, key: &StoreKey) -> Result<Option<Record>, StoreError> {
        let (_, record) = self.read(key, (NEVER, NEVER, NEVER), self.clock.now()).await?;
        Ok(record)
    }

    async fn load(&self, key: &StoreKey, renewal: &Renewal) -> Result<Option<Found>, StoreError> {
        let args = (renewal.ttl().min(LONGEST), renewal.absolute().unwrap_or(NEVER), renewal.interval());
        let (done, Some(record)) = self.read(key, args, renewal.now()).await? else { return Ok(None) };
        if done != TO_BE_LISTED {
            return Ok(Some(Found { record, renewed: done == RENEWED }));
        }
        // VeloxTS began this session, or it was only read and not written for a long time.
        let Some(ttl) = renewal.of(&record) else { return Ok(Some(Found { record, renewed: false })) };
        let alive = self.list_and_touch(&self.link, key, &record, ttl, renewal.now()).await?;
        Ok(alive.then(|| Found { record: renewal.renewed(record, ttl), renewed: true }))
    }

    async fn are_live(&self, keys: &[StoreKey]) -> Result<Vec<bool>, StoreError> {
        let names = keys.iter().map(|key| self.layout.record(key)).collect::<Result<Vec<_>, _>>()?;
        let names: Vec<_> = names.iter().map(Vec::as_slice).collect();
        let ask = async |names: &[&[u8]]| {
            self.link.eval::<Vec<bool>>(&scripts::ALIVE, names, None::<&str>, Effect::Idempotent).await
        };
        // Records on several servers are checked with one command each, concurrently.
        let (in_step, in_script) = if self.link.is_one_server() { (MANY, MANY) } else { (SOME, 1) };
        let mut live = Vec::with_capacity(keys.len());
        for names in names.chunks(in_step) {
            let answers = try_join_all(names.chunks(in_script).map(&ask)).await?;
            live.extend(answers.into_iter().flatten());
        }
        Ok(live)
    }

    async fn set(
        &self,
        key: &StoreKey,
        record: Record,
        expected: Expected,
        ttl: Duration,
    ) -> Result<Stored, StoreError> {
        let Expected::Version(version) = expected else {
            return Ok(match self.put_in(&NewSession::new(key, record, ttl)).await? {
                Created::Yes { .. } => Stored::Yes,
                _ => Stored::Conflict(None),
            });
        };
        let now = self.clock.now();
        let record = record.with_expiry(now.saturating_add(life(ttl)));
        let (name, text) = (self.layout.record(key)?, self.layout.text(key, &record, AS_IT_WAS));
        let args = (version, text, life(ttl), now);
        let (done, present): (i64, Option<Held>) =
            self.writes().eval(&scripts::UPDATE, &[&name], args, Effect::Once).await?;
        let is_kept = match done {
            TO_BE_LISTED => self.list_and_touch(&self.writes(), key, &record, ttl, now).await?,
            done => done != 0,
        };
        let present = || present.and_then(|present| layout::record(&present, now).ok());
        Ok(if is_kept { Stored::Yes } else { Stored::Conflict(present()) })
    }

    async fn destroy(&self, key: &StoreKey, condition: Condition) -> Result<Destroyed, StoreError> {
        let (version, effect) = match condition {
            Condition::Always => (String::new(), Effect::Idempotent),
            Condition::Version(version) => (version.to_string(), Effect::Once),
        };
        let lists = if self.link.is_one_server() { self.layout.before_user(key.prefix()) } else { Vec::new() };
        let args = (version, self.layout.before_name(key.prefix()), lists);
        let name = self.layout.record(key)?;
        let (done, listed): (i64, Option<Vec<u8>>) =
            self.writes().eval(&scripts::DESTROY, &[&name], args, effect).await?;
        if let Some(user) = listed {
            let owner = Owner::new(key.prefix(), &String::from_utf8_lossy(&user));
            // If this fails, the session has ended anyway. The list may contain names without a
            // record.
            self.unlist(&owner, &[self.layout.member(key)]).await.ok();
        }
        Ok(match done {
            0 => Destroyed::Absent,
            1 => Destroyed::Yes,
            _ => Destroyed::Conflict,
        })
    }

    async fn touch(&self, key: &StoreKey, ttl: Duration) -> Result<bool, StoreError> {
        let (now, name) = (self.clock.now(), self.layout.record(key)?);
        let args = (now, life(ttl), self.layout.veloxts, "");
        let touched: i64 = self.link.eval(&scripts::TOUCH, &[&name], args, Effect::Idempotent).await?;
        if touched != TO_BE_LISTED {
            return Ok(touched == 1);
        }
        let Some(record) = self.get(key).await? else { return Ok(false) };
        self.list_and_touch(&self.link, key, &record, ttl, now).await
    }

    async fn create(&self, new: NewSession<'_>) -> Result<Created, StoreError> {
        self.put_in(&new).await
    }

    async fn sessions_of(&self, owner: &Owner) -> Result<Vec<(StoreKey, Record)>, StoreError> {
        self.live_sessions(owner).await
    }

    async fn end_sessions(&self, owner: &Owner, keep: Option<&StoreKey>) -> Result<Option<u64>, StoreError> {
        let (store, owner, keep) = (self.clone(), owner.clone(), keep.cloned());
        // This task continues if the request is dropped. Otherwise some sessions would be left.
        let ending = tokio::spawn(async move {
            if store.link.is_one_server() {
                store.end_here(&owner, keep.as_ref()).await
            } else {
                store.end_elsewhere(&owner, keep.as_ref(), None).await
            }
        });
        ending.await.map_err(StoreError::new)?
    }
}

/// The number of records that one script checks, because other commands wait for the script.
const MANY: usize = 500;
/// The number of records that are checked concurrently if they may be on several servers.
const SOME: usize = 64;

/// A placeholder that the script `update` replaces.
const AS_IT_WAS: u64 = 0;
const RENEWED: i64 = 1;
const TO_BE_LISTED: i64 = 2;
