//! Tests that ending all sessions of a user takes a few round trips, however many they are. Their
//! number is limited unless the application changes that.

use std::time::Duration;

use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;
use serde_json::json;
use sha2::{Digest, Sha256};
use velox_session::clock::SystemClock;
use velox_session::store::{Owner, RedisStore};
use velox_session::{MemoryStore, Record, SessionBuilder, SessionStore, StoreKey};
use velox_tests::redis::{Latency, Proxy, RedisCluster, RedisServer};
use velox_tests::{Browser, SessionsApp};

fn app(store: impl SessionStore, change: impl FnOnce(SessionBuilder) -> SessionBuilder) -> SessionsApp {
    SessionsApp::with(|settings| change(settings.store(store).clock(SystemClock)))
}

fn on(url: &str) -> RedisStore {
    RedisStore::connect(url).expect("an address").with_deadline(PATIENCE)
}

/// Creates many sessions of Alice: names on her list, and their records.
async fn pile_up(server: &RedisServer, count: u64) {
    let mut connection = connect(server).await;
    let record = r#"{"data":{"userId":"u1","userEmail":"alice@example.com","_createdAt":0,"_lastAccessedAt":0},"expiresAt":0,"createdAt":0,"version":1,"listedUntil":0,"format":1}"#;
    redis::Script::new(
        "for n = 1, ARGV[1] do
            local name = redis.sha1hex(n) .. string.sub(redis.sha1hex('x' .. n), 1, 24)
            redis.call('ZADD', KEYS[1], n, name)
            redis.call('SET', 'velox:session:' .. name, ARGV[2], 'PX', 3600000)
        end
        redis.call('PEXPIRE', KEYS[1], 3600000)",
    )
    .key("velox:users:session:u1")
    .arg(count)
    .arg(record)
    .invoke_async::<()>(&mut connection)
    .await
    .expect("Redis answers");
}

async fn connect(server: &RedisServer) -> MultiplexedConnection {
    let client = redis::Client::open(server.url()).expect("an address");
    let config = AsyncConnectionConfig::new().set_response_timeout(Some(PATIENCE));
    client.get_multiplexed_async_connection_with_config(&config).await.expect("it answers")
}

async fn records(server: &RedisServer) -> u64 {
    let script = redis::Script::new("return #redis.call('KEYS', 'velox:session:*')");
    script.invoke_async(&mut connect(server).await).await.expect("Redis answers")
}

async fn status(browser: &mut Browser, target: &str) -> u16 {
    browser.post(target, json!({"id": "u1"})).await.status.as_u16()
}

#[tokio::test]
async fn twenty_thousand_sessions_end_in_one_round_trip() {
    let server = RedisServer::start().await;
    let proxy = Proxy::before(server.port()).await;
    let app = app(on(&proxy.url()), SessionBuilder::without_session_limit);
    for (target, left) in [("/api/users/logoutOthers", 1), ("/api/users/logoutAll", 0), ("/api/users/endAllOf", 0)] {
        server.command(&["FLUSHALL"]).await;
        // Loads the scripts.
        status(&mut app.alice().await, "/api/users/logoutAll").await;
        let mut alice = app.alice().await;
        pile_up(&server, 20_000).await;
        let before = proxy.round_trips();
        assert_eq!(status(&mut alice, target).await, 200, "{target}");
        // Besides ending the sessions, the request loads its own, and a logout destroys it.
        assert!(proxy.round_trips() - before <= 3, "{target}: {}", proxy.round_trips() - before);
        assert_eq!(records(&server).await, left, "{target}");
    }
}

#[tokio::test]
async fn five_hundred_sessions_end_despite_slow_round_trips() {
    let server = RedisServer::start().await;
    let line = Latency::before(server.port(), Duration::from_millis(20)).await;
    let client = redis::Client::open(line.url()).expect("an address");
    let connection = client.get_multiplexed_async_connection().await.expect("it answers");
    // A store with its own connection works as in a cluster: one record for each command.
    for store in [RedisStore::connect(&line.url()).expect("an address"), RedisStore::with_connection(connection)] {
        let app = app(store, SessionBuilder::without_session_limit);
        for target in ["/api/users/logoutOthers", "/api/users/logoutAll"] {
            let mut alice = app.alice().await;
            pile_up(&server, 500).await;
            assert_eq!(status(&mut alice, target).await, 200, "{target}");
            assert_eq!(records(&server).await, u64::from(target.contains("Others")), "{target}");
        }
        server.command(&["FLUSHALL"]).await;
    }
}

