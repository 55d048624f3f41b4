//! The shell: loads the session of a request and saves it as `session/plan.rs` has planned.

mod call;
mod closing;
pub(crate) mod engine;
mod open;
#[cfg(feature = "tower")]
mod patience;
pub(crate) mod revocations;
mod save;
mod scope;
#[cfg(feature = "rpc")]
mod seats;
mod shared;
mod users;
#[cfg(feature = "rpc")]
mod watch;
mod write;

use std::fmt;
use std::sync::Arc;

use http::header::COOKIE;
use http::{HeaderMap, Uri};

use self::engine::Engine;
use crate::error::StoreError;
use crate::event::Counters;
use crate::origin::Here;
use crate::session::{SessionHandle, SessionInfo};

pub use self::call::Session;
pub use self::closing::Closing;
pub(crate) use self::closing::keep_out_of_caches;
pub use self::open::OpenError;
pub use self::scope::{CallScope, OpenSession};
#[cfg(feature = "rpc")]
pub(crate) use self::seats::{End, Full};
#[cfg(feature = "rpc")]
pub(crate) use self::watch::Watch;
pub use crate::origin::CrossSiteError;
pub use crate::session::error::CloseError;
#[cfg(feature = "rpc")]
pub(crate) use crate::session::state::UnknownId;

/// Loads the session of a request and saves it when the request ends.
///
/// [`session_middleware`](crate::session_middleware) builds a manager. Clones share the same
/// manager, and a manager holds no session itself.
///
/// # Examples
///
/// See the [crate documentation](crate).
#[derive(Clone)]
pub struct Manager(Arc<Engine>);

impl Manager {
    pub(crate) fn new(engine: Engine) -> Self {
        Self(Arc::new(engine))
    }

    /// Rejects a request that a browser sent from another site. Pass the headers and the target of
    /// the request.
    ///
    /// The session middleware of procedures calls this for every mutation. Outside procedures,
    /// call it before [`open`](Self::open) for every request that changes something or opens a
    /// WebSocket.
    ///
    /// `Sec-Fetch-Site` decides. Old browsers do not send that header; then `Origin` must match the
    /// host of the request. A request with neither header does not come from a browser, and passes.
    ///
    /// # Errors
    ///
    /// The request came from another site that is not one of the [trusted
    /// origins](crate::SessionBuilder::trusted_origins).
    pub fn check_origin(&self, headers: &HeaderMap, target: &Uri) -> Result<(), CrossSiteError> {
        self.check_origin_at(headers, || Here::of_head(headers, target.authority()))
    }

