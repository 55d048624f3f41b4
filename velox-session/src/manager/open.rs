//! Opens the session of a request: finds the cookie, verifies it, and loads the record.

use std::sync::Arc;

use http::HeaderValue;
use http::header::GetAll;

use super::engine::Engine;
use super::scope::OpenSession;
use super::shared::Shared;
use crate::cookie::header::{self, MAX_CANDIDATES};
use crate::cookie::sign::{Verified, has_form};
use crate::error::StoreError;
use crate::key::StoreKey;
use crate::session::state::{Loaded, Mark, State};
use crate::store::{Found, Renewal};

/// The reason why a session could not be loaded.
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
    /// The store failed.
    #[error("the session could not be loaded")]
    Unavailable(#[source] StoreError),
}

/// The state of opening a session: the cookies that have not been tried yet.
pub(super) struct Opening<'e, I> {
    engine: &'e Arc<Engine>,
    values: I,
    read_only: bool,
    is_timed: bool,
    now: u64,
    presented: bool,
    tried: usize,
    /// The cookie whose record has to be loaded from the store.
    waiting: Option<Candidate<'e>>,
}

/// A cookie with a valid signature.
struct Candidate<'e> {
    verified: Verified<'e>,
    key: StoreKey,
    mark: Mark,
}

impl Engine {
    pub(super) fn opening<'e>(
        self: &'e Arc<Self>,
        cookies: GetAll<'e, HeaderValue>,
        read_only: bool,
        is_timed: bool,
    ) -> Opening<'e, impl Iterator<Item = &'e [u8]>> {
        let (values, now) = (header::values(cookies, &self.name), self.now());
        Opening { engine: self, values, read_only, is_timed, now, presented: false, tried: 0, waiting: None }
    }
}

impl<'e, I: Iterator<Item = &'e [u8]>> Opening<'e, I> {
    /// Opens the session if this needs no waiting.
    pub(super) fn at_once(&mut self) -> Result<Option<OpenSession>, OpenError> {
        let (engine, mut loaded) = (self.engine, None);
        while loaded.is_none()
            && let Some(candidate) = self.next()
        {
            let found = match engine.policy.sliding {
                true => engine.store().load_now(&candidate.key, &Renewal::new(engine.policy, self.now)),
                false => None,
            };
            let Some(found) = found else {
                self.waiting = Some(candidate);
                return Ok(None);
            };
            loaded = self.loaded(candidate, found)?;
        }
        Ok(Some(self.opened(loaded)))
    }

    pub(super) async fn wait(&mut self) -> Result<OpenSession, OpenError> {
        loop {
            if let Some(candidate) = self.waiting.take() {
                let (engine, key) = (self.engine, &candidate.key);
                let found = if engine.policy.sliding {
                    engine.store().load(key, &Renewal::new(engine.policy, self.now)).await
                } else {
                    engine.store().get(key).await.map(|record| record.map(|record| Found { record, renewed: false }))
                };
                if let Some(loaded) = self.loaded(candidate, found)? {
                    return Ok(self.opened(Some(loaded)));
                }
            }
            if let Some(open) = self.at_once()? {
                return Ok(open);
            }
        }
    }

    /// Returns the next cookie with a valid signature.
    fn next(&mut self) -> Option<Candidate<'e>> {
        let engine = self.engine;
        for value in self.values.by_ref() {
            self.presented = true;
            if self.tried == MAX_CANDIDATES {
                return None;
            }
            if !has_form(value) {
                continue;
            }
            self.tried += 1;
            if let Some(verified) = engine.signer.verify(value) {
                let key = StoreKey::new(&engine.prefix, &verified.id);
                return Some(Candidate { verified, key, mark: engine.revocations.mark() });
            }
            if let Some(suppressed) = engine.events.forged.count(self.now) {
                tracing::warn!(cookie = engine.name, suppressed, "session cookie with a wrong signature");
            }
        }
        None
    }

    /// Returns the live session of a cookie.
    fn loaded(
        &self,
        Candidate { verified, key, mark }: Candidate<'_>,
        found: Result<Option<Found>, StoreError>,
    ) -> Result<Option<Loaded>, OpenError> {
        let found = self.engine.noted(found).map_err(OpenError::Unavailable)?;
        let found = found.filter(|found| self.engine.is_live(&found.record, self.now));
        if found.is_none()
            && let Some(suppressed) = self.engine.events.unknown.count(self.now)
        {
            tracing::info!(session = key.fingerprint(), suppressed, "session cookie without a live session");
        }
        let signature = verified.current.copied();
        Ok(found.map(|Found { record, renewed }| Loaded { key, record, signature, renewed, mark }))
    }

    #[inline]
    fn opened(&self, loaded: Option<Loaded>) -> OpenSession {
        let state = State::new(loaded, self.presented, self.read_only, self.now, self.engine.size_limit);
        OpenSession::new(Shared::new(state, self.is_timed, Arc::clone(self.engine)))
    }
}
