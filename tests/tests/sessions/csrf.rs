//! Tests double-submit CSRF tokens: what a request must have, and the order of the checks.

use std::time::Duration;

use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use http_body_util::Full;
use serde_json::json;
use velox_rpc::context::Peer;
use velox_rpc::{App, Call, Router, procedure, schema};
use velox_session::clock::ManualClock;
use velox_session::config::ConfigProblem;
use velox_session::{Csrf, MemoryStore, SessionUser, csrf, session_middleware};
use velox_tests::{Client, Reply, SECRET, get, json as request};

const HOST: &str = "shop.example:8080";

fn clock() -> ManualClock {
    ManualClock::at(1_700_000_000_000)
}

/// The settings of the contract.
fn plain(clock: &ManualClock) -> Csrf {
    csrf(SECRET).secure(false).clock(clock.clone()).build().expect("good settings")
}

#[schema]
struct Note {
    text: String,
}

/// A procedure that issues tokens, and procedures behind the guard.
fn forms(csrf: &Csrf) -> Client {
    let issuer = csrf.clone();
    let router = Router::<()>::new("csrf")
        .procedure("getToken", procedure().query(move |Call { ctx, .. }| Ok(json!({"token": issuer.issue(&ctx)?}))))
        .procedure("submit", procedure().guard(csrf.guard()).mutation(|_| Ok(json!({"ok": true}))))
        .procedure(
            "note",
            procedure().guard(csrf.guard()).input::<Note>().mutation(|Call { input, .. }| Ok(input.text)),
        )
        .procedure("look", procedure().guard(csrf.guard()).query(|_| Ok(1)));
    Client::of(App::new(()).development(false).router(router)).expecting("set-cookie").expecting("cache-control")
}

async fn token(client: &Client) -> String {
    client.get("/api/csrf/getToken").await.json()["token"].as_str().expect("a token").to_owned()
}

/// A request to the host, with these headers.
fn post(target: &str, body: &str, headers: &[(&str, &str)]) -> Request<Full<bytes::Bytes>> {
    let mut request = request(Method::POST, target, body.to_owned());
    let mut all = HeaderMap::new();
    all.insert("host", HeaderValue::from_static(HOST));
    all.insert("content-type", HeaderValue::from_static("application/json"));
    for (name, value) in headers {
        all.append(HeaderName::try_from(*name).expect("a name"), value.parse().expect("a value"));
    }
    *request.headers_mut() = all;
    request
}

async fn submit(client: &Client, headers: &[(&str, &str)]) -> Reply {
    client.send(post("/api/csrf/submit", "", headers)).await
}

fn cookie(token: &str) -> String {
    format!("theme=dark; csrf={token}")
}

fn assert_refused(reply: &Reply, code: &str, message: &str) {
    let body = json!({"error": "CsrfError", "message": message, "statusCode": 403, "code": code});
    assert_eq!(reply.outcome(), (403, body));
}

#[tokio::test]
async fn the_token_comes_with_its_cookie() {
    let client = forms(&plain(&clock()));
    let reply = client.get("/api/csrf/getToken").await;
    let token = reply.json()["token"].as_str().expect("a token").to_owned();
    let line = format!("csrf={token}; Max-Age=3600; Path=/; SameSite=Lax");
    assert_eq!((reply.header("set-cookie"), reply.header("cache-control")), (Some(&*line), Some("no-store")));
    assert_eq!(token.split('.').skip(1).take(2).collect::<Vec<_>>(), ["1700000000", "1700003600"]);
    assert_ne!(token, self::token(&client).await);
}

#[tokio::test]
async fn no_shared_cache_may_store_a_token() {
    for (said, sent) in [("public, max-age=60", "no-store"), ("private, max-age=60", "private, max-age=60")] {
        let csrf = plain(&clock());
        let procedure = procedure::<()>().query(move |Call { ctx, .. }| {
            let token = csrf.issue(&ctx)?;
            ctx.reply().header(CACHE_CONTROL, HeaderValue::from_static(said));
            Ok(token)
        });
        let client = Client::of_one(procedure).expecting("set-cookie").expecting("cache-control");
        let reply = client.get("/api/test/run").await;
        assert!(reply.header("set-cookie").is_some(), "{reply:?}");
        assert_eq!(reply.header("cache-control"), Some(sent));
    }
}

