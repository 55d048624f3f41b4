//! How a session begins: by itself, or in the place of an old one.
//!
//! Where one server has all keys, it is one script. Elsewhere the record, the list of its user and the old record lie on three nodes: the
//! record is put in first, then its name on the list, which compares the mark; the old record goes last.

use redis::Value;

use super::RedisStore;
use super::layout::{self, Held};
use super::link::{Effect, LinkError};
use super::list::{Entry, NO_TERMS, Terms, warn_of_garbage};
use super::scripts::{self, LONGEST, NEVER, life};
use crate::clock::milliseconds;
use crate::record::Record;
use crate::store::{Condition, Created, Login, NewSession, Owner, SessionStore, StoreError, end_replaced};

/// A record that is to be put in.
struct New {
    name: Vec<u8>,
    text: String,
    life: u64,
    /// Whose list it is put on.
    owner: Option<Owner>,
    entry: Entry,
}

impl RedisStore {
    /// Keeps a session under a new id.
    pub(super) async fn put_in(&self, new: &NewSession<'_>) -> Result<Created, StoreError> {
        let now = self.clock.now();
        let record = new.record.clone().with_expiry(now.saturating_add(life(new.ttl)));
        let (owner, entry) = (new.key.owner(&record), Entry::new(self.layout.member(new.key), &record, new.ttl, now));
        let text = self.layout.text(new.key, &record, if owner.is_some() { entry.until } else { NEVER });
        let put = New { name: self.layout.record(new.key)?, text, life: life(new.ttl), owner, entry };
        // In one step the old record would be gone when it turns out that no replica has the new one.
        let goes_later = !self.link.is_one_server() || self.replicas.is_some();
        let created = match self.link.is_one_server() {
            true => self.at_once(new, &put, goes_later, now).await?,
            false => self.in_steps(new, &put).await?,
        };
        match created {
            Created::Yes { ended } if goes_later => end_replaced(self, new.key, new.replaces, Ok(ended)).await,
            created => Ok(created),
        }
    }

    /// All in one script.
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
        let answer = self.writes().eval(&scripts::CREATE, &keys, args, Effect::Once).await;
        let (done, ended, garbage, present): (i64, u64, bool, Option<Held>) = self.counted(put, answer).await?;
        list.iter().for_each(|list| warn_of_garbage(list, garbage));
        Ok(match done {
            0 => Created::Conflict(present.and_then(|present| layout::record(&present, now).ok())),
            1 => Created::Yes { ended },
            2 => Created::Taken,
            _ => Created::Revoked,
        })
    }

    /// First the record, then its name on the list.
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

    /// Puts a new session on its user's list, and ends those that are to go, but not yet the one that is replaced.
    async fn enlist(&self, new: &NewSession<'_>, put: &New) -> Result<Created, StoreError> {
        let Some(owner) = &put.owner else { return Ok(Created::Yes { ended: 0 }) };
        let names = self.add(&self.writes(), owner, &put.entry, terms(new.login)).await?;
        let Some(mut names) = names else { return Ok(Created::Revoked) };
        if names.is_empty() && !new.ends_others {
            return Ok(Created::Yes { ended: 0 });
        }
        // Where this session does not begin, no other ends.
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

    /// What was answered to a new record. One that too few replicas have does not count, and is taken back.
    async fn counted<T>(&self, put: &New, answer: Result<T, LinkError>) -> Result<T, LinkError> {
        if let Err(LinkError::TooFewReplicas { answer, .. }) = &answer
            && is_in(&answer.0)
        {
            self.take_back(put).await;
        }
        answer
    }

    /// Takes out a record that was put in: nobody has its id yet. If this fails as well, it expires.
    async fn take_back(&self, put: &New) {
        self.link.call::<()>(redis::cmd("DEL").arg(&put.name), &put.name, Effect::Idempotent).await.ok();
        if let Some(owner) = &put.owner {
            self.unlist(owner, std::slice::from_ref(&put.entry.member)).await.ok();
        }
    }
}

/// How long ago a login began, and the limit.
fn terms(login: Option<Login>) -> Terms {
    let Some(login) = login else { return NO_TERMS };
    (milliseconds(login.since).min(LONGEST).cast_signed(), login.limit.map_or(NEVER, |limit| limit as u64))
}

/// Whether a new record is in, by what was answered to it.
fn is_in(answer: &Value) -> bool {
    match answer {
        Value::Okay => true,
        Value::Array(parts) => parts.first() == Some(&Value::Int(1)),
        _ => false,
    }
}
