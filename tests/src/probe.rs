//! A session store in memory that counts its calls, and that fails or waits when a test wants it
//! to.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use velox_session::clock::ManualClock;
use velox_session::store::{
    Condition, Created, Destroyed, Expected, NewSession, Owner, StoreError, Stored, async_trait,
};
use velox_session::{MemoryStore, Record, SessionStore, StoreKey};

/// The kind of a store call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Load a record.
    Get,
    /// Store a record.
    Set,
    /// Delete a record.
    Destroy,
    /// Extend the lifetime of a record.
    Touch,
    /// List the records of a user.
    List,
    /// End the sessions of a user.
    End,
}

/// A store in memory that a test controls. Clones share the same store.
#[derive(Clone)]
pub struct Probe(Arc<Inner>);

struct Inner {
    store: MemoryStore,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    calls: Vec<Kind>,
    last_ttl: Option<Duration>,
    failing: Vec<Kind>,
    gates: Vec<(Kind, Gate)>,
    seen: String,
}

impl std::fmt::Debug for Probe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Probe(..)")
    }
}

impl Probe {
    /// Makes an empty store with this clock.
    pub fn new(clock: &ManualClock) -> Self {
        Self::over(MemoryStore::new().with_clock(clock.clone()))
    }

    /// Makes a store that forwards its calls to `store`.
    pub fn over(store: MemoryStore) -> Self {
        Self(Arc::new(Inner { store, state: Mutex::default() }))
    }

    /// Returns the store underneath.
    pub fn store(&self) -> &MemoryStore {
        &self.0.store
    }

    /// Returns the calls since the last time this method was called.
    pub fn calls(&self) -> Vec<Kind> {
        std::mem::take(&mut self.state().calls)
    }

    /// Returns the lifetime given to the last record that was stored or touched.
    pub fn last_ttl(&self) -> Option<Duration> {
        self.state().last_ttl
    }

    /// Makes all calls of these kinds fail from now on, and all others succeed.
    pub fn fail(&self, kinds: &[Kind]) {
        self.state().failing = kinds.to_vec();
    }

    /// Holds the next call of this kind that no other gate holds, before the store does anything.
    pub fn park(&self, kind: Kind) -> Gate {
        let gate = Gate(Arc::default());
        self.state().gates.push((kind, gate.clone()));
        gate
    }

    /// Returns all keys and records that the store was given, as text.
    pub fn seen(&self) -> String {
        self.state().seen.clone()
    }

    async fn called(
        &self,
        kind: Kind,
        key: &StoreKey,
        (record, ttl): (Option<&Record>, Option<Duration>),
    ) -> Result<(), StoreError> {
        {
            let mut state = self.state();
            state.last_ttl = ttl.or(state.last_ttl);
            state.seen.push_str(&key.to_text());
            state.seen.push_str(&record.map(Record::to_json).unwrap_or_default());
        }
        self.asked(kind).await
    }

    async fn asked(&self, kind: Kind) -> Result<(), StoreError> {
        let gate = {
            let mut state = self.state();
            state.calls.push(kind);
            let index = state.gates.iter().position(|(of, _)| *of == kind);
            index.map(|index| state.gates.remove(index).1)
        };
        if let Some(gate) = gate {
            gate.0.reached.notify_one();
            gate.0.open.notified().await;
        }
        if self.state().failing.contains(&kind) {
            return Err(StoreError::new("redis://:hunter2@10.0.0.7:6379: connection refused"));
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SessionStore for Probe {
    async fn get(&self, key: &StoreKey) -> Result<Option<Record>, StoreError> {
        self.called(Kind::Get, key, (None, None)).await?;
        self.0.store.get(key).await
    }

    async fn set(
        &self,
        key: &StoreKey,
        record: Record,
        expected: Expected,
        ttl: Duration,
    ) -> Result<Stored, StoreError> {
        self.called(Kind::Set, key, (Some(&record), Some(ttl))).await?;
        self.0.store.set(key, record, expected, ttl).await
    }

    async fn destroy(&self, key: &StoreKey, condition: Condition) -> Result<Destroyed, StoreError> {
        self.called(Kind::Destroy, key, (None, None)).await?;
        self.0.store.destroy(key, condition).await
    }

    async fn touch(&self, key: &StoreKey, ttl: Duration) -> Result<bool, StoreError> {
        self.called(Kind::Touch, key, (None, Some(ttl))).await?;
        self.0.store.touch(key, ttl).await
    }

    async fn create(&self, new: NewSession<'_>) -> Result<Created, StoreError> {
        if new.ends_others || new.login.is_some_and(|login| login.strict) {
            self.called(Kind::Set, new.key, (Some(&new.record), Some(new.ttl))).await?;
            return self.0.store.create(new).await;
        }
        // This uses the steps of a store that has only the four basic methods, so that each step
        // can be held or fail.
        if self.set(new.key, new.record, Expected::Absent, new.ttl).await? != Stored::Yes {
            return Ok(Created::Taken);
        }
        let Some((old, condition)) = new.replaces else { return Ok(Created::Yes { ended: 0 }) };
        let destroyed = self.destroy(old, condition).await;
        match destroyed {
            Ok(Destroyed::Yes) => return Ok(Created::Yes { ended: 0 }),
            Ok(Destroyed::Absent) if condition == Condition::Always => return Ok(Created::Yes { ended: 0 }),
            _ => {}
        }
        self.destroy(new.key, Condition::Always).await.ok();
        let _ = destroyed?;
        Ok(Created::Conflict(self.get(old).await?))
    }

    async fn end_sessions(&self, owner: &Owner, keep: Option<&StoreKey>) -> Result<Option<u64>, StoreError> {
        self.asked(Kind::End).await?;
        self.0.store.end_sessions(owner, keep).await
    }

    async fn sessions_of(&self, owner: &Owner) -> Result<Vec<(StoreKey, Record)>, StoreError> {
        self.asked(Kind::List).await?;
        self.0.store.sessions_of(owner).await
    }
}

/// The place where a held store call waits.
#[derive(Debug, Clone)]
pub struct Gate(Arc<Notifies>);

#[derive(Debug, Default)]
struct Notifies {
    reached: Notify,
    open: Notify,
}

impl Gate {
    /// Waits until a call is held here.
    ///
    /// # Panics
    ///
    /// Panics if no call comes.
    pub async fn reached(&self) {
        tokio::time::timeout(HANG, self.0.reached.notified()).await.expect("a call of this kind comes");
    }

    /// Lets the call continue.
    pub fn open(&self) {
        self.0.open.notify_one();
    }
}

/// The time after which a test fails instead of hanging.
const HANG: Duration = Duration::from_secs(30);
