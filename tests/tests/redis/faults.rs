//! Tests faults of Redis as a browser sees them: the S rows of the promises, each with a real
//! server.
//!
//! Time is real here, because the promises are deadlines. The bounds are those of the promises,
//! which are far above the measured times.

use std::time::{Duration, Instant};

use redis::Value;
use serde_json::json;
use sha2::{Digest, Sha256};
use velox_session::clock::SystemClock;
use velox_session::store::RedisStore;
use velox_tests::redis::{Fault, Proxy, RedisCluster, RedisServer};
use velox_tests::{Browser, Reply, SessionsApp};

/// The longest time that a request may take, whatever Redis does.
const REQUEST: Duration = Duration::from_secs(3);
/// The longest time for a request that needs no session.
const OTHER_REQUEST: Duration = Duration::from_secs(1);
/// The longest time until everything works again.
const RECOVERY: Duration = Duration::from_secs(4);
const DEADLINE: Duration = Duration::from_millis(500);

fn store(url: &str) -> RedisStore {
    RedisStore::connect(url).expect("an address").with_deadline(DEADLINE)
}

/// An application with its main session in Redis, and with the system clock, which Redis uses too.
fn app(store: RedisStore) -> SessionsApp {
    SessionsApp::with(|settings| settings.store(store).clock(SystemClock))
}

/// A server, a proxy in front of it, and an application that uses the server through the proxy.
async fn behind_a_proxy() -> (RedisServer, Proxy, SessionsApp) {
    let server = RedisServer::start().await;
    let proxy = Proxy::before(server.port()).await;
    let app = app(store(&proxy.url()));
    (server, proxy, app)
}

async fn profile(browser: &mut Browser) -> u16 {
    browser.get("/api/auth/profile").await.status.as_u16()
}

async fn count(browser: &mut Browser) -> Reply {
    browser.post("/api/session/count", json!({})).await
}

/// The counter in the session.
async fn counted(browser: &mut Browser) -> u64 {
    browser.get("/api/session/data").await.result()["count"].as_u64().unwrap_or(0)
}

async fn log_in(browser: &mut Browser) -> Reply {
    let account = json!({"email": "alice@example.com", "password": "wonderland-1"});
    browser.post("/api/auth/login", account).await
}

/// Checks for a 503 in time, with its code and without a cookie.
fn assert_unavailable(reply: &Reply, since: Instant) {
    assert_eq!(reply.failure(), (503, "SESSION_UNAVAILABLE".to_owned()), "{reply:?}");
    assert!(!reply.headers.contains_key("set-cookie"), "{reply:?}");
    assert!(since.elapsed() <= REQUEST, "{:?}", since.elapsed());
}

