//! Runs the conformance suite on Redis. Redis keeps its own time, so `advance` shortens the
//! lifetime of its keys instead.

use std::sync::Arc;
use std::time::Duration;

use redis::Value;
use velox_session::SessionStore;
use velox_session::clock::{Clock, ManualClock};
use velox_session::conformance::{Harness, Task};
use velox_session::store::async_trait;

use super::RedisServer;

/// Servers under test, and the clock of the stores on them.
#[derive(Debug)]
pub struct Aged<'s> {
    nodes: Vec<&'s RedisServer>,
    clock: ManualClock,
}

impl<'s> Aged<'s> {
    /// Takes all servers that a store writes to.
    pub fn new(nodes: impl IntoIterator<Item = &'s RedisServer>) -> Self {
        Self { nodes: nodes.into_iter().collect(), clock: ManualClock::at(1_700_000_000_000) }
    }

    /// Returns the clock, for
    /// [`RedisStore::with_clock`](velox_session::store::RedisStore::with_clock).
    pub fn clock(&self) -> ManualClock {
        self.clock.clone()
    }

    /// Lets time pass.
    ///
    /// # Panics
    ///
    /// Panics if a key never expires, or if a server does not answer.
    pub async fn advance(&self, by: Duration) {
        let by_ms = by.as_millis().to_string();
        for node in &self.nodes {
            let answer = node.command(&["EVAL", AGE, "0", &by_ms]).await;
            assert_eq!(answer, Value::Int(0), "keys that never expire");
        }
        self.clock.advance(by);
    }
}

/// A store on servers whose time is set by hand.
pub struct RedisHarness<'s> {
    /// The servers and their clock.
    pub aged: Aged<'s>,
    /// Returns a handle to the store.
    pub store: Box<dyn Fn() -> Arc<dyn SessionStore> + Send + Sync>,
}

#[async_trait]
impl Harness for RedisHarness<'_> {
    fn store(&self) -> Arc<dyn SessionStore> {
        (self.store)()
    }

    fn now(&self) -> u64 {
        self.aged.clock.now()
    }

    async fn advance(&self, by: Duration) {
        self.aged.advance(by).await;
    }

    fn slack(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn spawn(&self, task: Task) -> Task {
        let running = tokio::spawn(task);
        Box::pin(async { running.await.expect("the store does not panic") })
    }
}

/// Shortens the lifetime of all keys in one step. Returns how many keys never expire.
const AGE: &str = "local endless = 0
for _, key in ipairs(redis.call('KEYS', '*')) do
    local left = redis.call('PTTL', key)
    if left == -1 then
        endless = endless + 1
    elseif left <= tonumber(ARGV[1]) then
        redis.call('DEL', key)
    else
        redis.call('PEXPIRE', key, string.format('%.0f', left - ARGV[1]))
    end
end
return endless";
