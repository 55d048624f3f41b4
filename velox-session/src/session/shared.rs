//! What all calls of an exchange share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::error::SessionError;
use super::state::State;
use crate::manager::Manager;
use crate::store::StoreError;

/// What all calls of an exchange share: the state, until the manager takes it to save it.
pub(crate) struct Shared {
    state: Mutex<Option<State>>,
    /// Milliseconds that the exchange has waited for the store.
    waited: AtomicU64,
    /// For what cannot wait until the exchange ends.
    pub(super) manager: Manager,
}

impl Shared {
    pub(crate) fn new(state: State, manager: Manager) -> Self {
        Self { state: Mutex::new(Some(state)), waited: AtomicU64::new(0), manager }
    }

    /// The session for a call of its own, whose reply's head leaves before the call ends. `None` once the exchange has ended.
    #[cfg(feature = "rpc")]
    pub(crate) fn after_head(&self) -> Option<Self> {
        let state = self.lock().as_ref()?.after_head();
        Some(Self { waited: AtomicU64::new(self.waited(0)), ..Self::new(state, self.manager.clone()) })
    }

    /// Takes the state: from here on no call reads or writes it. In a box, since it moves through the futures that save it.
    pub(crate) fn take(&self) -> Option<Box<State>> {
        self.lock().take().map(Box::new)
    }

    /// Drops the state if `close` can do what is left to do.
    pub(crate) fn close<T>(&self, close: impl FnOnce(&State) -> Option<T>) -> Option<T> {
        let mut state = self.lock();
        let closed = close(state.as_ref()?)?;
        *state = None;
        Some(closed)
    }

    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut State) -> Result<T, SessionError>) -> Result<T, SessionError> {
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
    pub(crate) fn wait(&self, milliseconds: u64) -> Result<(), StoreError> {
        let longest = self.manager.longest_wait();
        if self.waited(milliseconds) < crate::clock::milliseconds(longest) {
            Ok(())
        } else {
            Err(self.manager.timed_out())
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<State>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
