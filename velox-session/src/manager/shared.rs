//! What all calls of an exchange share: the state, until it is taken to be saved.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::engine::Engine;
use crate::clock::milliseconds;
use crate::error::StoreError;
use crate::session::SessionError;
use crate::session::state::State;

pub(crate) struct Shared {
    state: Mutex<Option<State>>,
    /// Milliseconds that the exchange has waited for the store.
    waited: AtomicU64,
    /// For what cannot wait until the exchange ends.
    pub(super) engine: Arc<Engine>,
}

impl Shared {
    pub(super) fn new(state: State, engine: Arc<Engine>) -> Self {
        Self { state: Mutex::new(Some(state)), waited: AtomicU64::new(0), engine }
    }

    /// The session for a call of its own, whose reply's head leaves before the call ends. `None` once the exchange has ended.
    pub(super) fn after_head(&self) -> Option<Self> {
        let state = self.lock().as_ref()?.after_head();
        Some(Self { waited: AtomicU64::new(self.waited(0)), ..Self::new(state, Arc::clone(&self.engine)) })
    }

    /// Takes the state: from here on no call reads or writes it. In a box, since it moves through the futures that save it.
    pub(super) fn take(&self) -> Option<Box<State>> {
        self.lock().take().map(Box::new)
    }

    /// Drops the state if `close` can do what is left to do.
    pub(super) fn close<T>(&self, close: impl FnOnce(&State) -> Option<T>) -> Option<T> {
        let mut state = self.lock();
        let closed = close(state.as_ref()?)?;
        *state = None;
        Some(closed)
    }

    pub(super) fn with<T>(&self, act: impl FnOnce(&mut State) -> Result<T, SessionError>) -> Result<T, SessionError> {
        // The one thing that can panic in here is an update function that is done again, before anything is changed.
        match self.lock().as_mut() {
            Some(state) => act(state),
            None => Err(SessionError::Ended),
        }
    }

    /// Notes that the exchange has waited for the store, and returns how long it has in all, in milliseconds.
    pub(crate) fn waited(&self, milliseconds: u64) -> u64 {
        self.waited.fetch_add(milliseconds, Ordering::Relaxed).saturating_add(milliseconds)
    }

    /// The same, unless that is longer than a request waits.
    pub(super) fn wait(&self, waited: u64) -> Result<(), StoreError> {
        let is_over = self.waited(waited) >= milliseconds(self.engine.longest_wait());
        if is_over { Err(self.engine.timed_out()) } else { Ok(()) }
    }

    fn lock(&self) -> MutexGuard<'_, Option<State>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
