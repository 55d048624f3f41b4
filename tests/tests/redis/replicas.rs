//! Tests writes that count only when replicas have them, with real replicas that follow, fall
//! silent and leave.

use std::time::{Duration, Instant};

use redis::{AsyncConnectionConfig, Value};
use serde_json::json;
use sha2::{Digest, Sha256};
use velox_session::clock::SystemClock;
use velox_session::store::RedisStore;
use velox_tests::redis::{Proxy, RedisCluster, RedisServer};
use velox_tests::{Browser, Reply, SessionsApp};

/// The longest time that a request may take, whatever Redis does.
const REQUEST: Duration = Duration::from_secs(3);
/// The longest time that a read may take while writes wait.
const READ: Duration = Duration::from_secs(1);
/// The time after which a test fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long writes wait for replicas that do not answer.
const WITHIN: Duration = Duration::from_millis(200);

/// An application whose writes succeed when one replica has them.
fn app(store: RedisStore, within: Duration) -> SessionsApp {
    let store = store.with_replicas(1, within);
    SessionsApp::with(|settings| settings.store(store.clone()).clock(SystemClock))
}

/// A store with a long deadline, for a server that always answers.
fn patient(url: &str) -> RedisStore {
    RedisStore::connect(url).expect("an address").with_deadline(PATIENCE)
}

fn impatient(url: &str) -> RedisStore {
    RedisStore::connect(url).expect("an address").with_deadline(Duration::from_secs(1))
}

/// A store with a connection that the application made.
async fn own(server: &RedisServer) -> RedisStore {
    let client = redis::Client::open(server.url()).expect("an address");
    let config = AsyncConnectionConfig::new().set_response_timeout(Some(PATIENCE));
    let connection = client.get_multiplexed_async_connection_with_config(&config).await.expect("it answers");
    RedisStore::with_connection(connection)
}

async fn master_and_replica() -> (RedisServer, RedisServer) {
    let master = RedisServer::start().await;
    let replica = RedisServer::replica_of(&master).await;
    (master, replica)
}

/// Returns whether this server has the record of a browser's session.
async fn has(server: &RedisServer, browser: &Browser) -> bool {
    let cookie = browser.value("session");
    let id = cookie.split('.').next().expect("an id");
    let digest: String = Sha256::digest(id).iter().map(|byte| format!("{byte:02x}")).collect();
    server.command(&["GET", &format!("velox:session:{digest}")]).await != Value::Nil
}

async fn log_in(browser: &mut Browser) -> Reply {
    let account = json!({"email": "alice@example.com", "password": "wonderland-1"});
    browser.post("/api/auth/login", account).await
}

/// Logs a browser in as soon as the replica is fast enough.
async fn logged_in(app: &SessionsApp) -> Browser {
    let (mut browser, since) = (app.visitor(), Instant::now());
    while log_in(&mut browser).await.status != 200 {
        assert!(since.elapsed() < PATIENCE, "{:?}", since.elapsed());
    }
    browser
}

async fn log_out(browser: &mut Browser) -> Reply {
    browser.post("/api/auth/logout", json!({})).await
}

async fn profile(browser: &Browser) -> u16 {
    browser.start_get("/api/auth/profile").await.status.as_u16()
}

/// Checks for a 503 in time, with its code and without a cookie.
fn assert_unavailable(reply: &Reply, since: Instant) {
    assert_eq!(reply.failure(), (503, "SESSION_UNAVAILABLE".to_owned()), "{reply:?}");
    assert!(!reply.headers.contains_key("set-cookie"), "{reply:?}");
    assert!(since.elapsed() <= REQUEST, "{:?}", since.elapsed());
}

#[tokio::test]
async fn acknowledged_writes_are_on_the_replica() {
    let (master, replica) = master_and_replica().await;
    let stores = [patient(&master.url()), own(&master).await];
    for store in stores {
        let app = app(store, PATIENCE);
        for _ in 0..50 {
            let mut alice = app.visitor();
            assert_eq!(log_in(&mut alice).await.status, 200);
            assert!(has(&replica, &alice).await, "the session of a login");
            let old = alice.clone();
            assert_eq!(alice.post("/api/session/regenerate", json!({})).await.status, 200);
            assert!(has(&replica, &alice).await && !has(&replica, &old).await, "a new id");
            let ended = alice.clone();
            assert_eq!(log_out(&mut alice).await.status, 200);
            assert!(!has(&replica, &ended).await, "a session that was ended");
        }
    }
}