    /// Does the same for an application whose host and scheme `here` returns.
    pub(crate) fn check_origin_at<'a>(
        &self,
        headers: &HeaderMap,
        here: impl FnOnce() -> Result<Here<'a>, CrossSiteError>,
    ) -> Result<(), CrossSiteError> {
        let Engine { name, origins, clock, events, .. } = &*self.0;
        let Some(trusted) = origins else { return Ok(()) };
        trusted.check(headers, here, None).inspect_err(|error| error.log(name, &events.cross_site, clock.now()))
    }

    /// Loads the session of a request from its headers. Without a correctly signed cookie it does
    /// not call the store.
    ///
    /// If a request has several cookies with the session's name, the first one with a valid
    /// signature and a live session counts. Only the first four that look like a signed id are
    /// tried.
    ///
    /// # Errors
    ///
    /// The store failed. It is then unknown whether the visitor is logged in, so the request must
    /// fail.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing.
    pub async fn open(&self, headers: &HeaderMap) -> Result<OpenSession, OpenError> {
        self.0.opening(headers.get_all(COOKIE), false, false).wait().await
    }

    /// Loads the session of a request that must not change anything, such as a `HEAD` request.
    /// Writes are not saved, but the lifetime is renewed as with [`open`](Self::open).
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`open`](Self::open).
    pub async fn open_read_only(&self, headers: &HeaderMap) -> Result<OpenSession, OpenError> {
        self.0.opening(headers.get_all(COOKIE), true, false).wait().await
    }

    /// Saves the session at the end of a request. Call it before you send the response headers. A
    /// second call does nothing.
    ///
    /// # Errors
    ///
    /// The session could not be saved. The response must report the failure and must not set the
    /// session cookie.
    ///
    /// # Cancel safety
    ///
    /// If you drop the future, the store holds the session either as it was before or as it is
    /// after. Because no response is sent, no browser gets an id that is not stored.
    pub async fn close(&self, session: &OpenSession) -> Result<Closing, CloseError> {
        match self.close_at_once(session) {
            Some(closing) => Ok(closing),
            None => session.shared().save(&self.0).await,
        }
    }

    /// Closes a session if this needs no store call.
    pub(crate) fn close_at_once(&self, session: &OpenSession) -> Option<Closing> {
        session.shared().close(|state| self.0.close_at_once(state))
    }

    /// Warns once that a client drops a `Secure` cookie that came over plain HTTP.
    #[cfg(feature = "tower")]
    pub(crate) fn warn_of_plain_http(&self) {
        let Engine { name, writer, plain_http, .. } = &*self.0;
        if writer.is_secure {
            plain_http.call_once(|| {
                tracing::warn!(
                    cookie = name,
                    "this cookie is for HTTPS only, but the request seems to have come over HTTP: most clients drop \
                     the cookie. For development without TLS, set `secure(false)`"
                );
            });
        }
    }

    /// Returns the live sessions of a user, the newest first. For the list that a user sees, use
    /// [`Session::sessions`](crate::Session::sessions).
    ///
    /// # Examples
    ///
    /// ```
    /// # use velox_session::Manager;
    /// # use velox_session::store::StoreError;
    /// /// Locks out a person who took over the account.
    /// async fn lock_out(sessions: &Manager, user: &str) -> Result<u64, StoreError> {
    ///     for session in sessions.sessions_of(user).await? {
    ///         println!("{user} has been logged in since {}", session.record().created_at());
    ///     }
    ///     sessions.end_all(user).await
    /// }
    /// # let _ = lock_out;
    /// ```
    ///
    /// # Errors
    ///
    /// The store failed, or it does not support lists of sessions.
    pub async fn sessions_of(&self, user: &str) -> Result<Vec<SessionInfo>, StoreError> {
        self.0.sessions_of(user, None).await
    }

    /// Ends one session of a user and returns whether it existed. It does not end a session of
    /// another user.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`sessions_of`](Self::sessions_of). The session may still exist
    /// then.
    pub async fn end(&self, user: &str, handle: &SessionHandle) -> Result<bool, StoreError> {
        self.0.end(user, handle).await
    }

    /// Ends all sessions of a user and returns their number, including sessions that get a new id
    /// meanwhile.
    ///
    /// A login of the user in a request that began before this call is answered with 409, even if
    /// that request made this call itself. To log a user in and end all other sessions, call
    /// [`login`](crate::Session::login) and then [`logout_others`](crate::Session::logout_others).
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`sessions_of`](Self::sessions_of). Some sessions may still exist
    /// then.
    pub async fn end_all(&self, user: &str) -> Result<u64, StoreError> {
        let ended = self.0.end_all(user, None).await?.unwrap_or_default();
        self.0.count_ended(ended);
        Ok(ended)
    }

    /// Returns counters of the events in the sessions of this manager since it was built.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.0.events.counters()
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.0
    }

    /// Returns a number that is equal for clones of one manager and differs from that of every
    /// other existing manager.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// Returns the response headers for a session that was just opened and is saved after the
    /// headers are sent. They contain the cookie if loading has renewed it.
    pub(crate) fn renewal(&self, session: &OpenSession) -> Closing {
        let closing = session.shared().with(|state| Ok(self.0.close_at_once(state)));
        closing.ok().flatten().unwrap_or_default().of_session()
    }

    /// Returns the name and the path of the cookie.
    #[cfg(feature = "tower")]
    pub(crate) fn cookie(&self) -> (&str, &str) {
        (&self.0.name, &self.0.writer.scope)
    }
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager").field("cookie", &self.0.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
