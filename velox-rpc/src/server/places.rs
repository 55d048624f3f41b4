//! The places of a server, which are limited: one for each connection, kept by whatever the connection leaves behind. Used by `accept`,
//! `activity` and `conn`.
//!
//! A mutation goes on where nobody waits for its reply any more: its client has left, or has been answered 503. It keeps the place of its
//! connection, so that clients which come and leave cannot pile up work.

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// The places of one server.
#[derive(Debug)]
pub(super) struct Places {
    limit: usize,
    taken: AtomicUsize,
    all_free: Notify,
    /// What goes on without a connection.
    left: Mutex<JoinSet<()>>,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(super) struct Place(Arc<Places>);

impl Places {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, taken: AtomicUsize::new(0), all_free: Notify::new(), left: Mutex::default() }
    }

    /// Takes a place; none if all are taken.
    pub(super) fn take(self: &Arc<Self>) -> Option<Place> {
        let taken = self.taken.fetch_add(1, Relaxed);
        // Made in any case: to drop it gives the place back.
        let place = Place(Arc::clone(self));
        (taken < self.limit).then_some(place)
    }

    /// Ends when no place is taken.
    pub(super) async fn all_free(&self) {
        loop {
            let mut notified = std::pin::pin!(self.all_free.notified());
            notified.as_mut().enable();
            if self.taken.load(Relaxed) == 0 {
                return;
            }
            notified.await;
        }
    }

    /// How many calls go on without a connection.
    pub(super) fn left(&self) -> usize {
        let mut left = self.left_behind();
        while left.try_join_next().is_some() {}
        left.len()
    }

    /// Ends what goes on.
    pub(super) fn abort(&self) {
        self.left_behind().abort_all();
    }

    fn left_behind(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Lets something go on without its connection. It has to hold what holds this place. Outside of a runtime, which is where one is being
    /// dropped, it ends here.
    pub(super) fn leave(&self, work: impl Future<Output = ()> + Send + 'static) {
        let Ok(runtime) = Handle::try_current() else { return };
        let mut left = self.0.left_behind();
        // What has ended takes memory until somebody asks.
        while left.try_join_next().is_some() {}
        left.spawn_on(work, &runtime);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.0.taken.fetch_sub(1, Relaxed) == 1 {
            self.0.all_free.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_so_many_places_and_one_that_is_given_back_is_free() {
        let places = Arc::new(Places::new(2));
        let (first, second) = (places.take(), places.take());
        assert!(first.is_some() && second.is_some() && places.take().is_none() && places.take().is_none());
        drop(first);
        assert!(places.take().is_some());
        drop(second);
        assert_eq!(places.taken.load(Relaxed), 0);
    }

    #[tokio::test]
    async fn what_is_left_behind_keeps_the_place() {
        let places = Arc::new(Places::new(1));
        let place = Arc::new(places.take().expect("a place"));
        let (go, gone) = tokio::sync::oneshot::channel::<()>();
        let kept = Arc::clone(&place);
        place.leave(async move {
            let _ = gone.await;
            drop(kept);
        });
        drop(place);
        assert!(places.take().is_none());
        assert_eq!(places.left(), 1);
        drop(go);
        places.all_free().await;
        assert!(places.take().is_some());
    }
}
