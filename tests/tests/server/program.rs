//! Tests the examples as processes: how they start, how they end, and what they finish before that.
//!
//! These tests only wait in order to see that something does not take too long.
#![cfg(unix)]

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use velox_tests::{Program, exchange, forged};

/// The longest time that requests can delay the end.
const EXIT: Duration = Duration::from_secs(12);
/// The time after which a test fails instead of hanging.
const HANG: Duration = Duration::from_secs(30);

const LOGIN: &str = r#"{"email":"alice@example.com","password":"wonderland-1"}"#;

fn post(address: SocketAddr, path: &str, cookie: Option<&str>, body: &str) -> String {
    let cookie = cookie.map(|cookie| format!("\r\ncookie: {cookie}")).unwrap_or_default();
    exchange(address, &format!("POST {path} HTTP/1.1\r\ncontent-type: application/json{cookie}"), body)
}

fn get(address: SocketAddr, path: &str, cookie: Option<&str>) -> String {
    let cookie = cookie.map(|cookie| format!("\r\ncookie: {cookie}")).unwrap_or_default();
    exchange(address, &format!("GET {path} HTTP/1.1{cookie}"), "")
}

fn status(reply: &str) -> u16 {
    reply.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("no reply: {reply:?}"))
}

fn body(reply: &str) -> Value {
    let body = reply.split_once("\r\n\r\n").expect("a head").1;
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {reply}"))
}

/// `name=value` of the cookie that a reply sets.
fn cookie(reply: &str) -> String {
    let line = reply
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: "))
        .unwrap_or_else(|| panic!("no cookie: {reply}"));
    line.split(';').next().expect("a pair").to_owned()
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(HANG)).expect("a timeout");
    stream
}

/// A request that the server has begun to handle. Its head and a part of its body were sent, and
/// the server has asked for the rest.
struct Half {
    stream: TcpStream,
    rest: &'static str,
}

impl Half {
    fn sent(address: SocketAddr, path: &str, body: &'static str) -> Self {
        let mut stream = connect(address);
        let length = body.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nexpect: 100-continue\r\n\
             content-length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).expect("it reads");
        let expected = b"HTTP/1.1 100 Continue\r\n\r\n";
        let mut reply = [0; 25];
        stream.read_exact(&mut reply).expect("it asks for the body");
        assert_eq!(&reply, expected);
        let (first, rest) = body.split_at(length / 2);
        stream.write_all(first.as_bytes()).expect("it reads");
        Self { stream, rest }
    }

    fn finish(mut self) -> String {
        self.stream.write_all(self.rest.as_bytes()).expect("it reads on");
        let mut reply = String::new();
        self.stream.read_to_string(&mut reply).expect("it answers and closes");
        reply
    }
}

/// A temporary folder of this test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("velox-{name}-{}", std::process::id()));
        fs::remove_dir_all(&path).ok();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("text")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// Starts the example with a separate store.
fn own_store(folder: &Folder) -> Program {
    Program::start("own_store", &[("SESSION_SECRET", SECRET), ("SESSION_FOLDER", folder.path())])
}

const SECRET: &str = "conformance-session-secret-0123456789";

// ---- Start ----

#[test]
fn the_seed_page_runs_without_settings_and_logs_its_routes() {
    let program = Program::start("quickstart", &[]);
    let address = program.address();
    let warning = program.wait_for("SESSION_SECRET is not set");
    assert!(warning.contains("WARN"), "{warning}");
    if cfg!(debug_assertions) {
        for route in
            ["/api/auth/login", "/api/auth/logout", "/api/auth/getProfile", "/api/auth/homePage", "/api/auth/getFlash"]
        {
            program.wait_for(route);
        }
    }
    program.wait_for(&format!("listening on http://{address}"));
    program.signal("TERM");
    let (_, output) = program.ended(EXIT);
    assert_eq!(output.matches("listening").count(), 1, "{output}");
}

