//! Tests a master with sentinels. When the master fails, the promoted replica serves the sessions.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::json;
use velox_session::clock::SystemClock;
use velox_session::store::RedisStore;
use velox_session::{SessionStore, StoreKey};
use velox_tests::redis::{RedisSentinel, RedisServer};
use velox_tests::{Browser, SessionsApp};

/// The longest time until a promoted replica serves the sessions. It takes a few seconds.
const RECOVERY: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(20);

fn app(store: &RedisStore) -> SessionsApp {
    SessionsApp::with(|settings| settings.store(store.clone()).clock(SystemClock))
}

/// Counts in the session until this succeeds, and returns the counter.
async fn count(browser: &mut Browser) -> u64 {
    let since = Instant::now();
    loop {
        let reply = browser.post("/api/session/count", json!({})).await;
        if reply.status == 200 {
            return reply.result().as_u64().expect("a number");
        }
        assert_eq!(reply.failure(), (503, "SESSION_UNAVAILABLE".to_owned()), "{reply:?}");
        assert!(since.elapsed() < RECOVERY, "{reply:?}");
        tokio::time::sleep(POLL).await;
    }
}

#[tokio::test]
async fn acknowledged_writes_survive_the_death_of_the_master() {
    let mut master = RedisServer::start().await;
    let replicas = [RedisServer::replica_of(&master).await, RedisServer::replica_of(&master).await];
    let sentinel = RedisSentinel::watching(&master, 2, None).await;
    // The other sentinel was on the machine of the master: it accepts connections and does not
    // answer.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let silent = format!("redis://{}", silent.local_addr().expect("it is bound"));
    let store = RedisStore::sentinel([silent.as_str(), &sentinel.url()], "mymaster").expect("addresses");
    let store = store.with_deadline(Duration::from_secs(2)).with_replicas(1, Duration::from_secs(1));
    let mut alice = app(&store).alice().await;
    let mut counted = 0;
    for _ in 0..5 {
        counted = count(&mut alice).await;
    }
    master.stop();

    let since = Instant::now();
    // Until then the browser gets a 503, and never learns that it has no session.
    while alice.get("/api/auth/profile").await.status != 200 {
        assert!(since.elapsed() < RECOVERY, "not back after {:?}", since.elapsed());
        tokio::time::sleep(POLL).await;
    }
    assert_eq!(alice.get("/api/session/data").await.result()["count"], counted);
    // The other replica follows the new master.
    assert!(count(&mut alice).await > counted);
    drop(replicas);
}

#[tokio::test]
async fn a_manual_failover_works_with_two_different_passwords() {
    let master = RedisServer::with_password("of-the-master").await;
    let replica = RedisServer::replica_of(&master).await;
    let sentinel = RedisSentinel::watching(&master, 1, Some("of-the-sentinel")).await;
    let url = sentinel.url().replace("redis://", "redis://:of-the-sentinel@");
    let store = RedisStore::sentinel([url.as_str()], "redis://:of-the-master@mymaster").expect("addresses");
    assert!(!format!("{store:?}").contains("of-the"), "{store:?}");
    let app = app(&store);
    let mut alice = app.alice().await;
    let counted = count(&mut alice).await;
    sentinel.failover().await;
    replica.until("it is the master", async || replica.info("replication", "role").await == "master").await;
    assert!(count(&mut alice).await > counted);
    assert_eq!(alice.get("/api/auth/profile").await.status, 200);

    // The error for swapped passwords says so without showing them.
    let url = sentinel.url().replace("redis://", "redis://:of-the-master@");
    let mixed_up = RedisStore::sentinel([url.as_str()], "redis://:of-the-sentinel@mymaster").expect("addresses");
    let key = StoreKey::from_text(&format!("session:{}", "0".repeat(64))).expect("a cookie's name and a hash");
    let error = mixed_up.get(&key).await.expect_err("the sentinel refuses");
    let text = format!("{error} {error:?} {mixed_up:?}");
    assert!(!text.contains("of-the"), "{text}");
}
