//! The lists of users' sessions in Redis, while sessions begin and get new ids: no live session is missed (row F8).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{AsyncConnectionConfig, Client, Cmd, Pipeline, RedisFuture, Value};
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use velox_session::clock::{Clock, ManualClock};
use velox_session::store::{Condition, Destroyed, Expected, Owner, RedisStore, Rotated, Stored};
use velox_session::{Record, SessionStore, StoreKey};
use velox_tests::redis::{Aged, Fault, Proxy, RedisServer};

/// What happens before a command is sent, or after its answer has come.
type Hook = Arc<dyn Fn(Vec<u8>) -> RedisFuture<'static, ()> + Send + Sync>;

/// A connection of the application's own that is looked at.
#[derive(Clone)]
struct Watched {
    inner: MultiplexedConnection,
    before: Hook,
    after: Hook,
}

impl Watched {
    async fn to(server: &RedisServer) -> Self {
        let client = Client::open(server.url()).expect("an address");
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(PATIENCE));
        let inner = client.get_multiplexed_async_connection_with_config(&config).await.expect("it answers");
        let nothing: Hook = Arc::new(|_| Box::pin(async { Ok(()) }));
        Self { inner, before: Arc::clone(&nothing), after: nothing }
    }

    /// Sends such commands only once the gate is open.
    fn held(self, gate: &watch::Sender<bool>, which: impl Fn(&[u8]) -> bool + Send + Sync + 'static) -> Self {
        let gate = gate.clone();
        let before: Hook = Arc::new(move |command| {
            let (mut gate, held) = (gate.subscribe(), which(&command));
            Box::pin(async move {
                if held {
                    gate.wait_for(|open| *open).await.expect("somebody opens it");
                }
                Ok(())
            })
        });
        Self { before, ..self }
    }

    fn store(self) -> RedisStore {
        RedisStore::with_connection(self).with_deadline(PATIENCE)
    }
}

impl ConnectionLike for Watched {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async move {
            (self.before)(cmd.get_packed_command()).await?;
            let answer = self.inner.req_packed_command(cmd).await;
            (self.after)(cmd.get_packed_command()).await?;
            answer
        })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        all: &'a Pipeline,
        from: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        self.inner.req_packed_commands(all, from, count)
    }

    fn get_db(&self) -> i64 {
        self.inner.get_db()
    }
}

/// Whether a command holds a text.
fn holds(command: &[u8], text: &str) -> bool {
    command.windows(text.len()).any(|window| window == text.as_bytes())
}

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

/// So many sessions that are over, which are on the list yet.
async fn ended(store: &RedisStore, numbers: std::ops::Range<usize>) {
    for number in numbers {
        begin(store, number, HOUR).await;
        let destroyed = store.destroy(&key(number), Condition::Always).await;
        assert_eq!(destroyed.expect("Redis answers"), Destroyed::Yes);
    }
}

async fn rotate(store: &RedisStore, old: usize, new: usize, ttl: Duration) {
    let rotated = store.rotate(&key(old), Condition::Always, &key(new), record(), ttl).await;
    assert_eq!(rotated.expect("Redis answers"), Rotated::Yes);
}

async fn names(store: &RedisStore) -> Vec<StoreKey> {
    let sessions = store.sessions_of(&ada()).await.expect("Redis answers");
    sessions.into_iter().map(|(key, _)| key).collect()
}

/// The key of Ada's list.
fn list() -> String {
    format!("velox:users:{}", ada().to_text())
}

async fn is_listed(server: &RedisServer, number: usize) {
    let digest = key(number).to_text().replace("session:", "");
    server.until("it is listed", async || server.command(&["ZSCORE", &list(), &digest]).await != Value::Nil).await;
}

const HOUR: Duration = Duration::from_secs(3_600);
const MINUTE: Duration = Duration::from_secs(60);
/// Reached only by what hangs.
const PATIENCE: Duration = Duration::from_secs(30);

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

/// Row E9: what a script has done before it was refused something is not undone.
#[tokio::test]
async fn a_list_has_an_end_where_redis_refuses_to_tidy_it() {
    let server = RedisServer::start().await;
    server.command(&["ACL", "SETUSER", "default", "-zremrangebyscore"]).await;
    for store in [RedisStore::connect(&server.url()).expect("an address"), Watched::to(&server).await.store()] {
        assert!(store.set(&key(1), record(), Expected::Absent, HOUR).await.is_err());
        let left = server.command(&["PTTL", &list()]).await;
        assert!(matches!(left, Value::Int(1..)), "{left:?}");
        server.command(&["FLUSHALL"]).await;
    }
}

