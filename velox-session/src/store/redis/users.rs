//! Finds and ends the sessions of a user by the names on the user's list.
//!
//! A session may get a new id after the list was read and before its record is read. It is then
//! missing under the old name and listed under the new one. Therefore the list is read again until
//! it is the same as before the records were read: then no session got a new id meanwhile. The new
//! name is added to the list once the new record is stored, and the old record is deleted after
//! that:
//!
//! ```text
//!   the request that changes the id    store b, list b                    destroy a, unlist a
//!   the request that reads the list                    a and b are on the list: one of them is found if
//!                                                      b is read again after a was found missing
//! ```

use std::collections::HashMap;

use futures_util::future::try_join_all;

use super::link::Effect;
use super::list::warn_of_garbage;
use super::{RedisStore, scripts};
use crate::key::StoreKey;
use crate::record::Record;
use crate::store::{Owner, SessionStore, StoreError};

impl RedisStore {
    /// Returns the live sessions of a user.
    pub(super) async fn live_sessions(&self, owner: &Owner) -> Result<Vec<(StoreKey, Record)>, StoreError> {
        let (mut before, mut found) = (Vec::new(), HashMap::new());
        for _ in 0..MAX_LOOKS {
            let names = self.names(&self.link, owner, false).await?;
            if names == before {
                return Ok(found.into_iter().collect());
            }
            // A missing record is read once more, because the record that replaces it exists by
            // then.
            for _ in 0..2 {
                let keys = names.iter().filter_map(|name| self.layout.listed(name, owner));
                let missing: Vec<_> = keys.filter(|key| !found.contains_key(key)).collect();
                for keys in missing.chunks(AT_ONCE) {
                    let records = try_join_all(keys.iter().map(|key| self.get(key))).await?;
                    // A record of another user does not belong here, although nothing can cause
                    // this.
                    let theirs = keys.iter().cloned().zip(records).filter_map(|(key, record)| {
                        record.filter(|record| key.owner(record).as_ref() == Some(owner)).map(|record| (key, record))
                    });
                    found.extend(theirs);
                }
            }
            before = names;
        }
        Err(StoreError::new("the sessions of the user change faster than they are read"))
    }

    /// Ends all sessions of a user except one and sets a mark, in one script, if one server has all
    /// keys.
    pub(super) async fn end_here(&self, owner: &Owner, keep: Option<&StoreKey>) -> Result<Option<u64>, StoreError> {
        let list = self.layout.list(owner);
        let kept = keep.map(|key| self.layout.record(key)).transpose()?;
        let keys: Vec<_> = [Some(&list), kept.as_ref()].into_iter().flatten().map(|key| &**key).collect();
        let args =
            (self.layout.before_name(owner.cookie()), keep.map(|key| self.layout.member(key)).unwrap_or_default());
        let (ended, garbage): (i64, bool) = self.writes().eval(&scripts::END, &keys, args, Effect::Idempotent).await?;
        warn_of_garbage(&list, garbage);
        Ok(u64::try_from(ended).ok())
    }

    /// Does the same if records and list are on several servers. A session that gets a new id
    /// meanwhile is listed under its new name before the old record is deleted, so the list is read
    /// again until nothing is left.
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
        let (mut ended, mut names) = (0, self.names(&self.writes(), owner, true).await?);
        for _ in 0..MAX_LOOKS {
            names.retain(|name| kept.as_ref() != Some(name) && spared.as_ref() != Some(name));
            if names.is_empty() {
                return Ok(Some(ended));
            }
            // This check comes after the list was read. If the kept session still exists, none of
            // the listed sessions has replaced it.
            if !self.is_kept(keep).await? {
                return Ok(None);
            }
            ended += self.end_named(owner, &names).await?;
            names = self.names(&self.link, owner, false).await?;
        }
        Err(StoreError::new("the user logs in faster than sessions are ended"))
    }

    async fn is_kept(&self, keep: Option<&StoreKey>) -> Result<bool, StoreError> {
        match keep {
            Some(key) => Ok(self.get(key).await?.is_some()),
            None => Ok(true),
        }
    }

    /// Ends the oldest of these sessions until one less than the limit is left. Expired ones are
    /// removed from the list.
    pub(super) async fn keep_to(&self, owner: &Owner, names: Vec<Vec<u8>>, limit: usize) -> Result<u64, StoreError> {
        let live = try_join_all(names.iter().map(async |name| {
            let key = self.layout.named(owner.cookie(), name);
            self.link.call::<bool>(redis::cmd("EXISTS").arg(&key), &key, Effect::Idempotent).await
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

    /// Ends sessions by their names without reading them. Returns how many existed.
    async fn end_named(&self, owner: &Owner, names: &[Vec<u8>]) -> Result<u64, StoreError> {
        let mut ended = 0;
        for names in names.chunks(AT_ONCE) {
            let deleted = try_join_all(names.iter().map(async |name| {
                let key = self.layout.named(owner.cookie(), name);
                self.writes().call::<u64>(redis::cmd("DEL").arg(&key), &key, Effect::Idempotent).await
            }));
            ended += deleted.await?.iter().sum::<u64>();
            // This comes last, because a session that is not ended yet must stay on the list.
            self.unlist(owner, names).await?;
        }
        Ok(ended)
    }
}

/// The number of records to read or delete at a time.
const AT_ONCE: usize = 256;
/// The list can differ in this many reads in a row only if somebody causes it on purpose.
const MAX_LOOKS: usize = 100;