#[tokio::test]
async fn by_default_the_cookie_is_host_only_and_secure() {
    let csrf = csrf(SECRET).lifetime(Duration::from_secs(60)).build().expect("good settings");
    let reply = forms(&csrf).get("/api/csrf/getToken").await;
    let line = reply.header("set-cookie").expect("a cookie");
    assert!(line.starts_with("__Host-csrf=") && line.ends_with("; Max-Age=60; Path=/; Secure; SameSite=Lax"), "{line}");
}

#[tokio::test]
async fn a_mutation_with_token_and_cookie_runs() {
    let client = forms(&plain(&clock()));
    let token = token(&client).await;
    let cookie = cookie(&token);
    let reply = submit(&client, &[("cookie", &cookie), ("x-csrf-token", &token)]).await;
    assert_eq!(reply.outcome(), (200, json!({"ok": true})));
    for body in [json!({"_csrf": token}), json!({"_csrf": token, "more": [1]})] {
        let reply = client.send(post("/api/csrf/submit", &body.to_string(), &[("cookie", &cookie)])).await;
        assert_eq!(reply.outcome(), (200, json!({"ok": true})), "without an input");
    }
    let body = json!({"text": "hi", "_csrf": token}).to_string();
    let reply = client.send(post("/api/csrf/note", &body, &[("cookie", &cookie)])).await;
    assert_eq!(reply.outcome(), (200, json!("hi")), "beside an input");
}

#[tokio::test]
async fn errors_are_checked_in_the_documented_order() {
    let time = clock();
    let client = forms(&plain(&time));
    let token = token(&client).await;
    let other = self::token(&client).await;
    let cookie = cookie(&token);
    let elsewhere = ("origin", "http://evil.example");

    let reply = submit(&client, &[elsewhere]).await;
    assert_refused(&reply, "CSRF_ORIGIN_MISMATCH", "Origin mismatch");
    let reply = submit(&client, &[("x-csrf-token", &token)]).await;
    assert_refused(&reply, "CSRF_MISSING_COOKIE", "CSRF cookie not found");
    for body in ["", r#"{"_csrf":""}"#, r#"{"_csrf":7}"#, r#"{"csrf":"x"}"#] {
        let reply = client.send(post("/api/csrf/submit", body, &[("cookie", &cookie)])).await;
        assert_refused(&reply, "CSRF_MISSING_TOKEN", "CSRF token not found in request");
    }
    let reply = submit(&client, &[("cookie", &cookie), ("x-csrf-token", &other)]).await;
    assert_refused(&reply, "CSRF_TOKEN_MISMATCH", "CSRF token mismatch");
    for forged in ["x", &format!("{token}A"), &token[1..], &token.replace("1700003600", "1700003601")] {
        let planted = self::cookie(forged);
        let reply = submit(&client, &[("cookie", &planted), ("x-csrf-token", forged)]).await;
        assert_refused(&reply, "CSRF_INVALID_SIGNATURE", "CSRF token has an invalid signature");
    }
    time.advance(Duration::from_secs(3600));
    let reply = submit(&client, &[("cookie", &cookie), ("x-csrf-token", &token)]).await;
    assert_refused(&reply, "CSRF_TOKEN_EXPIRED", "CSRF token has expired");
}

