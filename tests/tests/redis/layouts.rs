//! Tests the data in Redis with both layouts: together with a VeloxTS service that uses the same
//! sessions, over random operations, and for somebody who gets a copy of all keys.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use redis::Value;
use serde_json::{Value as Json, json};
use velox_session::clock::{Clock, ManualClock};
use velox_session::manager::OpenSession;
use velox_session::manager::{CloseError, OpenError};
use velox_session::store::RedisStore;
use velox_session::{Manager, SessionError, SessionUser, session_middleware};
use velox_tests::redis::{Aged, RedisServer};
use velox_tests::{Log, SECRET};

/// A server with a clock, and the sessions of one service on it.
struct Service<'s> {
    server: &'s RedisServer,
    aged: Aged<'s>,
    manager: Manager,
    veloxts: bool,
}

/// The value of a session cookie.
#[derive(Clone)]
struct Cookie(String);

impl<'s> Service<'s> {
    fn on(server: &'s RedisServer) -> Self {
        Self::with(server, |store| store, false)
    }

    fn beside_veloxts(server: &'s RedisServer) -> Self {
        Self::with(server, RedisStore::with_veloxts_layout, true)
    }

    fn with(server: &'s RedisServer, change: fn(RedisStore) -> RedisStore, veloxts: bool) -> Self {
        let aged = Aged::new([server]);
        let store = change(RedisStore::connect(&server.url()).expect("an address")).with_clock(aged.clock());
        let settings = session_middleware(SECRET).store(store).clock(aged.clock());
        let manager =
            settings.cookie_name("session").secure(false).max_age(HOUR).build_manager().expect("right settings");
        Self { server, aged, manager, veloxts }
    }

    fn clock(&self) -> ManualClock {
        self.aged.clock()
    }

    /// Logs Ada in.
    async fn log_in(&self) -> Cookie {
        let (cookie, done) = self.visit(None, async |open| open.call().session().login(ada()).await).await;
        done.expect("Ada may log in");
        cookie.expect("a login sets a cookie")
    }

    async fn log_out(&self, cookie: &Cookie) {
        let (_, done) = self.visit(Some(cookie), async |open| open.call().session().logout().await).await;
        done.expect("Ada may log out");
    }

    /// Runs one request. Returns its cookie and the result of `work`.
    async fn visit<T>(
        &self,
        cookie: Option<&Cookie>,
        work: impl AsyncFnOnce(&OpenSession) -> T,
    ) -> (Option<Cookie>, T) {
        let open = self.open(cookie).await.expect("Redis answers");
        let done = work(&open).await;
        (self.close(&open).await, done)
    }

    async fn open(&self, cookie: Option<&Cookie>) -> Result<OpenSession, OpenError> {
        let mut headers = HeaderMap::new();
        if let Some(Cookie(value)) = cookie {
            headers.insert("cookie", HeaderValue::try_from(format!("session={value}")).expect("header text"));
        }
        self.manager.open(&headers).await
    }

    async fn close(&self, open: &OpenSession) -> Option<Cookie> {
        let closing = self.manager.close(open).await.expect("Redis answers");
        let line = closing.set_cookie()?.to_str().expect("a text").to_owned();
        let value = line.strip_prefix("session=")?.split(';').next()?.to_owned();
        Some(Cookie(value))
    }

    async fn user(&self, cookie: &Cookie) -> Option<SessionUser> {
        self.visit(Some(cookie), async |open| open.call().session().user()).await.1
    }

    async fn set(&self, cookie: &Cookie, key: &str, value: Json) {
        let (_, done) = self.visit(Some(cookie), async |open| set(open, key, value)).await;
        done.expect("it is small");
    }

    /// The Redis key of a cookie's session. In the default layout, it must be the only session.
    async fn key(&self, cookie: &Cookie) -> String {
        if self.veloxts {
            return format!("session:{}", cookie.id());
        }
        match &texts(self.server.command(&["KEYS", "velox:session:*"]).await)[..] {
            [key] => key.clone(),
            keys => panic!("one session: {keys:?}"),
        }
    }

