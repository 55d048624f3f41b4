//! Rate limiting: a guard that allows each caller a number of calls in a window of time. The window
//! starts with the first call.
//!
//! [`rate_limit`] creates a guard for one procedure or for a whole router. The counts are kept in a
//! [`RateStore`]: in [`MemoryRates`] for one server, or in `RedisStore` for several servers that
//! share a Redis.

mod guard;
mod key;
mod memory;
#[cfg(feature = "redis")]
mod redis;
mod store;

pub use self::guard::{RateLimit, UserRateLimit, rate_limit};
pub use self::key::RateKey;
pub use self::memory::MemoryRates;
pub use self::store::{Hit, RateStore};
