//! Limits on how often something may be called, by whom: so many calls in a window of time that begins with the first of them.
//!
//! [`rate_limit`] makes a guard, for one procedure or for a whole router. What it counts is kept in a [`RateStore`]: [`MemoryRates`] for one
//! server, and `RedisStore` for several that share a Redis.

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
