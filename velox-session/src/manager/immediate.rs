//! Saves changes before the request ends. A flash message is removed from the store when it is
//! read, so that exactly one of several readers gets it. An update is saved when it is made, so
//! that it returns the saved value.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::engine::Engine;
use super::shared::Shared;
use super::write::{MAX_ATTEMPTS, Terms};
use crate::record::{Content, Record};
use crate::session::SessionError;
use crate::session::state::{Loaded, Message, Place, Seen, Update};
use crate::store::{Condition, Stored};

/// The outcome of a write to the record of a session.
enum Written {
    Yes(Seen),
    /// The store has this record now, or none.
    No(Option<Record>),
}

impl Engine {
    /// Takes a message for a call. Returns `false` if another request has taken it.
    pub(super) async fn take_message(
        &self,
        shared: &Shared,
        call: u32,
        message: &Message,
    ) -> Result<bool, SessionError> {
        for _ in 0..MAX_ATTEMPTS {
            let Some((loaded, epoch)) = shared.with(|state| state.holds(call, message))? else { return Ok(false) };
            match self.write(shared, &loaded, |content| content.flash.remove(&message.key)).await? {
                Written::Yes(seen) => {
                    shared.with(|state| {
                        state.message_taken(call, epoch, message.clone(), seen);
                        Ok(())
                    })?;
                    return Ok(true);
                }
                Written::No(present) => self.rebase(shared, present)?,
            }
        }
        // Other requests write so often that they may have replaced the message.
        Ok(false)
    }

    /// Saves an update. Returns `false` if the value has changed and the update has to be repeated.
    pub(super) async fn save_update(
        &self,
        shared: &Shared,
        update: &Update,
        key: &str,
        value: Value,
    ) -> Result<bool, SessionError> {
        let Place::Record(loaded) = &update.place else { return self.begin(shared, update, key, value).await };
        match self.write(shared, loaded, |content| content.values.set(key, value)).await? {
            Written::Yes(seen) => shared.with(|state| state.updated(update, seen)).map(|()| true),
            Written::No(present) => self.rebase(shared, present).map(|()| false),
        }
    }

    /// Writes to a record if the store still has the loaded version.
    async fn write(
        &self,
        shared: &Shared,
        loaded: &Loaded,
        change: impl FnOnce(&mut Content),
    ) -> Result<Written, SessionError> {
        let (now, mark) = (self.now(), self.revocations.mark());
        let mut content = Arc::clone(loaded.record.content());
        change(Arc::make_mut(&mut content));
        let policy = shared.with(|state| Ok(state.policy(&self.policy)))?;
        let left = match policy.sliding {
            true => policy.longest(&content, now),
            false => policy.remaining(&loaded.record, now),
        };
        if left == 0 {
            return Ok(Written::No(None));
        }
        let (stored, record) = self.set(loaded, &content, Duration::from_millis(left), now).await?;
        let at = self.now();
        match stored {
            Stored::Yes => {
                shared.waited(at.saturating_sub(now));
                Ok(Written::Yes(Seen { record, mark, at }))
            }
            Stored::Conflict(present) => {
                shared.wait(at.saturating_sub(now)).map_err(SessionError::Unavailable)?;
                self.conflicted(Some(loaded), at);
                Ok(Written::No(present))
            }
        }
    }

    /// Begins a session with an update. Returns `false` if another call of the request was faster.
    async fn begin(&self, shared: &Shared, update: &Update, key: &str, value: Value) -> Result<bool, SessionError> {
        let now = self.now();
        let mut content = Content::new(now);
        content.values.set(key, value);
        let ttl = Duration::from_millis(self.policy.longest(&content, now));
        let (_, begun) = self.create(&Arc::new(content), ttl, Terms::default(), now).await?;
        let at = self.now();
        shared.waited(at.saturating_sub(now));
        let key = begun.key.clone();
        if shared.with(|state| Ok(state.began(update, begun, at)))? {
            self.events.begun.add(1);
            tracing::info!(cookie = self.name, session = key.fingerprint(), "session began");
            return Ok(true);
        }
        // Nobody knows its id. If this fails, the session expires.
        self.destroy(&key, Condition::Always).await.ok();
        Ok(false)
    }

    fn rebase(&self, shared: &Shared, present: Option<Record>) -> Result<(), SessionError> {
        let present = self.live(present, self.now());
        shared.with(|state| {
            state.rebase(present);
            Ok(())
        })
    }
}