/// A session that has little time left stands far down on the list, and so does its new id.
#[tokio::test]
async fn f8_a_session_with_little_time_left_is_found_by_its_new_id() {
    let server = RedisServer::start().await;
    let store = Watched::to(&server).await.store();
    begin(&store, 1, MINUTE).await;
    ended(&store, 10..40).await;

    // The new id is listed, and put in once it was looked for; then the old one goes, and is looked for after that.
    let (looked, rotated) = (watch::Sender::new(false), watch::Sender::new(false));
    let new = key(2).to_text();
    let slow = Watched::to(&server).await.held(&looked, move |command| holds(command, "SET") && holds(command, &new));
    let (done, slow) = (rotated.clone(), slow.store());
    let rotating = tokio::spawn(async move {
        rotate(&slow, 1, 2, MINUTE).await;
        done.send_replace(true);
    });
    is_listed(&server, 2).await;

    let (old, new) = (key(1).to_text(), key(2).to_text());
    let mut looking = Watched::to(&server).await.held(&rotated, move |command| holds(command, &old));
    looking.after = Arc::new(move |command| {
        if holds(&command, &new) {
            looked.send_replace(true);
        }
        Box::pin(async { Ok(()) })
    });
    assert_eq!(names(&looking.store()).await, [key(2)]);
    rotating.await.expect("no panic");
}

/// The same where one server has all keys, and the list is long.
#[tokio::test]
async fn f8_of_a_long_list_too() {
    let server = RedisServer::start().await;
    let proxy = Proxy::before(server.port()).await;
    let clock = ManualClock::at(1_700_000_000_000);
    let store = |url: &str| RedisStore::connect(url).expect("an address").with_clock(clock.clone());
    let (here, there) = (store(&server.url()), store(&proxy.url()).with_deadline(PATIENCE));
    begin(&here, 1, MINUTE).await;
    for number in 10..310 {
        begin(&here, number, HOUR).await;
    }
    // The scripts are known.
    assert_eq!(names(&there).await.len(), 301);
    let looks = async || server.commandstats().await.get("zrange").copied().unwrap_or(0);
    let before = looks().await;
    // The newest are looked at, then all names; the answer to that comes when the session has its new id.
    proxy.set_once_after(1, Fault::Delay(Duration::from_secs(1)));
    let looking = tokio::spawn(async move { names(&there).await });
    server.until("all names are looked at", async || looks().await >= before + 2).await;
    rotate(&here, 1, 2, MINUTE).await;
    assert!(looking.await.expect("no panic").contains(&key(2)));
}

/// Whoever is told that there is no session can rely on it.
#[tokio::test]
async fn f8_a_list_that_never_stands_still_is_an_error() {
    let server = RedisServer::start().await;
    let store = Watched::to(&server).await.store();
    begin(&store, 0, HOUR).await;
    let next = Arc::new(AtomicUsize::new(0));
    let mut looking = Watched::to(&server).await;
    looking.after = Arc::new(move |command| {
        let (store, next) = (store.clone(), Arc::clone(&next));
        Box::pin(async move {
            if holds(&command, "ZRANGE") {
                let old = next.fetch_add(1, Ordering::SeqCst);
                rotate(&store, old, old + 1, HOUR).await;
            }
            Ok(())
        })
    });
    assert!(looking.store().sessions_of(&ada()).await.is_err());
}

/// A name that was listed a moment ago may stand for a record that is on its way, however little time that has left.
#[tokio::test]
async fn f8_a_session_that_is_being_written_stays_on_a_long_list() {
    let server = RedisServer::start().await;
    let store = Watched::to(&server).await.store();
    ended(&store, 10..110).await;
    let open = watch::Sender::new(false);
    let new = key(2).to_text();
    let slow = Watched::to(&server).await.held(&open, move |command| holds(command, "SET") && holds(command, &new));
    let slow = slow.store();
    let beginning = tokio::spawn(async move { begin(&slow, 2, MINUTE).await });
    is_listed(&server, 2).await;
    // Each of these looks whether some of the list are over.
    ended(&store, 200..400).await;
    let length = server.command(&["ZCARD", &list()]).await;
    assert!(matches!(length, Value::Int(..=100)), "it is tidied: {length:?}");
    open.send_replace(true);
    beginning.await.expect("no panic");
    assert_eq!(names(&store).await, [key(2)]);
}
