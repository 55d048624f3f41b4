//! Tests that mutations which a browser sends from another site are rejected before anything is
//! done.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{HOST, ORIGIN};
use http::{HeaderName, HeaderValue, Method, Request, Version};
use http_body_util::Full;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use velox_rpc::context::Peer;
use velox_rpc::{App, Router, Server, procedure};
use velox_session::{MemoryStore, SameSite, SessionMiddleware, csrf, session_middleware};
use velox_tests::{Browser, Client, Log, Reply, SECRET, SessionsApp, get, json as request};

const APP_HOST: &str = "shop.example";
const OWN: (&str, &str) = ("origin", "https://shop.example");
const PARTNER: (&str, &str) = ("origin", "https://partner.example");
const CROSS: (&str, &str) = ("sec-fetch-site", "cross-site");
const SAME_SITE: (&str, &str) = ("sec-fetch-site", "same-site");

/// Headers that a browser sends for a page of another site, and headers that make no sense.
const ELSEWHERE: [&[(&str, &str)]; 12] = [
    &[CROSS],
    &[SAME_SITE],
    &[CROSS, ("origin", "https://evil.example")],
    &[SAME_SITE, ("origin", "https://blog.shop.example")],
    &[CROSS, ("origin", "null")],
    &[CROSS, OWN],
    &[("sec-fetch-site", "sane-origin")],
    &[("origin", "https://evil.example")],
    &[("origin", "https://blog.shop.example")],
    &[("origin", "https://shop.example:8443")],
    &[("origin", "null")],
    &[OWN, OWN],
];

/// Headers that a browser sends for the application's own pages, and headers of other clients.
const HERE: [&[(&str, &str)]; 8] = [
    &[],
    &[("user-agent", "curl/8"), ("referer", "https://evil.example/")],
    &[("sec-fetch-site", "same-origin")],
    &[("sec-fetch-site", "same-origin"), OWN],
    &[("sec-fetch-site", "none")],
    &[OWN],
    &[("origin", "https://Shop.example:443")],
    &[("origin", "http://shop.example")],
];

/// Mutations behind all three middlewares. Each changes something.
fn mutations() -> [(&'static str, Value); 9] {
    let bob = json!({"email": "bob@example.com", "password": "builder-22"});
    let entry = json!({"key": "theme", "value": "dark"});
    [
        ("/api/auth/login", bob.clone()),
        ("/api/auth/changeProfile", json!({"name": "Mallory"})),
        ("/api/auth/leave", json!({})),
        ("/api/session/set", entry.clone()),
        ("/api/session/flash", entry),
        ("/api/session/regenerate", json!({})),
        ("/api/session/layered", json!({})),
        ("/api/short/login", bob),
        ("/api/auth/logout", json!({})),
    ]
}

/// Adds the application's host and these headers to a request.
fn with(mut request: Request<Full<Bytes>>, headers: &[(&str, &str)]) -> Request<Full<Bytes>> {
    request.headers_mut().insert(HOST, HeaderValue::from_static(APP_HOST));
    for (name, value) in headers {
        let name = HeaderName::try_from(*name).expect("a name");
        request.headers_mut().append(name, value.parse().expect("a value"));
    }
    request
}

async fn post(browser: &mut Browser, target: &str, body: &Value, headers: &[(&str, &str)]) -> Reply {
    browser.send(with(request(Method::POST, target, body.to_string()), headers)).await
}

/// Reads everything that can be seen of Alice and her sessions, and clears the list of store calls.
async fn state(app: &SessionsApp, alice: &Browser) -> Vec<Value> {
    let mut alice = alice.clone();
    let mut seen = Vec::new();
    for target in ["/api/auth/profile", "/api/session/data", "/api/session/message?key=theme", "/api/short/profile"] {
        seen.push(alice.get(target).await.json());
    }
    assert_eq!(app.short_store.store().len(), 0);
    app.store.calls();
    app.short_store.calls();
    seen
}

fn assert_refused(reply: &Reply) {
    let body = json!({
        "error": "CsrfError",
        "message": "The request came from another site",
        "statusCode": 403,
        "code": "CROSS_SITE_REQUEST",
    });
    assert_eq!(reply.outcome(), (403, body));
    assert_eq!((reply.header("cache-control"), reply.header("vary")), (Some("no-store"), Some("Cookie")));
    assert_eq!(reply.header("set-cookie"), None);
}

// ---- Mutations from other sites ----

#[tokio::test]
async fn a_mutation_from_another_site_is_refused_and_nothing_is_done() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    let (cookie, before) = (alice.value("session"), state(&app, &alice).await);
    for headers in ELSEWHERE {
        for (target, body) in mutations() {
            assert_refused(&post(&mut alice, target, &body, headers).await);
            assert_eq!((app.store.calls(), app.short_store.calls()), (vec![], vec![]), "{target}, {headers:?}");
        }
    }
    assert_eq!((alice.value("session"), state(&app, &alice).await), (cookie, before));
}

