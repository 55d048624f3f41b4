//! The limited places of a server. Each connection takes one, and so does each call that continues
//! after its connection. `accept`, `activity`, `body` and `conn` use this module.
//!
//! A mutation continues when nobody waits for its reply any more, because its client left or was
//! answered 503. It keeps the place of its connection, so that clients cannot pile up work by
//! connecting and leaving.

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::networks::Networks;

#[derive(Debug)]
pub(super) struct Places {
    limit: usize,
    taken: AtomicUsize,
    of_networks: Networks,
    all_free: Notify,
    /// The calls that continue without their connection.
    left: Mutex<JoinSet<()>>,
}

/// A place that is taken until this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    network: Option<IpAddr>,
}

impl Places {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            taken: AtomicUsize::new(0),
            of_networks: Networks::default(),
            all_free: Notify::new(),
            left: Mutex::default(),
        }
    }

    /// Takes a place. Returns `None` if all are taken, or if the client's network has taken half of
    /// them. A client without a network only counts against the total.
    pub(super) fn take(self: &Arc<Self>, network: Option<IpAddr>) -> Option<Place> {
        let taken = self.taken.fetch_add(1, Relaxed);
        // Made in every case, because dropping it gives the place back.
        let mut place = Place { places: Arc::clone(self), network: None };
        if taken >= self.limit {
            return None;
        }
        if let Some(network) = network {
            // Rounded up, so that a limit of one still allows one.
            if !self.of_networks.take(network, 1, self.limit.div_ceil(2)) {
                return None;
            }
            place.network = Some(network);
        }
        Some(place)
    }

    /// Waits until no place is taken.
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

    /// Returns how many calls continue without their connection.
    pub(super) fn left(&self) -> usize {
        let mut left = self.left_behind();
        while left.try_join_next().is_some() {}
        left.len()
    }

    /// Aborts the calls that continue without their connection.
    pub(super) fn abort(&self) {
        self.left_behind().abort_all();
    }

    fn left_behind(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Returns whether seven of eight places are taken, so that they may soon run out.
    pub(super) fn is_scarce(&self) -> bool {
        let Places { taken, limit, .. } = &*self.places;
        taken.load(Relaxed) >= limit - limit / 8
    }

    /// Lets `work` continue without its connection. `work` has to own this place, so that the place
    /// stays taken. Outside a runtime, as when one is being dropped, `work` is dropped.
    pub(super) fn leave(&self, work: BoxFuture<'static, ()>) {
        let Ok(runtime) = Handle::try_current() else { return };
        let mut left = self.places.left_behind();
        // Tasks that have ended take up memory until they are joined.
        while left.try_join_next().is_some() {}
        left.spawn_on(work, &runtime);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(network) = self.network {
            self.places.of_networks.give_back(network, 1);
        }
        if self.places.taken.fetch_sub(1, Relaxed) == 1 {
            self.places.all_free.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_limited_and_can_be_reused() {
        let places = Arc::new(Places::new(2));
        let (first, second) = (places.take(None), places.take(None));
        assert!(first.is_some() && second.is_some() && places.take(None).is_none() && places.take(None).is_none());
        drop(first);
        assert!(places.take(None).is_some());
        drop(second);
        assert_eq!(places.taken.load(Relaxed), 0);
    }

    #[test]
    fn a_public_network_gets_at_most_half_of_the_places() {
        let places = Arc::new(Places::new(5));
        let [greedy, other] = ["203.0.113.7", "203.0.113.8"].map(|text| text.parse::<IpAddr>().ok());
        let mut of_greedy: Vec<_> = (0..10).filter_map(|_| places.take(greedy)).collect();
        assert_eq!((of_greedy.len(), places.taken.load(Relaxed)), (3, 3));
        let of_other = (places.take(other), places.take(None), places.take(other));
        assert!(of_other.0.is_some() && of_other.1.is_some() && of_other.2.is_none(), "all five are taken");
        of_greedy.pop();
        assert!(places.take(greedy).is_some());
        drop((of_greedy, of_other));
        assert!(Arc::new(Places::new(1)).take(greedy).is_some());
    }

    #[tokio::test]
    async fn unattended_work_keeps_its_place() {
        let places = Arc::new(Places::new(1));
        let place = Arc::new(places.take(None).expect("a place"));
        let (go, gone) = tokio::sync::oneshot::channel::<()>();
        let kept = Arc::clone(&place);
        place.leave(Box::pin(async move {
            let _ = gone.await;
            drop(kept);
        }));
        drop(place);
        assert!(places.take(None).is_none());
        assert_eq!(places.left(), 1);
        drop(go);
        places.all_free().await;
        assert!(places.take(None).is_some());
    }
}
