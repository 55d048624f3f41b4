//! A shared memory budget for the bodies of all requests in flight. Layer: vocabulary.
//!
//! The budget counts the bytes that are held, from their arrival to the end of their request. It
//! does not count the `Content-Length` that a request declares.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use crate::networks::{Networks, is_public};

/// Counts the bytes of bodies that an application holds, and limits them.
pub(crate) struct Budget {
    limit: usize,
    held: AtomicUsize,
    of_networks: Networks,
    /// `true` if the log already has the warning that the budget is used up.
    is_told: AtomicBool,
}

/// The bytes that one request holds. Dropping it releases them.
pub(crate) struct Held {
    budget: Arc<Budget>,
    /// `None` if the client's address is unknown or not public.
    network: Option<IpAddr>,
    bytes: usize,
}

/// The error if the budget is used up, or the half of it that one public network may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UsedUp;

impl Budget {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, held: AtomicUsize::new(0), of_networks: Networks::default(), is_told: AtomicBool::new(false) }
    }

    /// Opens the account of a request from a client in this network.
    pub(crate) fn open(self: &Arc<Self>, network: Option<IpAddr>) -> Held {
        Held { budget: Arc::clone(self), network: network.filter(is_public), bytes: 0 }
    }

    fn hold(&self, bytes: usize, network: Option<IpAddr>) -> Result<(), UsedUp> {
        let before = self.held.fetch_add(bytes, Relaxed);
        let fits = before.checked_add(bytes).is_some_and(|held| held <= self.limit)
            && network.is_none_or(|network| self.of_networks.take(network, bytes, self.limit / 2));
        if fits {
            return Ok(());
        }
        self.held.fetch_sub(bytes, Relaxed);
        if !self.is_told.swap(true, Relaxed) {
            tracing::warn!(
                limit = self.limit,
                held = before,
                "the budget for request bodies is used up: requests are refused with 503"
            );
        }
        Err(UsedUp)
    }

    fn release(&self, bytes: usize, network: Option<IpAddr>) {
        let before = self.held.fetch_sub(bytes, Relaxed);
        if before - bytes < self.limit / 2 {
            self.is_told.store(false, Relaxed);
        }
        if let Some(network) = network {
            self.of_networks.give_back(network, bytes);
        }
    }
}

impl Held {
    /// Takes `bytes` more from the budget.
    pub(crate) fn add(&mut self, bytes: usize) -> Result<(), UsedUp> {
        self.budget.hold(bytes, self.network)?;
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.budget.release(self.bytes, self.network);
        }
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().expect("an address"))
    }

    #[test]
    fn held_bytes_are_returned() {
        let budget = Arc::new(Budget::new(10));
        let mut first = budget.open(None);
        assert_eq!((first.add(6), first.add(4), first.add(1)), (Ok(()), Ok(()), Err(UsedUp)));
        let mut second = budget.open(None);
        assert_eq!(second.add(1), Err(UsedUp));
        drop(first);
        assert_eq!((second.add(10), budget.held.load(Relaxed)), (Ok(()), 10));
        drop(second);
        assert_eq!(budget.held.load(Relaxed), 0);
    }

    #[test]
    fn a_public_network_gets_at_most_half_of_the_budget() {
        let budget = Arc::new(Budget::new(10));
        let mut greedy = budget.open(address("203.0.113.7"));
        assert_eq!((greedy.add(5), greedy.add(1)), (Ok(()), Err(UsedUp)));
        assert_eq!(budget.open(address("203.0.113.7")).add(1), Err(UsedUp), "another request of the same");
        let mut other = budget.open(address("203.0.113.8"));
        assert_eq!(other.add(5), Ok(()));
        drop((greedy, other));
        assert_eq!(budget.held.load(Relaxed), 0);
    }

    #[test]
    fn shared_addresses_can_use_the_whole_budget() {
        for text in ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.1.1", "100.64.0.1", "::1", "fd00::", "fe80::"] {
            assert_eq!(Arc::new(Budget::new(10)).open(address(text)).add(10), Ok(()), "{text}");
        }
        for text in ["203.0.113.7", "100.128.0.1", "2001:db8::"] {
            assert_eq!(Arc::new(Budget::new(10)).open(address(text)).add(10), Err(UsedUp), "{text}");
        }
    }

    #[test]
    fn a_number_that_overflows_does_not_fit() {
        let budget = Arc::new(Budget::new(usize::MAX));
        let mut held = budget.open(None);
        assert_eq!((held.add(1), held.add(usize::MAX)), (Ok(()), Err(UsedUp)));
    }
}
