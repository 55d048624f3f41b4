//! The session of an exchange, and the part of it that one call has.

use std::fmt;
use std::sync::Arc;

use super::call::Session;
use super::shared::Shared;

/// The session of an exchange, between [`open`](crate::Manager::open) and [`close`](crate::Manager::close). Clones are the
/// same session.
///
/// # Examples
///
/// ```
/// use velox_session::manager::OpenSession;
///
/// /// Runs a call that does not fail.
/// fn run(exchange: &OpenSession) {
///     let call = exchange.call();
///     call.session().set("seen", true).ok();
///     call.commit();
/// }
/// ```
#[derive(Clone)]
pub struct OpenSession(Arc<Shared>);

impl OpenSession {
    pub(crate) fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    /// Begins a call. Calls may run at the same time. After the exchange was closed, everything such a call does is an
    /// error.
    pub fn call(&self) -> CallScope {
        CallScope { session: Session::begin(Arc::clone(&self.0)), keep: false }
    }

    /// The session for a call of its own, whose reply's head leaves before the call ends. `None` once the exchange has ended.
    pub(crate) fn after_head(&self) -> Option<Self> {
        self.0.after_head().map(Self::new)
    }

    #[cfg(test)]
    pub(crate) fn record(&self) -> crate::Record {
        self.0
            .with(|state| Ok(state.loaded().map(|loaded| loaded.record.clone())))
            .ok()
            .flatten()
            .expect("a live session")
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0
    }
}

impl fmt::Debug for OpenSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpenSession(..)")
    }
}

/// One call's part of the session of an exchange.
///
/// Dropping it drops what the call wrote, as is right when the call failed with a server error or a panic; but not a login,
/// logout or regeneration.
///
/// # Examples
///
/// See [`OpenSession`].
#[derive(Debug)]
#[must_use = "dropping the scope drops what the call wrote"]
pub struct CallScope {
    session: Session,
    /// Whether what the call wrote is kept when it ends.
    keep: bool,
}

impl CallScope {
    /// The session, for the call. It is of no use once the scope is gone.
    #[must_use]
    pub fn session(&self) -> Session {
        self.session.clone()
    }

    /// Ends the call and keeps what it wrote: when it succeeded, or failed with a client error.
    pub fn commit(mut self) {
        self.keep = true;
    }
}

impl Drop for CallScope {
    fn drop(&mut self) {
        self.session.end_call(self.keep);
    }
}
