//! The shell: opens the session of an exchange and saves it, as `session/plan.rs` has planned.

mod closing;
pub(crate) mod deaths;
mod save;
mod users;
mod write;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::{COOKIE, GetAll};
use http::{HeaderMap, HeaderValue, Uri};

use crate::clock::Clock;
use crate::cookie::header::{self, Writer};
use crate::cookie::sign::{Signer, Verified, has_form};
use crate::event::{Chain, Counters, Events};
use crate::key::StoreKey;
use crate::origin::{self, Here, TrustedOrigins};
use crate::policy::Policy;
use crate::record::Record;
use crate::session::OpenSession;
use crate::session::Shared;
use crate::session::state::{Loaded, State};
use crate::store::{Condition, Destroyed, Found, Renewal, SessionStore, StoreError};

use deaths::Deaths;

pub use crate::origin::CrossSiteError;
pub use closing::Closing;
#[cfg(feature = "rpc")]
pub(crate) use closing::keep_out_of_caches;
pub use save::CloseError;
pub(crate) use save::MAX_ATTEMPTS;
use save::Save;

/// Opens the session of an exchange, and saves it when the exchange ends.
///
/// Clones are the same manager. It is made by [`session_middleware`](crate::session_middleware), and holds no session
/// itself.
///
/// # Examples
///
/// See the [crate's page](crate).
#[derive(Clone)]
pub struct Manager(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) name: String,
    pub(crate) prefix: Arc<str>,
    pub(crate) signer: Signer,
    pub(crate) writer: Writer,
    pub(crate) policy: Policy,
    pub(crate) size_limit: usize,
    /// How many sessions a user may have.
    pub(crate) session_limit: SessionLimit,
    pub(crate) patience: Duration,
    /// `None` where mutations from any site are let in.
    pub(crate) origins: Option<TrustedOrigins>,
    pub(crate) store: Arc<dyn SessionStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) events: Events,
    pub(crate) deaths: Deaths,
}

impl Manager {
    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
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
        let Inner { name, origins, clock, events, .. } = &*self.0;
        let Some(trusted) = origins else { return Ok(()) };
        let result = origin::check(headers, here, trusted);
        if result.is_err()
            && let Some(suppressed) = events.cross_site.count(clock.now())
        {
            tracing::warn!(cookie = name, suppressed, "request from another site refused");
        }
        result
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
        self.open_as(headers.get_all(COOKIE), false).await
    }

    /// Opens the session of a request that may change nothing, such as a `HEAD` request: what it writes is not saved. Its life is
    /// renewed as by [`open`](Self::open).
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open).
    pub async fn open_read_only(&self, headers: &HeaderMap) -> Result<OpenSession, OpenError> {
        self.open_as(headers.get_all(COOKIE), true).await
    }

    pub(crate) async fn open_as(
        &self,
        cookies: GetAll<'_, HeaderValue>,
        read_only: bool,
    ) -> Result<OpenSession, OpenError> {
        let inner = &*self.0;
        let now = inner.clock.now();
        let mut presented = false;
        let mut tried = 0;
        for value in header::values(cookies, &inner.name) {
            presented = true;
            if tried == MAX_CANDIDATES {
                break;
            }
            if !has_form(value) {
                continue;
            }
            tried += 1;
            let Some(verified) = inner.signer.verify(value) else {
                if let Some(suppressed) = inner.events.forged.count(now) {
                    tracing::warn!(cookie = inner.name, suppressed, "session cookie with a wrong signature");
                }
                continue;
            };
            if let Some(loaded) = inner.load(&verified, now).await? {
                return Ok(self.opened(Some(loaded), presented, read_only, now));
            }
        }
        Ok(self.opened(None, presented, read_only, now))
    }

    /// Opens the session of a visitor who sends no cookies: the store is not asked, and no future is made.
    #[cfg(feature = "rpc")]
    #[inline(never)]
    pub(crate) fn open_at_once(&self, cookies: &GetAll<'_, HeaderValue>, read_only: bool) -> Option<OpenSession> {
        cookies.iter().next().is_none().then(|| self.opened(None, false, read_only, self.now()))
    }

    fn opened(&self, loaded: Option<Loaded>, presented: bool, read_only: bool, now: u64) -> OpenSession {
        OpenSession::new(Shared::new(State::new(loaded, presented, read_only, now, self.0.size_limit), self.clone()))
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
            Some(state) => Save::new(&self.0, session.shared(), state).run().await,
            None => Ok(Closing::default()),
        }
    }

    /// What has happened to the sessions of this manager since it was built.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.0.events.counters()
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }

    pub(crate) fn now(&self) -> u64 {
        self.0.clock.now()
    }

    #[cfg(test)]
    pub(crate) fn policy(&self) -> &Policy {
        &self.0.policy
    }
}

