//! Tests velox's keys in Redis with foreign data in them: it is logged once, the key is replaced,
//! and the request is served.

use std::time::Duration;

use redis::Value;
use serde_json::json;
use sha2::{Digest, Sha256};
use velox_session::clock::SystemClock;
use velox_session::rate::{RateKey, RateStore};
use velox_session::store::RedisStore;
use velox_tests::redis::{RedisCluster, RedisServer};
use velox_tests::{Browser, Log, SessionsApp};

const LIST: &str = "velox:users:session:u1";

/// Commands that put foreign data under a key.
fn garbage(key: &str) -> [Vec<String>; 5] {
    let command = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    [
        command(&["SET", key, "garbage"]),
        command(&["RPUSH", key, "a", "b"]),
        command(&["HSET", key, "a", "b"]),
        command(&["SADD", key, "a"]),
        command(&["XADD", key, "*", "a", "b"]),
    ]
}

async fn put(server: &RedisServer, command: &[String]) {
    server.command(&["DEL", &command[1]]).await;
    let words: Vec<_> = command.iter().map(String::as_str).collect();
    server.command(&words).await;
}

fn app(store: RedisStore) -> SessionsApp {
    SessionsApp::with(|settings| settings.store(store).clock(SystemClock))
}

fn on(url: &str) -> RedisStore {
    RedisStore::connect(url).expect("an address")
}

/// The number of warnings that name a key.
fn warnings(log: &Log, key: &str) -> usize {
    log.lines().iter().filter(|line| line.starts_with("WARN") && line.contains(key)).count()
}

fn record_key(browser: &Browser) -> String {
    let cookie = browser.value("session");
    let id = cookie.split('.').next().expect("an id");
    let digest: String = Sha256::digest(id).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("velox:session:{digest}")
}

#[tokio::test]
async fn a_list_with_foreign_data_is_replaced_and_the_login_works() {
    let server = RedisServer::start().await;
    let client = redis::Client::open(server.url()).expect("an address");
    let connection = client.get_multiplexed_async_connection().await.expect("it answers");
    for store in [on(&server.url()), RedisStore::with_connection(connection)] {
        for command in garbage(LIST) {
            let (app, log) = (app(store.clone()), Log::listen());
            put(&server, &command).await;
            let alice = app.alice().await;
            assert_eq!(alice.start_get("/api/auth/profile").await.status, 200);
            assert_eq!(warnings(&log, LIST), 1, "{:?}", log.lines());
            assert!(matches!(server.command(&["PTTL", LIST]).await, Value::Int(1..)), "E9");
            // The same holds if the list is only read, or if its sessions are ended.
            for target in ["/api/users/logoutOthers", "/api/users/logoutAll"] {
                put(&server, &command).await;
                assert_eq!(alice.start_get("/api/users/sessions").await.status, 200);
                put(&server, &command).await;
                assert_eq!(alice.start_post(target, &json!({})).await.status, 200);
            }
        }
    }
}

#[tokio::test]
async fn a_list_with_foreign_names_does_no_harm() {
    let server = RedisServer::start().await;
    let app = app(on(&server.url()));
    for name in ["", "garbage", "../../etc", "\u{0}", "mark"] {
        server.command(&["ZADD", LIST, "5", name]).await;
    }
    let mut alice = app.alice().await;
    assert_eq!(alice.get("/api/users/sessions").await.result().as_array().map(Vec::len), Some(1));
    assert_eq!(alice.post("/api/users/logoutAll", json!({})).await.status, 200);
    assert_eq!(app.alice().await.get("/api/auth/profile").await.status, 200);
}

#[tokio::test]
async fn foreign_data_in_a_cluster_is_replaced_too() {
    let cluster = RedisCluster::start(3).await;
    let urls = cluster.urls();
    let app = app(RedisStore::cluster(urls.iter().map(String::as_str)).expect("addresses"));
    app.alice().await;
    let mut owner = None;
    for node in cluster.nodes() {
        if node.command(&["EXISTS", LIST]).await == Value::Int(1) {
            owner = Some(node);
        }
    }
    let owner = owner.expect("one node has the list");
    for command in garbage(LIST) {
        let log = Log::listen();
        put(owner, &command).await;
        let alice = app.alice().await;
        assert_eq!(alice.start_get("/api/auth/profile").await.status, 200);
        assert_eq!(warnings(&log, LIST), 1, "{:?}", log.lines());
    }
}

#[tokio::test]
async fn a_record_with_foreign_data_counts_as_no_session_and_a_login_works() {
    let server = RedisServer::start().await;
    let app = app(on(&server.url()));
    for command in garbage("") {
        for target in ["/api/session/set", "/api/session/count", "/api/session/regenerate", "/api/auth/logout"] {
            let mut alice = app.alice().await;
            // The data appears while a request runs, and before another begins.
            let waiting = tokio::spawn(alice.start_post("/api/slow/waitAndDo", &json!({"deed": "set"})));
            app.turnstile.reached().await;
            let mut command = command.clone();
            command[1] = record_key(&alice);
            put(&server, &command).await;
            app.turnstile.open();
            assert_eq!(waiting.await.expect("no panic").status, 409);
            let reply = alice.start_post(target, &json!({"key": "a", "value": 1})).await;
            assert!(reply.status.as_u16() < 500, "{target}: {reply:?}");
            let account = json!({"email": "alice@example.com", "password": "wonderland-1"});
            assert_eq!(alice.post("/api/auth/login", account).await.status, 200);
            assert_eq!(alice.get("/api/auth/profile").await.status, 200);
        }
    }
}

#[tokio::test]
async fn a_call_count_with_foreign_data_starts_again() {
    let server = RedisServer::start().await;
    let rates = on(&server.url());
    let (key, window) = (RateKey::new("login", "10.0.0.1"), Duration::from_secs(60));
    rates.hit(&key, window).await.expect("Redis answers");
    let Value::Array(keys) = server.command(&["KEYS", "velox:rate:*"]).await else { panic!("keys") };
    let [Value::BulkString(name)] = &keys[..] else { panic!("{keys:?}") };
    let name = String::from_utf8(name.clone()).expect("text");
    for command in garbage(&name) {
        let log = Log::listen();
        put(&server, &command).await;
        for count in 1..=2 {
            assert_eq!(rates.hit(&key, window).await.expect("Redis answers").count, count);
        }
        assert_eq!(warnings(&log, &name), 1, "{:?}", log.lines());
        assert!(matches!(server.command(&["PTTL", &name]).await, Value::Int(1..)), "E9");
    }
}