    async fn json(&self, cookie: &Cookie) -> Json {
        let text = text(self.server.command(&["GET", &self.key(cookie).await]).await);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// Overwrites the record as VeloxTS does.
    async fn veloxts_writes(&self, cookie: &Cookie, mut own: Json) {
        let now = self.clock().now();
        own["userId"] = json!("u1");
        own["userEmail"] = json!("ada@example.com");
        own["_createdAt"] = json!(now);
        own["_lastAccessedAt"] = json!(now);
        let record = json!({"id": cookie.id(), "data": own, "expiresAt": now + HOUR.as_millis() as u64});
        let answer = self.server.command(&["SETEX", &self.key(cookie).await, "3600", &record.to_string()]).await;
        assert_eq!(answer, Value::Okay);
    }

    /// The remaining time of a key in milliseconds.
    async fn left(&self, key: &str) -> u64 {
        match self.server.command(&["PTTL", key]).await {
            Value::Int(left) => {
                u64::try_from(left).unwrap_or_else(|_| panic!("{key} never expires or does not exist: {left}"))
            }
            other => panic!("no number: {other:?}"),
        }
    }
}

impl Cookie {
    fn id(&self) -> &str {
        &self.0[..43]
    }

    fn signature(&self) -> &str {
        &self.0[44..]
    }
}

fn set(open: &OpenSession, key: &str, value: Json) -> Result<(), SessionError> {
    let call = open.call();
    call.session().set(key, value)?;
    call.commit();
    Ok(())
}

fn ada() -> SessionUser {
    SessionUser::new("u1", "ada@example.com")
}

async fn text_at(server: &RedisServer, key: &str) -> String {
    text(server.command(&["GET", key]).await)
}

fn text(value: Value) -> String {
    match value {
        Value::BulkString(bytes) => String::from_utf8(bytes).expect("text"),
        other => panic!("no text: {other:?}"),
    }
}

fn texts(value: Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.into_iter().map(text).collect(),
        other => panic!("no texts: {other:?}"),
    }
}

const HOUR: Duration = Duration::from_secs(3_600);

// ---- Together with VeloxTS ----

#[tokio::test]
async fn a_session_of_veloxts_is_read_and_written() {
    let server = RedisServer::start().await;
    let service = Service::beside_veloxts(&server);
    let cookie = service.log_in().await;
    service.veloxts_writes(&cookie, json!({"cart": ["a", 2], "note": "}{\"expiresAt\":1}"})).await;
    assert_eq!(service.user(&cookie).await, Some(ada()));
    service.set(&cookie, "n", json!(1)).await;
    service.set(&cookie, "n", json!(2)).await;
    let json = service.json(&cookie).await;
    assert_eq!(json["id"], cookie.id());
    assert_eq!(json["expiresAt"], service.clock().now() + 3_600_000);
    let data = &json["data"];
    assert_eq!((&data["userId"], &data["userEmail"]), (&json!("u1"), &json!("ada@example.com")));
    assert_eq!((&data["cart"], &data["n"]), (&json!(["a", 2]), &json!(2)));
    assert!(json["version"].as_u64().is_some_and(|version| version < 1 << 53), "{json}");
}

#[tokio::test]
async fn veloxts_can_read_a_session_of_velox() {
    let server = RedisServer::start().await;
    let service = Service::beside_veloxts(&server);
    let cookie = service.log_in().await;
    let (json, now) = (service.json(&cookie).await, service.clock().now());
    assert_eq!(json["id"], cookie.id());
    assert_eq!(
        json["data"],
        json!({"userId": "u1", "userEmail": "ada@example.com", "_createdAt": now, "_lastAccessedAt": now})
    );
    assert_eq!(json["expiresAt"], now + 3_600_000);
}

/// VeloxTS writes no version, but velox still must not overwrite its changes.
#[tokio::test]
async fn writes_of_veloxts_during_a_request_are_kept() {
    let server = RedisServer::start().await;
    let service = Service::beside_veloxts(&server);
    let cookie = service.log_in().await;
    // First VeloxTS overwrites a record of velox, then a record of its own.
    for round in 0..3 {
        let (_, done) = service
            .visit(Some(&cookie), async |open| {
                set(open, "n", json!(round))?;
                service.veloxts_writes(&cookie, json!({"cart": [round]})).await;
                Ok::<_, SessionError>(())
            })
            .await;
        done.expect("it is small");
        let data = service.json(&cookie).await["data"].clone();
        assert_eq!((&data["cart"], &data["n"]), (&json!([round]), &json!(round)));
        service.veloxts_writes(&cookie, json!({"cart": [round], "n": round})).await;
    }
}

