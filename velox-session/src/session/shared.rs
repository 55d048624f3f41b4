//! What all calls of an exchange share.

use std::sync::{Mutex, PoisonError};

use super::error::SessionError;
use super::state::State;
use crate::manager::Manager;

/// What all calls of an exchange share: the state, until the manager takes it to save it.
pub(crate) struct Shared {
    /// In a box, since it moves through the futures that save it.
    state: Mutex<Option<Box<State>>>,
    /// For what cannot wait until the exchange ends.
    pub(super) manager: Manager,
}

impl Shared {
    pub(crate) fn new(state: State, manager: Manager) -> Self {
        Self { state: Mutex::new(Some(Box::new(state))), manager }
    }

    /// Takes the state: from here on no call reads or writes it.
    pub(crate) fn take(&self) -> Option<Box<State>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut State) -> Result<T, SessionError>) -> Result<T, SessionError> {
        // The one thing that can panic in here is an update function that is done again, before anything is changed.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        act(state.as_mut().ok_or(SessionError::Ended)?)
    }
}
