//! How records and lists are named and written in Redis.

use std::sync::Arc;

use crate::key::StoreKey;
use crate::record::{Record, RecordError};
use crate::store::{Owner, StoreError};

/// How records and lists are named and written.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    /// What all keys begin with, if it is not the default.
    pub(super) prefix: Option<String>,
    /// Records are where VeloxTS has them: under the cookie's name and the id itself, with the expiry in the text kept true.
    pub(super) veloxts: bool,
}

impl Layout {
    /// The key of a record.
    pub(super) fn record(&self, key: &StoreKey) -> Result<Vec<u8>, StoreError> {
        if self.veloxts && key.id().is_none() {
            return Err(StoreError::unsupported("find a session by its hash in the layout of VeloxTS"));
        }
        Ok(self.named(key.prefix(), &self.member(key)))
    }

    /// The key of the record that is [listed](Self::member) by this name.
    pub(super) fn named(&self, cookie: &str, name: &[u8]) -> Vec<u8> {
        [&self.before_name(cookie), name].concat()
    }

    /// What the key of a record of this cookie is before the name by which it is [listed](Self::member).
    pub(super) fn before_name(&self, cookie: &str) -> Vec<u8> {
        let prefix = if self.veloxts { self.prefix.as_deref().unwrap_or_default() } else { self.prefix() };
        format!("{prefix}{cookie}:").into_bytes()
    }

    /// The key of the list of a user's sessions.
    pub(super) fn list(&self, owner: &Owner) -> Vec<u8> {
        [&*self.before_user(owner.cookie()), owner.user().as_bytes()].concat()
    }

    /// What the key of a list of this cookie is before the user.
    pub(super) fn before_user(&self, cookie: &str) -> Vec<u8> {
        format!("{}users:{cookie}:", self.prefix()).into_bytes()
    }

    /// The key of a rate limit's count.
    pub(super) fn rate(&self, hash: &str) -> Vec<u8> {
        format!("{}rate:{hash}", self.prefix()).into_bytes()
    }

    /// What stands for a session on its user's list.
    pub(super) fn member(&self, key: &StoreKey) -> Vec<u8> {
        match key.id() {
            Some(id) if self.veloxts => id.as_bytes().to_vec(),
            _ => key.digest_hex().into_bytes(),
        }
    }

    /// The session that stands on the list of this user.
    pub(super) fn listed(&self, member: &[u8], owner: &Owner) -> Option<StoreKey> {
        if self.veloxts {
            return crate::id::SessionId::parse(member).map(|id| StoreKey::new(owner.prefix(), &id));
        }
        let digest = std::str::from_utf8(member).ok()?;
        StoreKey::from_text(&format!("{}:{digest}", owner.cookie()))
    }

    /// The text of a record: its JSON, with the id in front where VeloxTS reads along, and with what the scripts look for, at the end and in this
    /// order.
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

/// A record as the scripts hand it back: its text, the milliseconds that are left to it, its version.
pub(super) type Held = (Vec<u8>, i64, i64);

/// Reads a record that a script has handed back. The script knows version and expiry better than the text.
pub(super) fn record((text, left, version): &Held, now: u64) -> Result<Record, RecordError> {
    let record = Record::try_from_json(text)?;
    let [left, version] = [*left, *version].map(|number| u64::try_from(number).unwrap_or_default());
    Ok(Record::new(Arc::clone(record.content()), version, now.saturating_add(left), record.saved_at()))
}