#[test]
fn the_seed_page_answers_over_http() {
    let program = Program::start("quickstart", &[]);
    let address = program.address();
    let anonymous = get(address, "/api/auth/homePage", None);
    assert_eq!((status(&anonymous), body(&anonymous)), (200, json!({"user": null})));
    assert!(!anonymous.contains("set-cookie"), "{anonymous}");
    assert_eq!(status(&get(address, "/api/auth/getProfile", None)), 401);

    let login = post(address, "/api/auth/login", None, LOGIN);
    assert_eq!(status(&login), 200, "{login}");
    assert_eq!(body(&login), json!({"user": {"id": "u1", "email": "alice@example.com", "name": "Alice"}}));
    let session = cookie(&login);
    let line = login.lines().find(|line| line.starts_with("set-cookie: ")).expect("a cookie").replace(&session, "");
    assert_eq!(line, "set-cookie: ; Max-Age=86400; Path=/; HttpOnly; SameSite=Lax");

    let profile = get(address, "/api/auth/getProfile", Some(&session));
    assert_eq!(body(&profile), json!({"id": "u1", "email": "alice@example.com"}));
    assert_eq!(status(&post(address, "/api/auth/updateProfile", Some(&session), "{}")), 200);
    assert_eq!(body(&get(address, "/api/auth/getFlash", Some(&session))), json!({"message": "Profile updated!"}));
    assert_eq!(body(&get(address, "/api/auth/getFlash", Some(&session))), json!({"message": null}));
    assert_eq!(body(&post(address, "/api/auth/logout", Some(&session), "{}")), json!({"success": true}));
    assert_eq!(status(&get(address, "/api/auth/getProfile", Some(&session))), 401);
}

#[test]
fn no_reply_names_the_server() {
    let program = Program::start("quickstart", &[]);
    let address = program.address();
    for reply in [
        get(address, "/api/auth/homePage", None),
        get(address, "/api/auth/getProfile", None),
        get(address, "/nothing", None),
        post(address, "/api/auth/login", None, LOGIN),
        post(address, "/api/auth/login", None, "{"),
    ] {
        let head = reply.split("\r\n\r\n").next().expect("a head").to_ascii_lowercase();
        for name in ["\r\nserver:", "\r\nx-powered-by:", "\r\nvia:", "hyper", "velox", "access-control"] {
            assert!(!head.contains(name), "{name:?} in {head}");
        }
        assert!(head.contains("\r\nx-content-type-options: nosniff"), "{head}");
        assert!(head.contains("\r\ncontent-type: application/json"), "{head}");
    }
}

#[test]
fn in_production_the_cookie_has_all_protections() {
    let program = Program::start("quickstart", &[("SESSION_SECRET", SECRET)]);
    let login = post(program.address(), "/api/auth/login", None, LOGIN);
    let line =
        login.lines().find(|line| line.starts_with("set-cookie: ")).expect("a cookie").replace(&cookie(&login), "");
    assert_eq!(line, "set-cookie: ; Max-Age=86400; Path=/; HttpOnly; Secure; SameSite=Lax");
    assert!(cookie(&login).starts_with("__Host-session="));
    assert!(!program.output().contains("SESSION_SECRET is not set"));
}

#[test]
fn the_programs_log_holds_no_secret() {
    // Reads the log as it is printed.
    let program = Program::start("quickstart", &[("SESSION_SECRET", SECRET)]);
    let address = program.address();
    let session = cookie(&post(address, "/api/auth/login", None, LOGIN));
    let value = session.split_once('=').expect("a pair").1.to_owned();
    get(address, "/api/auth/getProfile", Some(&format!("__Host-session={}", forged(&value))));
    post(address, "/api/auth/logout", Some(&session), "{}");
    get(address, "/api/auth/getProfile", Some(&session));
    program.wait_for("session cookie without a live session");
    program.signal("TERM");
    let (_, output) = program.ended(EXIT);
    for secret in [SECRET, &value[..43], &value[44..], "wonderland-1", "alice@example.com"] {
        assert!(!output.contains(secret), "`{secret}` in:\n{output}");
    }
    assert!(output.contains("wrong signature") && output.contains("session ended"), "{output}");
}

