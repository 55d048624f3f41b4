//! Tests the lists of users' sessions in Redis while sessions begin and get new ids. No live
//! session is missed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{AsyncConnectionConfig, Client, Cmd, Pipeline, RedisFuture, Value};
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use velox_session::clock::{Clock, ManualClock};
use velox_session::store::{Condition, Created, Destroyed, Expected, NewSession, Owner, RedisStore, Stored};
use velox_session::{Record, SessionStore, StoreKey};
use velox_tests::redis::{Aged, Fault, Proxy, RedisServer};

/// A function that runs before a command is sent, or after its reply has arrived.
type Hook = Arc<dyn Fn(Vec<u8>) -> RedisFuture<'static, ()> + Send + Sync>;

/// A connection that the test observes.
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

    /// Holds back the commands that `which` selects until the gate is open.
    fn held(self, gate: &watch::Sender<bool>, which: impl Fn(&[u8]) -> bool + Send + Sync + 'static) -> Self {
        let gate = gate.clone();
        let before: Hook = Arc::new(move |command| {
            let (mut gate, held) = (gate.subscribe(), which(&command));
            Box::pin(async move {
                if held {
                    gate.wait_for(|open| *open).await.expect("the test opens it");
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

/// Returns whether a command contains a text.
fn holds(command: &[u8], text: &str) -> bool {
    command.windows(text.len()).any(|window| window == text.as_bytes())
}

fn key(number: usize) -> StoreKey {
    let digest: String = Sha256::digest(number.to_string()).iter().map(|byte| format!("{byte:02x}")).collect();
    StoreKey::from_text(&format!("session:{digest}")).expect("a cookie's name and a hash")
}

/// A record of Ada.
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

/// Starts and ends sessions, whose names may remain on the list.
async fn ended(store: &RedisStore, numbers: std::ops::Range<usize>) {
    for number in numbers {
        begin(store, number, HOUR).await;
        let destroyed = store.destroy(&key(number), Condition::Always).await;
        assert_eq!(destroyed.expect("Redis answers"), Destroyed::Yes);
    }
}

async fn rotate(store: &RedisStore, old: usize, new: usize, ttl: Duration) {
    let (old, new) = (key(old), key(new));
    let mut session = NewSession::new(&new, record(), ttl);
    session.replaces = Some((&old, Condition::Always));
    let created = store.create(session).await;
    assert_eq!(created.expect("Redis answers"), Created::Yes { ended: 0 });
}

async fn names(store: &RedisStore) -> Vec<StoreKey> {
    let sessions = store.sessions_of(&ada()).await.expect("Redis answers");
    sessions.into_iter().map(|(key, _)| key).collect()
}

fn list() -> String {
    format!("velox:users:{}", ada().to_text())
}

const HOUR: Duration = Duration::from_secs(3_600);
const MINUTE: Duration = Duration::from_secs(60);
/// The time after which a test fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(30);

/// The clock of one server is five minutes ahead, that of the other five minutes behind.
#[tokio::test]
async fn a_list_outlives_its_sessions_even_if_clocks_differ() {
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

/// A script that fails halfway is not undone.
#[tokio::test]
async fn a_list_expires_even_if_redis_refuses_the_record() {
    let server = RedisServer::start().await;
    server.command(&["ACL", "SETUSER", "default", "-set"]).await;
    let store = RedisStore::connect(&server.url()).expect("an address");
    assert!(store.set(&key(1), record(), Expected::Absent, HOUR).await.is_err());
    let left = server.command(&["PTTL", &list()]).await;
    assert!(matches!(left, Value::Int(1..)), "{left:?}");
}

/// The session gets a new id after the list and before its record is read.
#[tokio::test]
async fn listing_finds_a_session_that_gets_a_new_id() {
    let server = RedisServer::start().await;
    let store = Watched::to(&server).await.store();
    begin(&store, 1, MINUTE).await;
    let (rotated, old) = (watch::Sender::new(false), key(1).to_text());
    let looking = Watched::to(&server).await.held(&rotated, move |command| holds(command, &old)).store();
    let before = looks(&server).await;
    let looking = tokio::spawn(async move { names(&looking).await });
    server.until("the list is looked at", async || looks(&server).await > before).await;
    rotate(&store, 1, 2, MINUTE).await;
    rotated.send_replace(true);
    assert_eq!(looking.await.expect("no panic"), [key(2)]);
}

/// A single server reads a long list in two steps, and the session gets a new id in between.
#[tokio::test]
async fn listing_a_long_list_finds_a_session_that_gets_a_new_id() {
    let server = RedisServer::start().await;
    let proxy = Proxy::before(server.port()).await;
    let clock = ManualClock::at(1_700_000_000_000);
    let store = |url: &str| RedisStore::connect(url).expect("an address").with_clock(clock.clone());
    let (here, there) = (store(&server.url()), store(&proxy.url()).with_deadline(PATIENCE));
    for number in [1].into_iter().chain(10..310) {
        begin(&here, number, HOUR).await;
    }
    // Loads the scripts.
    assert_eq!(names(&there).await.len(), 301);
    let before = looks(&server).await;
    // The store reads the newest sessions and then all names. The second reply comes after the
    // session got its new id.
    proxy.set_once_after(1, Fault::Delay(Duration::from_secs(1)));
    let looking = tokio::spawn(async move { names(&there).await });
    server.until("all names are looked at", async || looks(&server).await > before).await;
    rotate(&here, 1, 2, MINUTE).await;
    assert!(looking.await.expect("no panic").contains(&key(2)));
}

/// The result must never lack a live session, so an error is the only honest reply.
#[tokio::test]
async fn listing_a_constantly_changing_list_is_an_error() {
    let server = RedisServer::start().await;
    let store = Watched::to(&server).await.store();
    begin(&store, 0, HOUR).await;
    let next = Arc::new(AtomicUsize::new(0));
    let mut looking = Watched::to(&server).await;
    looking.after = Arc::new(move |command| {
        let (store, next) = (store.clone(), Arc::clone(&next));
        Box::pin(async move {
            if holds(&command, &list()) {
                let old = next.fetch_add(1, Ordering::SeqCst);
                rotate(&store, old, old + 1, HOUR).await;
            }
            Ok(())
        })
    });
    assert!(looking.store().sessions_of(&ada()).await.is_err());
}

/// Ended sessions do not count, and the list does not grow without a limit on sessions.
#[tokio::test]
async fn the_list_drops_the_names_of_ended_sessions() {
    let server = RedisServer::start().await;
    let store = RedisStore::connect(&server.url()).expect("an address");
    for store in [store.clone(), Watched::to(&server).await.store()] {
        begin(&store, 1, HOUR).await;
        ended(&store, 10..110).await;
        rotate(&store, 1, 2, HOUR).await;
        assert_eq!(server.command(&["ZRANGE", &list(), "0", "-1"]).await, texts(&[2]));
        let destroyed = store.destroy(&key(2), Condition::Always).await;
        assert_eq!(destroyed.expect("Redis answers"), Destroyed::Yes);
    }
    // Redis does not report expired records, so each login checks a few names.
    for number in 200..500 {
        begin(&store, number, HOUR).await;
        server.command(&["DEL", &format!("velox:{}", key(number).to_text())]).await;
    }
    let length = server.command(&["ZCARD", &list()]).await;
    assert!(matches!(length, Value::Int(..=60)), "{length:?}");
}

/// The names of these sessions.
fn texts(numbers: &[usize]) -> Value {
    let name = |number: &usize| key(*number).to_text().replace("session:", "").into_bytes();
    Value::Array(numbers.iter().map(|number| Value::BulkString(name(number))).collect())
}

/// How often all names of a list were read.
async fn looks(server: &RedisServer) -> u64 {
    server.commandstats().await.get("zrangebyscore").copied().unwrap_or(0)
}

/// The record under the key belongs to somebody else.
#[tokio::test]
async fn a_record_whose_key_is_taken_stays_whatever_happens_to_the_answer() {
    let server = RedisServer::start().await;
    let proxy = Proxy::before(server.port()).await;
    let store = RedisStore::connect(&proxy.url()).expect("an address");
    begin(&store, 1, HOUR).await;
    let (within, other) = (Duration::from_millis(50), Record::from_json(OTHER.as_bytes()).expect("a record"));
    let set = async |store: &RedisStore| store.set(&key(1), other.clone(), Expected::Absent, HOUR).await;
    assert!(set(&store.clone().with_replicas(1, within)).await.is_err());
    proxy.set_once(Fault::LoseReply);
    assert!(set(&store).await.is_err());
    assert_eq!(names(&store).await, [key(1)]);
}

const OTHER: &str = r#"{"data":{"userId":"u9","_createdAt":1},"expiresAt":1}"#;
