//! The key under which a store keeps a record: the cookie's name and a hash of the id.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::id::SessionId;

/// The key of a record in a store: `<cookie name>:<SHA-256 of the id, in hex>`.
///
/// The name in front keeps sessions of two cookies apart, also when they share a store and a secret. As the id itself
/// is not in it, a copy of the store gives nobody a session.
///
/// # Examples
///
/// ```
/// use async_trait::async_trait;
/// use velox_session::StoreKey;
///
/// async fn delete(redis: &mut Vec<String>, key: &StoreKey) {
///     redis.push(format!("DEL {}", key.to_text()));
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct StoreKey {
    digest: [u8; 32],
    prefix: Arc<str>,
}

impl StoreKey {
    pub(crate) fn new(prefix: &Arc<str>, id: &SessionId) -> Self {
        Self { digest: Sha256::digest(id.as_bytes()).into(), prefix: Arc::clone(prefix) }
    }

    /// The key as text, for stores that need one.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::with_capacity(self.prefix.len() + 1 + 64);
        text.push_str(&self.prefix);
        text.push(':');
        push_hex(&mut text, &self.digest);
        text
    }

    /// Eight bytes of the hash: enough to follow a session through a log, too little to find its record.
    pub(crate) fn fingerprint(&self) -> String {
        let mut text = String::with_capacity(16);
        push_hex(&mut text, &self.digest[..8]);
        text
    }

    /// A number that spreads keys evenly.
    pub(crate) fn spread(&self) -> usize {
        usize::from(self.digest[31])
    }
}

impl Hash for StoreKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // The digest is spread evenly already, and nobody can choose it; eight bytes of it do for a table.
        state.write(&self.digest[..8]);
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreKey({}:..)", self.prefix)
    }
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> SessionId {
        SessionId::parse(b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").expect("an id")
    }

    #[test]
    fn the_key_is_the_name_and_the_hash_of_the_id_as_written() {
        let key = StoreKey::new(&"session".into(), &id());
        // printf %s AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8 | sha256sum
        assert_eq!(key.to_text(), "session:ea866a757e4c38babfa8127cbe9a409d3e1f93a00ff1488ff735fcf917afffd0");
        assert_eq!(key.fingerprint(), key.to_text()["session:".len()..][..16]);
    }

    #[test]
    fn one_id_has_two_keys_under_two_names() {
        assert_ne!(StoreKey::new(&"session".into(), &id()), StoreKey::new(&"short".into(), &id()));
    }

    #[test]
    fn debug_shows_no_hash() {
        assert_eq!(format!("{:?}", StoreKey::new(&"session".into(), &id())), "StoreKey(session:..)");
    }
}
