//! The part that all calls of a request share: the state, until it is taken to be saved.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
#[cfg(feature = "tower")]
use std::time::Duration;

use super::engine::Engine;
use crate::clock::milliseconds;
#[cfg(feature = "tower")]
use crate::deadline::within;
use crate::error::StoreError;
use crate::session::SessionError;
use crate::session::state::State;

pub(crate) struct Shared {
    state: Mutex<Option<State>>,
    /// The milliseconds that the request has waited for the store.
    waited: AtomicU64,
    /// `true` if store calls have a deadline. A deadline needs tokio's timer, which callers of a
    /// [`Manager`](crate::Manager) may not have.
    is_timed: bool,
    /// Used by operations that cannot wait until the request ends.
    pub(super) engine: Arc<Engine>,
}

impl Shared {
    pub(super) fn new(state: State, is_timed: bool, engine: Arc<Engine>) -> Self {
        Self { state: Mutex::new(Some(state)), waited: AtomicU64::new(0), is_timed, engine }
    }

    /// Returns a separate session for a call whose response headers are sent before the call ends.
    /// Returns `None` once the request has ended.
    pub(super) fn after_head(&self) -> Option<Self> {
        let state = self.lock().as_ref()?.after_head();
        let other = Self::new(state, self.is_timed, Arc::clone(&self.engine));
        other.waited(self.waited(0));
        Some(other)
    }

    /// Takes the state, so that no call can read or write it any more. It is boxed because it moves
    /// through the futures that save it.
    pub(super) fn take(&self) -> Option<Box<State>> {
        self.lock().take().map(Box::new)
    }

    /// Drops the state if `close` can finish the work.
    pub(super) fn close<T>(&self, close: impl FnOnce(&State) -> Option<T>) -> Option<T> {
        let mut state = self.lock();
        let closed = close(state.as_ref()?)?;
        *state = None;
        Some(closed)
    }

    pub(super) fn with<T>(&self, act: impl FnOnce(&mut State) -> Result<T, SessionError>) -> Result<T, SessionError> {
        // No foreign code runs in here, so nothing panics half-way through a change.
        match self.lock().as_mut() {
            Some(state) => act(state),
            None => Err(SessionError::Ended),
        }
    }

    /// Adds to the time that the request has waited for the store, and returns the total in
    /// milliseconds.
    pub(crate) fn waited(&self, milliseconds: u64) -> u64 {
        self.waited.fetch_add(milliseconds, Ordering::Relaxed).saturating_add(milliseconds)
    }

    /// Awaits store calls, and adds the time that they take. It gives up if the request has waited
    /// too long.
    pub(super) async fn in_time<T, E: From<StoreError>>(
        &self,
        calls: Pin<&mut impl Future<Output = Result<T, E>>>,
    ) -> Result<T, E> {
        #[cfg(feature = "tower")]
        if self.is_timed {
            let left = self.engine.longest_wait().saturating_sub(Duration::from_millis(self.waited(0)));
            let (done, took) = within(left, calls).await;
            self.waited(milliseconds(took));
            return done.unwrap_or_else(|| Err(self.engine.timed_out().into()));
        }
        let began = self.engine.now();
        let done = calls.await;
        self.waited(self.engine.now().saturating_sub(began));
        done
    }

    /// Returns whether the request may wait for the store for this many milliseconds more.
    pub(super) fn may_wait(&self, milliseconds_more: u64) -> bool {
        self.waited(0).saturating_add(milliseconds_more) < milliseconds(self.engine.longest_wait())
    }

    fn lock(&self) -> MutexGuard<'_, Option<State>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
