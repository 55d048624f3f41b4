//! What is to be done at the end of an exchange: `plan(state, now, policy)`. Pure, and tested over all short histories.

use std::sync::Arc;
use std::time::Duration;

use crate::record::{Content, Record};
use crate::session::state::State;
use crate::session::view::{Start, View};

/// How long sessions live. All times in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    /// Lifetime without a request.
    pub(crate) ttl: u64,
    /// Lifetime from the login on, or from the creation before one.
    pub(crate) absolute: Option<u64>,
    /// How much of the lifetime must have passed before a read renews it.
    pub(crate) touch_interval: u64,
    /// Whether requests renew the lifetime at all.
    pub(crate) sliding: bool,
}

impl Policy {
    /// What is left to a record, in milliseconds; zero if it is over. Never more than a new one would have, whatever a
    /// clock that was set back says.
    pub(crate) fn remaining(&self, record: &Record, now: u64) -> u64 {
        record.expires_at().saturating_sub(now).min(self.longest(record.created_at(), now))
    }

    /// What is left at most to a session of this age.
    fn longest(&self, created_at: u64, now: u64) -> u64 {
        let age = now.saturating_sub(created_at);
        self.ttl.min(self.absolute.map_or(u64::MAX, |absolute| absolute.saturating_sub(age)))
    }

    /// What is left to a session once this exchange has written it.
    fn renewed(&self, view: &View, state: &State, now: u64) -> u64 {
        let longest = self.longest(view.content().created_at(), now);
        match state.loaded() {
            // The same session goes on, and ends when it was to end.
            Some(loaded) if !self.sliding && !view.is_logged_in() && (view.is_carried() || !view.is_replaced()) => {
                longest.min(loaded.record.expires_at().saturating_sub(now))
            }
            _ => longest,
        }
    }
}

/// What is to be done at the end of an exchange.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    pub(crate) store: StoreOp,
    pub(crate) cookie: CookieOp,
}

/// What is to be done to the store.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum StoreOp {
    Nothing,
    /// Let the loaded record live on.
    Touch {
        ttl: Duration,
    },
    /// Put in a record under a new id.
    Create {
        content: Arc<Content>,
        ttl: Duration,
    },
    /// Replace the loaded record, if it is still of the version that was loaded.
    Update {
        content: Arc<Content>,
        ttl: Duration,
    },
    /// Put in a record under a new id that takes over from the loaded one, if that is still of the version that was loaded;
    /// then destroy the loaded one.
    Rotate {
        content: Arc<Content>,
        ttl: Duration,
    },
    /// Put in a record under a new id that has nothing of the loaded one; then destroy the loaded one.
    Replace {
        content: Arc<Content>,
        ttl: Duration,
    },
    /// Destroy the loaded record.
    Destroy,
}

/// What is to be done to the browser's cookie, once the store has done its part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CookieOp {
    Nothing,
    /// Give it the id of the record, for this long.
    Issue {
        max_age: Duration,
    },
    Remove,
}

/// The operations cannot be done on what the store has now: an update met a value of another type, or a flash message
/// that was read here has been delivered elsewhere too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Irreconcilable;

/// What is to be done at the end of an exchange.
pub(crate) fn plan(state: &State, now: u64, policy: &Policy) -> Result<Plan, Irreconcilable> {
    let view = state.settled();
    match (view.start(), view.is_written()) {
        // The session is gone; only a login makes another. Anything else is dropped with it.
        (Start::Lost, _) if !view.is_logged_in() && !view.is_logged_out() => {
            if view.is_broken() {
                Err(Irreconcilable)
            } else {
                Ok(Plan::NOTHING)
            }
        }
        _ if view.is_broken() => Err(Irreconcilable),
        (_, true) => Ok(write(&view, policy.renewed(&view, state, now))),
        (Start::Live, false) if view.is_replaced() => Ok(Plan { store: StoreOp::Destroy, cookie: CookieOp::Remove }),
        (Start::Live, false) => Ok(slide(state, now, policy)),
        (_, false) if view.is_logged_out() && state.was_presented() => {
            Ok(Plan { store: StoreOp::Nothing, cookie: CookieOp::Remove })
        }
        (_, false) => Ok(Plan::NOTHING),
    }
}

impl Plan {
    const NOTHING: Self = Self { store: StoreOp::Nothing, cookie: CookieOp::Nothing };
}

/// Saves what was written.
fn write(view: &View, lifetime: u64) -> Plan {
    if lifetime == 0 {
        // It came to its absolute end during the exchange.
        let store = if view.start() == Start::Live { StoreOp::Destroy } else { StoreOp::Nothing };
        return Plan { store, cookie: CookieOp::Remove };
    }
    let (content, ttl) = (Arc::clone(view.content()), Duration::from_millis(lifetime));
    let store = match (view.start(), view.is_replaced(), view.is_carried()) {
        (Start::Live, true, true) => StoreOp::Rotate { content, ttl },
        (Start::Live, true, false) => StoreOp::Replace { content, ttl },
        (Start::Live, false, _) => StoreOp::Update { content, ttl },
        (Start::None | Start::Lost, _, _) => StoreOp::Create { content, ttl },
    };
    Plan { store, cookie: issue(ttl) }
}

/// Lets a session that was only read live on, if enough of its life has passed to be worth a store call.
fn slide(state: &State, now: u64, policy: &Policy) -> Plan {
    let Some(loaded) = state.loaded().filter(|_| policy.sliding) else { return Plan::NOTHING };
    let remaining = policy.remaining(&loaded.record, now);
    let renewed = policy.longest(loaded.record.created_at(), now);
    if renewed == 0 || renewed.saturating_sub(remaining) < policy.touch_interval {
        return Plan::NOTHING;
    }
    let ttl = Duration::from_millis(renewed);
    Plan { store: StoreOp::Touch { ttl }, cookie: issue(ttl) }
}

/// A cookie for the whole seconds left, so that it never outlives the record; for less than one there is none.
fn issue(ttl: Duration) -> CookieOp {
    if ttl.as_secs() == 0 { CookieOp::Remove } else { CookieOp::Issue { max_age: Duration::from_secs(ttl.as_secs()) } }
}

#[cfg(test)]
mod tests;