impl Manager {
    /// How long an exchange waits for its store in all.
    pub(crate) fn longest_wait(&self) -> Duration {
        self.0.patience.saturating_mul(2)
    }

    /// Notes that a request has waited long enough.
    pub(crate) fn timed_out(&self) -> StoreError {
        let error = StoreError::new("it took longer than a request waits");
        self.0.trouble(&error);
        error
    }
}

#[cfg(feature = "rpc")]
impl Manager {
    /// Whether the session that was loaded still lives under its id. A visitor without one has nothing that could have ended.
    pub(crate) async fn is_alive(&self, session: &OpenSession) -> Result<bool, OpenError> {
        let key = session.shared().with(|state| Ok(state.loaded().map(|loaded| loaded.key.clone())));
        let Ok(Some(key)) = key else { return Ok(true) };
        let record = self.0.noted(self.0.store().get(&key).await).map_err(OpenError::Unavailable)?;
        Ok(record.is_some_and(|record| self.0.policy.remaining(&record, self.now()) > 0))
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

    /// How long a request waits for its session when it begins.
    pub(crate) fn patience(&self) -> Duration {
        self.0.patience
    }

    /// The same for clones of one manager, and for no other manager that is there at the same time.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }
}

/// How many sessions a user may have at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionLimit {
    /// As long as nobody has said otherwise. A store that keeps no limit has none.
    Default,
    Set(usize),
    None,
}

impl SessionLimit {
    /// The number, and whether the application has set it.
    fn parts(self) -> (Option<usize>, bool) {
        match self {
            Self::Default => (Some(DEFAULT_LIMIT), false),
            Self::Set(limit) => (Some(limit), true),
            Self::None => (None, false),
        }
    }
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager").field("cookie", &self.0.name).finish_non_exhaustive()
    }
}

impl Inner {
    /// The store itself: a call on the `Arc` would go through the `Arc`'s own implementation, and box its future twice.
    fn store(&self) -> &dyn SessionStore {
        &*self.store
    }

    /// What the store answered; that it failed is noted down.
    fn noted<T>(&self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        answer.inspect_err(|error| self.trouble(error))
    }

    /// The record, if it is not over. The store's idea of what has expired is not relied on, and it knows nothing of the absolute
    /// time-out.
    fn live(&self, record: Option<Record>, now: u64) -> Option<Record> {
        record.filter(|record| self.policy.remaining(record, now) > 0)
    }

    /// Destroys a record, and lets who has loaded it know.
    async fn destroy(&self, key: &StoreKey, condition: Condition) -> Result<Destroyed, StoreError> {
        let _ending = self.deaths.ending(key);
        self.noted(self.store().destroy(key, condition).await)
    }

    /// Notes down that the store failed, and why.
    fn trouble(&self, error: &StoreError) {
        if let Some(suppressed) = self.events.trouble.count(self.clock.now()) {
            tracing::warn!(cookie = self.name, error = %Chain(error), suppressed, "session store trouble");
        }
    }

    /// The live session of this id, its life renewed if it is time.
    async fn load(&self, verified: &Verified<'_>, now: u64) -> Result<Option<Loaded>, OpenError> {
        let key = StoreKey::new(&self.prefix, &verified.id);
        let mark = self.deaths.mark();
        let found = if self.policy.sliding {
            self.store().load(&key, &Renewal::new(self.policy, now)).await
        } else {
            self.store().get(&key).await.map(|record| record.map(|record| Found { record, renewed: false }))
        };
        let live = |found: &Found| self.policy.remaining(&found.record, now) > 0;
        let found = self.noted(found).map_err(OpenError::Unavailable)?.filter(live);
        if found.is_none()
            && let Some(suppressed) = self.events.unknown.count(now)
        {
            tracing::info!(session = key.fingerprint(), suppressed, "session cookie without a live session");
        }
        let Verified { id, current } = verified;
        Ok(found.map(|Found { record, renewed }| Loaded {
            id: id.clone(),
            key,
            record,
            signature: current.copied(),
            renewed,
            mark,
        }))
    }
}

/// Why a session could not be opened.
///
/// # Examples
///
/// ```
/// use velox_session::manager::OpenError;
///
/// fn status(error: &OpenError) -> u16 {
///     match error {
///         OpenError::Unavailable(_) => 503,
///         _ => 500,
///     }
/// }
/// # let _ = status;
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The store could not be asked.
    #[error("the session could not be loaded")]
    Unavailable(#[source] StoreError),
}

const MAX_CANDIDATES: usize = 4;
const DEFAULT_LIMIT: usize = 100;

#[cfg(test)]
mod tests;