/// Repeats a request until Alice is logged in again. Until then every reply must be a 503, and not
/// say that she is a visitor.
async fn recovers(alice: &mut Browser) {
    let since = Instant::now();
    loop {
        match profile(alice).await {
            200 => break,
            503 => assert!(since.elapsed() <= RECOVERY, "not back after {:?}", since.elapsed()),
            other => panic!("{other} while Redis comes back"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn requests_get_503_in_time_while_redis_is_silent() {
    let server = RedisServer::start().await;
    let app = app(store(&server.url()));
    let mut alice = app.alice().await;
    server.pause();
    for _ in 0..3 {
        let since = Instant::now();
        assert_unavailable(&alice.get("/api/auth/profile").await, since);
        let since = Instant::now();
        assert_unavailable(&count(&mut alice).await, since);
        let since = Instant::now();
        assert_unavailable(&log_in(&mut app.visitor()).await, since);
    }
    server.resume();
    recovers(&mut alice).await;
}

#[tokio::test]
async fn connecting_is_part_of_the_deadline() {
    let server = RedisServer::start().await;
    server.pause();
    let app = app(store(&server.url()));
    let since = Instant::now();
    assert_unavailable(&log_in(&mut app.visitor()).await, since);
    server.resume();
}

#[tokio::test]
async fn an_unreadable_session_is_503_and_not_a_visitor() {
    let (_server, proxy, app) = behind_a_proxy().await;
    let mut alice = app.alice().await;
    let cookie = alice.value("session");
    for fault in [Fault::Refuse, Fault::LoseReply, Fault::CutReply, Fault::Nonsense, Fault::Error("ERR unknown")] {
        proxy.set(fault.clone());
        let targets = ["/api/auth/profile", "/api/auth/home", "/api/session/data", "/api/session/info"];
        for target in targets {
            let since = Instant::now();
            assert_unavailable(&alice.get(target).await, since);
        }
        for target in ["/api/auth/logout", "/api/auth/leave", "/api/session/count", "/api/session/regenerate"] {
            let since = Instant::now();
            assert_unavailable(&alice.post(target, json!({})).await, since);
        }
        assert_eq!(alice.value("session"), cookie, "{fault:?}");
    }
    proxy.set(Fault::None);
    recovers(&mut alice).await;
}

#[tokio::test]
async fn requests_without_a_session_are_served_during_an_outage() {
    let server = RedisServer::start().await;
    let app = app(store(&server.url()));
    let mut alice = app.alice().await;
    server.pause();
    let waiting = tokio::spawn(alice.start_get("/api/auth/profile"));
    for _ in 0..20 {
        let since = Instant::now();
        assert_eq!(alice.get("/api/health/check").await.status, 200);
        assert_eq!(app.visitor().get("/api/session/info").await.status, 200);
        assert_eq!(profile(&mut app.visitor()).await, 401);
        assert!(since.elapsed() < OTHER_REQUEST, "{:?}", since.elapsed());
    }
    assert_eq!(waiting.await.expect("no panic").status, 503);
    server.resume();
}

#[tokio::test]
async fn the_store_reconnects_after_a_long_outage_and_keeps_sessions() {
    let mut server = RedisServer::durable().await;
    let app = app(store(&server.url()));
    let mut alice = app.alice().await;
    server.stop();
    // Long enough to include the longest pause between two attempts to connect.
    let since = Instant::now();
    while since.elapsed() < Duration::from_millis(2_500) {
        assert_eq!(profile(&mut alice).await, 503);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server.restart().await;
    recovers(&mut alice).await;
    assert_eq!(count(&mut alice).await.status, 200);
}

#[tokio::test]
async fn nobody_notices_a_restart_between_two_requests() {
    let mut server = RedisServer::durable().await;
    let app = app(store(&server.url()));
    let mut alice = app.alice().await;
    for _ in 0..3 {
        server.restart().await;
        assert_eq!(profile(&mut alice).await, 200);
    }
}

#[tokio::test]
async fn a_read_is_retried_once_and_a_write_never() {
    let (_server, proxy, app) = behind_a_proxy().await;
    let mut alice = app.alice().await;
    let commands = async |alice: &mut Browser| {
        let before = proxy.requests();
        let reply = count(alice).await;
        (reply.status.as_u16(), proxy.requests() - before)
    };
    let (status, usual) = commands(&mut alice).await;
    assert_eq!(status, 200);
    for nth in 0..usual {
        proxy.set_once_after(nth, Fault::LoseReply);
        let (_, sent) = commands(&mut alice).await;
        assert!(sent <= 2 * usual, "{sent} commands for {usual}");
    }
    proxy.set(Fault::LoseReply);
    let (status, sent) = commands(&mut alice).await;
    assert_eq!((status, sent <= 2), (503, true), "{sent} commands");
}

#[tokio::test]
async fn one_connection_serves_all_requests_and_reconnects_rarely() {
    let (_server, proxy, app) = behind_a_proxy().await;
    let mut alice = app.alice().await;
    let many =
        |alice: &Browser| (0..50).map(|_| tokio::spawn(alice.start_get("/api/auth/profile"))).collect::<Vec<_>>();
    for request in many(&alice) {
        assert_eq!(request.await.expect("no panic").status, 200);
    }
    assert_eq!(proxy.connections(), 1);
    proxy.set(Fault::Refuse);
    let since = Instant::now();
    for _ in 0..4 {
        for request in many(&alice) {
            assert_eq!(request.await.expect("no panic").status, 503);
        }
    }
    // After short pauses at first, it tries at most twice a second.
    let most = 6 + 2 * usize::try_from(since.elapsed().as_secs()).expect("a short time");
    assert!(proxy.connections() <= 1 + most, "{} connections", proxy.connections());
    proxy.set(Fault::None);
    recovers(&mut alice).await;
}

#[tokio::test]
async fn a_half_open_connection_is_replaced() {
    let (_server, proxy, app) = behind_a_proxy().await;
    let mut alice = app.alice().await;
    proxy.set(Fault::Silence);
    for _ in 0..2 {
        let since = Instant::now();
        assert_unavailable(&alice.get("/api/auth/profile").await, since);
    }
    // The old connection stays silent forever.
    proxy.set(Fault::None);
    recovers(&mut alice).await;
}

#[tokio::test]
async fn acknowledged_writes_are_stored_and_others_happen_or_do_not() {
    let (_server, proxy, app) = behind_a_proxy().await;
    let mut alice = app.alice().await;
    let mut lost = 0;
    for fault in [Fault::LoseReply, Fault::CutReply, Fault::Nonsense, Fault::Error("OOM no memory")] {
        for nth in 0..6 {
            let before = counted(&mut alice).await;
            proxy.set_once_after(nth, fault.clone());
            let status = count(&mut alice).await.status;
            // The fault may be left over. Then it hits the next read, which is retried or refused.
            while proxy.is_waiting() {
                profile(&mut alice).await;
            }
            let after = counted(&mut alice).await;
            match status.as_u16() {
                200 => assert_eq!(after, before + 1, "{fault:?} {nth}"),
                503 => {
                    lost += 1;
                    assert!((before..=before + 1).contains(&after), "{fault:?} {nth}: {before}, then {after}");
                }
                other => panic!("{other}: {fault:?} {nth}"),
            }
        }
    }
    assert!(lost > 0, "no fault had an effect");
}

#[tokio::test]
async fn a_login_whose_reply_is_lost_leaves_nobody_logged_in() {
    let (server, proxy, app) = behind_a_proxy().await;
    let records = async || match server.command(&["KEYS", "velox:session:*"]).await {
        Value::Array(keys) => keys.len(),
        other => panic!("{other:?}"),
    };
    let mut alice = app.alice().await;
    for fault in [Fault::LoseReply, Fault::CutReply] {
        let mut visitor = app.visitor();
        proxy.set_once(fault);
        let since = Instant::now();
        assert_unavailable(&log_in(&mut visitor).await, since);
        assert_eq!(profile(&mut visitor).await, 401);
        // Nobody has the id of the new session, so it is not left among those of the user.
        assert_eq!(records().await, 1);
        assert_eq!(server.command(&["ZCARD", "velox:users:session:u1"]).await, Value::Int(1));
    }
    // The old session is gone. The new one stays, so that they are never both lost.
    assert_eq!(profile(&mut alice).await, 200);
    proxy.set_once_after(1, Fault::LoseReply);
    let since = Instant::now();
    assert_unavailable(&log_in(&mut alice).await, since);
    assert_eq!((profile(&mut alice).await, records().await), (401, 1));
}

#[tokio::test]
async fn errors_of_redis_are_503_at_worst() {
    let (server, proxy, app) = behind_a_proxy().await;
    let mut alice = app.alice().await;
    let errors = [
        "READONLY You can't write against a read only replica.",
        "OOM command not allowed when used memory > 'maxmemory'.",
        "NOREPLICAS Not enough good replicas to write.",
        "LOADING Redis is loading the dataset in memory",
        "CLUSTERDOWN The cluster is down",
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
        "BUSY Redis is busy running a script.",
        "MOVED 1 127.0.0.1:1",
        "ASK 1 127.0.0.1:1",
        "NOAUTH Authentication required.",
        "NOPERM this user has no permissions to run the 'evalsha' command",
        "NOSCRIPT No matching script.",
    ];
    for error in errors {
        proxy.set(Fault::Error(error));
        for _ in 0..2 {
            let since = Instant::now();
            assert_unavailable(&log_in(&mut app.visitor()).await, since);
            assert_unavailable(&alice.get("/api/auth/profile").await, since);
        }
        proxy.set(Fault::None);
        assert_eq!(profile(&mut alice).await, 200, "after {error}");
    }
    server.command(&["SCRIPT", "FLUSH"]).await;
    assert_eq!(profile(&mut alice).await, 200);
    assert_eq!(count(&mut alice).await.status, 200);
}

#[tokio::test]
async fn a_server_without_memory_refuses_logins_and_serves_existing_sessions() {
    let server = RedisServer::start().await;
    let app = app(store(&server.url()));
    let mut alice = app.alice().await;
    server.command(&["CONFIG", "SET", "maxmemory", "1"]).await;
    let since = Instant::now();
    assert_unavailable(&log_in(&mut app.visitor()).await, since);
    assert_unavailable(&log_in(&mut alice.clone()).await, since);
    assert_eq!(profile(&mut alice).await, 200);
    server.command(&["CONFIG", "SET", "maxmemory", "0"]).await;
    assert_eq!(log_in(&mut app.visitor()).await.status, 200);
}

#[tokio::test]
async fn a_session_follows_its_slot_through_a_cluster() {
    let cluster = RedisCluster::start(3).await;
    let urls = cluster.urls();
    let app = app(RedisStore::cluster(urls.iter().map(String::as_str)).expect("addresses"));
    let mut alice = app.alice().await;
    let mut all = Vec::new();
    for _ in 0..12 {
        all.push(app.alice().await);
    }
    let (key, from) = only_key_of(&cluster, &alice).await;
    let slot = cluster.slot_of(&key).await;
    let to = (from + 1) % 3;
    cluster.begin_to_move(slot, to).await;
    assert_eq!(profile(&mut alice).await, 200);
    cluster.move_slot(slot, to).await;
    assert_eq!(profile(&mut alice).await, 200);
    assert_eq!(count(&mut alice).await.status, 200);
    assert_eq!(counted(&mut alice).await, 1);
    for browser in &mut all {
        assert_eq!(profile(browser).await, 200);
    }
    assert_eq!(alice.post("/api/auth/logout", json!({})).await.status, 200);
    assert_eq!(profile(&mut alice).await, 401);
}

/// The key of a browser's record, which is found by its content, and the node that stores it.
async fn only_key_of(cluster: &RedisCluster, browser: &Browser) -> (String, usize) {
    let mut browser = browser.clone();
    browser.post("/api/session/set", json!({"key": "mark", "value": "found"})).await;
    for (index, node) in cluster.nodes().iter().enumerate() {
        for key in keys(node).await {
            if let Value::BulkString(text) = node.command(&["GET", &key]).await
                && String::from_utf8_lossy(&text).contains("\"mark\"")
            {
                return (key, index);
            }
        }
    }
    panic!("no record has the mark");
}

async fn keys(server: &RedisServer) -> Vec<String> {
    match server.command(&["KEYS", "*"]).await {
        Value::Array(keys) => {
            let mut keys: Vec<_> = keys.into_iter().map(text).collect();
            keys.sort();
            keys
        }
        other => panic!("no keys: {other:?}"),
    }
}

fn text(value: Value) -> String {
    match value {
        Value::BulkString(bytes) => String::from_utf8(bytes).expect("text"),
        other => panic!("no text: {other:?}"),
    }
}

/// A cluster that keeps serving the slots of the nodes that are left.
async fn partial_cluster() -> RedisCluster {
    let cluster = RedisCluster::start(3).await;
    for node in cluster.nodes() {
        node.command(&["CONFIG", "SET", "cluster-require-full-coverage", "no"]).await;
    }
    cluster
}

fn cluster_store(cluster: &RedisCluster) -> RedisStore {
    let urls = cluster.urls();
    RedisStore::cluster(urls.iter().map(String::as_str)).expect("addresses").with_deadline(DEADLINE)
}

#[tokio::test]
async fn a_dead_node_only_affects_its_own_sessions() {
    let mut cluster = partial_cluster().await;
    let app = app(cluster_store(&cluster));
    let mut browsers = Vec::new();
    for _ in 0..24 {
        let mut visitor = app.visitor();
        visitor.post("/api/session/set", json!({"key": "a", "value": 1})).await;
        browsers.push(visitor);
    }
    cluster.node_mut(1).stop();
    let mut statuses = Vec::new();
    for browser in &mut browsers {
        let since = Instant::now();
        let reply = browser.get("/api/session/data").await;
        if reply.status != 200 {
            assert_unavailable(&reply, since);
        }
        statuses.push(reply.status.as_u16());
    }
    assert!(statuses.contains(&200) && statuses.contains(&503), "{statuses:?}");
    cluster.node_mut(1).restart().await;
    let since = Instant::now();
    for browser in &mut browsers {
        // The node needs two seconds to serve again. It comes back without data, so its sessions
        // are gone, but no request fails any more.
        while browser.get("/api/session/data").await.status != 200 {
            assert!(since.elapsed() <= RECOVERY + Duration::from_secs(2), "not back");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test]
async fn a_silent_node_only_affects_its_own_sessions() {
    let cluster = partial_cluster().await;
    let app = app(cluster_store(&cluster));
    let mut browsers = Vec::new();
    for _ in 0..12 {
        let mut visitor = app.visitor();
        visitor.post("/api/session/set", json!({"key": "a", "value": 1})).await;
        let cookie = visitor.value("session");
        let digest = Sha256::digest(cookie.split('.').next().expect("an id"));
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let node = cluster.owner(cluster.slot_of(&format!("velox:session:{digest}")).await).await;
        browsers.push((visitor, node));
    }
    cluster.nodes()[1].pause();
    for _ in 0..2 {
        for (browser, node) in &mut browsers {
            let since = Instant::now();
            let reply = browser.get("/api/session/data").await;
            if *node == 1 {
                assert_unavailable(&reply, since);
            } else {
                assert_eq!(reply.status, 200);
                assert!(since.elapsed() < DEADLINE, "{:?}", since.elapsed());
            }
        }
    }
    assert!(browsers.iter().any(|(_, node)| *node == 1), "no session is on the node");
    cluster.nodes()[1].resume();
}

#[tokio::test]
async fn after_a_failover_a_new_connection_goes_to_the_new_master() {
    let master = RedisServer::start().await;
    let replica = RedisServer::replica_of(&master).await;
    let proxy = Proxy::before(master.port()).await;
    let app = app(store(&proxy.url()));
    let mut alice = app.alice().await;
    replica.until("it has the session", async || keys(&replica).await == keys(&master).await).await;
    // The roles change and the connections stay, so they lead to a read-only server.
    replica.command(&["REPLICAOF", "NO", "ONE"]).await;
    master.command(&["REPLICAOF", "127.0.0.1", &replica.port().to_string()]).await;
    proxy.lead_to(replica.port());
    let since = Instant::now();
    loop {
        let reply = count(&mut alice).await;
        if reply.status == 200 {
            break;
        }
        assert_unavailable(&reply, Instant::now());
        assert!(since.elapsed() <= RECOVERY, "still read-only");
    }
    assert_eq!(counted(&mut alice).await, 1);
    assert_eq!(proxy.connections(), 2);
}

#[tokio::test]
async fn a_promoted_replica_lacks_the_writes_that_it_missed() {
    let master = RedisServer::start().await;
    let replica = RedisServer::replica_of(&master).await;
    let proxy = Proxy::before(master.port()).await;
    let app = app(store(&proxy.url()));
    let mut known = app.alice().await;
    let mut ended = app.alice().await;
    let cookie = ended.value("session");
    replica.until("it has the sessions", async || keys(&replica).await == keys(&master).await).await;
    // The replica misses all writes from here on.
    replica.command(&["REPLICAOF", "NO", "ONE"]).await;
    let mut missed = app.bob().await;
    assert_eq!(ended.post("/api/auth/logout", json!({})).await.status, 200);
    drop(master);
    proxy.lead_to(replica.port());

    recovers(&mut known).await;
    assert_eq!(profile(&mut missed).await, 401);
    assert_eq!(log_in(&mut missed).await.status, 200);
    // The session that was ended last is alive again, as the documentation of the store warns.
    ended.plant("session", &cookie);
    assert_eq!(profile(&mut ended).await, 200);
    assert_eq!(ended.post("/api/auth/logout", json!({})).await.status, 200);
    ended.plant("session", &cookie);
    assert_eq!(profile(&mut ended).await, 401);
}

#[tokio::test]
async fn an_application_starts_without_redis_and_works_once_it_is_up() {
    let mut server = RedisServer::start().await;
    server.stop();
    let app = app(store(&server.url()));
    let mut visitor = app.visitor();
    assert_eq!(visitor.get("/api/health/check").await.status, 200);
    for _ in 0..5 {
        let since = Instant::now();
        assert_unavailable(&log_in(&mut visitor).await, since);
    }
    server.restart().await;
    let since = Instant::now();
    while log_in(&mut visitor).await.status != 200 {
        assert!(since.elapsed() <= RECOVERY, "not up after {:?}", since.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(profile(&mut visitor).await, 200);
}

#[tokio::test]
async fn an_emptied_redis_logs_users_out_without_errors() {
    let server = RedisServer::start().await;
    let app = app(store(&server.url()));
    let mut alice = app.alice().await;
    server.command(&["FLUSHALL"]).await;
    assert_eq!(profile(&mut alice).await, 401);
    assert_eq!(alice.get("/api/session/data").await.status, 200);
    assert_eq!(log_in(&mut alice).await.status, 200);
    assert_eq!(profile(&mut alice).await, 200);
}

#[tokio::test]
async fn an_unreadable_record_counts_as_no_session() {
    let server = RedisServer::start().await;
    let app = app(store(&server.url()));
    let (mut alice, _, whole) = alone(&server, &app).await;
    let half = &whole[..whole.len() / 2];
    let later = whole.replace("\"format\":1", "\"format\":99");
    assert_eq!(profile(&mut alice).await, 200);
    for text in ["", "garbage", "null", "[]", "{}", "{\"data\":{}}", "\u{0}\u{1}", half, &later] {
        let (mut alice, key, _) = alone(&server, &app).await;
        assert_eq!(server.command(&["SET", &key, text, "KEEPTTL"]).await, Value::Okay);
        refused(&mut alice, text).await;
    }
    for command in ["RPUSH", "SADD", "INCR"] {
        let (mut alice, key, _) = alone(&server, &app).await;
        server.command(&["DEL", &key]).await;
        let words = [command, &key, "a"];
        let words = if command == "INCR" { &words[..2] } else { &words[..] };
        assert_eq!(server.command(words).await, Value::Int(1));
        refused(&mut alice, command).await;
    }
}

/// Checks for a 401 if a session is required, a visitor elsewhere, and a login that works.
async fn refused(alice: &mut Browser, what: &str) {
    assert_eq!(profile(alice).await, 401, "{what:?}");
    let info = alice.get("/api/session/info").await;
    assert_eq!(info.result()["authenticated"], false, "{what:?}");
    assert_eq!(log_in(alice).await.status, 200, "{what:?}");
    assert_eq!(profile(alice).await, 200, "{what:?}");
    alice.post("/api/auth/logout", json!({})).await.result();
}

/// Logs Alice in with an empty Redis. Also returns the key and the text of her record.
async fn alone(server: &RedisServer, app: &SessionsApp) -> (Browser, String, String) {
    server.command(&["FLUSHALL"]).await;
    let alice = app.alice().await;
    for key in keys(server).await {
        if let Value::BulkString(text) = server.command(&["GET", &key]).await {
            return (alice, key, String::from_utf8(text).expect("JSON"));
        }
    }
    panic!("no record in {:?}", keys(server).await);
}
