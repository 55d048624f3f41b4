//! Decides what to do at the end of a request: `plan(state, now, policy)`. This code is pure, and
//! it is tested with all short histories.

use std::sync::Arc;
use std::time::Duration;

use crate::policy::Policy;
use crate::record::Content;
use crate::session::error::CloseError;
use crate::session::state::{Loaded, State};
use crate::session::view::{Start, View};

/// The actions at the end of a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    pub(crate) store: StoreOp,
    pub(crate) cookie: CookieOp,
    /// End all sessions of these users except the one that this request leaves, before it is saved
    /// or in the same step.
    pub(crate) end_all_of: Vec<String>,
    /// A call logged somebody in.
    pub(crate) logged_in: bool,
}

/// The action in the store.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum StoreOp {
    Nothing,
    /// Loading has renewed the record. With `doubt`, check that the record still exists before the
    /// cookie is sent again: this process ended some session meanwhile, or much time has passed.
    Confirm {
        ttl: Duration,
        doubt: bool,
    },
    /// Insert a record under a new id.
    Create {
        content: Arc<Content>,
        ttl: Duration,
    },
    /// Replace the loaded record if its version has not changed.
    Update {
        content: Arc<Content>,
        ttl: Duration,
    },
    /// Insert a record under a new id that continues the loaded one, then destroy the loaded one if
    /// its version has not changed.
    Rotate {
        content: Arc<Content>,
        ttl: Duration,
    },
    /// Insert a record under a new id that shares no data with the loaded one, then destroy the
    /// loaded one.
    Replace {
        content: Arc<Content>,
        ttl: Duration,
    },
    /// Destroy the loaded record.
    Destroy,
}

/// The change of the browser's cookie, once the store has done its part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CookieOp {
    Nothing,
    /// Set the cookie to the id of the record, for this long.
    Issue {
        max_age: Duration,
    },
    Remove,
}

/// Decides what to do at the end of a request.
pub(crate) fn plan(state: &State, now: u64, policy: &Policy) -> Result<Plan, CloseError> {
    if state.is_read_only() {
        return Ok(plan_read(state, now, policy));
    }
    let policy = &state.policy(policy);
    let view = state.settled();
    let mut plan = plan_own(&view, state, now, policy)?;
    if state.is_after_head() && plan.store.created().is_some() {
        return Err(CloseError::CookieAfterHead);
    }
    (plan.end_all_of, plan.logged_in) = (view.others_of.to_vec(), view.logged_in);
    Ok(plan)
}

/// Decides what to do to the session itself.
fn plan_own(view: &View, state: &State, now: u64, policy: &Policy) -> Result<Plan, CloseError> {
    match (view.start, view.is_written()) {
        // Only a login creates another session. Other writes are not saved, and the reply must not
        // claim otherwise: the request that gave the session a new id may have come from another
        // person.
        (Start::Lost, written) if !view.logged_in && !view.logged_out => {
            if written || view.broken {
                Err(CloseError::Conflict)
            } else {
                Ok(Plan::nothing())
            }
        }
        (_, true) => write(view, lifetime(view, state, now, policy)),
        (Start::Live, false) if view.replaced => Ok(Plan::new(StoreOp::Destroy, CookieOp::Remove)),
        (Start::Live, false) => Ok(plan_read(state, now, policy)),
        (_, false) if view.logged_out && state.was_presented() => Ok(Plan::new(StoreOp::Nothing, CookieOp::Remove)),
        (_, false) => Ok(Plan::nothing()),
    }
}

impl StoreOp {
    /// Returns the content that is inserted under a new id.
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
        Self { store, cookie, end_all_of: Vec::new(), logged_in: false }
    }

    fn nothing() -> Self {
        Self::new(StoreOp::Nothing, CookieOp::Nothing)
    }
}

/// Plans how to save the changes.
fn write(view: &View, lifetime: u64) -> Result<Plan, CloseError> {
    if lifetime == 0 {
        // The session reached its absolute timeout during the request. The data could not be saved
        // under any id.
        return match view.start {
            _ if !view.logged_in && !view.logged_out => Err(CloseError::Conflict),
            Start::Live => Ok(Plan::new(StoreOp::Destroy, CookieOp::Remove)),
            Start::None | Start::Lost => Ok(Plan::new(StoreOp::Nothing, CookieOp::Remove)),
        };
    }
    if view.broken {
        return Err(CloseError::Conflict);
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

/// Returns how long the session still lives after this request has written it.
fn lifetime(view: &View, state: &State, now: u64, policy: &Policy) -> u64 {
    let longest = policy.longest(view.content(), now);
    match state.loaded() {
        // The same session continues and keeps its expiry.
        Some(loaded) if !policy.sliding && !view.logged_in && (view.carried || !view.replaced) => {
            longest.min(loaded.record.expires_at().saturating_sub(now))
        }
        _ => longest,
    }
}

/// Decides what to do at the end of a request that wrote nothing: it sends the cookie if loading
/// has renewed the session.
pub(crate) fn plan_read(state: &State, now: u64, policy: &Policy) -> Plan {
    let renewed = |loaded: &&Loaded| loaded.renewed && !state.is_after_head();
    let Some(loaded) = state.loaded().filter(renewed) else { return Plan::nothing() };
    let doubt = now.saturating_sub(state.seen_at()) >= DOUBTFUL_AFTER;
    // The lifetime to give to the store if it has to be asked. It is never less than the stored
    // one, because another request may have sent a cookie for that long.
    let whole = match policy.sliding {
        true => policy.longest(loaded.record.content(), now),
        // The call took a flash message. That was a write, which renews nothing without sliding.
        false => policy.remaining(&loaded.record, now),
    };
    let left = if doubt { whole } else { policy.remaining(&loaded.record, state.seen_at()) };
    let (ttl, max_age) = (Duration::from_millis(whole), Duration::from_millis(left));
    // In its last second the browser's cookie expires by itself. Removing it could hit the cookie
    // of a login that came meanwhile.
    if max_age.as_secs() == 0 { Plan::nothing() } else { Plan::new(StoreOp::Confirm { ttl, doubt }, issue(max_age)) }
}

/// Issues a cookie for the whole seconds left, so that the cookie never outlives the record. With
/// less than one second left it removes the cookie.
fn issue(ttl: Duration) -> CookieOp {
    if ttl.as_secs() == 0 { CookieOp::Remove } else { CookieOp::Issue { max_age: Duration::from_secs(ttl.as_secs()) } }
}

/// For this long after the store has returned a session, the session is assumed to exist unless
/// this process knows better. Another server may end it in that time. Its cookie would then be sent
/// once more, but would be useless.
const DOUBTFUL_AFTER: u64 = 100;

#[cfg(test)]
mod tests;
