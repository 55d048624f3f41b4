//! Tests the session cookie as bytes in a header: which values count as a session, and what
//! browsers receive.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request};
use http_body_util::Full;
use serde_json::json;
use velox_rpc::{App, Call, Router, procedure};
use velox_session::config::ConfigProblem;
use velox_session::{MemoryStore, SameSite, Secret, SessionBuilder, SessionMiddleware, session_middleware};
use velox_tests::{Browser, Client, Kind, Log, Reply, SECRET, SessionsApp};

/// An application in which Alice is logged in, with the value of her cookie.
struct World {
    app: SessionsApp,
    value: String,
}

impl World {
    async fn new() -> Self {
        let app = SessionsApp::start();
        let value = app.alice().await.value("session");
        Self { app, value }
    }

    /// Returns the cookie of another session of Alice.
    async fn second(&self) -> String {
        self.app.alice().await.value("session")
    }

    /// Asks for the profile with these `Cookie` lines and returns the status. Clears the list of
    /// store calls first.
    async fn status(&self, lines: &[&[u8]]) -> u16 {
        self.app.store.calls();
        let reply = profile(&self.app, lines.iter().map(|line| ("cookie", *line))).await;
        assert!(!reply.headers.contains_key("set-cookie"), "{reply:?}");
        reply.status.as_u16()
    }

    async fn accepts(&self, line: impl AsRef<[u8]>) {
        let line = line.as_ref();
        assert_eq!(self.status(&[line]).await, 200, "{:?}", String::from_utf8_lossy(line));
    }

    /// Checks that a line is refused without a store call.
    async fn refuses(&self, line: impl AsRef<[u8]>) {
        let line = line.as_ref();
        let shown = String::from_utf8_lossy(&line[..line.len().min(200)]).into_owned();
        assert_eq!(self.status(&[line]).await, 401, "{shown:?}");
        assert_eq!(self.app.store.calls(), [], "{shown:?}");
    }
}

async fn profile<'a>(app: &SessionsApp, headers: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Reply {
    let mut request = Request::get("/api/auth/profile").body(Full::<Bytes>::default()).expect("a request");
    for (name, value) in headers {
        let name = HeaderName::try_from(name).expect("a name");
        request.headers_mut().append(name, HeaderValue::from_bytes(value).expect("a value"));
    }
    app.visitor().start(request).await
}

// ---- The value ----

#[tokio::test]
async fn a_change_of_any_byte_is_refused_before_the_store_is_asked() {
    let world = World::new().await;
    world.accepts(format!("session={}", world.value)).await;
    for index in 0..world.value.len() {
        for byte in (0x20..=0xff).chain([b'\t']).filter(|byte| *byte != 0x7f) {
            if byte != world.value.as_bytes()[index] {
                let mut line = format!("session={}", world.value).into_bytes();
                line["session=".len() + index] = byte;
                world.refuses(&line).await;
            }
        }
    }
}

#[tokio::test]
async fn a_value_has_one_spelling() {
    let world = World::new().await;
    let value = &world.value;
    let (id, mac) = value.split_once('.').expect("an id and a signature");
    let swapped: String = value
        .chars()
        .map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
        .collect();
    let percent: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let standard = value.replace('-', "+").replace('_', "/");
    let mut aliases = vec![
        format!("{value}="),
        format!("{id}=.{mac}="),
        format!("{id}.{mac}=="),
        format!("{id}..{mac}"),
        format!("{id}.{mac}."),
        format!(".{id}.{mac}"),
        format!("{id}%2E{mac}"),
        format!("{id}:{mac}"),
        format!("s:{value}"),
        format!("s%3A{value}"),
        format!("\"{value}\""),
        format!("'{value}'"),
        format!("{value}\u{a0}"),
        format!("{value}, {value}"),
        format!("{id} .{mac}"),
        swapped,
        percent,
    ];
    if standard != *value {
        aliases.push(standard);
    }
    // The last character of each part has two bits that carry no data.
    for index in [42, 86] {
        for byte in (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').chain(*b"-_") {
            let mut alias = value.clone().into_bytes();
            alias[index] = byte;
            let alias = String::from_utf8(alias).expect("ASCII");
            if alias != *value {
                aliases.push(alias);
            }
        }
    }
    for alias in aliases {
        world.refuses(format!("session={alias}")).await;
    }
}

