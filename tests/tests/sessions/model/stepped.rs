//! Stores whose every call waits once, so that the test decides which store call runs next.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use velox_session::store::{
    Condition, Created, Destroyed, Expected, Found, NewSession, Owner, Renewal, StoreError, Stored, async_trait,
};
use velox_session::{Record, SessionStore, StoreKey};

/// The place where requests wait for their turn. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Turns(Arc<Inner>);

#[derive(Default)]
struct Inner {
    waits: AtomicBool,
    /// The talk between the store and the request whose turn it is.
    talk: Mutex<Talk>,
}

/// The calls that one request made to the store, and the answers.
#[derive(Debug, Default)]
pub(crate) struct Talk {
    /// The number of store calls.
    pub(crate) calls: u64,
    /// How often the store returned the present record. `record` holds the last one.
    pub(crate) told: u64,
    pub(crate) record: Option<Record>,
    /// The sessions that it ended.
    pub(crate) destroyed: Vec<StoreKey>,
    /// The key of the session that it created last.
    pub(crate) created: Option<StoreKey>,
}

impl Turns {
    /// Waits for the turn of the request.
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

    /// Lets a request run up to its next turn or its end. Nothing else runs meanwhile, except for
    /// the store's connection.
    pub(crate) async fn go_on<T>(&self, request: &mut Pin<Box<dyn Future<Output = T>>>, talk: &mut Talk) -> Option<T> {
        self.0.waits.store(false, Ordering::Relaxed);
        std::mem::swap(&mut *self.talk(), talk);
        let output = std::future::poll_fn(|cx| match request.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if self.0.waits.load(Ordering::Relaxed) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await;
        std::mem::swap(&mut *self.talk(), talk);
        output
    }

    /// The number of store calls of the request whose turn it is.
    pub(crate) fn calls(&self) -> u64 {
        self.talk().calls
    }

    async fn call(&self) {
        self.wait().await;
        self.talk().calls += 1;
    }

    fn tell(&self, record: Option<&Record>) {
        let mut talk = self.talk();
        talk.told += 1;
        talk.record = record.cloned();
    }

    fn put_in(&self, key: &StoreKey) {
        self.talk().created = Some(key.clone());
    }

    fn talk(&self) -> MutexGuard<'_, Talk> {
        self.0.talk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A store that takes turns. It has only the required methods and uses the trait's defaults for the
/// others.
#[derive(Clone)]
pub(crate) struct Plain {
    pub(crate) store: Arc<dyn SessionStore>,
    pub(crate) turns: Turns,
}

#[async_trait]
impl SessionStore for Plain {
    async fn get(&self, key: &StoreKey) -> Result<Option<Record>, StoreError> {
        self.turns.call().await;
        self.store.get(key).await
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
        let destroyed = self.store.destroy(key, condition).await?;
        if destroyed == Destroyed::Yes {
            self.turns.talk().destroyed.push(key.clone());
        }
        Ok(destroyed)
    }

    async fn touch(&self, key: &StoreKey, ttl: Duration) -> Result<bool, StoreError> {
        self.turns.call().await;
        self.store.touch(key, ttl).await
    }
}

pub(crate) struct Stepped {
    pub(crate) plain: Plain,
    /// `true` if `load` and `create` take one step each. Otherwise the defaults of the trait run,
    /// as for stores that do not override them.
    pub(crate) at_once: bool,
}

#[async_trait]
impl SessionStore for Stepped {
    async fn get(&self, _: &StoreKey) -> Result<Option<Record>, StoreError> {
        panic!("the engine must use `load`, or the record that a refused write returns")
    }

    async fn set(
        &self,
        key: &StoreKey,
        record: Record,
        expected: Expected,
        ttl: Duration,
    ) -> Result<Stored, StoreError> {
        assert_ne!(expected, Expected::Absent, "the engine must use `create`");
        let stored = self.plain.set(key, record, expected, ttl).await?;
        if let Stored::Conflict(present) = &stored {
            self.plain.turns.tell(present.as_ref());
        }
        Ok(stored)
    }

    async fn destroy(&self, key: &StoreKey, condition: Condition) -> Result<Destroyed, StoreError> {
        self.plain.destroy(key, condition).await
    }

    async fn touch(&self, key: &StoreKey, ttl: Duration) -> Result<bool, StoreError> {
        self.plain.touch(key, ttl).await
    }

    async fn load(&self, key: &StoreKey, renewal: &Renewal) -> Result<Option<Found>, StoreError> {
        let Plain { store, turns } = &self.plain;
        let found = if self.at_once {
            turns.call().await;
            store.load(key, renewal).await?
        } else {
            self.plain.load(key, renewal).await?
        };
        turns.tell(found.as_ref().map(|found| &found.record));
        Ok(found)
    }

    async fn create(&self, new: NewSession<'_>) -> Result<Created, StoreError> {
        let (Plain { store, turns }, key) = (&self.plain, new.key);
        let created = if self.at_once {
            turns.call().await;
            store.create(new).await?
        } else {
            self.plain.create(new).await?
        };
        match &created {
            Created::Yes { .. } => turns.put_in(key),
            Created::Conflict(present) => turns.tell(present.as_ref()),
            Created::Taken | Created::Revoked => {}
        }
        Ok(created)
    }

    async fn sessions_of(&self, owner: &Owner) -> Result<Vec<(StoreKey, Record)>, StoreError> {
        self.plain.turns.call().await;
        self.plain.store.sessions_of(owner).await
    }

    async fn end_sessions(&self, owner: &Owner, keep: Option<&StoreKey>) -> Result<Option<u64>, StoreError> {
        self.plain.turns.call().await;
        self.plain.store.end_sessions(owner, keep).await
    }
}