#[test]
fn bytes_that_are_not_http_are_refused_and_the_program_survives() {
    let program = Program::start("quickstart", &[]);
    let address = program.address();
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n\r\n",
        b"\0\0\0\0\0\0\0\0\r\n\r\n",
        b"\xff\xfe\xfd\r\n\r\n",
        b"GET\r\n\r\n",
        b"* * *\r\n\r\n",
    ] {
        let mut stream = connect(address);
        stream.write_all(bytes).expect("it reads");
        stream.shutdown(std::net::Shutdown::Write).expect("it is open");
        let mut reply = Vec::new();
        // The server may also reset the connection.
        stream.read_to_end(&mut reply).ok();
        assert!(
            reply.is_empty() || reply.starts_with(b"HTTP/1.1 4"),
            "{bytes:?}: {:?}",
            String::from_utf8_lossy(&reply)
        );
    }
    assert_eq!(status(&get(address, "/api/auth/homePage", None)), 200);
    assert!(!program.output().contains("panicked"), "{}", program.output());
}

// ---- Failing to start ----

/// Checks that a program refuses to start, with an exit code and a message that contains these
/// texts.
fn refused(name: &str, environment: &[(&str, &str)], message: &[&str]) -> String {
    let (status, output) = Program::start(name, environment).ended(EXIT);
    // After a signal there would be no code.
    assert!(status.code().is_some_and(|code| code > 0), "{status:?}: {output}");
    assert!(!output.contains("panicked"), "{output}");
    for text in message {
        assert!(output.to_lowercase().contains(text), "`{text}` is missing in:\n{output}");
    }
    output
}

#[test]
fn a_taken_port_is_reported() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("an address").port().to_string();
    for name in ["quickstart", "without_macros", "own_store"] {
        refused(name, &[("PORT", &port)], &["address already in use", &port]);
    }
}

#[test]
fn an_invalid_port_is_reported() {
    for port in ["x", "70000", ""] {
        for name in ["quickstart", "own_store", "without_macros", "bench"] {
            refused(name, &[("PORT", port)], &["port is"]);
        }
    }
}

#[test]
fn a_variable_that_is_set_and_empty_is_named() {
    let programs: [(&str, &[&str]); 4] = [
        ("quickstart", &["PORT", "SESSION_SECRET", "REDIS_URL", "ALLOWED_ORIGINS"]),
        ("own_store", &["PORT", "SESSION_SECRET", "SESSION_FOLDER"]),
        ("without_macros", &["PORT"]),
        ("bench", &["PORT", "COOKIE_SECRET", "COOKIE_NAME", "REDIS_URL", "EXTRA_ROUTES", "SESSION_TTL_S", "SLIDING"]),
    ];
    for (program, variables) in programs {
        for variable in variables {
            refused(program, &[(variable, "")], &[&format!("{} is set, but empty", variable.to_lowercase())]);
        }
    }
}

#[test]
fn an_empty_old_secret_of_the_bench_app_is_ignored() {
    let program = Program::start("bench", &[("COOKIE_SECRET_OLD", "")]);
    if cfg!(debug_assertions) {
        program.wait_for("listening on http://");
    }
}

#[test]
fn an_invalid_origin_is_reported_with_its_correct_form() {
    let origins = "http://localhost:5173, https://app.example.com/";
    refused("quickstart", &[("ALLOWED_ORIGINS", origins)], &["allowed_origins", "write `https://app.example.com`"]);
}

#[test]
fn an_invalid_redis_url_is_reported_without_its_password() {
    for name in ["quickstart", "bench"] {
        for url in ["redis", "http://:hunter2@localhost", "redis://:hunter2@[localhost"] {
            let output = refused(name, &[("REDIS_URL", url)], &["redis_url"]);
            assert!(!output.contains("hunter2"), "{output}");
        }
    }
}

#[test]
fn a_weak_secret_is_reported_but_not_shown() {
    for secret in
        ["hunter2-hunter2", "changeme-changeme-changeme-please", "abababababababababababababababababababab", ""]
    {
        for name in ["quickstart", "own_store"] {
            let output = refused(name, &[("SESSION_SECRET", secret)], &["session_secret"]);
            assert!(secret.is_empty() || !output.contains(secret), "the secret is in:\n{output}");
        }
    }
}