#[tokio::test]
async fn a_value_of_another_length_is_refused() {
    let world = World::new().await;
    let (id, mac) = world.value.split_once('.').expect("an id and a signature");
    for length in 0..world.value.len() {
        world.refuses(format!("session={}", &world.value[..length])).await;
    }
    for value in [format!("{id}."), format!("{id}.none"), id.to_owned(), format!(".{mac}"), format!("{id}.{id}")] {
        world.refuses(format!("session={value}")).await;
    }
}

#[tokio::test]
async fn the_value_of_another_cookie_is_not_a_session() {
    // Both cookies use the same secret and the same store.
    let app = SessionsApp::start();
    let other = SessionsApp::over(&app.store, &app.clock, SECRET, |settings| settings.cookie_name("other"));
    let value = other.alice().await.value("other");
    let status = |line: String| {
        let app = &app;
        async move { profile(app, [("cookie", line.as_bytes())]).await.status.as_u16() }
    };
    assert_eq!(status(format!("session={value}")).await, 401);
    assert_eq!(status(format!("other={value}")).await, 401);

    // The short session has its own store.
    let mut browser = app.visitor();
    let login = json!({"email": "alice@example.com", "password": "wonderland-1"});
    browser.post("/api/short/login", login).await.result();
    let short = browser.value("short");
    assert_eq!(status(format!("session={short}")).await, 401);
    browser.plant("short", &app.alice().await.value("session"));
    assert_eq!(browser.get("/api/short/profile").await.status, 401);
}

#[tokio::test]
async fn a_value_signed_by_another_secret_is_refused() {
    let world = World::new().await;
    let secret = "another-conformance-secret-9876543210";
    let other = SessionsApp::over(&world.app.store, &world.app.clock, secret, |settings| settings);
    let value = other.alice().await.value("session");
    world.refuses(format!("session={value}")).await;
    assert_eq!(profile(&other, [("cookie", format!("session={value}").as_bytes())]).await.status, 200);
}

#[tokio::test]
async fn a_session_survives_key_rotation_until_its_key_is_removed() {
    // `over` takes one secret, so `ring` builds the settings anew.
    let old = World::new().await;
    let new_secret = "the-new-conformance-secret-9876543210";
    let ring = |_| {
        session_middleware([new_secret, SECRET])
            .cookie_name("session")
            .secure(false)
            .store(old.app.store.clone())
            .clock(old.app.clock.clone())
    };
    let both = SessionsApp::over(&old.app.store, &old.app.clock, new_secret, ring);
    let only_new = SessionsApp::over(&old.app.store, &old.app.clock, new_secret, |settings| settings);

    let mut browser = both.visitor();
    browser.plant("session", &old.value);
    assert_eq!(browser.get("/api/auth/profile").await.status, 200);
    assert_eq!(browser.value("session"), old.value, "a read does not sign the cookie again");
    browser.post("/api/session/set", json!({"key": "a", "value": 1})).await;
    let anew = browser.value("session");
    assert_eq!((&anew[..44], anew != old.value), (&old.value[..44], true), "the same id, signed by the new key");
    assert_eq!(browser.get("/api/auth/profile").await.status, 200);

    let status = async |value: &str| {
        profile(&only_new, [("cookie", format!("session={value}").as_bytes())]).await.status.as_u16()
    };
    assert_eq!(status(&old.value).await, 401);
    assert_eq!(status(&anew).await, 200);
}

// ---- The header ----

#[tokio::test]
async fn other_cookies_do_not_hide_the_session() {
    let world = World::new().await;
    let value = &world.value;
    for neighbour in [
        &b"a=1"[..],
        b"a",
        b"=a",
        b"=",
        b"a=\"x;y\"",
        b"a=\xff\xfe\x80",
        b"\xe9\xe8=\xe9",
        "ключ=значение".as_bytes(),
        b"a=%00%ff",
        b"$Version=1",
        b"a={\"session\":1}",
        b"session2=x",
        b"xsession=x",
        b"SESSION=x",
        b" \t ",
        b"a==; ;;;",
    ] {
        let session = format!("session={value}");
        let before = [neighbour, b"; ", session.as_bytes()].concat();
        let after = [session.as_bytes(), b"; ", neighbour].concat();
        world.accepts(before).await;
        world.accepts(after).await;
        assert_eq!(world.status(&[neighbour, session.as_bytes()]).await, 200, "on separate lines");
    }
}

