//! The session of a request, and the part of it that belongs to one call.

use std::fmt;
use std::sync::Arc;

#[cfg(feature = "rpc")]
use super::UnknownId;
use super::call::Session;
use super::shared::Shared;
#[cfg(feature = "rpc")]
use crate::SessionId;

/// The session of a request, between [`open`](crate::Manager::open) and
/// [`close`](crate::Manager::close).
///
/// Clones share the same session.
///
/// # Examples
///
/// ```
/// use velox_session::manager::OpenSession;
///
/// /// Runs a call that does not fail.
/// fn run(open: &OpenSession) {
///     let call = open.call();
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

    /// Begins a call. Calls may run concurrently. Once the session is closed, a call that is still
    /// running can no longer read or write it: each method that returns a `Result` returns an
    /// error.
    pub fn call(&self) -> CallScope {
        CallScope { session: Session::begin(Arc::clone(&self.0)), keep: false }
    }

    /// Returns a separate session for a call whose response headers are sent before the call ends.
    /// Returns `None` once the request has ended.
    pub(crate) fn after_head(&self) -> Option<Self> {
        self.0.after_head().map(Self::new)
    }

    /// Returns the id of the session once all calls of the request are saved: `None` if there will
    /// be none.
    #[cfg(feature = "rpc")]
    pub(crate) fn id_after(&self) -> Result<Option<SessionId>, UnknownId> {
        self.0.with(|state| Ok(state.id_after().map(Option::<&_>::cloned))).unwrap_or(Ok(None))
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

/// The part of the session that belongs to one call.
///
/// If you drop it, the writes of the call are discarded. Drop it if the call failed with a server
/// error or a panic. A login, a logout and a regeneration stay.
///
/// # Examples
///
/// See [`OpenSession`].
#[derive(Debug)]
#[must_use = "dropping the scope discards the writes of the call"]
pub struct CallScope {
    session: Session,
    /// `true` if the writes of the call are kept when it ends.
    keep: bool,
}

impl CallScope {
    /// Returns the session for this call. It stops working once the scope is dropped.
    #[must_use]
    pub fn session(&self) -> Session {
        self.session.clone()
    }

    /// Ends the call and keeps its writes. Use it if the call succeeded or failed with a client
    /// error.
    pub fn commit(mut self) {
        self.keep = true;
    }
}

impl Drop for CallScope {
    fn drop(&mut self) {
        self.session.end_call(self.keep);
    }
}