#[tokio::test]
async fn another_site_cannot_log_a_visitor_in() {
    // `SameSite` does not prevent this: a login needs no cookie.
    let app = SessionsApp::start();
    let mut visitor = app.visitor();
    let mallory = json!({"email": "bob@example.com", "password": "builder-22"});
    for headers in ELSEWHERE {
        for target in ["/api/auth/login", "/api/short/login"] {
            assert_refused(&post(&mut visitor, target, &mallory, headers).await);
        }
    }
    assert_eq!((app.store.store().len(), app.short_store.store().len()), (0, 0));
    assert_eq!((app.store.calls(), app.short_store.calls()), (vec![], vec![]));
}

#[tokio::test]
async fn another_site_does_not_learn_who_is_logged_in() {
    let app = SessionsApp::start();
    let (mut alice, mut visitor) = (app.alice().await, app.visitor());
    let mut forger = app.visitor();
    forger.plant("session", "garbage");
    for (target, body) in mutations() {
        let replies = [
            post(&mut alice, target, &body, &[CROSS]).await,
            post(&mut visitor, target, &body, &[CROSS]).await,
            post(&mut forger, target, &body, &[CROSS]).await,
        ];
        assert!(replies.iter().all(|reply| *reply == replies[0]), "{replies:?}");
    }
}

#[tokio::test]
async fn a_query_by_an_unsafe_method_is_refused_like_a_mutation() {
    let session = sessions();
    let look = procedure::<()>().use_(session.middleware()).rest(Method::POST, "/look").query(|_| Ok("seen"));
    let client = Client::of_one(look).expecting("cache-control").expecting("vary");
    assert_refused(&client.send(with(request(Method::POST, "/api/look", "{}"), &[CROSS])).await);
    assert_eq!(client.send(with(request(Method::POST, "/api/look", "{}"), &[OWN])).await.result(), "seen");
}

#[tokio::test]
async fn refusals_are_logged_without_ids_up_to_ten_times_a_second() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    let log = Log::listen();
    for _ in 0..50 {
        assert_refused(&post(&mut alice, "/api/session/layered", &json!({}), &[CROSS]).await);
    }
    app.pass(Duration::from_secs(1));
    post(&mut alice, "/api/session/layered", &json!({}), &[CROSS, PARTNER]).await;
    let lines = log.lines();
    assert_eq!(lines.len(), 11, "{lines:#?}");
    assert_eq!(lines[0], "WARN message=request from another site refused cookie=\"session\" suppressed=0");
    let (origin, allow) = ("https://partner.example", r#"trusted_origins([\"https://partner.example\"])"#);
    let told = format!("cookie=\"session\" suppressed=40 origin=\"{origin}\" allow=\"{allow}\"");
    assert_eq!(lines[10], format!("WARN message=request from another site refused {told}"));
}

#[tokio::test]
async fn in_development_the_reply_says_how_to_trust_the_origin() {
    let message = async |is_development: bool, headers: &[(&str, &str)]| {
        let csrf = csrf(SECRET).secure(false).build().expect("good settings");
        let router = Router::new("test")
            .procedure("run", procedure::<()>().use_(sessions().middleware()).mutation(|_| Ok(1)))
            .procedure("form", procedure::<()>().guard(csrf.guard()).mutation(|_| Ok(1)));
        let app = App::new(()).development(is_development).allowed_hosts([APP_HOST]).router(router);
        let client = Client::of(app).expecting("cache-control").expecting("vary");
        let mut messages = Vec::new();
        for target in ["/api/test/run", "/api/test/form"] {
            let reply = client.send(with(request(Method::POST, target, "{}"), headers)).await;
            assert_eq!(reply.status, 403, "{reply:?}");
            messages.push(reply.json()["message"].as_str().expect("a message").to_owned());
        }
        messages
    };
    let plain = ["The request came from another site", "Origin mismatch"];
    let how = ": `trusted_origins([\"https://partner.example\"])` lets `https://partner.example` send mutations";
    for origin in ["https://partner.example", "HTTPS://Partner.Example:443"] {
        assert_eq!(message(true, &[("origin", origin)]).await, plain.map(|text| format!("{text}{how}")));
        assert_eq!(message(false, &[("origin", origin)]).await, plain);
    }
    let long = format!("https://{}.example", "a".repeat(300));
    for origin in ["null", "https://partner.example/<script>", "https://<b>.example", "", &long] {
        assert_eq!(message(true, &[("origin", origin)]).await, plain, "{origin}");
    }
    assert_eq!(message(true, &[CROSS]).await, plain);
}

