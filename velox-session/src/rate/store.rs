//! The stores of rate-limit counts.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::RateKey;
use crate::store::StoreError;

/// Stores the counts of rate limits.
///
/// # Examples
///
/// Your own store must count in one step, and open a window with the first hit:
///
/// ```
/// use std::time::Duration;
///
/// use velox_session::rate::{Hit, MemoryRates, RateKey, RateStore};
/// use velox_session::store::{StoreError, async_trait};
///
/// /// Logs each counted call, and forwards it to another store.
/// struct Logged<S>(S);
///
/// #[async_trait]
/// impl<S: RateStore> RateStore for Logged<S> {
///     async fn hit(&self, key: &RateKey, window: Duration) -> Result<Hit, StoreError> {
///         let hit = self.0.hit(key, window).await?;
///         eprintln!("{key:?}: {hit:?}");
///         Ok(hit)
///     }
/// }
/// # let _ = Logged(MemoryRates::new());
/// ```
#[async_trait]
pub trait RateStore: Send + Sync + 'static {
    /// Counts a call in one step. If the key has no open window, this call opens one.
    ///
    /// # Errors
    ///
    /// The store failed. The call may or may not have been counted.
    async fn hit(&self, key: &RateKey, window: Duration) -> Result<Hit, StoreError>;
}

/// The result of counting a call.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use velox_session::rate::Hit;
///
/// let third = Hit { count: 3, left: Duration::from_secs(20) };
/// assert!(third.count <= 3);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// The number of calls in this window, including this one.
    pub count: u64,
    /// The time until the window closes.
    pub left: Duration,
}

#[async_trait]
impl<S: RateStore + ?Sized> RateStore for Arc<S> {
    async fn hit(&self, key: &RateKey, window: Duration) -> Result<Hit, StoreError> {
        (**self).hit(key, window).await
    }
}
