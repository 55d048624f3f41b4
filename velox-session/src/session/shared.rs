//! What all calls of an exchange share.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::error::SessionError;
use super::state::State;
use crate::manager::Manager;

/// What all calls of an exchange share: the state, until the manager takes it to save it.
pub(crate) struct Shared {
    state: Mutex<Option<State>>,
    /// For what cannot wait until the exchange ends.
    pub(super) manager: Manager,
}

impl Shared {
    pub(crate) fn new(state: State, manager: Manager) -> Self {
        Self { state: Mutex::new(Some(state)), manager }
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

    fn lock(&self) -> MutexGuard<'_, Option<State>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