/// With `Sec-Fetch-Site`, the browser has compared the origins already, so `Host` does not count.
#[tokio::test]
async fn sessions_and_csrf_tokens_agree_behind_a_proxy_that_changes_the_host() {
    let csrf = csrf(SECRET).secure(false).build().expect("good settings");
    let router = Router::new("test")
        .procedure("run", procedure::<()>().use_(sessions().middleware()).mutation(|_| Ok(1)))
        .procedure("form", procedure::<()>().guard(csrf.guard()).mutation(|_| Ok(1)));
    let client =
        Client::of(App::new(()).development(false).router(router)).expecting("cache-control").expecting("vary");
    for (site, passes) in [("same-origin", true), ("none", true), ("same-site", false), ("cross-site", false)] {
        let send = async |target: &str| {
            let mut request = with(request(Method::POST, target, "{}"), &[("sec-fetch-site", site), OWN]);
            request.headers_mut().insert(HOST, HeaderValue::from_static("inner:3000"));
            client.send(request).await
        };
        assert_eq!(send("/api/test/run").await.status, if passes { 200 } else { 403 }, "{site}");
        let code = if passes { "CSRF_MISSING_COOKIE" } else { "CSRF_ORIGIN_MISMATCH" };
        assert_eq!(send("/api/test/form").await.failure(), (403, code.into()), "{site}");
    }
}

// ---- Pages of the application ----

#[tokio::test]
async fn own_pages_and_clients_other_than_browsers_pass() {
    let app = SessionsApp::start();
    for headers in HERE {
        for (target, body) in mutations() {
            let reply = post(&mut app.alice().await, target, &body, headers).await;
            assert!(reply.status.is_success(), "{target}, {headers:?}: {reply:?}");
        }
    }
}

#[tokio::test]
async fn the_port_of_the_host_belongs_to_the_origin() {
    let app = SessionsApp::start();
    for (host, origin, status) in [
        ("localhost:3000", "http://localhost:3000", 200),
        ("localhost:3000", "http://localhost:5173", 403),
        ("localhost:3000", "http://localhost", 403),
        ("localhost", "http://localhost:3000", 403),
        ("localhost:80", "http://localhost", 200),
        ("[::1]:3000", "http://[::1]:3000", 200),
    ] {
        let mut request = with(request(Method::POST, "/api/auth/leave", "{}"), &[("origin", origin)]);
        request.headers_mut().insert(HOST, HeaderValue::from_static(host));
        assert_eq!(app.visitor().send(request).await.status, status, "{origin} at {host}");
    }
}

