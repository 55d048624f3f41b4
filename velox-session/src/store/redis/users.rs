//! The sessions of a user, by the names on the user's list: found, and ended.
//!
//! A session that gets a new id between a look at the list and the reading of its record is not there by the name that was read; it is on the
//! list by another. Where one server has all keys, list and records are read in one moment, so that it is not missed.
//!
//! Elsewhere, and of a list that is too long for that, the list is looked at until it is as it was before the records were read: then no
//! session had a new id meanwhile. The new name is listed once the new record is in, and the old record goes after that:
//!
//! ```text
//!   the one that gets a new id    put in b, list b                    destroy a, unlist a
//!   the one that looks                              a and b are on the list: one of them is found, if
//!                                                   b is read again after a was found missing
//! ```

use std::collections::HashMap;

use futures_util::future::{join_all, try_join_all};
use redis::Value;

use super::answer::{array, number, number_at, record, unexpected, warn_of_garbage};
use super::link::Effect;
use super::{RedisStore, scripts};
use crate::key::StoreKey;
use crate::record::Record;
use crate::store::{Owner, SessionStore, StoreError};

/// Sessions as they were found.
#[derive(Default)]
struct Found {
    /// The names on the list.
    names: Vec<Vec<u8>>,
    /// Those that were read, and whether there was a record of the user's.
    seen: HashMap<StoreKey, bool>,
    live: Vec<(StoreKey, Record)>,
}

impl RedisStore {
    /// The live sessions of a user.
    pub(super) async fn live_sessions(&self, owner: &Owner) -> Result<Vec<(StoreKey, Record)>, StoreError> {
        let mut found = Found::default();
        if self.link.is_one_server() && self.newest(owner, &mut found).await? <= NEWEST {
            return Ok(found.live);
        }
        for _ in 0..MAX_LOOKS {
            if !self.look(owner, &mut found).await? {
                return Ok(found.live);
            }
        }
        Err(StoreError::new("the sessions of the user change faster than they are read"))
    }

    /// Looks at the whole list. Answers whether it has changed since it was looked at before.
    async fn look(&self, owner: &Owner, found: &mut Found) -> Result<bool, StoreError> {
        let names = self.names(owner).await?;
        if names == found.names {
            return Ok(false);
        }
        let keys: Vec<_> = names.iter().filter_map(|name| self.layout.listed(name, owner)).collect();
        let unseen: Vec<_> = keys.iter().filter(|key| !found.seen.contains_key(key)).collect();
        self.read_all(owner, &unseen, found).await?;
        let missing: Vec<_> = unseen.into_iter().filter(|key| !found.has(key)).collect();
        self.read_all(owner, &missing, found).await?;
        found.names = names;
        Ok(true)
    }

    async fn read_all(&self, owner: &Owner, keys: &[&StoreKey], found: &mut Found) -> Result<(), StoreError> {
        for keys in keys.chunks(AT_ONCE) {
            let records = join_all(keys.iter().map(|key| self.get(key))).await;
            for (key, record) in keys.iter().zip(records) {
                found.add(owner, key, record?);
            }
        }
        Ok(())
    }

    /// Looks at the newest names and at their records, in one moment. Answers how many names there are in all.
    async fn newest(&self, owner: &Owner, found: &mut Found) -> Result<i64, StoreError> {
        let (list, now) = (self.layout.list(owner), self.clock.now());
        let args =
            [now.to_string().into_bytes(), self.layout.before_name(owner.cookie()), NEWEST.to_string().into_bytes()];
        let parts = array(self.link.eval(&scripts::NEWEST, &[&list], &args[..], Effect::Idempotent).await)?;
        warn_of_garbage(Some(&list), number_at(&parts, 1)?);
        for part in &parts[2..] {
            let Value::Array(part) = part else { return Err(unexpected(part)) };
            let [Value::BulkString(name), Value::BulkString(text), Value::Int(left), Value::Int(version)] = &part[..]
            else {
                return Err(unexpected(&Value::Array(Vec::new())));
            };
            if let Some(key) = self.layout.listed(name, owner) {
                found.add(owner, &key, record(text, *left, *version, now).ok());
            }
        }
        number_at(&parts, 0)
    }

    /// Ends all sessions of a user but one, and leaves a mark. This goes on where the request is dropped, or some sessions would be left.
    pub(super) async fn end_all(&self, owner: &Owner, keep: Option<&StoreKey>) -> Result<Option<u64>, StoreError> {
        let (store, owner, keep) = (self.clone(), owner.clone(), keep.cloned());
        let ending = tokio::spawn(async move {
            if store.link.is_one_server() {
                store.end_here(&owner, keep.as_ref()).await
            } else {
                store.end_elsewhere(&owner, keep.as_ref(), None).await
            }
        });
        ending.await.map_err(StoreError::new)?
    }

