//! The lists of users' sessions in Redis, while sessions begin and get new ids: no live session is missed (row F8).

use std::time::Duration;

use sha2::{Digest, Sha256};
use velox_session::clock::{Clock, ManualClock};
use velox_session::store::{Expected, Owner, RedisStore, Stored};
use velox_session::{Record, SessionStore, StoreKey};
use velox_tests::redis::{Aged, RedisServer};

fn key(number: usize) -> StoreKey {
    let digest: String = Sha256::digest(number.to_string()).iter().map(|byte| format!("{byte:02x}")).collect();
    StoreKey::from_text(&format!("session:{digest}")).expect("a cookie's name and a hash")
}

/// A record of Ada's.
fn record() -> Record {
    let text = r#"{"id":"","data":{"userId":"u1","userEmail":"ada@example.com","_createdAt":1,"_lastAccessedAt":1},"expiresAt":1}"#;
    Record::from_json(text.as_bytes()).expect("a record")
}

fn ada() -> Owner {
    key(0).owner(&record()).expect("it is Ada's")
}

async fn begin(store: &RedisStore, number: usize, ttl: Duration) {
    let stored = store.set(&key(number), record(), Expected::Absent, ttl).await.expect("Redis answers");
    assert_eq!(stored, Stored::Yes);
}

async fn names(store: &RedisStore) -> Vec<StoreKey> {
    let sessions = store.sessions_of(&ada()).await.expect("Redis answers");
    sessions.into_iter().map(|(key, _)| key).collect()
}

const HOUR: Duration = Duration::from_secs(3_600);
const MINUTE: Duration = Duration::from_secs(60);

/// Rows E6 and F8: one server's clock is five minutes ahead, the other's five minutes behind.
#[tokio::test]
async fn a_list_lives_as_long_as_its_sessions_where_clocks_differ() {
    let server = RedisServer::start().await;
    let aged = Aged::new([&server]);
    let now = aged.clock().now();
    let (ahead, behind) = (ManualClock::at(now + 300_000), ManualClock::at(now - 300_000));
    let store = |clock: &ManualClock| RedisStore::connect(&server.url()).expect("an address").with_clock(clock.clone());
    let (here, there) = (store(&ahead), store(&behind));
    let pass = async |by| {
        aged.advance(by).await;
        ahead.advance(by);
        behind.advance(by);
    };
    begin(&here, 1, HOUR).await;
    pass(24 * MINUTE).await;
    assert!(there.touch(&key(1), HOUR).await.expect("Redis answers"));
    pass(58 * MINUTE).await;
    assert!(here.get(&key(1)).await.expect("Redis answers").is_some());
    assert_eq!(names(&here).await, [key(1)]);
}