#[tokio::test]
async fn in_http_2_the_host_is_the_authority_of_the_target() {
    let app = SessionsApp::start();
    for (target, status) in
        [("https://shop.example/api/auth/leave", 200), ("https://other.example/api/auth/leave", 403)]
    {
        let mut request = request(Method::POST, target, "{}");
        *request.version_mut() = Version::HTTP_2;
        request.headers_mut().insert(ORIGIN, HeaderValue::from_static("https://shop.example"));
        assert_eq!(app.visitor().send(request).await.status, status, "{target}");
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_forwarded_origin_counts() {
    let bump = || procedure::<()>().use_(sessions().middleware()).mutation(|_| Ok(1));
    let app = || App::new(()).development(false).router(Router::new("test").procedure("run", bump()));
    let behind = Client::of(app().trusted_proxies(["10.0.0.1"])).expecting("cache-control").expecting("vary");
    let alone = Client::of(app()).expecting("cache-control").expecting("vary");
    let (https, http) = (("x-forwarded-proto", "https"), ("x-forwarded-proto", "http"));
    let (shop, inner) = (("x-forwarded-host", "shop.example"), ("x-forwarded-host", "inner:3000"));
    let plain = ("origin", "http://shop.example");
    for (headers, with_trust, without) in [
        (&[OWN, https, shop][..], true, false),
        (&[plain, http, shop], true, false),
        (&[plain, https, shop], false, false),
        (&[OWN, http, shop], false, false),
        (&[OWN, https, inner], false, false),
        (&[OWN, ("forwarded", "for=203.0.113.7;proto=https;host=shop.example")], true, false),
        (&[OWN, ("forwarded", "for=203.0.113.7;proto=http;host=shop.example")], false, false),
        (&[("origin", "http://inner:3000")], true, true),
        (&[("origin", "http://inner:3000"), https], false, true),
        (&[("origin", "https://inner:3000"), https, inner], true, true),
    ] {
        for (client, passes) in [(&behind, with_trust), (&alone, without)] {
            let mut request = with(request(Method::POST, "/api/test/run", "{}"), headers);
            request.headers_mut().insert(HOST, HeaderValue::from_static("inner:3000"));
            request.extensions_mut().insert(Peer::Address("10.0.0.1:4711".parse().expect("an address")));
            let reply = client.send(request).await;
            assert_eq!(reply.status, if passes { 200 } else { 403 }, "{headers:?}: {reply:?}");
        }
    }
}

#[tokio::test]
async fn over_a_socket_the_host_is_found_in_both_http_versions() {
    let count = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&count);
    let bump = procedure::<()>().use_(sessions().middleware()).mutation(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        Ok(())
    });
    let service = App::new(()).router(Router::new("test").procedure("bump", bump)).into_service().expect("good routes");
    let bound = Server::new(service).bind("127.0.0.1:0").await.expect("a free port");
    let here = format!("http://{}", bound.local_addr());
    let (_stop, stopped) = oneshot::channel::<()>();
    tokio::spawn(bound.run_until(async {
        let _ = stopped.await;
    }));
    let http_2 = reqwest::Client::builder().http2_prior_knowledge().build().expect("a client");
    for (client, version) in [(reqwest::Client::new(), Version::HTTP_11), (http_2, Version::HTTP_2)] {
        for (origin, passes) in [(here.as_str(), true), ("http://127.0.0.1:1", false), ("null", false)] {
            count.store(0, Ordering::Relaxed);
            let request = client.post(format!("{here}/api/test/bump")).header("origin", origin);
            let reply = request.send().await.expect("a reply");
            assert_eq!((reply.version(), reply.status().is_success()), (version, passes), "{origin}: {reply:?}");
            assert_eq!(count.load(Ordering::Relaxed), usize::from(passes));
        }
    }
}

#[tokio::test]
async fn the_direct_caller_is_not_checked() {
    let app = App::new(());
    let bump = || procedure::<()>().use_(sessions().middleware()).mutation(|_| Ok(1));
    assert_eq!(app.caller().call(bump(), &()).await.expect("it passes"), 1);
    let caller = app.caller().header(ORIGIN, HeaderValue::from_static("https://evil.example"));
    assert_eq!(caller.call(bump(), &()).await.expect_err("it is refused").code(), "CROSS_SITE_REQUEST");
}

// ---- GET and HEAD ----

#[tokio::test]
async fn get_and_head_never_run_a_mutation() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    let (cookie, before) = (alice.value("session"), state(&app, &alice).await);
    let overrides = ["x-http-method-override", "x-http-method", "x-method-override", "http-method", "_method"];
    for (target, body) in mutations() {
        for method in [Method::GET, Method::HEAD] {
            for name in overrides {
                for target in [target.to_owned(), format!("{target}?_method=POST&method=POST&{name}=POST")] {
                    let request = request(method.clone(), &target, body.to_string());
                    let reply = alice.send(with(request, &[OWN, (name, "POST")])).await;
                    assert_eq!(reply.status, 405, "{method} {target}");
                    assert_eq!(reply.header("allow"), Some("POST"), "{method} {target}");
                }
            }
        }
    }
    assert_eq!((app.store.calls(), app.short_store.calls()), (vec![], vec![]));
    assert_eq!((alice.value("session"), state(&app, &alice).await), (cookie, before));
}

// ---- Preflights ----

#[tokio::test]
async fn no_other_site_can_read_a_reply_not_even_a_trusted_one() {
    let app = SessionsApp::with(|settings| settings.trusted_origins(["https://partner.example"]));
    let mut alice = app.alice().await;
    let preflight = [("access-control-request-method", "POST"), ("access-control-request-headers", "content-type")];
    for origin in [OWN, PARTNER, ("origin", "https://evil.example"), ("origin", "null")] {
        let asks = [origin, preflight[0], preflight[1]];
        let replies = [
            alice.send(with(request(Method::OPTIONS, "/api/session/set", ""), &asks)).await,
            alice.send(with(request(Method::OPTIONS, "/api/auth/profile", ""), &asks)).await,
            alice.send(with(get("/api/auth/profile"), &[origin])).await,
            post(&mut alice, "/api/session/set", &json!({"key": "theme", "value": "dark"}), &[origin]).await,
        ];
        for reply in replies {
            let named = reply.headers.keys().any(|name| name.as_str().starts_with("access-control-"));
            assert!(!named, "{origin:?}: {reply:?}");
        }
    }
}