#[tokio::test]
async fn only_spaces_and_tabs_around_name_and_value_are_ignored() {
    let world = World::new().await;
    let value = &world.value;
    for line in [
        format!("session={value}"),
        format!("  session={value}  "),
        format!("\tsession\t=\t{value}\t"),
        format!("session = {value}"),
        format!("a=1;session={value};b=2"),
    ] {
        world.accepts(line).await;
    }
    for line in [
        format!("\u{a0}session={value}"),
        format!("session\u{2003}={value}"),
        format!("ses sion={value}"),
        format!("session={value} x"),
    ] {
        world.refuses(line).await;
    }
}

#[tokio::test]
async fn a_name_is_compared_by_bytes() {
    let world = World::new().await;
    let value = &world.value;
    for name in [
        "Session",
        "SESSION",
        "sess%69on",
        "%73ession",
        "\"session\"",
        "$session",
        "session[]",
        "ѕession",
        "sessıon",
        "\u{feff}session",
        "__Host-session",
        "",
        "session;",
        "session=",
    ] {
        world.refuses(format!("{name}={value}")).await;
    }
    world.refuses(format!("$Version=1; $session={value}")).await;
    world.refuses(value).await;
    world.refuses(format!("a=1, session={value}")).await;
}

#[tokio::test]
async fn the_first_signed_and_live_cookie_counts() {
    let world = World::new().await;
    let (alice, second) = (&world.value, world.second().await);
    let mut bob = world.app.bob().await;
    let bobs = bob.value("session");
    let dead = {
        let mut browser = world.app.alice().await;
        let value = browser.value("session");
        browser.post("/api/auth/logout", json!({})).await.result();
        value
    };
    let forged = velox_tests::forged(alice);
    let who = async |values: &[&str]| {
        let line = values.iter().map(|value| format!("session={value}")).collect::<Vec<_>>().join("; ");
        let mut names = Vec::new();
        for _ in 0..3 {
            let reply = profile(&world.app, [("cookie", line.as_bytes())]).await;
            names.push(reply.json()["name"].as_str().unwrap_or("nobody").to_owned());
        }
        names.dedup();
        assert_eq!(names.len(), 1, "the results differ");
        names.remove(0)
    };
    assert_eq!(who(&[alice, &bobs]).await, "Alice");
    assert_eq!(who(&[&bobs, alice]).await, "Bob");
    assert_eq!(who(&[&forged, &bobs, alice]).await, "Bob");
    assert_eq!(who(&[&dead, &bobs]).await, "Bob");
    assert_eq!(
        who(&["", "x", "garbage", "more", "and more", &second]).await,
        "Alice",
        "malformed cookies cost no store call"
    );
    assert_eq!(who(&[&forged, &forged, &forged, &bobs]).await, "Bob");
    bob.post("/api/auth/logout", json!({})).await.result();
    assert_eq!(who(&[&bobs, &forged]).await, "nobody");
}

#[tokio::test]
async fn at_most_four_cookies_are_tried() {
    let world = World::new().await;
    let forged = velox_tests::forged(&world.value);
    let flood = |forgeries: usize| {
        let mut line = format!("session={forged}; ").repeat(forgeries);
        line.push_str(&format!("session={}", world.value));
        line
    };
    world.accepts(flood(3)).await;
    world.refuses(flood(4)).await;
    world.refuses(flood(600)).await;

    let mut dead = Vec::new();
    for _ in 0..6 {
        dead.push(format!("session={}", world.second().await));
    }
    world.app.store.store().clear();
    assert_eq!(world.status(&[dead.join("; ").as_bytes()]).await, 401);
    assert_eq!(world.app.store.calls(), [Kind::Get; 4]);
}

