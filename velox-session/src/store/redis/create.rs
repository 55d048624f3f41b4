//! Begins a session, either a new one or one that replaces an old one.
//!
//! If one server has all keys, this is one script. Otherwise the record, the list of its user and
//! the old record are on up to three nodes: the record is inserted first, then its name is added to
//! the list, which compares the mark, and the old record is deleted last.

use super::RedisStore;
use super::layout::{self, Held};
use super::link::{Effect, LinkError};
use super::list::{Entry, NO_TERMS, Terms, warn_of_garbage};
use super::scripts::{self, LONGEST, NEVER, life};
use crate::clock::milliseconds;
use crate::record::Record;
use crate::store::{Condition, Created, Login, NewSession, Owner, SessionStore, StoreError, end_replaced};

/// A record to insert.
struct New {
    name: Vec<u8>,
    text: String,
    life: u64,
    /// The user to whose list it is added.
    owner: Option<Owner>,
    entry: Entry,
}

impl RedisStore {
    /// Stores a session under a new id.
    pub(super) async fn put_in(&self, new: &NewSession<'_>) -> Result<Created, StoreError> {
        let now = self.clock.now();
        let record = new.record.clone().with_expiry(now.saturating_add(life(new.ttl)));
        let (owner, entry) = (new.key.owner(&record), Entry::new(self.layout.member(new.key), &record, new.ttl, now));
        let text = self.layout.text(new.key, &record, if owner.is_some() { entry.until } else { NEVER });
        let put = New { name: self.layout.record(new.key)?, text, life: life(new.ttl), owner, entry };
        // In one step, the old record would already be gone when it turns out that no replica has
        // the new one.
        let goes_later = !self.link.is_one_server() || self.replicas.is_some();
        let created = match self.link.is_one_server() {
            true => self.at_once(new, &put, goes_later, now).await?,
            false => self.in_steps(new, &put).await?,
        };
        match created {
            Created::Yes { ended } if goes_later => end_replaced(self, new.key, new.replaces, ended).await,
            created => Ok(created),
        }
    }

    /// Does everything in one script.
    async fn at_once(
        &self,
        new: &NewSession<'_>,
        put: &New,
        goes_later: bool,
        now: u64,
    ) -> Result<Created, StoreError> {
        let list = put.owner.as_ref().map(|owner| self.layout.list(owner));
        let old = new.replaces.map(|(old, _)| self.layout.record(old)).transpose()?;
        let keys: Vec<_> =
            [Some(&put.name), list.as_ref(), old.as_ref()].into_iter().flatten().map(|key| &**key).collect();
        let replaced = match new.replaces {
            None => String::new(),
            Some((_, Condition::Always)) => "any".to_owned(),
            Some((_, Condition::Version(version))) => version.to_string(),
        };
        let cookie = new.key.prefix();
        let args = (
            (now, &put.text, put.life, put.entry.args(), terms(new.login)),
            (new.ends_others, self.layout.before_name(cookie), replaced, self.layout.before_user(cookie), goes_later),
        );
        let mut answer = self.writes().eval(&scripts::CREATE, &keys, args, Effect::Once).await;
        // If the old record is gone as well, the new one stays: they must never both be lost.
        if goes_later || old.is_none() {
            answer = self.counted(put, answer).await;
        }
        let (done, ended, garbage, present): (i64, u64, bool, Option<Held>) = answer?;
        list.iter().for_each(|list| warn_of_garbage(list, garbage));
        Ok(match done {
            0 => Created::Conflict(present.and_then(|present| layout::record(&present, now).ok())),
            1 => Created::Yes { ended },
            2 => Created::Taken,
            _ => Created::Revoked,
        })
    }

    /// Inserts the record, then adds its name to the list.
    async fn in_steps(&self, new: &NewSession<'_>, put: &New) -> Result<Created, StoreError> {
        let mut set = redis::cmd("SET");
        set.arg((&put.name, &put.text, "NX", "PX", put.life));
        if self.counted(put, self.writes().call::<Option<()>>(&set, &put.name, Effect::Once).await).await?.is_none() {
            return Ok(Created::Taken);
        }
        let listed = self.enlist(new, put).await;
        if !matches!(listed, Ok(Created::Yes { .. })) {
            self.take_back(put).await;
        }
        listed
    }

    /// Adds a new session to its user's list and ends the sessions that have to end, but not yet
    /// the replaced one.
    async fn enlist(&self, new: &NewSession<'_>, put: &New) -> Result<Created, StoreError> {
        let Some(owner) = &put.owner else { return Ok(Created::Yes { ended: 0 }) };
        let names = self.add(&self.writes(), owner, &put.entry, terms(new.login)).await?;
        let Some(mut names) = names else { return Ok(Created::Revoked) };
        if names.is_empty() && !new.ends_others {
            return Ok(Created::Yes { ended: 0 });
        }
        // If this session does not begin, no other session may end.
        if let Some((old, Condition::Version(version))) = new.replaces {
            let present = self.get(old).await?;
            if present.as_ref().map(Record::version) != Some(version) {
                return Ok(Created::Conflict(present));
            }
        }
        let old = new.replaces.map(|(old, _)| self.layout.member(old));
        if new.ends_others {
            let ended = self.end_elsewhere(owner, Some(new.key), old).await?;
            return Ok(Created::Yes { ended: ended.unwrap_or_default() });
        }
        names.retain(|name| Some(name) != old.as_ref());
        let limit = new.login.and_then(|login| login.limit).unwrap_or(usize::MAX);
        Ok(Created::Yes { ended: self.keep_to(owner, names, limit).await? })
    }

    /// Checks the answer to a new record. If the command failed, the record may be stored anyway. It
    /// is then removed again, because nobody has its id.
    async fn counted<T>(&self, put: &New, answer: Result<T, LinkError>) -> Result<T, LinkError> {
        if let Err(error) = &answer
            && error.may_be_done()
        {
            self.take_back(put).await;
        }
        answer
    }

    /// Removes the new record, unless another one has its key. If this fails as well, the record
    /// expires.
    async fn take_back(&self, put: &New) {
        let removed = self.link.eval(&scripts::TAKE_BACK, &[&put.name], &put.text, Effect::Idempotent).await;
        if let (Ok(true), Some(owner)) = (removed, &put.owner) {
            self.unlist(owner, std::slice::from_ref(&put.entry.member)).await.ok();
        }
    }
}

/// Returns how long ago a login began, and the limit.
fn terms(login: Option<Login>) -> Terms {
    let Some(login) = login else { return NO_TERMS };
    (milliseconds(login.since).min(LONGEST).cast_signed(), login.limit.map_or(NEVER, |limit| limit as u64))
}
