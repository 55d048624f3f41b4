//! A session that goes on under a new id, on a store that cannot do it in one step.

use std::time::Duration;

use super::{Condition, Expected, Rotated, SessionStore, StoreError, Stored};
use crate::key::StoreKey;
use crate::record::Record;

/// Puts in the new record, and then destroys the old one: what comes in between is a write to the old one, which makes that fail, or a
/// crash, which leaves both.
pub(super) async fn in_two_steps<S: SessionStore + ?Sized>(
    store: &S,
    old: &StoreKey,
    condition: Condition,
    (new, record, ttl): (&StoreKey, Record, Duration),
) -> Result<Rotated, StoreError> {
    if store.set(new, record, Expected::Absent, ttl).await? == Stored::Conflict {
        return Ok(Rotated::Taken);
    }
    match store.destroy(old, condition).await {
        Ok(destroyed) if condition.is_met(destroyed) => Ok(Rotated::Yes),
        Ok(_) => {
            let _ = store.destroy(new, Condition::Always).await?;
            Ok(Rotated::Conflict)
        }
        Err(error) => {
            // Nobody has its id. If this fails as well, it expires.
            store.destroy(new, Condition::Always).await.ok();
            Err(error)
        }
    }
}
