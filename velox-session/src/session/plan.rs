//! What is to be done at the end of an exchange: `plan(state, now, policy)`. Pure, and tested over all short histories.

use std::sync::Arc;
use std::time::Duration;

use crate::policy::Policy;
use crate::record::Content;
use crate::session::state::{Loaded, State};
use crate::session::view::{Start, View};

/// What is to be done at the end of an exchange.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    pub(crate) store: StoreOp,
    pub(crate) cookie: CookieOp,
    /// What is to be done to other sessions of users, before this one is saved or in the same step.
    pub(crate) others: Others,
}

/// What is to be done to other sessions.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Others {
    /// End all sessions of these users but the one that this exchange leaves.
    pub(crate) end_all_of: Vec<String>,
    /// Somebody logged in.
    pub(crate) logged_in: bool,
}

/// What is to be done to the store.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum StoreOp {
    Nothing,
    /// The loading has renewed the record. Before its cookie is sent again, look whether it is still there if there is doubt: some
    /// session was ended meanwhile, or much time has passed.
    Confirm {
        ttl: Duration,
        doubt: bool,
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
    /// Put in a record under a new id that takes over from the loaded one; then destroy the loaded one, if it is still of the
    /// version that was loaded.
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

/// What was done cannot be saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsavable {
    /// The session is gone or got a new id elsewhere, it came to its absolute end, or an update was made of another value than the one that is
    /// there now.
    Irreconcilable,
    /// It needs a new cookie, which can no longer be sent.
    CookieAfterHead,
}

/// What is to be done at the end of an exchange.
pub(crate) fn plan(state: &State, now: u64, policy: &Policy) -> Result<Plan, Unsavable> {
    if state.is_read_only() {
        return Ok(plan_read(state, now, policy));
    }
    let policy = &state.policy(policy);
    let view = state.settled();
    let mut plan = plan_own(&view, state, now, policy)?;
    if state.is_after_head() && plan.store.created().is_some() {
        return Err(Unsavable::CookieAfterHead);
    }
    plan.others = Others { end_all_of: view.others_of.to_vec(), logged_in: view.logged_in };
    Ok(plan)
}

/// What is to be done to the session itself.
fn plan_own(view: &View, state: &State, now: u64, policy: &Policy) -> Result<Plan, Unsavable> {
    match (view.start, view.is_written()) {
        // Only a login makes another session. A write is not saved, and must not be answered as if it were: whoever gave the session a
        // new id may be another than who wrote.
        (Start::Lost, written) if !view.logged_in && !view.logged_out => {
            if written || view.broken {
                Err(Unsavable::Irreconcilable)
            } else {
                Ok(Plan::nothing())
            }
        }
        _ if view.broken => Err(Unsavable::Irreconcilable),
        (_, true) => write(view, lifetime(view, state, now, policy)),
        (Start::Live, false) if view.replaced => Ok(Plan::new(StoreOp::Destroy, CookieOp::Remove)),
        (Start::Live, false) => Ok(plan_read(state, now, policy)),
        (_, false) if view.logged_out && state.was_presented() => Ok(Plan::new(StoreOp::Nothing, CookieOp::Remove)),
        (_, false) => Ok(Plan::nothing()),
    }
}

impl StoreOp {
    /// What is put in under a new id.
    pub(crate) fn created(&self) -> Option<&Arc<Content>> {
        match self {
            Self::Create { content, .. } | Self::Rotate { content, .. } | Self::Replace { content, .. } => {
                Some(content)
            }
            Self::Nothing | Self::Confirm { .. } | Self::Update { .. } | Self::Destroy => None,
        }
    }
}

impl Plan {
    fn new(store: StoreOp, cookie: CookieOp) -> Self {
        Self { store, cookie, others: Others::default() }
    }

    fn nothing() -> Self {
        Self::new(StoreOp::Nothing, CookieOp::Nothing)
    }
}

/// Saves what was written.
fn write(view: &View, lifetime: u64) -> Result<Plan, Unsavable> {
    if lifetime == 0 {
        // It came to its absolute end during the exchange. What was written would be in no session, with a new id as without one.
        return match view.start {
            _ if view.only_put_back => Ok(Plan::nothing()),
            _ if !view.logged_in && !view.logged_out => Err(Unsavable::Irreconcilable),
            Start::Live => Ok(Plan::new(StoreOp::Destroy, CookieOp::Remove)),
            Start::None | Start::Lost => Ok(Plan::new(StoreOp::Nothing, CookieOp::Remove)),
        };
    }
    let (content, ttl) = (Arc::clone(view.content()), Duration::from_millis(lifetime));
    let store = match (view.start, view.replaced, view.carried) {
        (Start::Live, true, true) => StoreOp::Rotate { content, ttl },
        (Start::Live, true, false) => StoreOp::Replace { content, ttl },
        (Start::Live, false, _) => StoreOp::Update { content, ttl },
        (Start::None | Start::Lost, _, _) => StoreOp::Create { content, ttl },
    };
    Ok(Plan::new(store, issue(ttl)))
}

/// What is left to a session once this exchange has written it.
fn lifetime(view: &View, state: &State, now: u64, policy: &Policy) -> u64 {
    let longest = policy.longest(view.content(), now);
    match state.loaded() {
        // The same session goes on, and ends when it was to end.
        Some(loaded) if !policy.sliding && !view.logged_in && (view.carried || !view.replaced) => {
            longest.min(loaded.record.expires_at().saturating_sub(now))
        }
        _ => longest,
    }
}

/// What is to be done at the end of an exchange that wrote nothing: the cookie is sent if the loading has renewed the session.
pub(crate) fn plan_read(state: &State, now: u64, policy: &Policy) -> Plan {
    let renewed = |loaded: &&Loaded| loaded.renewed && !state.is_after_head();
    let Some(loaded) = state.loaded().filter(renewed) else { return Plan::nothing() };
    let doubt = now.saturating_sub(state.seen_at()) >= DOUBTFUL_AFTER;
    // What the store is told if it is asked. Never less than it knows: another request may have sent a cookie for as long as that.
    let whole = match policy.sliding {
        true => policy.longest(loaded.record.content(), now),
        // A message was taken out of it: that was a write, and renews nothing.
        false => policy.remaining(&loaded.record, now),
    };
    let left = if doubt { whole } else { policy.remaining(&loaded.record, state.seen_at()) };
    let (ttl, max_age) = (Duration::from_millis(whole), Duration::from_millis(left));
    // In the last second the cookie that the browser has ends by itself. To remove it could hit the one of a login that came meanwhile.
    if max_age.as_secs() == 0 { Plan::nothing() } else { Plan::new(StoreOp::Confirm { ttl, doubt }, issue(max_age)) }
}

/// A cookie for the whole seconds left, so that it never outlives the record; for less than one there is none.
fn issue(ttl: Duration) -> CookieOp {
    if ttl.as_secs() == 0 { CookieOp::Remove } else { CookieOp::Issue { max_age: Duration::from_secs(ttl.as_secs()) } }
}

/// How long after the store has seen it a session is taken to be still there, unless this process knows better. In that time another
/// server can have ended it, and its cookie would be sent once more. It would be of no use to anybody.
const DOUBTFUL_AFTER: u64 = 100;

#[cfg(test)]
mod tests;
