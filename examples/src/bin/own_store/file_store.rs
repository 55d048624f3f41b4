//! A store that keeps each session in a file, with the expiry on the first line and VeloxTS's JSON
//! below.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use velox_session::clock::Clock;
use velox_session::store::{Condition, Destroyed, Expected, StoreError, Stored, async_trait};
use velox_session::{Record, SessionStore, StoreKey};

/// Stores sessions as files in a folder.
///
/// The lock makes each call atomic among the requests of this process. Several processes on one
/// folder would need a lock on the file. A database has transactions for this.
///
/// It implements the four required methods. The default `create` stores the new record and then
/// deletes the old one. Because the store has no list of a user's sessions, an application cannot
/// list or end them, and cannot limit their number.
pub struct FileStore {
    folder: PathBuf,
    lock: Mutex<()>,
    clock: Arc<dyn Clock>,
}

impl FileStore {
    /// Opens a folder, and makes it if it does not exist. A test passes a clock that it sets by
    /// hand.
    pub fn open(folder: PathBuf, clock: impl Clock) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, lock: Mutex::new(()), clock: Arc::new(clock) })
    }

    fn path(&self, key: &StoreKey) -> PathBuf {
        // The key consists of the cookie's name and a hash of the session's id. It is safe as a
        // file name, and useless as a cookie.
        self.folder.join(key.to_text())
    }

    /// Returns the live record of a key. An unreadable file counts as no session.
    fn load(&self, key: &StoreKey) -> io::Result<Option<Record>> {
        let text = match fs::read_to_string(self.path(key)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some((expires_at, json)) = text.split_once('\n') else { return Ok(None) };
        let Ok(expires_at) = expires_at.parse::<u64>() else { return Ok(None) };
        if expires_at <= self.clock.now() {
            fs::remove_file(self.path(key)).ok();
            return Ok(None);
        }
        Ok(Record::from_json(json.as_bytes()).map(|record| record.with_expiry(expires_at)))
    }

    /// Writes a new file and then moves it over the old one. After a crash, the file is either the
    /// old or the new one, never half of it.
    fn save(&self, key: &StoreKey, record: &Record, ttl: Duration) -> io::Result<()> {
        let expires_at = self.clock.now().saturating_add(u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX));
        let path = self.path(key);
        let draft = path.with_extension("draft");
        fs::write(&draft, format!("{expires_at}\n{}", record.to_json()))?;
        fs::rename(draft, path)
    }

    fn locked<T>(&self, work: impl FnOnce() -> io::Result<T>) -> Result<T, StoreError> {
        let _one_at_a_time = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        work().map_err(StoreError::new)
    }
}

#[async_trait]
impl SessionStore for FileStore {
    async fn get(&self, key: &StoreKey) -> Result<Option<Record>, StoreError> {
        self.locked(|| self.load(key))
    }

    async fn set(
        &self,
        key: &StoreKey,
        record: Record,
        expected: Expected,
        ttl: Duration,
    ) -> Result<Stored, StoreError> {
        self.locked(|| {
            let present = self.load(key)?;
            let as_expected = match expected {
                Expected::Absent => present.is_none(),
                Expected::Version(version) => present.as_ref().is_some_and(|record| record.version() == version),
            };
            if !as_expected {
                // Return the stored record, so that the session can be merged with it without
                // another call.
                return Ok(Stored::Conflict(present));
            }
            self.save(key, &record, ttl)?;
            Ok(Stored::Yes)
        })
    }

    async fn destroy(&self, key: &StoreKey, condition: Condition) -> Result<Destroyed, StoreError> {
        self.locked(|| {
            let Some(present) = self.load(key)? else { return Ok(Destroyed::Absent) };
            if matches!(condition, Condition::Version(version) if version != present.version()) {
                return Ok(Destroyed::Conflict);
            }
            fs::remove_file(self.path(key))?;
            Ok(Destroyed::Yes)
        })
    }

    async fn touch(&self, key: &StoreKey, ttl: Duration) -> Result<bool, StoreError> {
        self.locked(|| {
            let Some(record) = self.load(key)? else { return Ok(false) };
            self.save(key, &record, ttl)?;
            Ok(true)
        })
    }
}
