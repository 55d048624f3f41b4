//! Counts how much of a limited resource each public network has taken, so that no single client
//! can take all of it. Layer: vocabulary.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The amounts that public networks hold at the moment. A network that holds nothing takes up no
/// memory.
#[derive(Debug, Default)]
pub(crate) struct Networks(Mutex<HashMap<IpAddr, usize>>);

impl Networks {
    /// Takes `count` more for a network. Returns `false`, and takes nothing, if the network would
    /// then hold more than `limit`.
    pub(crate) fn take(&self, network: IpAddr, count: usize, limit: usize) -> bool {
        let mut held = self.held();
        let total = held.get(&network).copied().unwrap_or_default().saturating_add(count);
        let fits = total <= limit;
        if fits {
            held.insert(network, total);
        }
        fits
    }

    /// Gives back what was taken for a network.
    pub(crate) fn give_back(&self, network: IpAddr, count: usize) {
        let mut held = self.held();
        if let Some(total) = held.get_mut(&network) {
            *total -= count;
            if *total == 0 {
                held.remove(&network);
            }
        }
    }

    fn held(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns whether an address can belong to any single client on the internet. Addresses of this
/// machine and of private networks belong to proxies, load balancers and the application's own
/// services, which speak for many clients.
pub(crate) fn is_public(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            // RFC 6598: shared address space between a provider and its customers.
            let is_shared = first == 100 && second & 0xc0 == 64;
            !(address.is_loopback() || address.is_private() || address.is_link_local() || is_shared)
        }
        IpAddr::V6(address) => !(address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_network_has_its_own_share() {
        let networks = Networks::default();
        let [one, other] = ["203.0.113.7", "203.0.113.8"].map(|text| text.parse().expect("an address"));
        let taken =
            [(one, 3), (one, 2), (one, 1), (other, 6), (other, 5)].map(|(network, n)| networks.take(network, n, 5));
        assert_eq!(taken, [true, true, false, false, true]);
        networks.give_back(one, 2);
        assert!(networks.take(one, 2, 5));
        networks.give_back(one, 5);
        networks.give_back(other, 5);
        assert!(networks.held().is_empty());
    }

    #[test]
    fn a_number_that_overflows_does_not_fit() {
        let (networks, network) = (Networks::default(), IpAddr::from([203, 0, 113, 7]));
        assert!(networks.take(network, 1, usize::MAX - 1));
        assert!(!networks.take(network, usize::MAX, usize::MAX - 1));
    }
}