#[tokio::test]
async fn only_the_cookie_header_selects_a_session() {
    let world = World::new().await;
    let value = &world.value;
    let pair = format!("session={value}");
    for (name, text) in [
        ("authorization", format!("Bearer {value}")),
        ("authorization", format!("Session {value}")),
        ("x-session", value.clone()),
        ("x-session-id", value.clone()),
        ("session", value.clone()),
        ("set-cookie", pair.clone()),
        ("cookie2", pair.clone()),
        ("x-cookie", pair.clone()),
        ("x-forwarded-cookie", pair.clone()),
    ] {
        let reply = profile(&world.app, [(name, text.as_bytes())]).await;
        assert_eq!(reply.status, 401, "{name}");
    }
    for target in [format!("/api/auth/profile?{pair}"), format!("/api/auth/profile?session={value}&cookie={pair}")] {
        assert_eq!(world.app.visitor().get(&target).await.status, 401);
    }
    let body = json!({"session": value, "cookie": pair});
    assert_eq!(world.app.visitor().post("/api/auth/logout", body).await.status, 401);
}

#[tokio::test]
async fn large_and_binary_cookies_cost_no_store_call() {
    let world = World::new().await;
    for size in [4_096, 8_192, 60_000] {
        for filling in [&b"x"[..], b"\xff", b".", b"%", b"=", b"\x80.", b"session="] {
            let value = filling.repeat(size / filling.len());
            world.refuses([b"session=", &value[..]].concat()).await;
            world.refuses([b"session=", world.value.as_bytes(), &value].concat()).await;
        }
        // As many cookies as fit, with the right one at the end.
        let many = [b"a=1;".repeat(size / 4), b"session;".repeat(100), format!("session={}", world.value).into()];
        world.accepts(many.concat()).await;
    }
}

// ---- Set-Cookie ----

async fn line_of(app: &SessionsApp, browser: &mut Browser, target: &str, body: serde_json::Value) -> String {
    let reply = browser.post(target, body).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    app.store.calls();
    reply.header("set-cookie").expect("a cookie").to_owned()
}

/// Returns the `Set-Cookie` lines of a login and of a logout, with `<v>` in place of the value.
async fn lines(app: &SessionsApp, name: &str) -> (String, String) {
    let mut browser = app.visitor();
    let login = json!({"email": "alice@example.com", "password": "wonderland-1"});
    let issued = line_of(app, &mut browser, "/api/auth/login", login).await;
    let value = browser.value(name);
    assert_eq!(value.len(), 87);
    (issued.replace(&value, "<v>"), line_of(app, &mut browser, "/api/auth/logout", json!({})).await)
}

#[tokio::test]
async fn by_default_the_cookie_has_all_protections() {
    let app = SessionsApp::start();
    let defaults = |_| session_middleware(SECRET).store(app.store.clone()).clock(app.clock.clone());
    let app = SessionsApp::over(&app.store, &app.clock, SECRET, defaults);
    assert_eq!(
        lines(&app, "__Host-session").await,
        (
            "__Host-session=<v>; Max-Age=86400; Path=/; HttpOnly; Secure; SameSite=Lax".to_owned(),
            "__Host-session=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax"
                .to_owned()
        )
    );
}

#[tokio::test]
async fn the_settings_of_the_seed_page_give_the_cookie_line_of_the_contract() {
    let app = SessionsApp::with(|settings| {
        settings.http_only(true).same_site(SameSite::Lax).max_age(Duration::from_secs(86_400))
    });
    let (issued, removed) = lines(&app, "session").await;
    assert_eq!(issued, "session=<v>; Max-Age=86400; Path=/; HttpOnly; SameSite=Lax");
    assert_eq!(removed, "session=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax");
}

#[tokio::test]
async fn a_removal_has_the_scope_of_its_cookie() {
    let app = SessionsApp::with(|settings| {
        settings
            .cookie_name("__Secure-s")
            .secure(true)
            .http_only(false)
            .same_site(SameSite::None)
            .path("/api")
            .domain("example.com")
            .max_age(Duration::from_secs(60))
    });
    let (issued, removed) = lines(&app, "__Secure-s").await;
    assert_eq!(issued, "__Secure-s=<v>; Max-Age=60; Domain=example.com; Path=/api; Secure; SameSite=None");
    assert_eq!(
        removed,
        "__Secure-s=; Max-Age=0; Domain=example.com; Path=/api; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; SameSite=None"
    );
}

