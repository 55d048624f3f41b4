//! The store below the servers, in memory or in a separate Redis, with methods that only the test
//! needs.

use std::sync::Arc;
use std::time::Duration;

use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;
use velox_session::clock::ManualClock;
use velox_session::store::RedisStore;
use velox_session::{MemoryStore, SessionStore};
use velox_tests::redis::RedisServer;

/// A store that a test can inspect.
pub(crate) enum Ground {
    Memory(MemoryStore),
    Redis(RedisStore, MultiplexedConnection),
}

impl Ground {
    /// A memory store that uses the clock of the test.
    pub(crate) fn memory(clock: &ManualClock) -> Self {
        Self::Memory(MemoryStore::new().with_clock(clock.clone()))
    }

    /// The store of an emptied Redis.
    pub(crate) async fn redis(store: &RedisStore, connection: &MultiplexedConnection, clock: &ManualClock) -> Self {
        let mut connection = connection.clone();
        redis::cmd("FLUSHALL").exec_async(&mut connection).await.expect("redis answers");
        Self::Redis(store.clone().with_clock(clock.clone()), connection)
    }

    /// Connects to a server.
    pub(crate) async fn connect(server: &RedisServer) -> (RedisStore, MultiplexedConnection) {
        let store = RedisStore::connect(&server.url()).expect("an address").with_deadline(DEADLINE);
        let client = redis::Client::open(server.url()).expect("an address");
        let patient = AsyncConnectionConfig::new().set_response_timeout(Some(DEADLINE));
        (store, client.get_multiplexed_async_connection_with_config(&patient).await.expect("redis answers"))
    }

    pub(crate) fn store(&self) -> Arc<dyn SessionStore> {
        match self {
            Self::Memory(store) => Arc::new(store.clone()),
            Self::Redis(store, _) => Arc::new(store.clone()),
        }
    }

    /// Returns the number of records.
    ///
    /// # Panics
    ///
    /// If a key in Redis never expires.
    pub(crate) async fn records(&mut self) -> usize {
        match self {
            Self::Memory(store) => store.len(),
            Self::Redis(_, connection) => {
                let (records, eternal): (usize, usize) =
                    redis::Script::new(COUNT).invoke_async(connection).await.expect("redis answers");
                assert_eq!(eternal, 0, "E9: a key that never expires");
                records
            }
        }
    }

    /// Lets time pass in the store. The memory store follows the clock of the test.
    pub(crate) async fn pass(&mut self, time: Duration) {
        if let Self::Redis(_, connection) = self {
            let ms = u64::try_from(time.as_millis()).expect("short");
            redis::Script::new(PASS).arg(ms).invoke_async::<()>(connection).await.expect("redis answers");
        }
    }

    /// Returns whether records expire by a clock of the store, even while the clock of the test
    /// stands still.
    pub(crate) fn ages_by_itself(&self) -> bool {
        matches!(self, Self::Redis(..))
    }
}

/// The time after which a test fails instead of hanging.
const DEADLINE: Duration = Duration::from_secs(30);

const COUNT: &str = "
local records, eternal = 0, 0
for _, key in ipairs(redis.call('KEYS', '*')) do
    if string.sub(key, 1, 14) == 'velox:session:' then records = records + 1 end
    if redis.call('PTTL', key) < 0 then eternal = eternal + 1 end
end
return {records, eternal}";

const PASS: &str = "
for _, key in ipairs(redis.call('KEYS', '*')) do
    local left = redis.call('PTTL', key) - ARGV[1]
    if left > 0 then redis.call('PEXPIRE', key, left) else redis.call('DEL', key) end
end";