// ---- Queries and settings ----

#[tokio::test]
async fn a_query_from_any_site_passes() {
    let app = SessionsApp::start();
    let mut alice = app.alice().await;
    for headers in ELSEWHERE {
        for target in ["/api/auth/profile", "/api/auth/home", "/api/session/data", "/api/session/plainData"] {
            let reply = alice.send(with(get(target), headers)).await;
            assert_eq!(reply.status, 200, "{target}, {headers:?}: {reply:?}");
        }
    }
}

#[tokio::test]
async fn only_a_trusted_origin_can_send_mutations() {
    let app = SessionsApp::with(|settings| settings.trusted_origins(["https://partner.example"]));
    let body = json!({"key": "theme", "value": "dark"});
    for headers in [&[PARTNER][..], &[CROSS, PARTNER], &[SAME_SITE, PARTNER]] {
        let reply = post(&mut app.alice().await, "/api/session/set", &body, headers).await;
        assert!(reply.status.is_success(), "{headers:?}: {reply:?}");
    }
    let mut alice = app.alice().await;
    for headers in ELSEWHERE {
        assert_refused(&post(&mut alice, "/api/session/set", &body, headers).await);
    }
    for headers in [&[CROSS, PARTNER, PARTNER][..], &[CROSS, ("origin", "http://partner.example")]] {
        assert_refused(&post(&mut alice, "/api/session/set", &body, headers).await);
    }
    // Each kind of session has its own list of trusted origins.
    let bob = json!({"email": "bob@example.com", "password": "builder-22"});
    assert_refused(&post(&mut alice, "/api/short/login", &bob, &[CROSS, PARTNER]).await);
}

#[tokio::test]
async fn a_wildcard_and_a_closure_can_trust_origins_too() {
    let app = SessionsApp::with(|settings| {
        settings
            .trusted_origins(["https://*.preview.shop.example"])
            .trusted_origins_by(|origin| origin == "https://partner.example")
    });
    let body = json!({"key": "theme", "value": "dark"});
    for (origin, passes) in [
        ("https://pr-7.preview.shop.example", true),
        ("https://partner.example", true),
        ("https://preview.shop.example", false),
        ("https://a.b.preview.shop.example", false),
        ("https://evil.example", false),
    ] {
        let reply = post(&mut app.alice().await, "/api/session/set", &body, &[SAME_SITE, ("origin", origin)]).await;
        assert_eq!(reply.status.is_success(), passes, "{origin}: {reply:?}");
    }
}

#[tokio::test]
async fn a_trusted_origin_on_another_site_logs_one_warning() {
    let trusting = |same_site: SameSite| {
        SessionsApp::with(|settings| {
            let settings = settings.cookie_name("__Host-session").secure(true);
            settings.same_site(same_site).trusted_origins(["https://partner.example"])
        })
    };
    for (same_site, count) in [(SameSite::Lax, 1), (SameSite::Strict, 1), (SameSite::None, 0)] {
        let app = trusting(same_site);
        let log = Log::listen();
        for headers in [&[PARTNER][..], &[SAME_SITE, PARTNER], &[("sec-fetch-site", "same-origin"), PARTNER]] {
            post(&mut app.visitor(), "/api/auth/leave", &json!({}), headers).await;
        }
        assert_eq!(log.lines(), [""; 0], "the origin is on this site, or its site is unknown");
        for _ in 0..3 {
            post(&mut app.visitor(), "/api/auth/leave", &json!({}), &[CROSS, PARTNER]).await;
        }
        let lines = log.lines();
        assert_eq!(lines.len(), count, "{lines:#?}");
        assert!(
            lines
                .iter()
                .all(|line| line.contains("is on another site") && line.ends_with("\"https://partner.example\""))
        );
    }
}

#[tokio::test]
async fn cross_site_mutations_pass_if_they_are_allowed() {
    let app = SessionsApp::with(|settings| settings.allow_cross_site_mutations());
    for headers in ELSEWHERE {
        let reply = post(&mut app.alice().await, "/api/session/layered", &json!({}), headers).await;
        assert_eq!(reply.result(), "u1", "{headers:?}");
    }
}

fn sessions() -> SessionMiddleware {
    session_middleware(SECRET).store(MemoryStore::new()).build().expect("good settings")
}
