//! The counts of rate limits, beside the sessions.

use std::fmt;
use std::time::Duration;

use super::layout::Layout;
use super::link::{Effect, Link};
use super::list::warn_of_garbage;
use super::{RedisStore, scripts};
use crate::clock::milliseconds;
use crate::rate::{Hit, RateKey, RateStore};
use crate::store::StoreError;
use async_trait::async_trait;

/// The counts of rate limits in Redis, where several servers count together: made by [`RedisStore::rates`].
///
/// Each open window is one key, `velox:rate:<hash>`, which Redis itself lets go when the window is over. Windows are timed by Redis, so that
/// the clocks of the servers do not matter.
#[derive(Clone)]
pub struct RedisRates {
    link: Link,
    layout: Layout,
}

impl RedisStore {
    /// The counts of rate limits, by the connection and with the key prefix of this store.
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
    /// let login = rate_limit("login", 5, Duration::from_secs(60)).store(store.rates());
    /// # let _ = login;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn rates(&self) -> RedisRates {
        RedisRates { link: self.link.clone(), layout: self.layout.clone() }
    }
}

#[async_trait]
impl RateStore for RedisRates {
    async fn hit(&self, key: &RateKey, window: Duration) -> Result<Hit, StoreError> {
        // What Redis takes: longer than anything is limited.
        let window = milliseconds(window).clamp(1, MAX_WINDOW);
        let name = self.layout.rate(&key.to_hex());
        let (count, left, garbage): (u64, _, bool) =
            self.link.eval(&scripts::HIT, &[&name], window, Effect::Once).await?;
        warn_of_garbage(&name, garbage);
        Ok(Hit { count, left: Duration::from_millis(left) })
    }
}

impl fmt::Debug for RedisRates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisRates").field("link", &self.link).finish_non_exhaustive()
    }
}

/// A hundred years.
const MAX_WINDOW: u64 = 100 * 366 * 86_400_000;