#[tokio::test]
async fn a_session_that_veloxts_ends_during_a_request_stays_ended() {
    let server = RedisServer::start().await;
    let service = Service::beside_veloxts(&server);
    let cookie = service.log_in().await;
    service.veloxts_writes(&cookie, json!({})).await;
    let open = service.open(Some(&cookie)).await.expect("Redis answers");
    service.server.command(&["DEL", &service.key(&cookie).await]).await;
    set(&open, "n", json!(1)).expect("it is small");
    assert!(matches!(service.manager.close(&open).await, Err(CloseError::Conflict)));
    assert_eq!(server.command(&["EXISTS", &service.key(&cookie).await]).await, Value::Int(0));
}

#[tokio::test]
async fn a_renewal_updates_the_record_and_the_ttl_together() {
    let server = RedisServer::start().await;
    let service = Service::beside_veloxts(&server);
    let cookie = service.log_in().await;
    let key = service.key(&cookie).await;
    service.veloxts_writes(&cookie, json!({"cart": {"expiresAt": 7}, "text": "\"expiresAt\":8}"})).await;
    let before = service.json(&cookie).await;
    for _ in 0..6 {
        service.aged.advance(HOUR / 2).await;
        assert_eq!(service.user(&cookie).await, Some(ada()));
        let after = service.json(&cookie).await;
        assert_eq!((&after["data"], &after["id"]), (&before["data"], &before["id"]));
        assert_eq!(after["expiresAt"], service.clock().now() + 3_600_000);
        let left = service.left(&key).await;
        assert!((3_540_000..=3_600_000).contains(&left), "{left}");
    }
}

/// A visitor's record may have `null` as its user.
#[tokio::test]
async fn a_visitors_session_of_veloxts_is_renewed() {
    let server = RedisServer::start().await;
    let service = Service::beside_veloxts(&server);
    let cookie = service.log_in().await;
    let now = service.clock().now();
    let data = json!({"userId": null, "_createdAt": now, "_lastAccessedAt": now, "cart": [1]});
    let record = json!({"id": cookie.id(), "data": data, "expiresAt": now + 3_600_000});
    let key = service.key(&cookie).await;
    server.command(&["SETEX", &key, "3600", &record.to_string()]).await;
    for _ in 0..4 {
        service.aged.advance(HOUR / 2).await;
        let (_, cart) = service.visit(Some(&cookie), async |open| open.call().session().get::<Json>("cart")).await;
        assert_eq!(cart.expect("it is JSON"), Some(json!([1])));
        assert!(service.left(&key).await > 3_000_000);
    }
}