#[tokio::test]
async fn a_cookie_that_expires_on_close_has_no_age_but_its_session_ends() {
    let app = SessionsApp::with(|settings| settings.expire_on_close(true).max_age(Duration::from_secs(600)));
    let (issued, removed) = lines(&app, "session").await;
    assert_eq!(issued, "session=<v>; Path=/; HttpOnly; SameSite=Lax");
    assert_eq!(removed, "session=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax");
    let mut alice = app.alice().await;
    app.pass(Duration::from_secs(500));
    let renewed = alice.get("/api/auth/profile").await;
    let line = renewed.header("set-cookie").expect("a cookie").replace(&alice.value("session"), "<v>");
    assert_eq!((renewed.status.as_u16(), line), (200, issued));
    app.pass(Duration::from_secs(599));
    assert_eq!(alice.get("/api/auth/profile").await.status, 200);
    app.pass(Duration::from_secs(600));
    assert_eq!(alice.get("/api/auth/profile").await.status, 401);
}

#[tokio::test]
async fn a_partitioned_cookie_is_removed_from_its_partition() {
    let app = SessionsApp::with(|settings| {
        settings.cookie_name("__Host-s").secure(true).same_site(SameSite::None).partitioned(true)
    });
    let (issued, removed) = lines(&app, "__Host-s").await;
    assert_eq!(issued, "__Host-s=<v>; Max-Age=86400; Path=/; HttpOnly; Secure; SameSite=None; Partitioned");
    assert_eq!(
        removed,
        "__Host-s=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=None; Partitioned"
    );
}

#[test]
fn doubtful_settings_log_one_warning() {
    let warnings = |change: fn(SessionBuilder) -> SessionBuilder| {
        let log = Log::listen();
        change(session_middleware(SECRET).store(MemoryStore::new())).build().expect("good settings");
        log.lines()
    };
    let plain = |domain: &str| {
        format!(
            "WARN message=any host of the domain can replace a visitor's session: start the cookie name with `__Secure-` \
             cookie=\"sid\" domain=\"{domain}\""
        )
    };
    let dropped = |origin: &str| {
        format!(
            "WARN message=browsers drop the cookie of requests from this trusted origin, because it is on another site: \
             set `same_site(SameSite::None)`, and `partitioned(true)` for browsers that block third-party cookies \
             origin=\"{origin}\""
        )
    };
    assert_eq!(warnings(|settings| settings), [""; 0]);
    assert_eq!(warnings(|settings| settings.cookie_name("sid").secure(false)), [""; 0]);
    assert_eq!(warnings(|settings| settings.cookie_name("sid").domain("example.com")), [plain("example.com")]);
    assert_eq!(warnings(|settings| settings.cookie_name("__Secure-sid").domain("example.com")), [""; 0]);
    let of = |settings: SessionBuilder| {
        let origins =
            ["https://app.example.com", "https://app.example", "https://*.Preview.example", "https://example.com:81"];
        settings.cookie_name("__Secure-sid").domain("Example.com").trusted_origins(origins)
    };
    assert_eq!(warnings(of), [dropped("https://app.example"), dropped("https://*.preview.example")]);
    assert_eq!(warnings(|settings| settings.trusted_origins(["https://app.example"])), [""; 0], "no host is known yet");
}

#[tokio::test]
async fn the_cookie_does_not_reveal_the_user_or_the_time() {
    let world = World::new().await;
    let other = world.second().await;
    let same = world.value.bytes().zip(other.bytes()).filter(|(one, other)| one == other).count();
    // The dot is the same in both, and chance makes others equal: each of 86 characters with a
    // probability of 1/64. 15 or more are equal in one of 10^10 runs.
    assert!(same < 16, "{} and {other}", world.value);
}

// ---- Settings ----

fn problems(settings: velox_session::SessionBuilder) -> Vec<String> {
    let error = settings.build().expect_err("wrong settings");
    let text = error.to_string();
    let problems: Vec<_> = error.problems().iter().map(ToString::to_string).collect();
    assert!(problems.iter().all(|problem| text.contains(problem)), "{text}");
    problems
}