/// All sessions end, even if the request is dropped while it ends them.
#[tokio::test]
async fn ending_sessions_continues_after_the_request_is_dropped() {
    let server = RedisServer::start().await;
    let line = Latency::before(server.port(), Duration::from_millis(50)).await;
    let client = redis::Client::open(line.url()).expect("an address");
    let connection = client.get_multiplexed_async_connection().await.expect("it answers");
    for store in [on(&line.url()), RedisStore::with_connection(connection).with_deadline(PATIENCE)] {
        // Opens the connection.
        app(store.clone(), |settings| settings).alice().await;
        pile_up(&server, 2_000).await;
        let owner = owner();
        let ending = store.end_sessions(&owner, None);
        // The command is on its way.
        let dropped = tokio::time::timeout(Duration::from_millis(5), ending).await;
        assert!(dropped.is_err());
        server.until("all have ended", async || records(&server).await == 0).await;
    }
}

/// Alice, as stores know her.
fn owner() -> Owner {
    let key = StoreKey::from_text(&format!("session:{}", "0".repeat(64))).expect("a key");
    let text = r#"{"data":{"userId":"u1","_createdAt":1},"expiresAt":1}"#;
    key.owner(&Record::from_json(text.as_bytes()).expect("a record")).expect("it belongs to Alice")
}

#[tokio::test]
async fn a_user_has_at_most_a_hundred_sessions_by_default() {
    let server = RedisServer::start().await;
    let cluster = RedisCluster::start(3).await;
    let urls = cluster.urls();
    let clustered = RedisStore::cluster(urls.iter().map(String::as_str)).expect("addresses");
    let listed = async |app: &SessionsApp| {
        let reply = app.visitor().start_get("/api/users/sessionsOf?id=u1").await;
        reply.result().as_array().expect("a list").len()
    };
    for redis in [on(&server.url()), clustered] {
        for limited in [true, false] {
            let of = |settings: SessionBuilder| if limited { settings } else { settings.without_session_limit() };
            for (name, app) in [("memory", app(MemoryStore::new(), of)), ("redis", app(redis.clone(), of))] {
                status(&mut app.visitor(), "/api/users/endAllOf").await;
                tokio::time::sleep(Duration::from_millis(5)).await;
                let mut first = app.alice().await;
                // Of sessions that begin in the same millisecond, any may count as the oldest.
                tokio::time::sleep(Duration::from_millis(5)).await;
                for _ in 0..104 {
                    app.alice().await;
                }
                assert_eq!(listed(&app).await, if limited { 100 } else { 105 }, "{name}");
                let alive = first.get("/api/auth/profile").await.status == 200;
                assert_eq!(alive, !limited, "{name}: the oldest ends");
            }
        }
    }
}

/// An expired session does not cause a live one to end.
#[tokio::test]
async fn an_expired_session_does_not_count() {
    let server = RedisServer::start().await;
    let cluster = RedisCluster::start(3).await;
    let urls = cluster.urls();
    let clustered = RedisStore::cluster(urls.iter().map(String::as_str)).expect("addresses");
    for store in [on(&server.url()), clustered] {
        let app = app(store, |settings| settings.max_sessions_per_user(2));
        let mut phone = app.alice().await;
        for _ in 0..5 {
            let mut laptop = app.alice().await;
            let name = digest(&laptop);
            for node in [&server].into_iter().chain(cluster.nodes()) {
                // The record expires, but its name stays on the list.
                node.command(&["DEL", &format!("velox:session:{name}")]).await;
            }
            assert_eq!(laptop.get("/api/auth/profile").await.status, 401);
        }
        assert_eq!(phone.get("/api/auth/profile").await.status, 200);
    }
}

fn digest(browser: &Browser) -> String {
    let cookie = browser.value("session");
    Sha256::digest(cookie.split('.').next().expect("an id")).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A login takes one round trip, even if the user has very many sessions.
#[tokio::test]
async fn a_login_takes_one_round_trip_despite_many_sessions() {
    let server = RedisServer::start().await;
    let proxy = Proxy::before(server.port()).await;
    let app = app(on(&proxy.url()), |settings| settings);
    app.alice().await;
    for count in [0, 50, 65, 150, 1_000] {
        server.command(&["FLUSHALL"]).await;
        pile_up(&server, count).await;
        let before = proxy.round_trips();
        app.alice().await;
        assert_eq!(proxy.round_trips() - before, 1, "{count}");
    }
}

/// The time after which a test fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(30);
