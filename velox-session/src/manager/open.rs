//! Opens the session of an exchange: finds the cookie, verifies it, and loads the record.

use std::sync::Arc;

use http::HeaderValue;
use http::header::GetAll;

use super::engine::Engine;
use super::error::OpenError;
use super::scope::OpenSession;
use super::shared::Shared;
use crate::cookie::header;
use crate::cookie::sign::{Verified, has_form};
use crate::key::StoreKey;
use crate::session::state::{Loaded, State};
use crate::store::{Found, Renewal};

impl Engine {
    pub(super) async fn open(
        self: &Arc<Self>,
        cookies: GetAll<'_, HeaderValue>,
        read_only: bool,
    ) -> Result<OpenSession, OpenError> {
        let now = self.now();
        let mut presented = false;
        let mut tried = 0;
        for value in header::values(cookies, &self.name) {
            presented = true;
            if tried == MAX_CANDIDATES {
                break;
            }
            if !has_form(value) {
                continue;
            }
            tried += 1;
            let Some(verified) = self.signer.verify(value) else {
                if let Some(suppressed) = self.events.forged.count(now) {
                    tracing::warn!(cookie = self.name, suppressed, "session cookie with a wrong signature");
                }
                continue;
            };
            if let Some(loaded) = self.load(&verified, now).await? {
                return Ok(self.opened(Some(loaded), presented, read_only, now));
            }
        }
        Ok(self.opened(None, presented, read_only, now))
    }

    pub(super) fn opened(
        self: &Arc<Self>,
        loaded: Option<Loaded>,
        presented: bool,
        read_only: bool,
        now: u64,
    ) -> OpenSession {
        let state = State::new(loaded, presented, read_only, now, self.size_limit);
        OpenSession::new(Shared::new(state, Arc::clone(self)))
    }

    /// The live session of this id, its life renewed if it is time.
    async fn load(&self, verified: &Verified<'_>, now: u64) -> Result<Option<Loaded>, OpenError> {
        let key = StoreKey::new(&self.prefix, &verified.id);
        let mark = self.revocations.mark();
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
        let signature = verified.current.copied();
        Ok(found.map(|Found { record, renewed }| Loaded { key, record, signature, renewed, mark }))
    }
}

const MAX_CANDIDATES: usize = 4;
