//! What all calls of an exchange share.

use std::sync::{Arc, Mutex, PoisonError};

use super::error::SessionError;
use super::state::State;
use crate::clock::Clock;

/// What all calls of an exchange share: the state, until the manager takes it to save it.
pub(crate) struct Shared {
    /// In a box, since it moves through the futures that save it.
    state: Mutex<Option<Box<State>>>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Shared {
    pub(crate) fn new(state: State, clock: Arc<dyn Clock>) -> Self {
        Self { state: Mutex::new(Some(Box::new(state))), clock }
    }

    /// Takes the state: from here on no call reads or writes it.
    pub(crate) fn take(&self) -> Option<Box<State>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(super) fn with<T>(&self, act: impl FnOnce(&mut State) -> Result<T, SessionError>) -> Result<T, SessionError> {
        // The one thing that can panic in here is an update function that is done again, before anything is changed.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        act(state.as_mut().ok_or(SessionError::Ended)?)
    }
}
