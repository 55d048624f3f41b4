//! The key under which a store keeps a record: the cookie's name and a hash of the id.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::hex::{hex, push_hex, read_hex};
use crate::id::SessionId;
use crate::record::Record;
use crate::store::Owner;

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
#[derive(Clone, Eq)]
pub struct StoreKey {
    digest: [u8; 32],
    prefix: Arc<str>,
    /// For the one layout that has ids in it: VeloxTS's. A store of somebody else's has no way to read it.
    #[cfg(feature = "redis")]
    id: Option<SessionId>,
}

impl StoreKey {
    #[inline]
    pub(crate) fn new(prefix: &Arc<str>, id: &SessionId) -> Self {
        Self {
            digest: Sha256::digest(id.as_bytes()).into(),
            prefix: Arc::clone(prefix),
            #[cfg(feature = "redis")]
            id: Some(id.clone()),
        }
    }

    /// Reads a key back from its text, as a store that lists sessions has it.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let (prefix, digits) = text.rsplit_once(':')?;
        Some(Self {
            digest: read_hex(digits)?,
            prefix: prefix.into(),
            #[cfg(feature = "redis")]
            id: None,
        })
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

    /// The hash alone, in hex.
    pub(crate) fn digest_hex(&self) -> String {
        hex(&self.digest)
    }

    /// Whose session a record under this key is, if somebody is logged in to it.
    #[must_use]
    pub fn owner(&self, record: &Record) -> Option<Owner> {
        record.content().user().map(|user| Owner::new(&self.prefix, user.id))
    }

    pub(crate) fn from_parts(prefix: &Arc<str>, digest: [u8; 32]) -> Self {
        Self {
            digest,
            prefix: Arc::clone(prefix),
            #[cfg(feature = "redis")]
            id: None,
        }
    }

    pub(crate) fn prefix(&self) -> &Arc<str> {
        &self.prefix
    }

    pub(crate) fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// Eight bytes of the hash: enough to follow a session through a log, too little to find its record.
    pub(crate) fn fingerprint(&self) -> String {
        hex(&self.digest[..8])
    }

    /// Eight other bytes of the hash: enough to tell sessions apart that end at about the same time.
    pub(crate) fn short(&self) -> u64 {
        let [.., a, b, c, d, e, f, g, h] = self.digest;
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }
}

#[cfg(feature = "redis")]
impl StoreKey {
    pub(crate) fn id(&self) -> Option<&SessionId> {
        self.id.as_ref()
    }
}

impl PartialEq for StoreKey {
    fn eq(&self, other: &Self) -> bool {
        // The id says no more than its hash.
        self.digest == other.digest && self.prefix == other.prefix
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
    fn a_key_is_read_back_in_its_one_spelling() {
        let key = StoreKey::new(&"session".into(), &id());
        let text = key.to_text();
        assert_eq!(StoreKey::from_text(&text), Some(key));
        for wrong in ["", "session", "session:", &text[..text.len() - 1], &text.to_uppercase(), &format!("{text}0")] {
            assert_eq!(StoreKey::from_text(wrong), None, "{wrong}");
        }
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
