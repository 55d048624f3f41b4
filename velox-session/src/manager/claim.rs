//! Flash messages: taken out of the store when they are read, so that of many readers exactly one gets a message.

use std::sync::Arc;
use std::time::Duration;

use super::Inner;
use super::carry::record;
use crate::session::state::Message;
use crate::session::{SessionError, Shared};
use crate::store::{Expected, Stored};

impl Inner {
    /// Takes a message for a call. `false` if another one has it.
    pub(crate) async fn claim(&self, shared: &Shared, call: u64, message: &Message) -> Result<bool, SessionError> {
        for _ in 0..MAX_ATTEMPTS {
            let Some((loaded, epoch)) = shared.with(|state| state.holds(call, message))? else { return Ok(false) };
            let now = self.clock.now();
            let mut content = Arc::clone(loaded.record.content());
            Arc::make_mut(&mut content).remove_flash(&message.key);
            let left = match self.policy.sliding {
                true => self.policy.longest(content.created_at(), now),
                false => self.policy.remaining(&loaded.record, now),
            };
            if left == 0 {
                return Ok(false);
            }
            let ttl = Duration::from_millis(left);
            let claimed = record(&content, loaded.record.version() + 1, ttl, now);
            let expected = Expected::Version(loaded.record.version());
            let stored = self.noted(self.store().set(&loaded.key, claimed.clone(), expected, ttl).await);
            if stored.map_err(SessionError::Unavailable)? == Stored::Yes {
                shared.with(|state| {
                    state.claimed(call, epoch, message.clone(), claimed);
                    Ok(())
                })?;
                return Ok(true);
            }
            let present = self.present(&loaded.key, now).await.map_err(SessionError::Unavailable)?;
            shared.with(|state| {
                state.rebase(present);
                Ok(())
            })?;
        }
        // Whoever writes so much may have written another message, too.
        Ok(false)
    }
}

/// Each refused write means that another one succeeded.
const MAX_ATTEMPTS: usize = 100;
