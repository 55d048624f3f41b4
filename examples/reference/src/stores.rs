//! The stores of the normal and the short sessions, with the operations of the `debug` routes.

use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use velox_rpc::Result;
use velox_session::store::{RedisStore, StoreError};
use velox_session::{MemoryStore, SessionBuilder};

use crate::settings::StoreKind;

/// The stores of both kinds of sessions.
pub struct Stores {
    pub main: Store,
    pub short: Store,
}

/// The store of one kind of sessions.
pub enum Store {
    /// In this process.
    Memory(MemoryStore),
    /// In Redis, in the format of a VeloxTS service. The keys begin with the name of the cookie.
    Redis { url: String, cookie: &'static str },
}

impl Stores {
    /// Opens the stores of both kinds. The connection to Redis opens on first use.
    pub fn open(kind: &StoreKind) -> Self {
        let open = |cookie| match kind {
            StoreKind::Memory => Store::Memory(MemoryStore::new()),
            StoreKind::Redis(url) => Store::Redis { url: url.clone(), cookie },
        };
        Self { main: open("session"), short: open("short") }
    }
}

impl Store {
    /// Adds this store to the settings of a session.
    ///
    /// # Errors
    ///
    /// Returns an error if the address is not that of a Redis server.
    pub fn given_to(&self, session: SessionBuilder) -> Result<SessionBuilder, StoreError> {
        Ok(match self {
            Self::Memory(store) => session.store(store.clone()),
            Self::Redis { url, .. } => session.store(RedisStore::connect(url)?.with_veloxts_layout()),
        })
    }

    /// Counts the live sessions.
    ///
    /// # Errors
    ///
    /// Returns an error if Redis does not answer.
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
    /// Returns an error if Redis does not answer.
    pub async fn clear(&self) -> Result<()> {
        match self {
            Self::Memory(store) => store.clear(),
            Self::Redis { url, cookie } => {
                let mut redis = connect(url).await?;
                // Delete the records, and the lists of each user's sessions.
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

/// Returns the keys of this app that match a pattern.
async fn keys(redis: &mut MultiplexedConnection, pattern: &str) -> redis::RedisResult<Vec<String>> {
    let mut found = Vec::new();
    let mut scan = redis.scan_match(pattern).await?;
    while let Some(key) = scan.next_item().await {
        found.push(key?);
    }
    Ok(found)
}