/// Rust would not write such a record: its user id is a number, and it has unpaired surrogates and
/// unusual spellings of numbers and escapes.
#[tokio::test]
async fn records_of_veloxts_are_read_and_the_rest_is_kept_byte_for_byte() {
    let server = RedisServer::start().await;
    let service = Service::beside_veloxts(&server);
    let cookie = service.log_in().await;
    let (key, now) = (service.key(&cookie).await, service.clock().now());
    let own = r#""cut":"Ada \ud83d","\ud83e":{"a":[1.0, 1e5]},"big":123456789012345678901234567890,"é":"\u00e9\/""#;
    let flash = r#"{ "saved" : "\ud83d" }"#;
    let text = format!(
        r#"{{"id":"{}","data":{{"userId":7,"userEmail":"a\ud83d@b",{own},"_flash":{flash},"_createdAt":{now},"_lastAccessedAt":{now}}},"expiresAt":{}}}"#,
        cookie.id(),
        now + 3_600_000
    );
    server.command(&["SETEX", &key, "3600", &text]).await;
    assert_eq!(service.user(&cookie).await, Some(SessionUser::new("7", "a\u{fffd}@b")));
    let (_, cut) = service.visit(Some(&cookie), async |open| open.call().session().get::<String>("cut")).await;
    assert_eq!(cut.expect("a text"), Some("Ada \u{fffd}".to_owned()));

    service.set(&cookie, "n", json!(1)).await;
    service.aged.advance(HOUR / 2).await;
    service.set(&cookie, "n", json!(2)).await;
    let written = text_at(&server, &key).await;
    let kept = [r#""userId":7,"userEmail":"a\ud83d@b","#, own, &format!(r#""_flash":{flash},"#), r#","n":2}"#];
    assert!(kept.iter().all(|kept| written.contains(kept)), "{written}");
    // Reading renews it and puts it on the list of its user.
    service.aged.advance(HOUR / 2).await;
    assert!(service.user(&cookie).await.is_some());
    assert!(service.left(&key).await > 3_500_000);
    assert_eq!(texts(server.command(&["ZRANGE", "velox:users:session:7", "0", "-1"]).await), [cookie.id()]);
    let renewed = text_at(&server, &key).await;
    assert!(kept.iter().all(|kept| renewed.contains(kept)), "{renewed}");
}

/// The first read already does this, so the script must read the record as the crate does.
#[tokio::test]
async fn reading_renews_and_lists_a_veloxts_session_with_an_unpaired_surrogate() {
    let server = RedisServer::start().await;
    let service = Service::beside_veloxts(&server);
    for (id, name) in [(r#"7"#, "7"), (r#""u\ud83d""#, "u\u{fffd}"), (r#""\\ud83d""#, "\\ud83d")] {
        let cookie = service.log_in().await;
        let (key, now) = (service.key(&cookie).await, service.clock().now());
        let data = format!(r#""userId":{id},"userEmail":"a@b","_createdAt":{now},"a\uDE00\\ud83d":"\uDBFF""#);
        let text = format!(r#"{{"id":"{}","data":{{{data}}},"expiresAt":{}}}"#, cookie.id(), now + 3_600_000);
        server.command(&["SETEX", &key, "3600", &text]).await;
        service.aged.advance(HOUR / 2).await;
        assert_eq!(service.user(&cookie).await, Some(SessionUser::new(name, "a@b")));
        assert!(service.left(&key).await > 3_500_000, "{id}");
        assert_eq!(
            texts(server.command(&["ZRANGE", &format!("velox:users:session:{name}"), "0", "-1"]).await),
            [cookie.id()]
        );
        assert!(text_at(&server, &key).await.contains(&data), "{id}");
    }
}

#[tokio::test]
async fn reading_lists_a_session_of_veloxts() {
    let server = RedisServer::start().await;
    let service = Service::beside_veloxts(&server);
    let cookie = service.log_in().await;
    server.command(&["DEL", "velox:users:session:u1"]).await;
    service.veloxts_writes(&cookie, json!({})).await;
    service.aged.advance(HOUR / 2).await;
    assert_eq!(service.user(&cookie).await, Some(ada()));
    assert_eq!(texts(server.command(&["ZRANGE", "velox:users:session:u1", "0", "-1"]).await), [cookie.id()]);
}

// ---- Data that is not a record ----

/// Such data counts as no session, and not as an error.
#[tokio::test]
async fn data_that_is_not_a_record_counts_as_no_session() {
    let server = RedisServer::start().await;
    for service in [Service::on(&server), Service::beside_veloxts(&server)] {
        let cookie = service.log_in().await;
        let key = service.key(&cookie).await;
        let good = text(server.command(&["GET", &key]).await);
        let later = good.replace("\"format\":1", "\"format\":2");
        assert_ne!(later, good);
        let damaged = [&good[..good.len() - 1], &good[1..], &good.replace("userId\":\"u1\"", "userId\":true"), &later];
        let strange =
            ["", "{", "null", "[]", "7", "\"text\"", "{}", r#"{"data":{}}"#, r#"{"data":[],"expiresAt":1}"#, "\u{0}"];
        for text in damaged.into_iter().chain(strange) {
            server.command(&["SETEX", &key, "3600", text]).await;
            assert_eq!(service.user(&cookie).await, None, "{text}");
            // Writing does not turn it into a session.
            service.set(&cookie, "n", json!(1)).await;
            assert_eq!(service.user(&cookie).await, None, "{text}");
        }
        for words in [["RPUSH", &key, "a"], ["SADD", &key, "a"]] {
            server.command(&["DEL", &key]).await;
            server.command(&words).await;
            server.command(&["EXPIRE", &key, "3600"]).await;
            assert_eq!(service.user(&cookie).await, None, "{words:?}");
        }
        let cookie = service.log_in().await;
        assert_eq!(service.user(&cookie).await, Some(ada()));
        server.command(&["FLUSHALL"]).await;
    }
}

/// Without this, operators could not find out why a live session is ignored.
#[tokio::test]
async fn the_log_says_why_a_record_is_unreadable_without_its_content() {
    let server = RedisServer::start().await;
    let service = Service::beside_veloxts(&server);
    let cookie = service.log_in().await;
    let key = service.key(&cookie).await;
    let text = r#"{"id":"secret","data":{"userId":["secret"],"_createdAt":1},"expiresAt":1}"#;
    server.command(&["SETEX", &key, "3600", text]).await;
    let log = Log::listen();
    for _ in 0..100 {
        assert_eq!(service.user(&cookie).await, None);
    }
    let lines: Vec<_> = log.lines().into_iter().filter(|line| line.contains("cannot be read")).collect();
    assert!(lines[0].contains("reason=data.userId is neither a string nor a number"), "{}", lines[0]);
    assert_eq!(lines.len(), 10, "a flood is limited in the log");
    assert!(!log.lines().iter().any(|line| line.contains("secret") || line.contains(cookie.id())));
}

// ---- All keys ----

#[tokio::test]
async fn every_key_expires_after_random_operations() {
    let server = RedisServer::start().await;
    for service in [Service::on(&server), Service::beside_veloxts(&server)] {
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        let mut below = |limit: u64| {
            // Marsaglia's xorshift. Any order of steps is fine, but each run must have the same.
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random % limit
        };
        let mut cookies = Vec::new();
        for step in 0..300 {
            let chosen = below(cookies.len().max(1) as u64) as usize;
            match (below(7), cookies.get(chosen).cloned()) {
                (0 | 1, _) => cookies.push(service.log_in().await),
                (2, Some(cookie)) => service.log_out(&cookie).await,
                (3, Some(cookie)) => service.set(&cookie, "n", json!(step)).await,
                (4, Some(cookie)) => {
                    let again = async |open: &OpenSession| open.call().session().regenerate().await;
                    let (new, done) = service.visit(Some(&cookie), again).await;
                    done.expect("a new id");
                    cookies.extend(new);
                }
                (5, Some(cookie)) => drop(service.user(&cookie).await),
                (6, _) => service.aged.advance(Duration::from_secs(below(1_200))).await,
                _ => {}
            }
            service.aged.advance(Duration::ZERO).await;
        }
        assert!(cookies.len() > 50);
    }
}

#[tokio::test]
async fn ended_sessions_leave_the_list() {
    let server = RedisServer::start().await;
    for service in [Service::on(&server), Service::beside_veloxts(&server)] {
        let stays = service.log_in().await;
        for _ in 0..1_000 {
            let cookie = service.log_in().await;
            service.log_out(&cookie).await;
            service.clock().advance(Duration::from_secs(10));
        }
        let listed = server.command(&["ZCARD", "velox:users:session:u1"]).await;
        assert!(matches!(listed, Value::Int(1..=100)), "{listed:?}");
        service.log_out(&stays).await;
    }
}

#[tokio::test]
async fn a_copy_of_all_keys_does_not_give_access_to_a_session() {
    let server = RedisServer::start().await;
    let service = Service::on(&server);
    let mut cookies = vec![service.log_in().await, service.log_in().await];
    let again = async |open: &OpenSession| open.call().session().regenerate().await;
    cookies.extend(service.visit(Some(&cookies[0]), again).await.0);
    service.set(&cookies[1], "n", json!(1)).await;
    service.aged.advance(HOUR / 2).await;
    service.user(&cookies[1]).await;

    let mut copy = String::new();
    for key in texts(server.command(&["KEYS", "*"]).await) {
        let held = match server.command(&["TYPE", &key]).await {
            Value::SimpleString(kind) if kind == "zset" => server.command(&["ZRANGE", &key, "0", "-1"]).await,
            _ => Value::Array(vec![server.command(&["GET", &key]).await]),
        };
        copy.push_str(&format!("{key}\n{}\n", texts(held).join("\n")));
    }
    assert!(copy.matches("ada@example.com").count() >= 2, "the copy has all data: {copy}");
    for cookie in &cookies {
        assert!(!copy.contains(cookie.id()) && !copy.contains(cookie.signature()));
    }
}
