//! Counts the round trips to Redis for each request, with a proxy.

use std::time::Duration;

use serde_json::{Value, json};
use velox_session::clock::SystemClock;
use velox_session::store::RedisStore;
use velox_session::{SessionBuilder, SessionStore, StoreKey};
use velox_tests::redis::{Proxy, RedisServer};
use velox_tests::{SessionsApp, forged};

struct World {
    _server: RedisServer,
    proxy: Proxy,
    app: SessionsApp,
}

impl World {
    /// Redis already knows the scripts, as it does after the first requests.
    async fn with(change: impl Fn(SessionBuilder) -> SessionBuilder) -> Self {
        let server = RedisServer::start().await;
        let warm = SessionsApp::with(|settings| change(settings.store(store(&server.url()))).clock(SystemClock));
        let mut somebody = warm.alice().await;
        somebody.get("/api/auth/profile").await.result();
        somebody.post("/api/session/count", json!({})).await.result();
        somebody.post("/api/session/regenerate", json!({})).await;
        somebody.post("/api/auth/logout", json!({})).await.result();
        let proxy = Proxy::before(server.port()).await;
        let app = SessionsApp::with(|settings| change(settings.store(store(&proxy.url()))).clock(SystemClock));
        Self { _server: server, proxy, app }
    }

    /// The number of round trips while a future runs, and its output.
    async fn trips<T>(&self, during: impl Future<Output = T>) -> (usize, T) {
        let before = self.proxy.round_trips();
        let output = during.await;
        (self.proxy.round_trips() - before, output)
    }
}

fn store(url: &str) -> RedisStore {
    RedisStore::connect(url).expect("an address")
}

fn account(name: &str, password: &str) -> Value {
    json!({"email": format!("{name}@example.com"), "password": password})
}

#[tokio::test]
async fn a_request_without_a_valid_cookie_takes_no_round_trip() {
    let world = World::with(|settings| settings).await;
    let alice = world.app.alice().await;
    let mut thief = world.app.visitor();
    thief.plant("session", &forged(&alice.value("session")));
    for mut browser in [world.app.visitor(), thief] {
        for target in ["/api/auth/profile", "/api/auth/home", "/api/health/check"] {
            assert_eq!(world.trips(browser.get(target)).await.0, 0, "{target}");
        }
    }
}

#[tokio::test]
async fn a_read_takes_one_round_trip_with_or_without_renewal() {
    for interval in [0, 60] {
        let world = World::with(|settings| settings.touch_interval(Duration::from_secs(interval))).await;
        let mut alice = world.app.alice().await;
        for target in ["/api/auth/profile", "/api/auth/home", "/api/session/data", "/api/session/message?key=none"] {
            let (trips, reply) = world.trips(alice.get(target)).await;
            assert_eq!((trips, reply.status.as_u16()), (1, 200), "{target}");
            assert_eq!(reply.headers.contains_key("set-cookie"), interval == 0, "{target}");
        }
    }
}

#[tokio::test]
async fn a_write_takes_one_more_round_trip() {
    let world = World::with(|settings| settings).await;
    let mut alice = world.app.alice().await;
    for (target, body) in [
        ("/api/session/set", json!({"key": "cart", "value": 3})),
        ("/api/session/count", json!({})),
        ("/api/session/flash", json!({"key": "note", "value": "once"})),
    ] {
        let (trips, reply) = world.trips(alice.post(target, body)).await;
        assert!(reply.status.is_success(), "{reply:?}");
        assert_eq!(trips, 2, "{target}");
    }
    // Reading the message removes it from the store, so the request has nothing to save at its end.
    assert_eq!(world.trips(alice.get("/api/session/message?key=note")).await.0, 2);
    assert_eq!(world.trips(alice.post("/api/auth/logout", json!({}))).await.0, 2);
}

#[tokio::test]
async fn a_new_id_takes_one_more_round_trip() {
    let world = World::with(|settings| settings).await;
    let (alices, bobs) = (account("alice", "wonderland-1"), account("bob", "builder-22"));
    let mut alice = world.app.alice().await;
    assert_eq!(world.trips(alice.post("/api/session/regenerate", json!({}))).await.0, 2);
    for account in [&alices, &bobs] {
        let old = alice.clone();
        let (trips, reply) = world.trips(alice.post("/api/auth/login", account.clone())).await;
        assert_eq!((trips, reply.status.as_u16()), (2, 200), "{account}");
        assert_eq!(old.start_get("/api/auth/profile").await.status, 401);
    }
    let mut visitor = world.app.visitor();
    visitor.post("/api/session/set", json!({"key": "cart", "value": 3})).await.result();
    assert_eq!(world.trips(visitor.post("/api/auth/login", alices)).await.0, 2);
    assert_eq!(visitor.get("/api/session/data").await.result()["cart"], 3);
}

#[tokio::test]
async fn the_login_of_a_new_visitor_takes_one_round_trip() {
    let world = World::with(|settings| settings).await;
    let login = account("alice", "wonderland-1");
    // The first request opens the connection.
    world.app.visitor().post("/api/auth/login", login.clone()).await.result();
    let mut visitor = world.app.visitor();
    assert_eq!(world.trips(visitor.post("/api/auth/login", login)).await.0, 1);
}

#[tokio::test]
async fn sessions_work_over_tls() {
    let server = RedisServer::with_tls().await;
    let client = redis::Client::open(server.tls()).expect("an address");
    let over_tls = RedisStore::with_client(&client).expect("an address");
    let app = SessionsApp::with(|settings| settings.store(over_tls).clock(SystemClock));
    let mut alice = app.alice().await;
    assert_eq!(alice.get("/api/auth/profile").await.result()["name"], "Alice");
    alice.post("/api/auth/logout", json!({})).await.result();
    assert_eq!(alice.get("/api/auth/profile").await.status, 401);
}

#[tokio::test]
async fn checking_five_hundred_sessions_takes_one_round_trip() {
    let world = World::with(|settings| settings).await;
    let asking = store(&world.proxy.url());
    let keys = |count: usize| -> Vec<_> {
        (0..count).map(|key| StoreKey::from_text(&format!("session:{key:064x}")).expect("a key")).collect()
    };
    // Opens the connection and loads the script.
    asking.are_live(&keys(1)).await.expect("Redis answers");
    for (count, trips) in [(1, 1), (500, 1), (501, 2), (0, 0)] {
        let (asked, live) = world.trips(asking.are_live(&keys(count))).await;
        assert_eq!((asked, live.expect("Redis answers")), (trips, vec![false; count]));
    }
}
