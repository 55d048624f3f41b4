//! The counts of rate limits in Redis, beside the sessions.

use std::time::Duration;

use async_trait::async_trait;

use super::key::RateKey;
use super::store::{Hit, RateStore};
use crate::store::{RedisStore, StoreError};

/// Several servers that share a Redis count together, by the connection and with the key prefix of this store.
///
/// Each open window is one key, `velox:rate:<hash>`, which Redis itself lets go when the window is over. Windows are timed by Redis, so that
/// the clocks of the servers do not matter.
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
