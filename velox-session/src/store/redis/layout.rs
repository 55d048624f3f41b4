//! The keys and the format of records and lists in Redis.

use std::sync::Arc;

use crate::key::StoreKey;
use crate::record::{Record, RecordError};
use crate::store::{Owner, StoreError};

/// The keys and the format of records and lists.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    /// The prefix of all keys, if it is not the default.
    pub(super) prefix: Option<String>,
    /// `true` if records are stored as VeloxTS does: under the cookie's name and the plain id, with
    /// an up-to-date expiry in the text.
    pub(super) veloxts: bool,
}

impl Layout {
    /// Returns the key of a record.
    pub(super) fn record(&self, key: &StoreKey) -> Result<Vec<u8>, StoreError> {
        if self.veloxts && key.id().is_none() {
            return Err(StoreError::unsupported("find a session by its hash in the VeloxTS layout"));
        }
        Ok(self.named(key.prefix(), &self.member(key)))
    }

    /// Returns the key of the record with this name on a [list](Self::member).
    pub(super) fn named(&self, cookie: &str, name: &[u8]) -> Vec<u8> {
        [&self.before_name(cookie), name].concat()
    }

    /// Returns the part of a record's key that comes before its name on the [list](Self::member).
    pub(super) fn before_name(&self, cookie: &str) -> Vec<u8> {
        let prefix = if self.veloxts { self.prefix.as_deref().unwrap_or_default() } else { self.prefix() };
        format!("{prefix}{cookie}:").into_bytes()
    }

    /// Returns the key of the list of a user's sessions.
    pub(super) fn list(&self, owner: &Owner) -> Vec<u8> {
        [&*self.before_user(owner.cookie()), owner.user().as_bytes()].concat()
    }

    /// Returns the part of a list's key that comes before the user.
    pub(super) fn before_user(&self, cookie: &str) -> Vec<u8> {
        format!("{}users:{cookie}:", self.prefix()).into_bytes()
    }

    /// Returns the key of the count of a rate limit.
    pub(super) fn rate(&self, hash: &str) -> Vec<u8> {
        format!("{}rate:{hash}", self.prefix()).into_bytes()
    }

    /// Returns the name of a session on its user's list.
    pub(super) fn member(&self, key: &StoreKey) -> Vec<u8> {
        match key.id() {
            Some(id) if self.veloxts => id.as_bytes().to_vec(),
            _ => key.digest_hex().into_bytes(),
        }
    }

    /// Returns the session with this name on the list of a user.
    pub(super) fn listed(&self, member: &[u8], owner: &Owner) -> Option<StoreKey> {
        if self.veloxts {
            return crate::id::SessionId::parse(member).map(|id| StoreKey::new(owner.prefix(), &id));
        }
        let digest = std::str::from_utf8(member).ok()?;
        StoreKey::from_text(&format!("{}:{digest}", owner.cookie()))
    }

    /// Returns a record as JSON, with the id first if VeloxTS reads it, and with the fields that
    /// the scripts look for at the end, in this order.
    pub(super) fn text(&self, key: &StoreKey, record: &Record, listed_until: u64) -> String {
        let id = key.id().filter(|_| self.veloxts).map(|id| String::from_utf8_lossy(id.as_bytes()));
        let id = id.map(|id| format!(r#""id":"{id}","#)).unwrap_or_default();
        format!(
            r#"{{{id}"data":{},"expiresAt":{},"createdAt":{},"maxAge":{},"version":{},"listedUntil":{listed_until},"format":1}}"#,
            record.data_json(),
            record.expires_at(),
            record.created_at(),
            record.max_age().unwrap_or_default(),
            record.version(),
        )
    }

    fn prefix(&self) -> &str {
        self.prefix.as_deref().unwrap_or("velox:")
    }
}

/// A record as a script returns it: its text, the milliseconds until it expires, and its version.
pub(super) type Held = (Vec<u8>, i64, i64);

/// Reads a record that a script has returned. The script's version and expiry are newer than those
/// in the text.
pub(super) fn record((text, left, version): &Held, now: u64) -> Result<Record, RecordError> {
    let record = Record::try_from_json(text)?;
    let [left, version] = [*left, *version].map(|number| u64::try_from(number).unwrap_or_default());
    Ok(Record::new(Arc::clone(record.content()), version, now.saturating_add(left), record.saved_at()))
}
