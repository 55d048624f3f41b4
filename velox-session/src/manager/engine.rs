//! What the sessions of a manager have in common: the settings, the store, the clock and the counters; and the store's answers, checked.

use std::sync::Arc;
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
use crate::store::{Condition, Destroyed, SessionStore};

/// What the sessions of a manager have in common.
pub(crate) struct Engine {
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
    pub(crate) revocations: Revocations,
    #[cfg(feature = "rpc")]
    pub(crate) watches: Arc<Watches>,
    /// Whether clients of streams are sent back to renew their session.
    #[cfg(feature = "rpc")]
    pub(crate) streams_keep_alive: bool,
}

impl Engine {
    /// The store itself: a call on the `Arc` would go through the `Arc`'s own implementation, and box its future twice.
    pub(super) fn store(&self) -> &dyn SessionStore {
        &*self.store
    }

    pub(crate) fn now(&self) -> u64 {
        self.clock.now()
    }

    /// How long an exchange waits for its store in all.
    pub(crate) fn longest_wait(&self) -> Duration {
        self.patience.saturating_mul(2)
    }

    /// Notes that a request has waited long enough.
    pub(crate) fn timed_out(&self) -> StoreError {
        let error = StoreError::new("it took longer than a request waits");
        self.trouble(&error);
        error
    }

    /// What the store answered; that it failed is noted down.
    pub(super) fn noted<T>(&self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        answer.inspect_err(|error| self.trouble(error))
    }

    /// Whether a record is not over. The store's idea of what has expired is not relied on, and it knows nothing of the absolute time-out.
    pub(super) fn is_live(&self, record: &Record, now: u64) -> bool {
        self.policy.remaining(record, now) > 0
    }

    /// The record, if it is not over.
    pub(super) fn live(&self, record: Option<Record>, now: u64) -> Option<Record> {
        record.filter(|record| self.is_live(record, now))
    }

    /// Destroys a record, and lets who has loaded it know.
    pub(super) async fn destroy(&self, key: &StoreKey, condition: Condition) -> Result<Destroyed, StoreError> {
        let _ending = self.revocations.ending(key);
        self.noted(self.store().destroy(key, condition).await)
    }

    /// Notes down that the store failed, and why.
    pub(super) fn trouble(&self, error: &StoreError) {
        if let Some(suppressed) = self.events.trouble.count(self.clock.now()) {
            tracing::warn!(cookie = self.name, error = %Chain(error), suppressed, "session store trouble");
        }
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
    pub(super) fn parts(self) -> (Option<usize>, bool) {
        match self {
            Self::Default => (Some(DEFAULT_LIMIT), false),
            Self::Set(limit) => (Some(limit), true),
            Self::None => (None, false),
        }
    }
}

const DEFAULT_LIMIT: usize = 100;
