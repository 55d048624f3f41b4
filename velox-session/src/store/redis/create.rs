//! How a session begins: by itself, or in the place of an old one.
//!
//! Where one server has all keys, it is one script. Elsewhere the record, the list of its user and the old record lie on three nodes: the
//! record is put in first, then its name on the list, which compares the mark; the old record goes last.

use redis::Value;

use super::answer::{array, number_at, refused, unexpected, warn_of_garbage};
use super::link::{Effect, LinkError};
use super::list::Entry;
use super::{NEVER, RedisStore, life, scripts};
use crate::clock::milliseconds;
use crate::record::Record;
use crate::store::{Condition, Created, Destroyed, Login, NewSession, Owner, SessionStore, StoreError};

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
        if !self.link.is_one_server() {
            return self.in_steps(new, &put).await;
        }
        // In one step the old record would be gone when it turns out that no replica has the new one.
        let goes_later = self.replicas.is_some();
        match self.at_once(new, &put, goes_later, now).await? {
            Created::Yes { ended } if goes_later => self.replace(new, &put, ended).await,
            other => Ok(other),
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
        let keys: Vec<&[u8]> =
            [Some(&put.name), list.as_ref(), old.as_ref()].into_iter().flatten().map(|key| &**key).collect();
        let [member, created, list_lives] = put.entry.args();
        let replaced = match new.replaces {
            None => String::new(),
            Some((_, Condition::Always)) => "any".to_owned(),
            Some((_, Condition::Version(version))) => version.to_string(),
        };
        let [since, limit] = terms(new.login);
        let cookie = new.key.prefix();
        let args = [
            now.to_string().into_bytes(),
            put.text.clone().into_bytes(),
            put.life.to_string().into_bytes(),
            if list.is_some() { member } else { Vec::new() },
            created,
            list_lives,
            since,
            limit,
            u8::from(new.ends_others).to_string().into_bytes(),
            self.layout.before_name(cookie),
            replaced.into_bytes(),
            self.layout.before_user(cookie),
            u8::from(goes_later).to_string().into_bytes(),
        ];
        let parts =
            array(self.counted(put, self.writes().eval(&scripts::CREATE, &keys, &args[..], Effect::Once).await).await)?;
        match number_at(&parts, 0)? {
            0 => Ok(Created::Conflict(refused(&parts, now))),
            1 => {
                warn_of_garbage(list.as_deref(), number_at(&parts, 2)?);
                Ok(Created::Yes { ended: u64::try_from(number_at(&parts, 1)?).unwrap_or(0) })
            }
            2 => Ok(Created::Taken),
            3 => Ok(Created::Revoked),
            other => Err(unexpected(&Value::Int(other))),
        }
    }

    /// First the record, then its name on the list, then what is to go.
    async fn in_steps(&self, new: &NewSession<'_>, put: &New) -> Result<Created, StoreError> {
        let mut set = redis::cmd("SET");
        set.arg(&put.name).arg(&put.text).arg("NX").arg("PX").arg(put.life);
        match self
            .counted(put, self.writes().call(&set, &put.name, Effect::Once).await)
            .await
            .map_err(StoreError::new)?
        {
            Value::Okay => {}
            Value::Nil => return Ok(Created::Taken),
            other => return Err(unexpected(&other)),
        }
        match self.enlist(new, put).await {
            Ok(Created::Yes { ended }) => self.replace(new, put, ended).await,
            other => {
                self.take_back(put).await;
                other
            }
        }
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

    /// Ends the session that is replaced, once the new one is in.
    async fn replace(&self, new: &NewSession<'_>, put: &New, ended: u64) -> Result<Created, StoreError> {
        let Some((old, condition)) = new.replaces else { return Ok(Created::Yes { ended }) };
        let destroyed = self.destroy(old, condition).await;
        match destroyed {
            Ok(destroyed) if condition.is_met(destroyed) => Ok(Created::Yes { ended }),
            Ok(destroyed) => {
                self.take_back(put).await;
                Ok(Created::Conflict(match destroyed {
                    Destroyed::Conflict => self.get(old).await?,
                    _ => None,
                }))
            }
            Err(error) => {
                self.take_back(put).await;
                Err(error)
            }
        }
    }

    /// What was answered to a new record. One that too few replicas have does not count, and is taken back.
    async fn counted(&self, put: &New, answer: Result<Value, LinkError>) -> Result<Value, LinkError> {
        if let Err(LinkError::TooFewReplicas { answer, .. }) = &answer
            && is_in(answer.value())
        {
            self.take_back(put).await;
        }
        answer
    }

    /// Takes out a record that was put in: nobody has its id yet. If this fails as well, it expires.
    async fn take_back(&self, put: &New) {
        let mut del = redis::cmd("DEL");
        del.arg(&put.name);
        self.link.call(&del, &put.name, Effect::Idempotent).await.ok();
        if let Some(owner) = &put.owner {
            self.unlist(owner, &[put.entry.member()]).await.ok();
        }
    }
}

/// How long ago a login began, and the limit.
fn terms(login: Option<Login>) -> [Vec<u8>; 2] {
    let since = login.map(|login| milliseconds(login.since).min(super::LONGEST).to_string());
    let limit = login.and_then(|login| login.limit).map(|limit| limit.to_string());
    [since, limit].map(|term| term.unwrap_or_default().into_bytes())
}

/// Whether a new record is in, by what was answered to it.
fn is_in(answer: &Value) -> bool {
    match answer {
        Value::Okay => true,
        Value::Array(parts) => parts.first() == Some(&Value::Int(1)),
        _ => false,
    }
}
