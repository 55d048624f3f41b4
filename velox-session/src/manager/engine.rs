//! The parts that all sessions of a manager share: the settings, the store, the clock and the
//! counters. This module also checks the answers of the store.

use std::sync::Arc;
#[cfg(feature = "tower")]
use std::sync::Once;
use std::time::Duration;

use super::revocations::Revocations;
#[cfg(feature = "rpc")]
use super::seats::Watches;
use crate::clock::Clock;
use crate::cookie::header::Writer;
use crate::cookie::sign::Signer;
use crate::error::StoreError;
use crate::event::{Chain, Events};
use crate::key::StoreKey;
use crate::origin::TrustedOrigins;
use crate::policy::Policy;
use crate::record::Record;
use crate::session::SessionError;
use crate::store::{Condition, Destroyed, SessionStore};

/// The parts that all sessions of a manager share.
pub(crate) struct Engine {
    pub(crate) name: String,
    pub(crate) prefix: Arc<str>,
    pub(crate) signer: Signer,
    pub(crate) writer: Writer,
    pub(crate) policy: Policy,
    pub(crate) size_limit: usize,
    /// The number of sessions that a user may have at a time.
    pub(crate) session_limit: Option<usize>,
    /// Set if the application has set the limit. A store that cannot limit sessions then refuses
    /// logins; otherwise it has no limit.
    pub(crate) limit_is_strict: bool,
    pub(crate) patience: Duration,
    /// `None` if mutations from any site are accepted.
    pub(crate) origins: Option<TrustedOrigins>,
    pub(crate) store: Arc<dyn SessionStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) events: Events,
    pub(crate) revocations: Revocations,
    #[cfg(feature = "rpc")]
    pub(crate) watches: Arc<Watches>,
    /// `true` if clients of streams have to reconnect to renew their session.
    #[cfg(feature = "rpc")]
    pub(crate) streams_keep_alive: bool,
    /// Warns once that clients may drop the cookie.
    #[cfg(feature = "tower")]
    pub(crate) plain_http: Once,
}

impl Engine {
    /// Returns the store itself. A call on the `Arc` would use the `Arc`'s own implementation and
    /// box the future twice.
    pub(super) fn store(&self) -> &dyn SessionStore {
        &*self.store
    }

    pub(crate) fn now(&self) -> u64 {
        self.clock.now()
    }

    /// Returns how long the store calls of one request may take together.
    pub(crate) fn longest_wait(&self) -> Duration {
        self.patience.saturating_mul(2)
    }

    /// Counts that a request has waited too long, and returns the error for it.
    pub(crate) fn timed_out(&self) -> StoreError {
        let error = StoreError::new("the store did not answer in the time that a request may wait");
        self.trouble(&error);
        error
    }

    /// Returns the answer of the store and counts it if it is an error.
    pub(super) fn noted<T>(&self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        answer.inspect_err(|error| self.trouble(error))
    }

    /// Returns the record under a key, if the store has one.
    pub(super) async fn get(&self, key: &StoreKey) -> Result<Option<Record>, StoreError> {
        self.noted(self.store().get(key).await)
    }

    /// Returns whether a record is still live. This does not rely on the store to expire records,
    /// and the store knows nothing of the absolute timeout.
    pub(super) fn is_live(&self, record: &Record, now: u64) -> bool {
        self.policy.remaining(record, now) > 0
    }

    /// Returns the record if it is still live.
    pub(super) fn live(&self, record: Option<Record>, now: u64) -> Option<Record> {
        record.filter(|record| self.is_live(record, now))
    }

    /// Destroys a record, and tells the requests of this process that have loaded it.
    pub(super) async fn destroy(&self, key: &StoreKey, condition: Condition) -> Result<Destroyed, StoreError> {
        let ending = self.revocations.ending();
        let destroyed = self.noted(self.store().destroy(key, condition).await);
        drop(ending);
        self.check_streams(Some(key), None);
        destroyed
    }

    /// Requests an immediate check of the streams of a session, or of all sessions of a user.
    #[cfg_attr(not(feature = "rpc"), expect(unused_variables, reason = "only procedures have streams"))]
    pub(super) fn check_streams(&self, key: Option<&StoreKey>, user: Option<&str>) {
        #[cfg(feature = "rpc")]
        self.watches.doubt(key, user);
    }

    /// Logs that a session holds another type of user than the application reads.
    pub(super) fn other_user(&self, error: &SessionError) {
        if let Some(suppressed) = self.events.other_user.count(self.clock.now()) {
            tracing::warn!(cookie = self.name, %error, suppressed, "a session holds another type of user");
        }
    }

    /// Counts that the store failed, and logs why.
    pub(super) fn trouble(&self, error: &StoreError) {
        if let Some(suppressed) = self.events.trouble.count(self.clock.now()) {
            tracing::warn!(cookie = self.name, error = %Chain(error), suppressed, "session store error");
        }
    }
}