#[test]
fn all_invalid_settings_are_reported_at_once() {
    let settings = session_middleware("changeme-changeme-changeme-please")
        .cookie_name("__Host-session")
        .secure(false)
        .same_site(SameSite::None)
        .domain("example.com")
        .path("/api")
        .max_age(Duration::ZERO)
        .absolute_timeout(Duration::ZERO)
        .size_limit(0);
    let problems = problems(settings);
    let expected = [
        "placeholder",
        "no store",
        "must be secure",
        "must have the path /",
        "must have no domain",
        "SameSite=None",
        "max_age",
        "absolute_timeout",
        "size_limit",
    ];
    for text in expected {
        assert!(problems.iter().any(|problem| problem.contains(text)), "`{text}` is missing in {problems:#?}");
    }
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
}

#[test]
fn contradictory_cookie_settings_are_refused() {
    let good = || session_middleware(SECRET).store(MemoryStore::new());
    assert!(good().build().is_ok());
    assert!(good().cookie_name("session").secure(false).build().is_ok());
    for settings in [
        good().secure(false),
        good().cookie_name("__Secure-s").secure(false),
        good().cookie_name("__host-s").secure(false),
        good().cookie_name("__HOST-s").path("/api"),
        good().path("/api"),
        good().domain("example.com"),
        good().cookie_name("s").secure(false).same_site(SameSite::None),
        good().cookie_name("s").secure(false).partitioned(true),
        good().cookie_name(""),
        good().cookie_name("a b"),
        good().cookie_name("a=b"),
        good().cookie_name("a;b"),
        good().cookie_name("s\r\nset-cookie: x=1"),
        good().cookie_name("s").path("/; Domain=evil.example"),
        good().cookie_name("s").path("api"),
        good().cookie_name("s").path("/\r\n"),
        good().cookie_name("s").domain("example.com; Secure"),
        good().cookie_name("s").domain(""),
    ] {
        assert_eq!(problems(settings).len(), 1);
    }
}

#[test]
fn extreme_durations_are_refused_or_saturate() {
    let good = || session_middleware(SECRET).store(MemoryStore::new());
    for wrong in [Duration::ZERO, Duration::from_millis(1), Duration::from_secs(400 * 86_400 + 1), Duration::MAX] {
        let error = good().max_age(wrong).build().expect_err("an absurd lifetime");
        assert!(matches!(error.problems(), [ConfigProblem::MaxAge]), "{wrong:?}: {error}");
    }
    for wrong in [Duration::ZERO, Duration::from_millis(1), Duration::MAX] {
        let error = good().absolute_timeout(wrong).build().expect_err("an absurd timeout");
        assert!(matches!(error.problems(), [ConfigProblem::AbsoluteTimeout]), "{wrong:?}: {error}");
    }
    let error = good().touch_interval(Duration::MAX).build().expect_err("an absurd interval");
    assert!(matches!(error.problems(), [ConfigProblem::TouchInterval]), "{error}");
    assert!(good().touch_interval(Duration::ZERO).max_age(Duration::from_secs(1)).build().is_ok());
}

#[test]
fn only_weak_secrets_are_refused() {
    let build = |secret: &str| session_middleware(secret).store(MemoryStore::new()).build();
    let weak = [
        "".to_owned(),
        "short".to_owned(),
        "x".repeat(31),
        "x".repeat(64),
        "ab".repeat(32),
        "\0".repeat(32),
        " ".repeat(32),
        "0123456789".repeat(4),
        "0123456789abcdef".repeat(4),
        "abcdefghijklmnopqrstuvwxyz0123456789".to_owned(),
        "changeme-changeme-changeme-please".to_owned(),
        "your-secret-here-at-least-32-characters-long".to_owned(),
        "change-this-to-a-random-secret-in-production".to_owned(),
        "secret-secret-secret-secret-secret".to_owned(),
        "keyboard cat keyboard cat keyboard cat".to_owned(),
        "super-secret-session-key-change-in-production".to_owned(),
    ];
    for secret in &weak {
        assert!(build(secret).is_err(), "taken: {secret:?}");
        let text = build(secret).expect_err("weak").to_string();
        assert!(secret.len() < 3 || !text.contains(secret.as_str()), "the error has the secret: {text}");
    }
    for good in [SECRET, "k7Qv-Zp2Lx9_Rw4Tn8Hs3Jd6Fg1Bm5Ya", "correct horse battery staple tr0ub4dor"] {
        assert!(build(good).is_ok(), "refused: {good}");
    }
    for _ in 0..500 {
        let secret = Secret::generate().expect("entropy");
        assert!(session_middleware(secret).store(MemoryStore::new()).build().is_ok());
    }
    assert!(Secret::from_hex("7b1f6e9c04d2a85f3ce8b1970a6d4f2e9b83c5d1e07f4a62b8d90c3f5e1a7264").is_ok());
    assert!(Secret::from_hex(&"00".repeat(32)).is_err());
    assert!(Secret::from_base64("ex9unATSqF886LGXCm1PLpuDxdHgf0piuNkMP14acmQ=").is_ok());
    assert!(Secret::from_base64("c2hvcnQ=").is_err());
}

