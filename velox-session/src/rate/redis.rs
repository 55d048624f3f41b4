//! Keeps the counts of rate limits in Redis, next to the sessions.

use std::time::Duration;

use async_trait::async_trait;

use super::key::RateKey;
use super::store::{Hit, RateStore};
use crate::store::{RedisStore, StoreError};

/// Keeps the counts in Redis, so that all servers that use the same Redis share them. It uses the
/// connection and the key prefix of this store.
///
/// Each open window is one key, `velox:rate:<hash>`. Redis deletes it when the window closes. Redis
/// also measures the time of the windows, so the clocks of the servers do not matter.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use velox_session::rate::rate_limit;
/// use velox_session::store::RedisStore;
///
/// # fn main() -> Result<(), velox_session::store::StoreError> {
/// let store = RedisStore::connect("redis://127.0.0.1:6379")?;
/// let login = rate_limit("login", 5, Duration::from_secs(60)).store(store.clone());
/// # let _ = login;
/// # Ok(())
/// # }
/// ```
#[async_trait]
impl RateStore for RedisStore {
    async fn hit(&self, key: &RateKey, window: Duration) -> Result<Hit, StoreError> {
        let (count, left) = self.count(&key.to_hex(), window).await?;
        Ok(Hit { count, left: Duration::from_millis(left) })
    }
}