#[tokio::test]
async fn a_promoted_replica_has_all_acknowledged_writes() {
    let (master, replica) = master_and_replica().await;
    let proxy = Proxy::before(master.port()).await;
    let app = app(patient(&proxy.url()), PATIENCE);
    let (mut alice, mut ended) = (app.alice().await, app.alice().await);
    for count in 1..=20 {
        assert_eq!(alice.post("/api/session/count", json!({})).await.result(), count);
    }
    let cookie = ended.value("session");
    assert_eq!(log_out(&mut ended).await.status, 200);
    drop(master);
    replica.command(&["REPLICAOF", "NO", "ONE"]).await;
    proxy.lead_to(replica.port());

    // Writes fail because the new master has no replica, but reads work.
    let since = Instant::now();
    while profile(&alice).await != 200 {
        assert!(since.elapsed() < PATIENCE, "{:?}", since.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(alice.get("/api/session/data").await.result()["count"], 20);
    ended.plant("session", &cookie);
    assert_eq!(profile(&ended).await, 401);
}

#[tokio::test]
async fn without_replicas_writes_are_503_and_reads_work() {
    let (master, replica) = master_and_replica().await;
    let app = app(impatient(&master.url()), WITHIN);
    let alice = logged_in(&app).await;
    for silent in [true, false] {
        // Each request uses its own session, because a failed write may have happened.
        let mut others = Vec::new();
        for _ in 0..4 {
            others.push(logged_in(&app).await);
        }
        if silent {
            replica.pause();
        } else {
            replica.command(&["REPLICAOF", "NO", "ONE"]).await;
            master.until("it has none", async || master.info("replication", "connected_slaves").await == "0").await;
        }
        let since = Instant::now();
        let logins: Vec<_> = (0..8)
            .map(|_| {
                let mut visitor = app.visitor();
                tokio::spawn(async move { log_in(&mut visitor).await })
            })
            .collect();
        // Reads do not wait for the writes.
        while logins.iter().any(|login| !login.is_finished()) {
            let since = Instant::now();
            assert_eq!(profile(&alice).await, 200);
            assert!(since.elapsed() < READ, "{:?}", since.elapsed());
        }
        for login in logins {
            assert_unavailable(&login.await.expect("no panic"), since);
        }
        let targets = ["/api/session/count", "/api/session/regenerate", "/api/auth/logout"];
        for (browser, target) in others.iter_mut().zip(targets) {
            let since = Instant::now();
            assert_unavailable(&browser.post(target, json!({})).await, since);
        }
        let since = Instant::now();
        assert_unavailable(&log_in(&mut others[3]).await, since);
        // The new session reached no replica, so the old one is still alive.
        assert_eq!((profile(&others[1]).await, profile(&others[3]).await), (200, 200));
        if silent {
            replica.resume();
        } else {
            replica.command(&["REPLICAOF", "127.0.0.1", &master.port().to_string()]).await;
        }
        master.until("it is followed", async || master.info("replication", "connected_slaves").await == "1").await;
        assert!(has(&replica, &logged_in(&app).await).await);
    }
}

#[tokio::test]
async fn a_session_that_reaches_no_replica_is_removed() {
    let server = RedisServer::start().await;
    for store in [impatient(&server.url()), own(&server).await] {
        let app = app(store, WITHIN);
        let since = Instant::now();
        assert_unavailable(&log_in(&mut app.visitor()).await, since);
        let anonymous = app.visitor().post("/api/session/set", json!({"key": "a", "value": 1})).await;
        assert_unavailable(&anonymous, since);
        assert_eq!(server.command(&["KEYS", "velox:session:*"]).await, Value::Array(Vec::new()));
    }
}

/// The same holds if Redis refuses `WAIT`.
#[tokio::test]
async fn a_session_is_removed_if_redis_refuses_to_wait() {
    let server = RedisServer::start().await;
    server.command(&["ACL", "SETUSER", "default", "-wait"]).await;
    for store in [impatient(&server.url()), own(&server).await] {
        let app = app(store, WITHIN);
        let since = Instant::now();
        assert_unavailable(&log_in(&mut app.visitor()).await, since);
        assert_eq!(server.command(&["KEYS", "velox:session:*"]).await, Value::Array(Vec::new()));
    }
}

#[tokio::test]
async fn in_a_cluster_the_node_of_the_write_waits() {
    let cluster = RedisCluster::start(3).await;
    let urls = cluster.urls();
    let app = app(RedisStore::cluster(urls.iter().map(String::as_str)).expect("addresses"), WITHIN);
    for _ in 0..4 {
        let since = Instant::now();
        assert_unavailable(&log_in(&mut app.visitor()).await, since);
    }
    let mut records = 0;
    for node in cluster.nodes() {
        let calls = node.commandstats().await;
        let of = |name: &str| calls.get(name).copied().unwrap_or(0);
        assert!(of("wait") >= of("set"), "{calls:?}");
        records += of("set");
    }
    assert_eq!(records, 4);
}

/// The numbers are those of `round_trips.rs`, except that a new id for a session takes one more.
#[tokio::test]
async fn waiting_takes_no_extra_round_trip() {
    let (master, _replica) = master_and_replica().await;
    // Loads the scripts.
    let mut somebody = app(patient(&master.url()), PATIENCE).alice().await;
    for target in ["/api/session/count", "/api/session/regenerate", "/api/auth/logout"] {
        assert_eq!(somebody.post(target, json!({})).await.status, 200);
    }
    let proxy = Proxy::before(master.port()).await;
    let app = app(patient(&proxy.url()), PATIENCE);
    let mut alice = app.alice().await;
    // Opens both connections.
    alice.post("/api/session/count", json!({})).await.result();
    let account = json!({"email": "alice@example.com", "password": "wonderland-1"});
    let login = app.visitor().start_post("/api/auth/login", &account);
    assert_eq!(trips(&proxy, login).await.0, 1, "the login of a visitor");
    assert_eq!(trips(&proxy, alice.start_get("/api/auth/profile")).await.0, 1, "a read");
    for (target, body, expected) in [
        ("/api/session/count", json!({}), 2),
        ("/api/session/flash", json!({"key": "note", "value": "once"}), 2),
        ("/api/session/regenerate", json!({}), 3),
        ("/api/auth/login", account, 3),
        ("/api/auth/logout", json!({}), 2),
    ] {
        let (count, reply) = trips(&proxy, alice.start_post(target, &body)).await;
        alice.keep(&reply);
        assert_eq!(count, expected, "{target}");
    }
}

/// The number of round trips of a request, which must succeed.
async fn trips(proxy: &Proxy, request: impl Future<Output = Reply>) -> (usize, Reply) {
    let before = proxy.round_trips();
    let reply = request.await;
    assert!(reply.status.is_success(), "{reply:?}");
    (proxy.round_trips() - before, reply)
}
