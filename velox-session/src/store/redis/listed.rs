//! The live sessions of a user, by the names on the user's list.
//!
//! A session that gets a new id between a look at the list and the reading of its record is not there by the name that was read; it is on the
//! list by another. Where one server has all keys, list and records are read in one moment, so that it is not missed.
//!
//! Elsewhere, and of a list that is too long for that, the list is looked at until it is as it was before the records were read: then no
//! session had a new id meanwhile. The new name is listed before or after the new record is put in, and the old record goes after both:
//!
//! ```text
//!   the one that gets a new id    list b, put in b                    destroy a
//!   the one that looks                              a and b are on the list: one of them is found, if
//!                                                   b is read again after a was found missing
//! ```

use std::collections::HashMap;

use futures_util::future::join_all;
use redis::Value;

use super::link::Effect;
use super::list::texts;
use super::{RedisStore, record, scripts, unexpected};
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
        let list = self.layout.list(owner);
        let mut range = redis::cmd("ZRANGE");
        range.arg(&list).arg(0).arg(-1);
        let names = texts(self.link.call(&range, &list, Effect::Idempotent).await.map_err(StoreError::new)?)?;
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
        for keys in keys.chunks(READ_AT_ONCE) {
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
        let answer = self.link.eval(&scripts::NEWEST, &[&list], &args[..], Effect::Idempotent).await;
        let answer = answer.map_err(StoreError::new)?;
        let Value::Array(parts) = answer else { return Err(unexpected(&answer)) };
        let mut parts = parts.into_iter();
        let Some(Value::Int(count)) = parts.next() else { return Err(unexpected(&Value::Nil)) };
        for part in parts {
            let Value::Array(part) = part else { return Err(unexpected(&part)) };
            let [Value::BulkString(name), Value::BulkString(text), Value::Int(left), Value::Int(version)] = &part[..]
            else {
                return Err(unexpected(&Value::Array(Vec::new())));
            };
            if let Some(key) = self.layout.listed(name, owner) {
                found.add(owner, &key, record(text, *left, *version, now).ok());
            }
        }
        Ok(count)
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
const READ_AT_ONCE: usize = 64;
/// So many looks in a row find another list only if somebody sees to it.
const MAX_LOOKS: usize = 100;
