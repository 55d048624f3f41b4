//! Tests a Redis user with only the permissions that the documentation of `RedisStore` lists.

use std::time::Duration;

use redis::Value;
use serde_json::json;
use velox_session::clock::SystemClock;
use velox_session::rate::{RateKey, RateStore};
use velox_session::store::RedisStore;
use velox_tests::SessionsApp;
use velox_tests::redis::RedisServer;

const PAGE: &str = include_str!("../../../velox-session/src/store/redis/mod.rs");

/// The command in the documentation.
fn shown() -> Vec<&'static str> {
    let line = PAGE.lines().find_map(|line| line.strip_prefix("/// ACL SETUSER "));
    ["ACL", "SETUSER"].into_iter().chain(line.expect("the page has the command").split(' ')).collect()
}

#[tokio::test]
async fn the_documented_permissions_are_sufficient_and_necessary() {
    let server = RedisServer::start().await;
    server.command(&shown()).await;
    let url = format!("redis://velox:password@127.0.0.1:{}", server.port());
    let store = || RedisStore::connect(&url).expect("an address");
    everything(&server, store()).await;
    let client = redis::Client::open(&*url).expect("an address");
    let connection = client.get_multiplexed_async_connection().await.expect("it may connect");
    everything(&server, RedisStore::with_connection(connection)).await;
    let log = server.command(&["ACL", "LOG"]).await;
    assert_eq!(log, Value::Array(Vec::new()), "refused");
    let calls = server.commandstats().await;
    let unused: Vec<_> = shown()
        .iter()
        .filter_map(|word| word.strip_prefix('+'))
        // `ping` is only sent after a connection was idle for a second.
        .filter(|name| *name != "ping" && !calls.contains_key(*name))
        .collect();
    assert_eq!(unused, [""; 0]);
}

/// Uses everything that sessions and rate limits do in Redis.
async fn everything(server: &RedisServer, store: RedisStore) {
    let rates = store.clone();
    let app = SessionsApp::with(|settings| {
        settings.store(store).clock(SystemClock).touch_interval(Duration::ZERO).max_sessions_per_user(3)
    });
    let mut alice = app.alice().await;
    for _ in 0..4 {
        // The limit ends the oldest sessions.
        alice = app.alice().await;
    }
    for (target, body) in [
        ("/api/session/set", json!({"key": "cart", "value": 3})),
        ("/api/session/count", json!({})),
        ("/api/session/flash", json!({"key": "note", "value": "once"})),
        ("/api/session/regenerate", json!({})),
        ("/api/auth/login", json!({"email": "bob@example.com", "password": "builder-22"})),
        ("/api/auth/login", json!({"email": "alice@example.com", "password": "wonderland-1"})),
        ("/api/users/logoutOthers", json!({})),
        ("/api/users/loginAlone", json!({})),
    ] {
        let reply = alice.post(target, body).await;
        assert!(reply.status.is_success(), "{target}: {reply:?}");
    }
    for target in ["/api/auth/profile", "/api/users/sessions", "/api/session/message?key=note"] {
        assert_eq!(alice.get(target).await.status, 200, "{target}");
    }
    // Somebody else has overwritten the key.
    server.command(&["SET", "velox:users:session:u1", "garbage"]).await;
    for target in ["/api/users/logoutAll", "/api/session/set"] {
        let reply = alice.post(target, json!({"key": "cart", "value": 3})).await;
        assert!(reply.status.is_success(), "{target}: {reply:?}");
    }
    let mut bob = app.bob().await;
    assert_eq!(bob.post("/api/auth/logout", json!({})).await.status, 200);
    for _ in 0..2 {
        rates.hit(&RateKey::new("login", "10.0.0.1"), Duration::from_secs(60)).await.expect("Redis answers");
    }
}
