//! The shell: opens the session of an exchange and saves it, as `session/plan.rs` has planned.

mod call;
mod closing;
pub(crate) mod engine;
mod error;
mod immediate;
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
use self::save::Save;
use crate::error::StoreError;
use crate::event::Counters;
use crate::origin::Here;
use crate::session::{SessionHandle, SessionInfo};

pub use self::call::Session;
pub use self::closing::Closing;
pub(crate) use self::closing::keep_out_of_caches;
pub use self::error::{CloseError, OpenError};
pub use self::scope::{CallScope, OpenSession};
#[cfg(feature = "rpc")]
pub(crate) use self::seats::{End, Full};
#[cfg(feature = "rpc")]
pub(crate) use self::watch::Watch;
pub use crate::origin::CrossSiteError;

/// Opens the session of an exchange, and saves it when the exchange ends.
///
/// Clones are the same manager. It is made by [`session_middleware`](crate::session_middleware), and holds no session
/// itself.
///
/// # Examples
///
/// See the [crate's page](crate).
#[derive(Clone)]
pub struct Manager(Arc<Engine>);

impl Manager {
    pub(crate) fn new(engine: Engine) -> Self {
        Self(Arc::new(engine))
    }

    /// Refuses a request that a browser sent from another site, given its headers and its target. The middlewares of a
    /// procedure ask this for every mutation; outside of procedures it is to be asked, before [`open`](Self::open), for every
    /// request that changes something.
    ///
    /// `Sec-Fetch-Site` decides; where a browser is too old to send it, `Origin` has to be that of the request's host. What has
    /// neither was not sent by a browser, and passes.
    ///
    /// # Errors
    ///
    /// The request came from another site, which is not one of the [trusted](crate::SessionBuilder::trusted_origins).
    pub fn check_origin(&self, headers: &HeaderMap, target: &Uri) -> Result<(), CrossSiteError> {
        self.check_origin_at(headers, || Here::of_head(headers, target.authority()))
    }

    /// The same, where something else says at which host the application answers.
    pub(crate) fn check_origin_at<'a>(
        &self,
        headers: &HeaderMap,
        here: impl FnOnce() -> Result<Here<'a>, CrossSiteError>,
    ) -> Result<(), CrossSiteError> {
        let Engine { name, origins, clock, events, .. } = &*self.0;
        let Some(trusted) = origins else { return Ok(()) };
        trusted.check(headers, here, None).inspect_err(|error| error.log(name, &events.cross_site, clock.now()))
    }

    /// Opens the session of a request, given its headers. Without a well-signed cookie the store is not asked.
    ///
    /// Of several cookies of the session's name the first that is well signed and has a live record counts, among the first four that
    /// have the form of a signed id.
    ///
    /// # Errors
    ///
    /// The store could not be asked. Whether the visitor is logged in is then unknown: the request must fail.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing.
    pub async fn open(&self, headers: &HeaderMap) -> Result<OpenSession, OpenError> {
        self.0.opening(headers.get_all(COOKIE), false).wait().await
    }

    /// Opens the session of a request that may change nothing, such as a `HEAD` request: what it writes is not saved. Its life is
    /// renewed as by [`open`](Self::open).
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open).
    pub async fn open_read_only(&self, headers: &HeaderMap) -> Result<OpenSession, OpenError> {
        self.0.opening(headers.get_all(COOKIE), true).wait().await
    }

    /// Saves the session at the end of an exchange, before its response's head is written. Once: a second time, there is
    /// nothing to do.
    ///
    /// # Errors
    ///
    /// The session could not be saved. The response must say so, and must not have a session cookie.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the store has the session as it was before or as it is after. No response leaves, so
    /// no browser has an id that is not stored.
    pub async fn close(&self, session: &OpenSession) -> Result<Closing, CloseError> {
        match self.close_at_once(session) {
            Some(closing) => Ok(closing),
            None => self.save(session).await,
        }
    }

    /// Closes a session for which the store need not be asked.
    pub(crate) fn close_at_once(&self, session: &OpenSession) -> Option<Closing> {
        session.shared().close(|state| self.0.close_at_once(state))
    }

    /// Closes a session that [`close_at_once`](Self::close_at_once) has left.
    pub(crate) async fn save(&self, session: &OpenSession) -> Result<Closing, CloseError> {
        match session.shared().take() {
            Some(state) => Save::new(&self.0, session.shared(), state).close().await,
            None => Ok(Closing::default()),
        }
    }

    /// The live sessions of a user, the newest first. For the user's own list, see [`Session::sessions`](crate::Session::sessions).
    ///
    /// # Examples
    ///
    /// ```
    /// # use velox_session::Manager;
    /// # use velox_session::store::StoreError;
    /// /// What an administrator does about an account that was taken over.
    /// async fn lock_out(sessions: &Manager, user: &str) -> Result<u64, StoreError> {
    ///     for session in sessions.sessions_of(user).await? {
    ///         println!("{user} is logged in since {}", session.record().created_at());
    ///     }
    ///     sessions.end_all(user).await
    /// }
    /// # let _ = lock_out;
    /// ```
    ///
    /// # Errors
    ///
    /// The store could not be asked, or lists no sessions.
    pub async fn sessions_of(&self, user: &str) -> Result<Vec<SessionInfo>, StoreError> {
        self.0.sessions_of(user, None).await
    }

    /// Ends one session of a user. Answers whether it was there; another user's is not.
    ///
    /// # Errors
    ///
    /// As for [`sessions_of`](Self::sessions_of). The session may still be there.
    pub async fn end(&self, user: &str, handle: &SessionHandle) -> Result<bool, StoreError> {
        self.0.end(user, handle).await
    }

    /// Ends all sessions of a user, and returns how many. Those that get a new id meanwhile are among them. A login of the user whose request
    /// had begun before is answered 409, also one by the very request that asks for this: to log in and end all other sessions, call
    /// [`login`](crate::Session::login) and then [`logout_others`](crate::Session::logout_others).
    ///
    /// # Errors
    ///
    /// As for [`sessions_of`](Self::sessions_of). Some sessions may still be there.
    pub async fn end_all(&self, user: &str) -> Result<u64, StoreError> {
        let ended = self.0.end_all(user, None).await?.unwrap_or_default();
        self.0.count_ended(ended);
        Ok(ended)
    }

    /// What has happened to the sessions of this manager since it was built.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.0.events.counters()
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.0
    }

    /// The same for clones of one manager, and for no other manager that is there at the same time.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// What the head of a reply says of a session that was just opened and is saved after the head: its cookie, if the loading has
    /// renewed it.
    pub(crate) fn renewal(&self, session: &OpenSession) -> Closing {
        let closing = session.shared().with(|state| Ok(self.0.close_at_once(state)));
        closing.ok().flatten().unwrap_or_default().of_session()
    }

    /// The name of the cookie.
    pub(crate) fn cookie_name(&self) -> &str {
        &self.0.name
    }
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager").field("cookie", &self.0.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