// ---- The end ----

#[test]
fn an_idle_program_ends_at_once() {
    for signal in ["TERM", "INT"] {
        for name in ["quickstart", "own_store", "without_macros"] {
            let program = Program::start(name, &[]);
            program.address();
            program.signal(signal);
            let (status, output) = program.ended(HANG);
            assert_eq!(status.code(), Some(0), "{name} {signal}: {output}");
        }
    }
}

#[test]
fn requests_in_flight_are_finished_and_their_sessions_saved() {
    for signal in ["TERM", "INT"] {
        let program = Program::start("quickstart", &[]);
        let address = program.address();
        let halves: Vec<_> = (0..20).map(|_| Half::sent(address, "/api/auth/login", LOGIN)).collect();
        program.signal(signal);
        program.wait_until_closed(address);
        for half in halves {
            let reply = half.finish();
            assert_eq!(status(&reply), 200, "{reply}");
            assert!(cookie(&reply).starts_with("session="), "{reply}");
        }
        let (status, output) = program.ended(EXIT);
        assert_eq!(status.code(), Some(0), "{output}");
        assert!(!output.contains("cut"), "{output}");
    }
}

#[test]
fn a_session_that_is_saved_during_the_shutdown_is_in_the_store() {
    let folder = Folder::new("during-shutdown");
    let program = own_store(&folder);
    let address = program.address();
    let half = Half::sent(address, "/api/visits/count", "{\"with\":\"a body\"}");
    program.signal("TERM");
    program.wait_until_closed(address);
    let reply = half.finish();
    assert_eq!(body(&reply), json!({"visits": 1}), "{reply}");
    assert_eq!(program.ended(EXIT).0.code(), Some(0));

    let again = own_store(&folder);
    assert_eq!(body(&post(again.address(), "/api/visits/count", Some(&cookie(&reply)), "{}")), json!({"visits": 2}));
}

#[test]
fn idle_silent_and_half_sent_connections_do_not_delay_the_end() {
    let program = Program::start("quickstart", &[]);
    let address = program.address();
    let mut idle = connect(address);
    idle.write_all(b"GET /api/auth/homePage HTTP/1.1\r\nhost: localhost\r\n\r\n").expect("it reads");
    let mut answered = [0; 12];
    idle.read_exact(&mut answered).expect("it answers");
    assert_eq!(&answered, b"HTTP/1.1 200");
    let silent = connect(address);
    let mut heads = Vec::new();
    for start in
        ["G", "GET /api/auth/homePage HTTP/1.1\r\n", "GET /api/auth/homePage HTTP/1.1\r\nhost: localhost\r\nx-a:"]
    {
        let mut half = connect(address);
        half.write_all(start.as_bytes()).expect("it reads");
        heads.push(half);
    }
    let mut second = connect(address);
    second.write_all(b"GET /api/auth/homePage HTTP/1.1\r\nhost: localhost\r\n\r\nGET /api").expect("it reads");
    second.read_exact(&mut answered).expect("it answers");
    let mut http2 = connect(address);
    http2.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").expect("it reads");
    http2.read_exact(&mut answered[..9]).expect("its settings");

    let start = Instant::now();
    program.signal("TERM");
    let (status, output) = program.ended(EXIT);
    assert_eq!(status.code(), Some(0), "{output}");
    assert!(start.elapsed() < EXIT, "{:?}", start.elapsed());
    drop((idle, silent, heads, second, http2));
}

#[test]
fn a_request_that_never_ends_is_cut_off_at_the_deadline_and_counted() {
    let program = Program::start("quickstart", &[]);
    let address = program.address();
    let halves = [Half::sent(address, "/api/auth/login", LOGIN), Half::sent(address, "/api/auth/login", LOGIN)];
    program.signal("TERM");
    let (status, output) = program.ended(EXIT);
    assert_eq!(status.code(), Some(0), "{output}");
    assert!(output.contains("cut=2"), "{output}");
    drop(halves);
}

