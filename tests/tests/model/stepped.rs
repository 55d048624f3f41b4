//! A store whose every call waits once, so that whoever drives the requests decides whose store call comes next.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use velox_session::store::{
    Condition, Destroyed, Expected, Found, Owner, Renewal, Rotated, StoreError, Stored, async_trait,
};
use velox_session::{Record, SessionStore, StoreKey};

/// Where requests wait for their turn. Clones are the same place.
#[derive(Clone, Default)]
pub(crate) struct Turns(Arc<Inner>);

#[derive(Default)]
struct Inner {
    waits: AtomicBool,
    calls: AtomicU64,
    loaded: Mutex<(u64, Option<Record>)>,
}

impl Turns {
    /// Waits until the request is told to go on.
    pub(crate) async fn wait(&self) {
        let mut told = false;
        std::future::poll_fn(|_| {
            if std::mem::replace(&mut told, true) {
                return Poll::Ready(());
            }
            self.0.waits.store(true, Ordering::Relaxed);
            Poll::Pending
        })
        .await;
    }

    /// Lets a request go on until it waits for its next turn, or ends. Nothing else runs meanwhile, but for the store's connection.
    pub(crate) async fn go_on<T>(&self, request: &mut Pin<Box<dyn Future<Output = T>>>) -> Option<T> {
        self.0.waits.store(false, Ordering::Relaxed);
        std::future::poll_fn(|cx| match request.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if self.0.waits.load(Ordering::Relaxed) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    /// How many store calls there have been.
    pub(crate) fn calls(&self) -> u64 {
        self.0.calls.load(Ordering::Relaxed)
    }

    /// How often a record was asked for, and what was answered last.
    pub(crate) fn loaded(&self) -> (u64, Option<Record>) {
        self.0.loaded.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn load(&self, record: Option<&Record>) {
        let mut loaded = self.0.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        *loaded = (loaded.0 + 1, record.cloned());
    }

    async fn call(&self) {
        self.wait().await;
        self.0.calls.fetch_add(1, Ordering::Relaxed);
    }
}

/// A store that takes turns.
pub(crate) struct Stepped {
    pub(crate) store: Arc<dyn SessionStore>,
    pub(crate) turns: Turns,
    /// Whether a session is loaded and renewed in one step, and gets a new id in one, or as stores do it that know nothing of `load`
    /// and `rotate`.
    pub(crate) at_once: bool,
}

#[async_trait]
impl SessionStore for Stepped {
    async fn get(&self, key: &StoreKey) -> Result<Option<Record>, StoreError> {
        self.turns.call().await;
        let record = self.store.get(key).await?;
        self.turns.load(record.as_ref());
        Ok(record)
    }

    async fn set(
        &self,
        key: &StoreKey,
        record: Record,
        expected: Expected,
        ttl: Duration,
    ) -> Result<Stored, StoreError> {
        self.turns.call().await;
        self.store.set(key, record, expected, ttl).await
    }

    async fn destroy(&self, key: &StoreKey, condition: Condition) -> Result<Destroyed, StoreError> {
        self.turns.call().await;
        self.store.destroy(key, condition).await
    }

    async fn touch(&self, key: &StoreKey, ttl: Duration) -> Result<bool, StoreError> {
        self.turns.call().await;
        self.store.touch(key, ttl).await
    }

    async fn load(&self, key: &StoreKey, renewal: &Renewal) -> Result<Option<Found>, StoreError> {
        if self.at_once {
            self.turns.call().await;
            let found = self.store.load(key, renewal).await?;
            self.turns.load(found.as_ref().map(|found| &found.record));
            return Ok(found);
        }
        let Some(record) = self.get(key).await? else { return Ok(None) };
        let Some(ttl) = renewal.of(&record) else {
            self.turns.load(Some(&record));
            return Ok(Some(Found { record, renewed: false }));
        };
        let alive = self.touch(key, ttl).await?;
        self.turns.load(Some(&record));
        let expires_at = renewal.now() + u64::try_from(ttl.as_millis()).expect("short");
        Ok(alive.then(|| Found { record: record.with_expiry(expires_at), renewed: true }))
    }

    async fn rotate(
        &self,
        old: &StoreKey,
        condition: Condition,
        new: &StoreKey,
        record: Record,
        ttl: Duration,
    ) -> Result<Rotated, StoreError> {
        if self.at_once {
            self.turns.call().await;
            return self.store.rotate(old, condition, new, record, ttl).await;
        }
        if self.set(new, record, Expected::Absent, ttl).await? == Stored::Conflict {
            return Ok(Rotated::Taken);
        }
        let destroyed = self.destroy(old, condition).await?;
        if destroyed == Destroyed::Yes || condition == Condition::Always {
            return Ok(Rotated::Yes);
        }
        let _ = self.destroy(new, Condition::Always).await?;
        Ok(Rotated::Conflict)
    }

    async fn sessions_of(&self, owner: &Owner) -> Result<Vec<(StoreKey, Record)>, StoreError> {
        self.turns.call().await;
        self.store.sessions_of(owner).await
    }
}