    /// In one script, where one server has all keys.
    async fn end_here(&self, owner: &Owner, keep: Option<&StoreKey>) -> Result<Option<u64>, StoreError> {
        let list = self.layout.list(owner);
        let kept = keep.map(|key| self.layout.record(key)).transpose()?;
        let keys: Vec<&[u8]> = [Some(&list), kept.as_ref()].into_iter().flatten().map(|key| &**key).collect();
        let args =
            [self.layout.before_name(owner.cookie()), keep.map(|key| self.layout.member(key)).unwrap_or_default()];
        let parts = array(self.writes().eval(&scripts::END, &keys, &args[..], Effect::Idempotent).await)?;
        warn_of_garbage(Some(&list), number_at(&parts, 1)?);
        Ok(u64::try_from(number_at(&parts, 0)?).ok())
    }

    /// The same where records and list lie on several servers. What gets a new id meanwhile is on the list by its new name, before the old
    /// record goes: so the list is looked at until nothing is left.
    pub(super) async fn end_elsewhere(
        &self,
        owner: &Owner,
        keep: Option<&StoreKey>,
        spared: Option<Vec<u8>>,
    ) -> Result<Option<u64>, StoreError> {
        if !self.is_kept(keep).await? {
            return Ok(None);
        }
        let kept = keep.map(|key| self.layout.member(key));
        let (mut ended, mut names) = (0, self.mark(owner).await?);
        for _ in 0..MAX_LOOKS {
            names.retain(|name| kept.as_ref() != Some(name) && spared.as_ref() != Some(name));
            if names.is_empty() {
                return Ok(Some(ended));
            }
            // After the look: if it is there now, none of those that were found has taken over from it.
            if !self.is_kept(keep).await? {
                return Ok(None);
            }
            ended += self.end_named(owner, &names).await?;
            names = self.names(owner).await?;
        }
        Err(StoreError::new("the user logs in faster than sessions are ended"))
    }

    async fn is_kept(&self, keep: Option<&StoreKey>) -> Result<bool, StoreError> {
        match keep {
            Some(key) => Ok(self.get(key).await?.is_some()),
            None => Ok(true),
        }
    }

    /// Ends the oldest of these sessions, so that one less than the limit are left. Those that have expired leave the list.
    pub(super) async fn keep_to(&self, owner: &Owner, names: Vec<Vec<u8>>, limit: usize) -> Result<u64, StoreError> {
        let live = try_join_all(names.iter().map(async |name| {
            let Some(key) = self.layout.listed(name, owner) else { return Ok(false) };
            let name = self.layout.record(&key)?;
            let mut exists = redis::cmd("EXISTS");
            exists.arg(&name);
            Ok::<_, StoreError>(number(self.link.call(&exists, &name, Effect::Idempotent).await)? == 1)
        }))
        .await?;
        let mut over = (live.iter().filter(|live| **live).count() + 1).saturating_sub(limit);
        let mut leaving = Vec::new();
        for (name, live) in names.into_iter().zip(live) {
            if !live || over > 0 {
                over -= usize::from(live);
                leaving.push(name);
            }
        }
        self.end_named(owner, &leaving).await
    }

    /// Ends sessions by their names, unread. Answers how many there were.
    async fn end_named(&self, owner: &Owner, names: &[Vec<u8>]) -> Result<u64, StoreError> {
        let mut ended = 0;
        for names in names.chunks(AT_ONCE) {
            let records = names.iter().filter_map(|name| self.layout.listed(name, owner));
            let deleted = try_join_all(records.map(async |key| {
                let name = self.layout.record(&key)?;
                let mut del = redis::cmd("DEL");
                del.arg(&name);
                number(self.writes().call(&del, &name, Effect::Idempotent).await)
            }));
            ended += deleted.await?.into_iter().map(|deleted| u64::try_from(deleted).unwrap_or(0)).sum::<u64>();
            // Only now: what is not ended yet must stay on the list.
            self.unlist(owner, names).await?;
        }
        Ok(ended)
    }
}

impl Found {
    fn has(&self, key: &StoreKey) -> bool {
        self.seen.get(key).is_some_and(|live| *live)
    }

    fn add(&mut self, owner: &Owner, key: &StoreKey, record: Option<Record>) {
        // Another one's by now is not this user's, though nothing makes it so.
        let record = record.filter(|record| key.owner(record).as_ref() == Some(owner));
        self.seen.insert(key.clone(), record.is_some());
        self.live.extend(record.map(|record| (key.clone(), record)));
    }
}

/// So many records are read at once in a millisecond or less.
const NEWEST: i64 = 256;
const AT_ONCE: usize = 256;
/// So many looks in a row find another list only if somebody sees to it.
const MAX_LOOKS: usize = 100;
