//! The key of a record in a store: the cookie's name and a hash of the id. And the owner of a
//! session: the cookie's name and a user.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::id::SessionId;
use crate::record::Record;

/// The key of a record in a store: `<cookie name>:<SHA-256 of the id, in hex>`.
///
/// The name separates the sessions of two cookies that share a store and a secret. The key does not
/// contain the id, so a copy of the store is not enough to use a session.
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
    /// The id that was hashed, or `None` if the key comes from a store. Stores outside this crate
    /// cannot read it.
    id: Option<SessionId>,
}

impl StoreKey {
    #[inline]
    pub(crate) fn new(prefix: &Arc<str>, id: &SessionId) -> Self {
        Self { digest: Sha256::digest(id.as_bytes()).into(), prefix: Arc::clone(prefix), id: Some(id.clone()) }
    }

    /// Parses a key from its string form. A store that lists sessions needs this.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let (prefix, digits) = text.rsplit_once(':')?;
        let digest = HEXLOWER.decode(digits.as_bytes()).ok()?.try_into().ok()?;
        Some(Self { digest, prefix: prefix.into(), id: None })
    }

    /// Returns the key as a string, for stores that need one.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}:{}", self.prefix, self.digest_hex())
    }

    /// Returns only the hash, in hex.
    pub(crate) fn digest_hex(&self) -> String {
        HEXLOWER.encode(&self.digest)
    }

    /// Returns the owner of a record under this key, if somebody is logged in.
    #[must_use]
    pub fn owner(&self, record: &Record) -> Option<Owner> {
        record.content().user_id().map(|user| Owner::new(&self.prefix, user))
    }

    pub(crate) fn from_parts(prefix: &Arc<str>, digest: [u8; 32]) -> Self {
        Self { digest, prefix: Arc::clone(prefix), id: None }
    }

    pub(crate) fn id(&self) -> Option<&SessionId> {
        self.id.as_ref()
    }

    pub(crate) fn prefix(&self) -> &Arc<str> {
        &self.prefix
    }

    pub(crate) fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// Returns eight bytes of the hash. They are enough to follow a session through a log, but not
    /// to find its record.
    pub(crate) fn fingerprint(&self) -> String {
        HEXLOWER.encode(&self.digest[..8])
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
        // The digest is evenly distributed and nobody can choose it, so eight bytes are enough for
        // a table.
        state.write(&self.digest[..8]);
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreKey({}:..)", self.prefix)
    }
}

/// The user whose sessions [`SessionStore::sessions_of`](crate::SessionStore::sessions_of) lists,
/// under one cookie.
///
/// # Examples
///
/// ```
/// use velox_session::store::Owner;
/// use velox_session::{Record, StoreKey};
///
/// /// Returns the value of the column by which a store finds the records of a user.
/// fn column(key: &StoreKey, record: &Record) -> Option<String> {
///     key.owner(record).map(|owner| owner.to_text())
/// }
/// # fn check(owner: &Owner) { assert!(owner.to_text().ends_with(owner.user())); }
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Owner {
    prefix: Arc<str>,
    user: Box<str>,
}

impl Owner {
    pub(crate) fn new(prefix: &Arc<str>, user: &str) -> Self {
        Self { prefix: Arc::clone(prefix), user: user.into() }
    }

    /// Returns the name of the cookie.
    #[must_use]
    pub fn cookie(&self) -> &str {
        &self.prefix
    }

    /// Returns the id of the user, as passed to [`login`](crate::Session::login).
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    pub(crate) fn prefix(&self) -> &Arc<str> {
        &self.prefix
    }

    /// Returns both as one string, `<cookie name>:<user id>`, for stores that need one.
    #[must_use]
    pub fn to_text(&self) -> String {
        // The name of a cookie contains no colon, so no two owners have the same text.
        format!("{}:{}", self.prefix, self.user)
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The log must not reveal who the user is.
        write!(f, "Owner({}:..)", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> SessionId {
        SessionId::parse(b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").expect("an id")
    }

    #[test]
    fn the_key_is_the_name_and_the_hash_of_the_encoded_id() {
        let key = StoreKey::new(&"session".into(), &id());
        // printf %s AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8 | sha256sum
        assert_eq!(key.to_text(), "session:ea866a757e4c38babfa8127cbe9a409d3e1f93a00ff1488ff735fcf917afffd0");
        assert_eq!(key.fingerprint(), key.to_text()["session:".len()..][..16]);
    }

    #[test]
    fn a_key_has_one_spelling() {
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
