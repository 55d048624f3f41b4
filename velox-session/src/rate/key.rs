//! The key of a caller in a store.

use std::fmt;

use sha2::{Digest, Sha256};

/// The key of a caller under a limit: a hash of the limit's name and of what identifies the caller.
///
/// Stores and logs therefore see no address, no API key and no user name, and all keys have the
/// same length.
///
/// # Examples
///
/// ```
/// use velox_session::rate::RateKey;
///
/// assert_eq!(RateKey::new("login", "203.0.113.7").to_hex().len(), 32);
/// assert_ne!(RateKey::new("login", "203.0.113.7"), RateKey::new("search", "203.0.113.7"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RateKey([u8; 16]);

impl RateKey {
    /// Returns the key of a caller under a limit.
    #[must_use]
    pub fn new(limit: &str, caller: &str) -> Self {
        // The length distinguishes `a` and `bc` from `ab` and `c`.
        let length = u64::try_from(limit.len()).unwrap_or(u64::MAX).to_be_bytes();
        let digest = Sha256::new().chain_update(length).chain_update(limit).chain_update(caller).finalize();
        let mut key = [0; 16];
        key.copy_from_slice(&digest[..16]);
        Self(key)
    }

    /// Returns the key as 32 hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for RateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // This is enough to tell two keys apart in a log.
        write!(f, "RateKey({:.8})", self.to_hex())
    }
}

#[cfg(test)]
mod tests {
    use super::RateKey;

    #[test]
    fn a_name_and_a_caller_are_not_mixed_up() {
        assert_ne!(RateKey::new("a", "bc"), RateKey::new("ab", "c"));
        assert_eq!(RateKey::new("a", "bc"), RateKey::new("a", "bc"));
    }
}
