//! The store of VeloxTS's page "Session Authentication", line by line: `GET`, `SETEX`, `DEL` and
//! `EXPIRE`, on a map instead of Redis. It returns what these commands return. Like the original,
//! it leaves out what they cannot do: it has no versions and checks no expectations.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use velox_session::clock::{Clock, ManualClock};
use velox_session::store::{Condition, Destroyed, Expected, StoreError, Stored, async_trait};
use velox_session::{Record, SessionStore, StoreKey};

/// A store that overwrites whatever is stored. Do not use it.
pub struct FourLines {
    redis: Mutex<HashMap<String, (String, u64)>>,
    clock: ManualClock,
}

impl FourLines {
    pub fn new(clock: ManualClock) -> Self {
        Self { redis: Mutex::default(), clock }
    }

    /// Runs a function on the texts that have not expired.
    fn with_live<T>(&self, work: impl FnOnce(&mut HashMap<String, (String, u64)>) -> T) -> T {
        let mut redis = self.redis.lock().unwrap_or_else(PoisonError::into_inner);
        redis.retain(|_, (_, end)| *end > self.clock.now());
        work(&mut redis)
    }

    /// Returns when a text with this time to live expires. Redis counts whole seconds here.
    fn end(&self, ttl: Duration) -> u64 {
        self.clock.now().saturating_add(ttl.as_secs().saturating_mul(1_000))
    }
}

#[async_trait]
impl SessionStore for FourLines {
    // const data = await redis.get(`session:${id}`); return data ? JSON.parse(data) : null;
    async fn get(&self, key: &StoreKey) -> Result<Option<Record>, StoreError> {
        Ok(self.with_live(|redis| redis.get(&key.to_text()).and_then(|(text, _)| Record::from_json(text.as_bytes()))))
    }

    // await redis.setex(`session:${id}`, ttl, JSON.stringify(session));
    async fn set(&self, key: &StoreKey, record: Record, _: Expected, ttl: Duration) -> Result<Stored, StoreError> {
        if ttl.as_secs() == 0 {
            return Err(StoreError::new("ERR invalid expire time in 'setex' command"));
        }
        let end = self.end(ttl);
        self.with_live(|redis| redis.insert(key.to_text(), (record.to_json(), end)));
        Ok(Stored::Yes)
    }

    // await redis.del(`session:${id}`);
    async fn destroy(&self, key: &StoreKey, _: Condition) -> Result<Destroyed, StoreError> {
        let deleted = self.with_live(|redis| redis.remove(&key.to_text()));
        Ok(if deleted.is_some() { Destroyed::Yes } else { Destroyed::Absent })
    }

    // await redis.expire(`session:${id}`, ttl);
    async fn touch(&self, key: &StoreKey, ttl: Duration) -> Result<bool, StoreError> {
        let end = self.end(ttl);
        Ok(self.with_live(|redis| redis.get_mut(&key.to_text()).map(|text| text.1 = end)).is_some())
    }
}