#[tokio::test]
async fn the_origin_must_be_the_host_or_a_trusted_one() {
    let csrf = csrf(SECRET).secure(false).trusted_origins(["https://partner.example"]).build().expect("good settings");
    let client = forms(&csrf);
    let token = token(&client).await;
    let cookie = cookie(&token);
    let own = format!("http://{HOST}");
    let page = format!("http://{HOST}/a?b=http://evil.example");
    let status = async |headers: &[(&str, &str)]| {
        let mut all = vec![("cookie", &*cookie), ("x-csrf-token", &*token)];
        all.extend(headers);
        let reply = submit(&client, &all).await;
        if reply.status != 200 {
            assert_eq!(reply.failure(), (403, "CSRF_ORIGIN_MISMATCH".into()));
        }
        reply.status.as_u16()
    };
    for passing in [
        &[][..],
        &[("origin", &*own)],
        &[("referer", &*page)],
        &[("origin", "https://partner.example")],
        &[("referer", "https://partner.example/page")],
        &[("origin", &*own), ("referer", "http://evil.example/")],
    ] {
        assert_eq!(status(passing).await, 200, "{passing:?}");
    }
    for refused in [
        &[("origin", "null")][..],
        &[("origin", "")],
        &[("origin", "http://shop.example")],
        &[("origin", "http://shop.example:8080.evil.example")],
        &[("origin", "http://evil.example"), ("referer", &*page)],
        &[("origin", &*own), ("origin", &*own)],
        &[("referer", "http://evil.example/http://shop.example:8080")],
        &[("referer", "http://shop.example:8080@evil.example/")],
        &[("referer", "shop.example:8080")],
    ] {
        assert_eq!(status(refused).await, 403, "{refused:?}");
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_forwarded_origin_counts() {
    let csrf = plain(&clock());
    let submit = procedure::<()>().guard(csrf.guard()).mutation(|_| Ok(1));
    let router = Router::new("csrf").procedure("submit", submit);
    let client = Client::of(App::new(()).development(false).trusted_proxies(["unix"]).router(router));
    let (https, host) = (("x-forwarded-proto", "https"), ("x-forwarded-host", "www.shop.example"));
    for (origin, code) in [
        ("https://www.shop.example", "CSRF_MISSING_COOKIE"),
        ("http://www.shop.example", "CSRF_ORIGIN_MISMATCH"),
        ("https://shop.example:8080", "CSRF_ORIGIN_MISMATCH"),
    ] {
        let mut request = post("/api/csrf/submit", "", &[("origin", origin), https, host]);
        request.extensions_mut().insert(Peer::Unix);
        assert_eq!(client.send(request).await.failure(), (403, code.into()), "{origin}");
    }
}

#[tokio::test]
async fn at_most_four_csrf_cookies_are_tried() {
    let client = forms(&plain(&clock()));
    let token = token(&client).await;
    for (before, outcome) in [(0, 200), (1, 200), (3, 200), (4, 403), (100, 403)] {
        for planted in ["csrf=planted; ", "csrf=; "] {
            let cookie = format!("{}{}", planted.repeat(before), cookie(&token));
            let reply = submit(&client, &[("cookie", &cookie), ("x-csrf-token", &token)]).await;
            assert_eq!(reply.status, outcome, "{before}: {reply:?}");
        }
    }
    // The cookies may also be on separate lines, as in HTTP/2.
    let reply = submit(&client, &[("cookie", "csrf=x"), ("cookie", &cookie(&token)), ("x-csrf-token", &token)]).await;
    assert_eq!(reply.status, 200);
    let forged = "planted; csrf=x";
    let reply = submit(&client, &[("cookie", &format!("csrf={forged}")), ("x-csrf-token", "x")]).await;
    assert_refused(&reply, "CSRF_INVALID_SIGNATURE", "CSRF token has an invalid signature");
}

#[schema]
struct Saves {
    save: bool,
}

/// An application whose tokens are bound to sessions if `is_bound`.
fn bound_forms(is_bound: bool) -> Client {
    let settings = session_middleware(SECRET).store(MemoryStore::new()).cookie_name("session").secure(false);
    let session = settings.build().expect("good settings");
    let csrf = session.csrf();
    let csrf = if is_bound { csrf.bind_to_session(&session) } else { csrf }.build().expect("good settings");
    let issuer = csrf.clone();
    let (stray, after_login) = (csrf.clone(), csrf.clone());
    let router = Router::<()>::new("csrf")
        .procedure("getToken", procedure().use_(session.optional()).query(move |Call { ctx, .. }| issuer.issue(&ctx)))
        .procedure(
            "loginWithToken",
            procedure().use_(session.middleware()).input::<Saves>().mutation(move |Call { ctx, input, .. }| {
                let issuer = after_login.clone();
                async move {
                    ctx.session.login(SessionUser::new("u1", "ada@example.com")).await?;
                    if input.save {
                        ctx.session.save().await?;
                    }
                    issuer.issue(&ctx)
                }
            }),
        )
        .procedure("stray", procedure().query(move |Call { ctx, .. }| stray.issue(&ctx)))
        .procedure("submit", procedure().guard(csrf.guard()).mutation(|_| Ok(())))
        .procedure(
            "login",
            procedure().use_(session.middleware()).mutation(async |Call { ctx, .. }| {
                Ok(ctx.session.login(SessionUser::new("u1", "ada@example.com")).await?)
            }),
        )
        .procedure(
            "logout",
            procedure().use_(session.middleware()).mutation(async |Call { ctx, .. }| Ok(ctx.session.logout().await?)),
        );
    let app = App::new(()).development(false).router(router);
    Client::of(app).expecting("set-cookie").expecting("cache-control").expecting("vary")
}

#[tokio::test]
async fn a_bound_token_is_only_valid_in_its_session() {
    for is_bound in [true, false] {
        let client = bound_forms(is_bound);
        // Gets a token for the session of this `Cookie` line, if it has one.
        let get_token = async |session: &str| {
            let mut request = get("/api/csrf/getToken");
            request.headers_mut().insert("cookie", session.parse().expect("a value"));
            client.send(request).await.json().as_str().expect("a token").to_owned()
        };
        let submit = async |session: &str, token: &str| {
            let cookie = format!("{session}; csrf={token}");
            let reply = submit(&client, &[("cookie", &cookie), ("x-csrf-token", token)]).await;
            if reply.status == 403 {
                assert_refused(&reply, "CSRF_INVALID_SIGNATURE", "CSRF token has an invalid signature");
            }
            reply.status.is_success()
        };
        let log_in = async |session: &str| {
            let reply = client.send(post("/api/csrf/login", "", &[("cookie", session)])).await;
            reply.header("set-cookie").expect("a cookie").split(';').next().expect("a pair").to_owned()
        };
        let visitor = "theme=dark";
        let of_visitor = get_token(visitor).await;
        let (alice, bob) = (log_in(visitor).await, log_in(visitor).await);
        let (of_alice, of_bob) = (get_token(&alice).await, get_token(&bob).await);
        assert_eq!(of_alice.split('.').count(), 4, "the form of the contract");
        for (session, token) in [(visitor, &of_visitor), (&alice, &of_alice), (&bob, &of_bob)] {
            assert!(submit(session, token).await);
            assert!(submit(session, token).await, "it can be used again");
        }
        for (session, token) in
            [(visitor, &of_alice), (&alice, &of_visitor), (&alice, &of_bob), (&bob, &of_alice), (&bob, &of_visitor)]
        {
            assert_eq!(submit(session, token).await, !is_bound, "{session}");
        }
        // A forged session cookie in front of the real one does no harm.
        let forged =
            format!("session={}; {alice}", velox_tests::forged(alice.strip_prefix("session=").expect("a value")));
        assert!(submit(&forged, &of_alice).await);
        let again = log_in(&alice).await;
        assert_eq!(submit(&again, &of_alice).await, !is_bound, "after another login");
        assert!(submit(&again, &get_token(&again).await).await);
        client.send(post("/api/csrf/logout", "", &[("cookie", &bob)])).await;
        assert_eq!(submit(&bob, &of_bob).await, !is_bound, "after a logout");
        assert!(submit(&bob, &of_visitor).await, "this browser is a visitor now");
    }
}

#[tokio::test]
async fn a_bound_token_is_not_issued_without_a_session() {
    let reply = bound_forms(true).get("/api/csrf/stray").await;
    assert_eq!((reply.status.as_u16(), reply.header("set-cookie")), (500, None));
    assert_eq!(bound_forms(false).get("/api/csrf/stray").await.status, 200);
}

/// The session gets its new id when it is saved.
#[tokio::test]
async fn a_bound_token_is_issued_after_a_login_once_the_session_is_saved() {
    let client = bound_forms(true);
    let reply = client.send(post("/api/csrf/loginWithToken", "{\"save\":false}", &[])).await;
    assert_eq!((reply.status.as_u16(), reply.header("set-cookie").is_some()), (500, true), "the login stays");
    let reply = client.send(post("/api/csrf/loginWithToken", "{\"save\":true}", &[])).await;
    let mut lines = reply.headers.get_all("set-cookie").iter().map(|line| line.to_str().expect("ASCII"));
    let session = lines.find(|line| line.starts_with("session=")).expect("the cookie of the session");
    let session = session.split(';').next().expect("a pair");
    let token = reply.json().as_str().expect("a token").to_owned();
    let cookie = format!("{session}; csrf={token}");
    let reply = submit(&client, &[("cookie", &cookie), ("x-csrf-token", &token)]).await;
    assert!(reply.status.is_success(), "{}", reply.status);
}

#[tokio::test]
async fn a_query_needs_no_token() {
    let client = forms(&plain(&clock()));
    assert_eq!(client.get("/api/csrf/look").await.result(), 1);
    let mut head = get("/api/csrf/look");
    *head.method_mut() = Method::HEAD;
    assert_eq!(client.send(head).await.status, 200);
}

#[tokio::test]
async fn the_guard_answers_before_the_input_is_read_and_is_in_the_route_table() {
    let client = forms(&plain(&clock()));
    let reply = client.send(post("/api/csrf/note", "{}", &[])).await;
    assert_eq!(reply.failure(), (403, "CSRF_MISSING_COOKIE".into()));
    assert_eq!(client.service().manifest().entries()[1].guards(), ["csrf"]);
}

#[tokio::test]
async fn a_router_guard_protects_everything_except_queries() {
    let csrf = plain(&clock());
    let issuer = csrf.clone();
    let router = Router::<()>::new("shop")
        .procedure("token", procedure().query(move |Call { ctx, .. }| issuer.issue(&ctx)))
        .guard(csrf.guard())
        .procedure("buy", procedure().mutation(|_| Ok("bought")));
    let client =
        Client::of(App::new(()).development(false).router(router)).expecting("set-cookie").expecting("cache-control");
    let token = client.get("/api/shop/token").await.json().as_str().expect("a token").to_owned();
    assert_eq!(client.send(post("/api/shop/buy", "", &[])).await.failure(), (403, "CSRF_MISSING_COOKIE".into()));
    let headers = [("cookie", &*cookie(&token)), ("x-csrf-token", &*token)];
    assert_eq!(client.send(post("/api/shop/buy", "", &headers)).await.result(), "bought");
}

/// Sessions and tokens share a secret, but neither is accepted as the other.
#[tokio::test]
async fn session_tokens_use_its_secret_clock_and_origins() {
    let time = clock();
    let settings = session_middleware(SECRET).store(MemoryStore::new()).cookie_name("session").secure(false);
    let settings = settings.clock(time.clone()).trusted_origins(["https://partner.example"]);
    let csrf = settings.build().expect("good settings").csrf().build().expect("good settings");
    let client = forms(&csrf);
    let token = token(&client).await;
    let cookie = cookie(&token);
    let headers = [("cookie", &*cookie), ("x-csrf-token", &*token), ("origin", "https://partner.example")];
    assert_eq!(submit(&client, &headers).await.status, 200);
    assert_eq!(submit(&forms(&plain(&time)), &headers[..2]).await.status, 200, "with the secret only");
    time.advance(Duration::from_secs(3600));
    assert_eq!(submit(&client, &headers).await.failure(), (403, "CSRF_TOKEN_EXPIRED".into()));
}

#[test]
fn all_invalid_csrf_settings_are_reported_at_once() {
    let wrong = csrf("short").cookie_name("__Host-csrf").secure(false).lifetime(Duration::ZERO).trusted_origins(["x"]);
    let error = wrong.build().expect_err("everything is wrong");
    let problems = error.problems();
    assert!(
        matches!(
            problems,
            [
                ConfigProblem::Secret(_),
                ConfigProblem::TrustedOrigin { .. },
                ConfigProblem::PrefixNeedsSecure { .. },
                ConfigProblem::CsrfLifetime
            ]
        ),
        "{problems:?}"
    );
}

#[test]
fn debug_output_shows_no_key() {
    let builder = csrf(SECRET);
    let text = format!("{builder:?} {:?} {:?}", plain(&clock()), plain(&clock()).guard());
    assert!(!text.contains(&SECRET[..8]), "{text}");
}
