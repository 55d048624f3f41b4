//! Where counts are kept.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::RateKey;
use crate::store::StoreError;

/// Where the counts of a rate limit are kept.
///
/// # Examples
///
/// A store of one's own counts in one step, and begins a window with the first hit:
///
/// ```
/// use std::time::Duration;
///
/// use velox_session::rate::{Hit, MemoryRates, RateKey, RateStore};
/// use velox_session::store::{StoreError, async_trait};
///
/// /// Logs whose calls are counted, and leaves the rest to another store.
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
    /// Counts a call, in one step: where no window of the key is open, this call opens one.
    ///
    /// # Errors
    ///
    /// The store could not be asked. It is not known whether the call was counted.
    async fn hit(&self, key: &RateKey, window: Duration) -> Result<Hit, StoreError>;
}

/// What a store says of a call that it counted.
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
    /// How many calls this window has seen, this one included.
    pub count: u64,
    /// How long the window is still open.
    pub left: Duration,
}

#[async_trait]
impl<S: RateStore + ?Sized> RateStore for Arc<S> {
    async fn hit(&self, key: &RateKey, window: Duration) -> Result<Hit, StoreError> {
        (**self).hit(key, window).await
    }
}
