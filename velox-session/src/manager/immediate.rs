//! What is saved before the exchange ends: a flash message is taken out of the store when it is read, so that of many readers exactly one
//! gets it; an update is saved when it is made, so that it returns what was saved.

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

/// What became of a write to the record of a session.
enum Written {
    Yes(Seen),
    /// This record is there now, or none.
    No(Option<Record>),
}

impl Engine {
    /// Takes a message for a call. `false` if another one has it.
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
        // Whoever writes so much may have written another message, too.
        Ok(false)
    }

    /// Saves an update. `false` if it is to be made again, of what is there now.
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

    /// Writes to a record, if it is as it was loaded.
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

    /// Begins a session with an update. `false` if another call of the exchange was first.
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
        // Nobody has its id. If this fails, it expires.
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
