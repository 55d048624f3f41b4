//! How a session begins: by itself, or in the place of an old one.
//!
//! Where one server has all keys, it is one script. Elsewhere the record and the name on its user's list lie on two nodes, and the old
//! record on a third: then the list is told beside the record, in the same round trip, and the old record goes after that.

use std::time::Duration;

use futures_util::future::join;
use redis::Value;

use super::link::{Effect, LinkError, Script};
use super::list::Entry;
use super::{NEVER, RedisStore, life, scripts, unexpected};
use crate::key::StoreKey;
use crate::record::Record;
use crate::store::{Condition, Owner, Rotated, StoreError, Stored};

/// A record that is to be put in.
struct New {
    name: Vec<u8>,
    text: String,
    life: u64,
    /// Whose list it is put on.
    owner: Option<Owner>,
    entry: Entry,
}

impl New {
    /// What a script is told.
    fn args(&self) -> Vec<Vec<u8>> {
        let mut args = vec![self.text.clone().into_bytes(), self.life.to_string().into_bytes()];
        args.extend(self.entry.args());
        args
    }
}

impl RedisStore {
    /// Puts in a new record, and puts it on its user's list.
    pub(super) async fn insert(
        &self,
        key: &StoreKey,
        record: &Record,
        ttl: Duration,
        now: u64,
    ) -> Result<Stored, StoreError> {
        let new = self.new_record(key, record, ttl, now)?;
        let Some(owner) = &new.owner else { return self.put(&new).await };
        if !self.link.is_one_server() {
            return self.put_and_list(&new, owner).await;
        }
        let list = self.layout.list(owner);
        let done = self.begin(&scripts::INSERT, &[&new.name, &list], new.args(), &new).await?;
        Ok(if done == 1 { Stored::Yes } else { Stored::Conflict })
    }

    /// Puts in a new record in the place of an old one, in one step. For where one server has all keys.
    pub(super) async fn replace(
        &self,
        (old, condition): (&StoreKey, Condition),
        key: &StoreKey,
        record: &Record,
        ttl: Duration,
        now: u64,
    ) -> Result<Rotated, StoreError> {
        let (new, old) = (self.new_record(key, record, ttl, now)?, self.layout.record(old)?);
        let list = new.owner.as_ref().map(|owner| self.layout.list(owner));
        let mut keys: Vec<&[u8]> = vec![&old, &new.name];
        keys.extend(list.as_deref());
        let mut args = new.args();
        if let Condition::Version(version) = condition {
            args.push(version.to_string().into_bytes());
        }
        match self.begin(&scripts::ROTATE, &keys, args, &new).await? {
            0 => Ok(Rotated::Conflict),
            1 => Ok(Rotated::Yes),
            2 => Ok(Rotated::Taken),
            other => Err(unexpected(&Value::Int(other))),
        }
    }

    /// Runs a script that puts in a new record, and tidies the list that it is put on. Answers what the script did.
    async fn begin(&self, script: &Script, keys: &[&[u8]], args: Vec<Vec<u8>>, new: &New) -> Result<i64, StoreError> {
        let answer = self.writes().eval(script, keys, args, Effect::Once).await;
        let (done, some) = begun(self.counted(new, answer).await?)?;
        if let Some(owner) = &new.owner {
            self.tidy(owner, some).await?;
        }
        Ok(done)
    }

    /// Puts in the record and its name on the list side by side. Who ends all sessions of the user leaves on the list what has no record
    /// yet, so that either may come first.
    async fn put_and_list(&self, new: &New, owner: &Owner) -> Result<Stored, StoreError> {
        let (writes, under_way) = (self.writes(), new.entry.under_way());
        let (stored, listed) = join(self.put(new), self.list(&writes, owner, &under_way)).await;
        let stored = stored?;
        match &listed {
            Ok(true) => self.arrived(owner, &new.entry).await,
            Err(_) if stored == Stored::Yes => self.take_back(new).await,
            _ => {}
        }
        listed.map(|_| stored)
    }

    async fn put(&self, new: &New) -> Result<Stored, StoreError> {
        let mut set = redis::cmd("SET");
        set.arg(&new.name).arg(&new.text).arg("NX").arg("PX").arg(new.life);
        let answer = self.writes().call(&set, &new.name, Effect::Once).await;
        match self.counted(new, answer).await? {
            Value::Okay => Ok(Stored::Yes),
            Value::Nil => Ok(Stored::Conflict),
            other => Err(unexpected(&other)),
        }
    }

    /// What was answered to a new record. One that too few replicas have does not count, and is taken back.
    async fn counted(&self, new: &New, answer: Result<Value, LinkError>) -> Result<Value, StoreError> {
        if let Err(LinkError::TooFewReplicas { answer, .. }) = &answer
            && is_in(answer.value())
        {
            self.take_back(new).await;
        }
        answer.map_err(StoreError::new)
    }

    /// Takes out a record that was put in: nobody has its id yet. If this fails as well, it expires.
    async fn take_back(&self, new: &New) {
        self.delete(&self.link, &new.name).await.ok();
    }

    fn new_record(&self, key: &StoreKey, record: &Record, ttl: Duration, now: u64) -> Result<New, StoreError> {
        let (owner, entry) = (key.owner(record), Entry::new(self.layout.member(key), ttl, now));
        let listed_until = if owner.is_some() { entry.until } else { NEVER };
        let text = self.layout.text(key, record, listed_until);
        Ok(New { name: self.layout.record(key)?, text, life: life(ttl), owner, entry })
    }
}

/// Whether a new record is in, by what was answered to it.
fn is_in(answer: &Value) -> bool {
    match answer {
        Value::Okay => true,
        Value::Array(parts) => parts.first() == Some(&Value::Int(1)),
        _ => false,
    }
}

/// What a script of this file answers: what it did, and some of a long list.
fn begun(answer: Value) -> Result<(i64, Value), StoreError> {
    let Value::Array(parts) = answer else { return Err(unexpected(&answer)) };
    let mut parts = parts.into_iter();
    match (parts.next(), parts.next()) {
        (Some(Value::Int(done)), some) => Ok((done, some.unwrap_or_else(|| Value::Array(Vec::new())))),
        (other, _) => Err(unexpected(&other.unwrap_or(Value::Nil))),
    }
}
