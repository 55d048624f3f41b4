//! A store that keeps each session in a file: the expiry on the first line, and VeloxTS's JSON
//! below.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use velox_session::clock::Clock;
use velox_session::store::{Condition, Destroyed, Expected, StoreError, Stored, async_trait};
use velox_session::{Record, SessionStore, StoreKey};

/// Keeps sessions in a folder of files.
///
/// The lock makes each call atomic among the requests of this process. Several processes on one
/// folder would need a lock on the file. A database has transactions for this.
///
/// It implements the four required methods. `create` has a default that puts in the new record and
/// then destroys the old one. As the store keeps no list of a user's sessions, an application on it
/// cannot list or end them, nor limit their number.
pub struct FileStore {
    folder: PathBuf,
    lock: Mutex<()>,
    clock: Arc<dyn Clock>,
}

impl FileStore {
    /// Opens a folder, and makes it if it is not there. A test gives a clock that is set by hand.
    pub fn open(folder: PathBuf, clock: impl Clock) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, lock: Mutex::new(()), clock: Arc::new(clock) })
    }

    fn path(&self, key: &StoreKey) -> PathBuf {
        // The key is the cookie's name and a hash of the session's id: safe in a file's name, and
        // of no use as a cookie.
        self.folder.join(key.to_text())
    }

    /// The live record of a key. A file that cannot be read as one is no session.
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

    /// Writes beside the old file and then takes its place: a crash leaves the old or the new,
    /// never a half.
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
                // What is there goes back, so that the session is merged with it without another
                // call.
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