#[test]
fn a_second_signal_ends_the_wait() {
    let program = Program::start("quickstart", &[]);
    let address = program.address();
    let half = Half::sent(address, "/api/auth/login", LOGIN);
    program.signal("TERM");
    program.wait_until_closed(address);
    let start = Instant::now();
    program.signal("INT");
    let (status, output) = program.ended(EXIT);
    assert_eq!(status.code(), Some(0), "{output}");
    // The deadline is ten seconds after the first signal.
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    assert!(output.contains("cut=1"), "{output}");
    drop(half);
}

#[test]
fn a_program_running_as_process_1_ends_on_sigterm() {
    // The kernel ignores a signal to process 1 unless the process handles it.
    let program = Program::start_as_first("quickstart");
    let address = program.address();
    let half = Half::sent(address, "/api/auth/login", LOGIN);
    program.signal_child("TERM");
    program.wait_until_closed(address);
    assert_eq!(status(&half.finish()), 200);
    let (status, output) = program.ended(EXIT);
    assert_eq!(status.code(), Some(0), "{output}");
}

// ---- The other examples ----

#[test]
fn a_custom_store_keeps_sessions_across_runs() {
    // This also holds if the program was killed.
    let folder = Folder::new("own-store");
    let mut session = None;
    for (visit, signal) in [(1, "TERM"), (2, "KILL"), (3, "INT")] {
        let program = own_store(&folder);
        let reply = post(program.address(), "/api/visits/count", session.as_deref(), "{}");
        assert_eq!(body(&reply), json!({"visits": visit}), "{reply}");
        let sent = cookie(&reply);
        assert!(session.is_none_or(|session| session == sent), "another session");
        session = Some(sent);
        program.signal(signal);
        program.ended(EXIT);
    }
    // The folder must contain nothing that works as a cookie.
    let (_, value) = session.as_deref().and_then(|session| session.split_once('=')).expect("a cookie");
    for file in fs::read_dir(&folder.0).expect("the folder") {
        let file = file.expect("an entry");
        let text = fs::read_to_string(file.path()).expect("text") + &file.file_name().to_string_lossy();
        assert!(!text.contains(&value[..43]) && !text.contains(&value[44..]), "{text}");
    }
}

#[test]
fn a_new_secret_invalidates_the_session() {
    let folder = Folder::new("another-secret");
    let first = own_store(&folder);
    let session = cookie(&post(first.address(), "/api/visits/count", None, "{}"));
    drop(first);
    let environment = [("SESSION_SECRET", "another-conformance-secret-9876543210"), ("SESSION_FOLDER", folder.path())];
    let second = Program::start("own_store", &environment);
    let reply = post(second.address(), "/api/visits/count", Some(&session), "{}");
    assert_eq!(body(&reply), json!({"visits": 1}));
    assert_ne!(cookie(&reply), session);
}

#[test]
fn concurrent_visits_are_all_counted() {
    // The store handles concurrent requests in several threads.
    let folder = Folder::new("visits");
    let program = own_store(&folder);
    let address = program.address();
    let session = cookie(&post(address, "/api/visits/count", None, "{}"));
    let visitors: Vec<_> = (0..16)
        .map(|_| {
            let session = session.clone();
            std::thread::spawn(move || status(&post(address, "/api/visits/count", Some(&session), "{}")))
        })
        .collect();
    for visitor in visitors {
        assert_eq!(visitor.join().expect("no panic"), 200);
    }
    assert_eq!(body(&post(address, "/api/visits/count", Some(&session), "{}")), json!({"visits": 18}));
}

#[test]
fn the_example_without_macros_answers_the_same_way() {
    let program = Program::start("without_macros", &[]);
    let reply = exchange(program.address(), "GET /api/users/7 HTTP/1.1\r\nx-tenant: acme", "");
    assert_eq!((status(&reply), body(&reply)), (200, json!({"id": "7", "emailAddress": "7@acme.example.com"})));
    let reply = get(program.address(), "/api/users/12345678901", None);
    assert_eq!((status(&reply), &body(&reply)["code"]), (400, &json!("VALIDATION_ERROR")));
}
