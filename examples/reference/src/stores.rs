//! Where both kinds of sessions are kept, and what `debug` does to all of them.

use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use velox_rpc::Result;
use velox_session::store::{RedisStore, StoreError};
use velox_session::{MemoryStore, SessionBuilder};

use crate::settings::StoreKind;

/// The stores of both kinds of sessions.
pub struct Stores {
    /// Of the main ones.
    pub main: Store,
    /// Of the short ones.
    pub short: Store,
}

/// A store of one kind of sessions.
pub enum Store {
    /// In this process.
    Memory(MemoryStore),
    /// In Redis, beside a service in VeloxTS: the keys begin with the name of the cookie.
    Redis {
        /// Where Redis is.
        url: String,
        /// The cookie's name.
        cookie: &'static str,
    },
}

impl Stores {
    /// The stores of both kinds. Redis is asked when it is needed.
    pub fn open(kind: &StoreKind) -> Self {
        let open = |cookie| match kind {
            StoreKind::Memory => Store::Memory(MemoryStore::new()),
            StoreKind::Redis(url) => Store::Redis { url: url.clone(), cookie },
        };
        Self { main: open("session"), short: open("short") }
    }
}

impl Store {
    /// The settings of a session with this store.
    ///
    /// # Errors
    ///
    /// The address is none of a Redis.
    pub fn given_to(&self, session: SessionBuilder) -> Result<SessionBuilder, StoreError> {
        Ok(match self {
            Self::Memory(store) => session.store(store.clone()),
            Self::Redis { url, .. } => session.store(RedisStore::connect(url)?.with_veloxts_layout()),
        })
    }

    /// How many sessions live.
    ///
    /// # Errors
    ///
    /// Redis does not answer.
    pub async fn count(&self) -> Result<usize> {
        Ok(match self {
            Self::Memory(store) => store.len(),
            Self::Redis { url, cookie } => keys(&mut connect(url).await?, &format!("{cookie}:*")).await?.len(),
        })
    }

    /// Ends all sessions.
    ///
    /// # Errors
    ///
    /// Redis does not answer.
    pub async fn clear(&self) -> Result<()> {
        match self {
            Self::Memory(store) => store.clear(),
            Self::Redis { url, cookie } => {
                let mut redis = connect(url).await?;
                // The records, and the lists of each user's sessions.
                for pattern in [format!("{cookie}:*"), format!("velox:users:{cookie}:*")] {
                    let keys = keys(&mut redis, &pattern).await?;
                    if !keys.is_empty() {
                        redis.del::<_, ()>(keys).await?;
                    }
                }
            }
        }
        Ok(())
    }
}

async fn connect(url: &str) -> redis::RedisResult<MultiplexedConnection> {
    redis::Client::open(url)?.get_multiplexed_async_connection().await
}

/// The keys of this app that fit a pattern.
async fn keys(redis: &mut MultiplexedConnection, pattern: &str) -> redis::RedisResult<Vec<String>> {
    let mut found = Vec::new();
    let mut scan = redis.scan_match(pattern).await?;
    while let Some(key) = scan.next_item().await {
        found.push(key?);
    }
    Ok(found)
}