#[tokio::test]
async fn a_cookie_for_https_over_plain_http_logs_one_warning_in_development() {
    for (development, secure, headers, count) in [
        (true, true, &[][..], 1),
        (true, true, &[("x-forwarded-proto", "https")], 0),
        (true, false, &[], 0),
        (false, true, &[], 0),
    ] {
        let settings = session_middleware(SECRET).store(MemoryStore::new()).cookie_name("session").secure(secure);
        let session = settings.build().expect("good settings");
        let begin = procedure::<()>()
            .use_(session.middleware())
            .mutation(async |Call { ctx, .. }| Ok(ctx.session.set("n", 1)?));
        let app = App::new(()).development(development).router(Router::new("test").procedure("run", begin));
        let client = Client::of(app).expecting("cache-control").expecting("vary").expecting("set-cookie");
        let log = Log::listen();
        for _ in 0..2 {
            let mut request = velox_tests::json(Method::POST, "/api/test/run", "{}");
            request.headers_mut().insert("host", HeaderValue::from_static("127.0.0.1:3000"));
            for (name, value) in headers {
                request.headers_mut().insert(*name, HeaderValue::from_static(value));
            }
            assert_eq!(client.send(request).await.status, 200);
        }
        let lines = log.lines();
        assert_eq!(lines.iter().filter(|line| line.contains("set `secure(false)`")).count(), count, "{lines:#?}");
    }
}

#[test]
fn two_managers_with_one_cookie_are_a_mistake_at_start() {
    let session = |name: &str, path: &str| {
        let settings = session_middleware(SECRET).store(MemoryStore::new()).cookie_name(name).path(path).secure(false);
        settings.build().expect("good settings")
    };
    let start = |auth: &SessionMiddleware, notes: &SessionMiddleware| {
        let login = procedure().use_(auth.optional()).mutation(|_| Ok(1));
        let notes = Router::<()>::new("notes")
            .procedure("list", procedure().use_(notes.required()).query(|_| Ok(1)))
            .procedure("home", procedure().use_(notes.clone().user_type::<u32>().optional()).query(|_| Ok(1)))
            .procedure("cart", procedure().use_(notes.middleware()).query(|_| Ok(1)));
        let app = App::new(()).router(Router::new("auth").procedure("login", login)).router(notes);
        app.into_service().err().map(|error| error.mistakes().to_vec()).unwrap_or_default()
    };
    let (one, other) = (session("session", "/"), session("session", "/"));
    let mistake = "the cookie `session; Path=/` belongs to two middlewares that were built apart, in `auth.login` and in \
        `notes.list`: build it once, and give each router a clone";
    assert_eq!(start(&one, &other), [mistake]);
    assert_eq!(start(&one, &one.clone()), [] as [&str; 0]);
    assert_eq!(start(&one, &session("admin", "/")), [] as [&str; 0]);
    assert_eq!(start(&one, &session("session", "/api/notes")), [] as [&str; 0]);

    let csrf = other.csrf().secure(false).bind_to_session(&other).build().expect("good settings");
    let router = Router::<()>::new("notes")
        .procedure("list", procedure().use_(one.required()).query(|_| Ok(1)))
        .procedure("add", procedure().guard(csrf.guard()).mutation(|_| Ok(1)));
    let error = App::new(()).router(router).into_service().expect_err("the token is bound to another session");
    assert!(error.mistakes()[0].contains("in `notes.list` and in `notes.add`"), "{error}");
}
