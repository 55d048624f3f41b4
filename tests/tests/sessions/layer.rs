//! Tests the tower layer for sessions, in an axum router without procedures and around procedures,
//! and its extractors.

use std::borrow::Cow;
use std::convert::Infallible;
use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Extension;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower::{Layer, ServiceExt, service_fn};
use velox_rpc::{App, Call, procedure};
use velox_session::layer::{Rejection, User};
use velox_session::{
    Authenticatable, Manager, MemoryStore, Session, SessionBuilder, SessionError, SessionLayer, SessionUser,
    session_middleware,
};
use velox_tests::{Kind, Log, Probe, SECRET};

/// The store of a test's sessions, and the manager that opens them.
struct Sessions {
    store: Probe,
    manager: Manager,
}

impl Sessions {
    fn new() -> Self {
        Self::with(|settings| settings)
    }

    fn with(change: impl FnOnce(SessionBuilder) -> SessionBuilder) -> Self {
        let store = Probe::over(MemoryStore::new());
        let settings = session_middleware(SECRET).store(store.clone()).cookie_name("session").secure(false);
        Self { store, manager: change(settings).build_manager().expect("good settings") }
    }

    /// A visitor of `pages()` under the layer.
    fn visitor(&self) -> Visitor {
        Visitor::of(pages().layer(self.manager.layer()))
    }

    /// A visitor who has logged in.
    async fn user(&self) -> Visitor {
        let mut visitor = self.visitor();
        assert_eq!(visitor.post("/login").await.status, StatusCode::OK);
        self.store.calls();
        visitor
    }
}

fn ada() -> SessionUser {
    SessionUser::new("u1", "ada@example.com")
}

fn pages() -> Router {
    Router::new()
        .route("/plain", get(async || "plain").post(async || "plain"))
        .route("/read", get(async |session: Session| Ok::<_, SessionError>(Json(session.get::<u32>("n")?))))
        .route("/write", get(write).post(write))
        .route("/count", post(count))
        .route("/login", post(async |session: Session| session.login(ada()).await))
        .route("/logout", post(async |session: Session| session.logout().await))
        .route("/fail", post(fail))
        .route("/refuse", post(async |session: Session| (StatusCode::UNPROCESSABLE_ENTITY, write(session).await)))
        .route("/panic", post(panic))
        .route("/large", post(async |session: Session| session.set("n", "x".repeat(100_000))))
        .route(
            "/flash",
            get(async |session: Session| Ok::<_, SessionError>(Json(session.take_flash::<u32>("n").await?))),
        )
        .route("/profile", get(async |User(user): User| Json(user)))
        .route("/home", get(async |user: Option<User>| Json(user.map(|User(user)| user))))
}

async fn write(session: Session) -> Result<(), SessionError> {
    session.set("n", 1)?;
    session.flash("n", 2)
}

async fn count(session: Session) -> Result<Json<u32>, SessionError> {
    Ok(Json(session.update("count", |count: Option<u32>| count.unwrap_or(0) + 1).await?))
}

async fn fail(session: Session) -> Result<StatusCode, SessionError> {
    session.set("n", 1)?;
    session.login(ada()).await?;
    Ok(StatusCode::INTERNAL_SERVER_ERROR)
}

async fn panic(session: Session) {
    session.set("n", 1).expect("it is small");
    panic!("on purpose");
}

#[derive(Clone)]
struct Visitor {
    site: Router,
    cookie: Option<String>,
}

#[derive(Debug)]
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Reply {
    fn cookies(&self) -> Vec<&str> {
        self.headers.get_all(header::SET_COOKIE).iter().map(|line| line.to_str().expect("text")).collect()
    }

    /// Returns whether the layer itself answered with this code. Such a reply sets no cookie and
    /// must not be cached.
    fn is_rejection(&self, status: u16, code: &str) -> bool {
        let body = &self.body;
        self.status == status
            && (&body["statusCode"], &body["code"]) == (&json!(status), &json!(code))
            && body["error"].is_string()
            && body["message"].is_string()
            && self.headers[header::CONTENT_TYPE] == "application/json; charset=utf-8"
            && self.headers[header::CACHE_CONTROL] == "no-store"
            && self.cookies().is_empty()
    }
}

impl Visitor {
    fn of(site: Router) -> Self {
        Self { site, cookie: None }
    }

    async fn get(&mut self, path: &str) -> Reply {
        self.send(Method::GET, path, &[]).await
    }

    async fn post(&mut self, path: &str) -> Reply {
        self.send(Method::POST, path, &[]).await
    }

    async fn send(&mut self, method: Method, path: &str, headers: &[(&str, &str)]) -> Reply {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "app.example");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let reply = self.site.clone().oneshot(request.body(Body::empty()).expect("a request")).await;
        let (head, body) = reply.expect("it never fails").into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let reply = Reply { status: head.status, headers: head.headers, body };
        if let [line] = reply.cookies()[..] {
            let pair = line.split(';').next().expect("a pair");
            self.cookie = (!line.contains("Max-Age=0")).then(|| pair.to_owned());
        }
        reply
    }
}

#[tokio::test]
async fn a_visitor_without_data_costs_no_store_call_and_gets_no_cookie() {
    let sessions = Sessions::new();
    let mut visitor = sessions.visitor();
    for (page, depends) in [("/plain", false), ("/read", true), ("/home", true), ("/flash", true)] {
        let reply = visitor.get(page).await;
        assert_eq!((reply.status, reply.cookies().len()), (StatusCode::OK, 0), "{page}");
        let kept_out = reply.headers.get("vary").is_some_and(|vary| vary == "Cookie");
        assert_eq!((kept_out, reply.headers.contains_key("cache-control")), (depends, depends), "{page}");
    }
    assert_eq!(visitor.post("/logout").await.cookies(), [""; 0]);
    assert_eq!(sessions.store.calls(), []);
}

#[tokio::test]
async fn a_login_sets_one_cookie_with_a_new_id_and_ends_the_old_one() {
    let sessions = Sessions::new();
    let mut visitor = sessions.visitor();
    assert_eq!(visitor.post("/write").await.cookies().len(), 1);
    let before = visitor.clone();
    let reply = visitor.post("/login").await;
    assert_eq!(reply.cookies().len(), 1);
    assert!(reply.headers["cache-control"] == "no-store" && reply.headers["vary"] == "Cookie");
    assert_ne!(visitor.cookie, before.cookie);
    assert_eq!(visitor.get("/read").await.body, 1, "the visitor's data is kept");
    assert_eq!(before.clone().get("/read").await.body, Value::Null);
    assert_eq!(visitor.get("/profile").await.body["id"], "u1");
}

#[tokio::test]
async fn a_logout_ends_the_session_and_its_cookie() {
    let sessions = Sessions::new();
    let mut visitor = sessions.user().await;
    let stolen = visitor.clone();
    let reply = visitor.post("/logout").await;
    assert!(reply.cookies()[0].contains("Max-Age=0"), "{reply:?}");
    assert!(stolen.clone().get("/profile").await.is_rejection(401, "SESSION_UNAUTHORIZED"));
}

#[tokio::test]
async fn a_server_error_drops_writes_and_keeps_a_login() {
    let sessions = Sessions::new();
    let mut visitor = sessions.visitor();
    let reply = visitor.post("/fail").await;
    assert_eq!((reply.status, reply.cookies().len()), (StatusCode::INTERNAL_SERVER_ERROR, 1));
    assert_eq!(visitor.get("/profile").await.body["id"], "u1");
    assert_eq!(visitor.get("/read").await.body, Value::Null);
}

#[tokio::test]
async fn a_client_error_keeps_writes() {
    let mut visitor = Sessions::new().visitor();
    assert_eq!(visitor.post("/refuse").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(visitor.get("/read").await.body, 1);
}

#[tokio::test]
async fn a_mutation_from_another_site_is_refused_before_its_session_is_opened() {
    let sessions = Sessions::with(|settings| settings.trusted_origins(["https://partner.example"]));
    let mut visitor = sessions.user().await;
    let cross = ("sec-fetch-site", "cross-site");
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        let reply = visitor.send(method.clone(), "/logout", &[cross, ("origin", "https://evil.example")]).await;
        assert!(reply.is_rejection(403, "CROSS_SITE_REQUEST"), "{method}: {reply:?}");
        assert_eq!(reply.body["error"], "CsrfError");
        if cfg!(debug_assertions) {
            let setting = "`trusted_origins([\"https://evil.example\"])` lets `https://evil.example` send mutations";
            assert_eq!(reply.body["message"], format!("The request came from another site: {setting}"));
        }
    }
    // Any page can open a WebSocket.
    let upgrade = ("upgrade", "WebSocket");
    for from in [cross, ("sec-fetch-site", "same-site"), ("origin", "https://evil.example")] {
        let reply = visitor.send(Method::GET, "/plain", &[upgrade, from]).await;
        assert!(reply.is_rejection(403, "CROSS_SITE_REQUEST"), "{from:?}");
    }
    let old = visitor.send(Method::POST, "/logout", &[("origin", "https://evil.example")]).await;
    assert!(old.is_rejection(403, "CROSS_SITE_REQUEST"), "a browser without `Sec-Fetch-Site`");
    assert_eq!(sessions.store.calls(), []);
    for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
        let reply = visitor.send(method, "/plain", &[cross]).await;
        assert_ne!(reply.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(visitor.get("/profile").await.status, StatusCode::OK, "nothing was done");
    for from in [("sec-fetch-site", "same-origin"), ("origin", "https://app.example")] {
        assert_eq!(visitor.send(Method::GET, "/plain", &[upgrade, from]).await.status, StatusCode::OK);
    }
    // A proxy may offer another protocol with every request.
    assert_eq!(visitor.send(Method::GET, "/plain", &[("upgrade", "h2c"), cross]).await.status, StatusCode::OK);
    for headers in [
        vec![("sec-fetch-site", "same-origin")],
        vec![("origin", "https://app.example")],
        vec![cross, ("origin", "https://partner.example")],
        vec![],
    ] {
        assert_eq!(visitor.send(Method::POST, "/plain", &headers).await.status, StatusCode::OK, "{headers:?}");
    }
}

#[tokio::test]
async fn a_head_request_saves_no_write() {
    let sessions = Sessions::new();
    let mut visitor = sessions.visitor();
    assert_eq!(visitor.send(Method::HEAD, "/write", &[]).await.cookies(), [""; 0]);
    assert_eq!(sessions.store.calls(), []);
    visitor.post("/write").await;
    sessions.store.calls();
    assert_eq!(visitor.send(Method::HEAD, "/flash", &[]).await.status, StatusCode::OK);
    assert_eq!(visitor.send(Method::HEAD, "/write", &[]).await.status, StatusCode::OK);
    assert_eq!(sessions.store.calls(), [Kind::Get; 2]);
    assert_eq!(visitor.get("/flash").await.body, 2, "it is still there");
}

#[tokio::test]
async fn a_failing_store_gives_503_without_a_cookie_and_the_session_survives() {
    let sessions = Sessions::new();
    let mut visitor = sessions.user().await;
    let log = Log::listen();
    sessions.store.fail(&[Kind::Get]);
    for page in ["/profile", "/home", "/plain"] {
        assert!(visitor.get(page).await.is_rejection(503, "SESSION_UNAVAILABLE"), "{page}");
    }
    sessions.store.fail(&[Kind::Set]);
    for page in ["/write", "/login", "/count"] {
        let reply = visitor.post(page).await;
        assert!(reply.is_rejection(503, "SESSION_UNAVAILABLE"), "{page}: {reply:?}");
    }
    sessions.store.fail(&[Kind::Destroy]);
    assert!(visitor.post("/logout").await.is_rejection(503, "SESSION_UNAVAILABLE"));
    let lines = log.lines();
    let told = |line: &&String| line.starts_with("ERROR") && line.contains("connection refused");
    assert_eq!(lines.iter().filter(told).count(), 7, "{lines:#?}");
    sessions.store.fail(&[]);
    assert_eq!(visitor.get("/profile").await.body["id"], "u1");
}

#[tokio::test(start_paused = true)]
async fn a_silent_store_gives_503_in_time() {
    let sessions = Sessions::with(|settings| settings.patience(Duration::from_millis(400)));
    let mut visitor = sessions.user().await;
    for (kind, page, limit) in [(Kind::Get, "/write", 400), (Kind::Set, "/write", 800)] {
        let (_gate, began) = (sessions.store.park(kind), tokio::time::Instant::now());
        assert!(visitor.post(page).await.is_rejection(503, "SESSION_UNAVAILABLE"));
        assert_eq!(began.elapsed().as_millis(), limit, "{kind:?}");
    }
    assert_eq!(visitor.get("/profile").await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn no_use_of_a_session_waits_longer_than_its_request_may() {
    let sessions = Sessions::with(|settings| settings.patience(Duration::from_millis(400)));
    let user = sessions.user().await;
    assert_eq!(user.clone().post("/write").await.status, StatusCode::OK);
    let used = Router::new()
        .route("/count", post(count))
        .route("/flash", post(async |session: Session| session.take_flash::<u32>("n").await.map(Json)))
        .route("/save", post(async |session: Session| session.set("n", 3).and(session.save().await)))
        .route("/reload", post(async |session: Session| session.reload().await))
        .route("/list", post(async |session: Session| session.sessions().await.map(|list| Json(list.len()))))
        .route(
            "/end",
            post(async |session: Session| session.end(&"ab".repeat(32).parse().expect("a handle")).await.map(Json)),
        )
        .layer(sessions.manager.layer());
    let uses = [
        ("/count", Kind::Set),
        ("/flash", Kind::Set),
        ("/save", Kind::Set),
        ("/reload", Kind::Get),
        ("/list", Kind::List),
        ("/end", Kind::List),
    ];
    for (page, kind) in uses {
        let loading = sessions.store.park(Kind::Get);
        let (_silent, began) = (sessions.store.park(kind), tokio::time::Instant::now());
        let mut visitor = Visitor { site: used.clone(), ..user.clone() };
        let reply = tokio::spawn(async move { visitor.post(page).await });
        tokio::time::sleep(Duration::from_millis(300)).await;
        loading.open();
        let reply = tokio::time::timeout(Duration::from_secs(60), reply).await.expect("it ends").expect("no panic");
        assert!(reply.is_rejection(503, "SESSION_UNAVAILABLE"), "{page}: {reply:?}");
        assert_eq!(began.elapsed().as_millis(), 800, "{page}");
    }
}

#[tokio::test]
async fn an_inner_layer_loads_users_its_own_way() {
    let sessions = Sessions::new();
    let user = sessions.user().await;
    let inner = sessions.manager.layer().user_loader(async |_| Ok::<_, Infallible>(Some(7_u32)));
    let site = Router::new().route("/", get(async |User(user): User<u32>| Json(user))).layer(inner);
    let mut visitor = Visitor { site: site.layer(sessions.manager.layer()), ..user };
    assert_eq!(visitor.get("/").await.body, 7);
}

#[tokio::test]
async fn an_inner_layer_without_a_loader_uses_that_of_the_outer_one() {
    let sessions = Sessions::new();
    let user = sessions.user().await;
    let outer = sessions.manager.layer().user_loader(async |_| Ok::<_, Infallible>(Some(7_u32)));
    let site = Router::new().route("/", get(async |User(user): User<u32>| Json(user)));
    let mut visitor = Visitor { site: site.clone().layer(sessions.manager.layer()).layer(outer), ..user };
    assert_eq!(visitor.get("/").await.body, 7);

    let settings = session_middleware(SECRET).store(sessions.store.clone()).cookie_name("session").secure(false);
    let session = settings.build().expect("good settings");
    let outer = session.manager().layer().user_loader(async |_| Ok::<_, Infallible>(Some(8_u32)));
    visitor.site = site.layer(session.layer()).layer(outer);
    assert_eq!(visitor.get("/").await.body, 8);
}

/// The outer layer belongs to the same sessions as the inner one, and a layer of others is between.
#[tokio::test]
async fn the_innermost_layer_gives_its_session_to_the_handler() {
    let (main, other) = (Sessions::new(), Sessions::with(|settings| settings.cookie_name("other")));
    let layers =
        |site: Router| site.layer(main.manager.layer()).layer(other.manager.layer()).layer(main.manager.layer());
    let mut visitor = Visitor { site: layers(pages()), ..main.user().await };
    assert_eq!(visitor.get("/profile").await.body["id"], "u1");
}

#[tokio::test]
async fn a_session_that_ended_meanwhile_is_a_conflict_and_a_too_large_one_an_error() {
    let sessions = Sessions::new();
    let mut visitor = sessions.user().await;
    assert!(visitor.post("/large").await.is_rejection(413, "SESSION_TOO_LARGE"));

    let gate = sessions.store.park(Kind::Set);
    let mut late = visitor.clone();
    let writing = tokio::spawn(async move { late.post("/write").await });
    gate.reached().await;
    assert_eq!(visitor.post("/logout").await.status, StatusCode::OK);
    gate.open();
    let reply = writing.await.expect("no panic");
    assert!(reply.is_rejection(409, "SESSION_CONFLICT"), "{reply:?}");
}

#[tokio::test]
async fn a_panic_or_a_disconnect_drops_writes() {
    let sessions = Sessions::new();
    let mut visitor = sessions.user().await;
    let mut panicking = visitor.clone();
    assert!(tokio::spawn(async move { panicking.post("/panic").await }).await.is_err());

    let site = Router::new().route(
        "/wait",
        post(async |session: Session| {
            session.set("n", 1).expect("it is small");
            pending::<()>().await;
        }),
    );
    let mut leaving = Visitor { site: site.layer(sessions.manager.layer()), cookie: visitor.cookie.clone() };
    let left = tokio::time::timeout(Duration::from_millis(50), leaving.post("/wait")).await;
    assert!(left.is_err());
    assert_eq!(visitor.get("/read").await.body, Value::Null);
}

#[tokio::test]
async fn no_acknowledged_update_is_lost() {
    let sessions = Sessions::new();
    let visitor = sessions.user().await;
    let clients = (0..20).map(|_| {
        let mut client = visitor.clone();
        tokio::spawn(async move { client.post("/count").await })
    });
    let mut counts = Vec::new();
    for client in clients.collect::<Vec<_>>() {
        let reply = client.await.expect("no panic");
        assert_eq!(reply.status, StatusCode::OK);
        counts.push(reply.body.as_u64().expect("a number"));
    }
    counts.sort_unstable();
    assert_eq!(counts, (1..=20).collect::<Vec<_>>());
}

/// The service only knows the types of `http`, not axum.
#[tokio::test]
async fn any_tower_service_finds_the_session_in_the_extensions() {
    let sessions = Sessions::new();
    let inner = service_fn(async |request: Request<String>| {
        let session: &Session = request.extensions().get().expect("the layer has added it");
        session.set("n", 1).expect("it is small");
        Ok::<_, Infallible>(http::Response::new(String::new()))
    });
    let service = SessionLayer::new(sessions.manager.clone()).layer(inner);
    let reply = service.clone().oneshot(Request::new(String::new())).await.expect("it never fails");
    assert!(reply.headers().contains_key("set-cookie"));
    let mut strange = Request::post("/").header("sec-fetch-site", "cross-site");
    strange = strange.header("origin", "null");
    let reply = service.oneshot(strange.body(String::new()).expect("a request")).await.expect("it never fails");
    assert!(reply.status() == 403 && reply.body().contains("CROSS_SITE_REQUEST"));
}

#[tokio::test]
async fn two_kinds_of_sessions_have_a_layer_each() {
    let (main, other) = (Sessions::new(), Sessions::with(|settings| settings.cookie_name("other")));
    let site = pages().layer(other.manager.layer()).layer(main.manager.layer());
    let mut visitor = Visitor::of(site);
    let reply = visitor.post("/write").await;
    assert!(reply.cookies().len() == 1 && reply.cookies()[0].starts_with("other="), "the innermost: {reply:?}");
    assert_eq!((main.store.calls(), other.store.calls()), (vec![], vec![Kind::Set]));
}

#[tokio::test]
async fn a_nested_layer_of_the_same_sessions_does_nothing() {
    let sessions = Sessions::new();
    let layer = sessions.manager.layer();
    let mut visitor = Visitor::of(pages().layer(layer.clone()).layer(layer));
    assert_eq!(visitor.post("/write").await.cookies().len(), 1);
    assert_eq!(visitor.get("/read").await.body, 1);
    assert_eq!(sessions.store.calls(), [Kind::Set, Kind::Get]);
}

/// A body that is still being sent after the head can no longer change the session.
#[tokio::test]
async fn after_the_head_is_sent_the_session_cannot_be_changed() {
    let sessions = Sessions::new();
    let kept = Arc::<Mutex<Option<Session>>>::default();
    let keep = Arc::clone(&kept);
    let page = post(async move |session: Session| *keep.lock().expect("no panic") = Some(session));
    let mut visitor = Visitor::of(Router::new().route("/", page).layer(sessions.manager.layer()));
    visitor.post("/").await;
    let session = kept.lock().expect("no panic").take().expect("it was kept");
    assert!(matches!(session.set("n", 1), Err(SessionError::Ended)));
}

// ---- Procedures under the layer ----

/// A layer, and an application whose procedures use the same sessions.
fn procedures(sessions: &Sessions, settings: SessionBuilder) -> (SessionLayer, App<()>) {
    let session = settings.store(sessions.store.clone()).cookie_name("session").secure(false);
    let session = session.build().expect("good settings");
    let router = velox_rpc::Router::new("auth")
        .procedure(
            "login",
            procedure::<()>()
                .use_(session.optional())
                .mutation(async |Call { ctx, .. }| Ok(ctx.session.login(ada()).await?)),
        )
        .procedure("getProfile", procedure::<()>().use_(session.required()).query(|Call { ctx, .. }| Ok(ctx.user)))
        .procedure(
            "write",
            procedure::<()>().use_(session.optional()).mutation(|Call { ctx, .. }| Ok(ctx.session.set("n", 1)?)),
        )
        .procedure(
            "fail",
            procedure::<()>().use_(session.optional()).mutation(async |Call { ctx, .. }| {
                ctx.session.set("n", 1)?;
                Err::<(), _>(velox_rpc::Error::internal("on purpose"))
            }),
        )
        .procedure(
            "read",
            procedure::<()>().use_(session.optional()).query(|Call { ctx, .. }| Ok(ctx.session.get::<u32>("n")?)),
        );
    (session.layer(), App::new(()).development(false).router(router).trpc("/trpc"))
}

/// A middleware that counts the requests of a session.
async fn counted(session: Session, request: Request<Body>, next: Next) -> Result<Response, SessionError> {
    session.update("count", |count: Option<u32>| count.unwrap_or(0) + 1).await?;
    Ok(next.run(request).await)
}

/// Mounts the procedures in an axum router, and puts the layer on the application itself.
fn mounted(sessions: &Sessions) -> [Router; 2] {
    let (layer, app) = procedures(sessions, session_middleware(SECRET));
    let routed = pages().fallback_service(app.into_service().expect("good routes")).layer(layer);
    let (layer, app) = procedures(sessions, session_middleware(SECRET));
    let layered = Router::new().fallback_service(app.layer(layer).into_service().expect("good routes"));
    [routed, layered]
}

#[tokio::test]
async fn procedures_below_the_layer_share_its_session() {
    let sessions = Sessions::new();
    for site in mounted(&sessions) {
        let mut visitor = Visitor::of(site);
        assert_eq!(visitor.get("/api/auth/read").await.cookies(), [""; 0]);
        assert_eq!(sessions.store.calls(), []);
        let reply = visitor.post("/api/auth/login").await;
        assert_eq!((reply.status, reply.cookies().len()), (StatusCode::OK, 1), "{reply:?}");
        assert_eq!(sessions.store.calls(), [Kind::Set]);
        let reply = visitor.post("/api/auth/write").await;
        assert_eq!((reply.status, reply.cookies().len()), (StatusCode::OK, 1));
        assert_eq!(sessions.store.calls(), [Kind::Get, Kind::Set]);
        let reply = visitor.get("/api/auth/getProfile").await;
        assert_eq!((&reply.body["id"], reply.cookies().len()), (&json!("u1"), 0));
        assert_eq!(
            (&reply.headers["cache-control"], &reply.headers["vary"]),
            (&"no-store".parse().expect("a value"), &"Cookie".parse().expect("a value"))
        );
        assert_eq!(sessions.store.calls(), [Kind::Get]);
        assert_eq!(visitor.get("/trpc/auth.read,auth.getProfile?batch=1").await.body[0]["result"]["data"], 1);
        assert_eq!(sessions.store.calls(), [Kind::Get]);
    }
}

#[tokio::test]
async fn a_failed_procedure_drops_its_writes_and_a_failed_save_fails_the_procedure() {
    let sessions = Sessions::new();
    for site in mounted(&sessions) {
        let mut visitor = Visitor::of(site);
        visitor.post("/api/auth/login").await;
        assert_eq!(visitor.post("/api/auth/fail").await.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(visitor.get("/api/auth/read").await.body, Value::Null);
        sessions.store.fail(&[Kind::Set]);
        assert!(visitor.post("/api/auth/write").await.is_rejection(503, "SESSION_UNAVAILABLE"));
        sessions.store.fail(&[]);
        assert_eq!(visitor.get("/api/auth/read").await.body, Value::Null);
    }
}

#[tokio::test]
async fn axum_handlers_and_procedures_share_a_session() {
    let sessions = Sessions::new();
    let mut visitor = Visitor::of(mounted(&sessions)[0].clone());
    visitor.post("/write").await;
    assert_eq!(visitor.get("/api/auth/read").await.body, 1);
    visitor.post("/api/auth/login").await;
    assert_eq!(visitor.get("/profile").await.body["id"], "u1");
}

#[tokio::test]
async fn an_axum_middleware_writes_to_the_session_of_a_procedure() {
    let sessions = Sessions::new();
    let (layer, app) = procedures(&sessions, session_middleware(SECRET));
    let site = Router::new().fallback_service(app.into_service().expect("good routes"));
    let site = site.layer(from_fn(counted)).route("/count", post(count)).layer(layer);
    let mut visitor = Visitor::of(site);
    assert_eq!(visitor.post("/api/auth/login").await.status, StatusCode::OK);
    assert_eq!(visitor.post("/api/auth/write").await.status, StatusCode::OK);
    assert_eq!(visitor.post("/count").await.body, 3);
    assert_eq!(visitor.get("/api/auth/read").await.body, 1);
}

/// Another manager has its own sessions, even under the same secret.
#[tokio::test]
async fn procedures_of_another_manager_open_their_own_session() {
    let (layered, own) = (Sessions::with(|settings| settings.cookie_name("outer")), Sessions::new());
    let (_, app) = procedures(&own, session_middleware(SECRET));
    let site = Router::new().fallback_service(app.into_service().expect("good routes"));
    let mut visitor = Visitor::of(site.layer(layered.manager.layer()));
    let reply = visitor.post("/api/auth/login").await;
    assert!(reply.cookies().len() == 1 && reply.cookies()[0].starts_with("session="), "{reply:?}");
    assert_eq!((layered.store.calls(), own.store.calls()), (vec![], vec![Kind::Set]));
}

// ---- Extractors ----

#[tokio::test]
async fn without_a_user_the_user_extractor_is_401_or_none() {
    let sessions = Sessions::new();
    let mut visitor = sessions.visitor();
    let reply = visitor.get("/profile").await;
    assert!(reply.is_rejection(401, "SESSION_UNAUTHORIZED"));
    assert_eq!(
        (&reply.body["error"], &reply.body["message"]),
        (&json!("AuthError"), &json!("Authentication required"))
    );
    assert_eq!(visitor.get("/home").await.body, Value::Null);
    let mut visitor = sessions.user().await;
    let user = json!({"id": "u1", "email": "ada@example.com"});
    assert_eq!(visitor.get("/profile").await.body, user);
    assert_eq!(visitor.get("/home").await.body, user);
}

/// The user type that the loader below returns.
#[derive(Clone)]
struct Account(String);

/// A site whose accounts can be deleted.
fn accounts(sessions: &Sessions, gone: &Arc<AtomicBool>) -> Router {
    let gone = Arc::clone(gone);
    let layer = sessions.manager.layer().user_loader(move |user: SessionUser| {
        let gone = gone.load(Ordering::Relaxed);
        async move { Ok::<_, Infallible>((!gone).then(|| Account(user.email.to_uppercase()))) }
    });
    let seen = |session: &Session, user: Option<User<Account>>| {
        let user = user.map(|User(Account(name))| name);
        Json(json!({"user": user, "id": session.user_id(), "n": session.get::<u32>("n").ok().flatten()}))
    };
    pages()
        .route("/account", get(async |User(Account(name)): User<Account>| name.into_response()))
        .route("/first", get(async move |user: Option<User<Account>>, session: Session| seen(&session, user)))
        .route("/last", get(async move |session: Session, user: Option<User<Account>>| seen(&session, user)))
        .route(
            "/begin",
            post(async |session: Session, user: Option<User<Account>>| {
                assert!(user.is_none());
                session.set("m", 2)
            }),
        )
        .layer(layer)
}

#[tokio::test]
async fn the_user_loader_of_a_layer_loads_the_user() {
    let sessions = Sessions::new();
    let mut visitor = Visitor::of(accounts(&sessions, &Arc::default()));
    visitor.post("/login").await;
    visitor.post("/write").await;
    let seen = json!({"user": "ADA@EXAMPLE.COM", "id": "u1", "n": 1});
    assert_eq!(visitor.get("/account").await.status, StatusCode::OK);
    assert_eq!(visitor.get("/first").await.body, seen);
    assert_eq!(visitor.get("/last").await.body, seen);
}

#[tokio::test]
async fn a_deleted_user_gets_401_and_the_session_ends() {
    let (sessions, gone) = (Sessions::new(), Arc::new(AtomicBool::new(false)));
    let mut visitor = Visitor::of(accounts(&sessions, &gone));
    visitor.post("/login").await;
    gone.store(true, Ordering::Relaxed);
    let stolen = visitor.clone();
    let reply = visitor.get("/account").await;
    assert_eq!((reply.status, &reply.body["code"]), (StatusCode::UNAUTHORIZED, &json!("USER_NOT_FOUND")));
    assert!(reply.cookies()[0].contains("Max-Age=0"), "{reply:?}");
    gone.store(false, Ordering::Relaxed);
    assert!(stolen.clone().get("/account").await.is_rejection(401, "SESSION_UNAUTHORIZED"));
}

#[tokio::test]
async fn a_deleted_user_is_a_visitor_for_optional_extractors_in_any_order() {
    let (sessions, gone) = (Sessions::new(), Arc::new(AtomicBool::new(false)));
    let mut visitor = Visitor::of(accounts(&sessions, &gone));
    visitor.post("/login").await;
    visitor.post("/write").await;
    gone.store(true, Ordering::Relaxed);
    for page in ["/first", "/last"] {
        assert_eq!(visitor.get(page).await.body, json!({"user": null, "id": null, "n": null}), "{page}");
    }
    let before = visitor.clone();
    assert_eq!(visitor.post("/begin").await.cookies().len(), 1);
    gone.store(false, Ordering::Relaxed);
    assert_eq!(visitor.get("/read").await.body, Value::Null, "nothing of the user got into the visitor's session");
    assert_eq!(before.clone().get("/profile").await.status, StatusCode::INTERNAL_SERVER_ERROR, "another type of user");
    assert_eq!(before.clone().get("/account").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_custom_user_type_can_be_extracted() {
    #[derive(Serialize, Deserialize)]
    struct Member {
        id: String,
        roles: Vec<String>,
    }
    impl Authenticatable for Member {
        fn id(&self) -> Cow<'_, str> {
            Cow::Borrowed(&self.id)
        }
    }
    let member = || Member { id: "u1".to_owned(), roles: vec!["admin".to_owned()] };
    let layer = Sessions::new().manager.layer().user_type::<Member>();
    let site = pages()
        .route("/join", post(async move |session: Session| session.login(member()).await))
        .route("/roles", get(async |User(member): User<Member>| Json(member.roles)))
        .layer(layer);
    let mut visitor = Visitor::of(site);
    assert!(visitor.get("/roles").await.is_rejection(401, "SESSION_UNAUTHORIZED"));
    visitor.post("/join").await;
    assert_eq!(visitor.get("/roles").await.body, json!(["admin"]));
    // If the session holds another type of user, nobody counts as logged in, and the session stays.
    visitor.post("/login").await;
    visitor.post("/write").await;
    for _ in 0..2 {
        assert!(visitor.get("/roles").await.is_rejection(401, "SESSION_UNAUTHORIZED"));
    }
    visitor.post("/join").await;
    assert_eq!((visitor.get("/roles").await.body, visitor.get("/read").await.body), (json!(["admin"]), json!(1)));
}

#[tokio::test]
async fn a_loader_that_fails_is_500_and_the_log_says_why() {
    let sessions = Sessions::new();
    let layer = sessions
        .manager
        .layer()
        .user_loader(async |_: SessionUser| Err::<Option<Account>, _>("the database is down: hunter2"));
    let account = get(async |User(Account(name)): User<Account>| name);
    let mut visitor = Visitor::of(pages().route("/account", account).layer(layer));
    visitor.post("/login").await;
    let log = Log::listen();
    let reply = visitor.get("/account").await;
    assert!(reply.is_rejection(500, "INTERNAL_SERVER_ERROR") && !reply.body.to_string().contains("hunter2"));
    assert!(log.lines().iter().any(|line| line.contains("the database is down")), "{:?}", log.lines());
}

#[tokio::test]
async fn the_log_says_what_the_application_lacks() {
    let log = Log::listen();
    let mut visitor = Visitor::of(pages());
    for page in ["/read", "/profile", "/home"] {
        assert!(visitor.get(page).await.is_rejection(500, "INTERNAL_SERVER_ERROR"), "{page}");
    }
    let says = |text: &str| log.lines().iter().filter(|line| line.contains(text)).count();
    assert_eq!(says("add `.layer(manager.layer())` to the router"), 3, "{:#?}", log.lines());

    let sessions = Sessions::new();
    let account = get(async |User(Account(name)): User<Account>| name);
    let mut visitor = Visitor::of(Router::new().route("/account", account).layer(sessions.manager.layer()));
    assert!(visitor.get("/account").await.is_rejection(500, "INTERNAL_SERVER_ERROR"));
    assert_eq!(says("SessionLayer::user_loader"), 1, "{:#?}", log.lines());

    let (one, other) = (Sessions::new(), Sessions::new());
    let mut visitor = Visitor::of(pages().layer(one.manager.layer()).layer(other.manager.layer()));
    assert_eq!(visitor.post("/write").await.status, StatusCode::OK);
    assert_eq!(says("two session managers use this cookie"), 1, "{:#?}", log.lines());

    let secure = Sessions::with(|settings| settings.secure(true));
    let mut visitor = secure.visitor();
    for headers in [("x-forwarded-proto", "https"), ("origin", "https://app.example")] {
        visitor.send(Method::POST, "/write", &[headers]).await;
    }
    assert_eq!(says("this cookie is for HTTPS only"), 0, "{:#?}", log.lines());
    for _ in 0..2 {
        secure.visitor().post("/write").await;
    }
    assert_eq!(says("this cookie is for HTTPS only"), 1, "{:#?}", log.lines());
}

/// Procedures and axum handlers share one loader.
#[tokio::test]
async fn extractors_use_the_user_loader_of_procedures() {
    let sessions = Sessions::new();
    let settings = session_middleware(SECRET).store(sessions.store.clone()).cookie_name("session").secure(false);
    let session = settings.build().expect("good settings").user_loader(async |user: SessionUser| match &*user.id {
        "u1" => Ok(Some(Account(user.email))),
        _ => Err(velox_rpc::Error::forbidden("Suspended")),
    });
    let account = get(async |User(Account(name)): User<Account>| Json(name));
    let login = post(async |session: Session| session.login(SessionUser::new("u2", "eve@example.com")).await);
    let site = pages().route("/account", account).route("/other", login).layer(session.layer());
    let mut visitor = Visitor::of(site);
    visitor.post("/login").await;
    assert_eq!(visitor.get("/account").await.body, "ada@example.com");
    visitor.post("/other").await;
    assert!(visitor.get("/account").await.is_rejection(500, "INTERNAL_SERVER_ERROR"));
}

#[tokio::test]
async fn a_handler_can_replace_a_rejection() {
    let page = get(async |user: Result<User, Rejection>| match user {
        Ok(_) => StatusCode::OK.into_response(),
        Err(rejection) => (StatusCode::SEE_OTHER, [(header::LOCATION, "/login")], rejection.code()).into_response(),
    });
    let session = get(async |Extension(session): Extension<Session>| session.is_new().to_string());
    let site = Router::new().route("/", page).route("/new", session).layer(Sessions::new().manager.layer());
    let mut visitor = Visitor::of(site);
    let reply = visitor.get("/").await;
    assert_eq!(
        (reply.status, &reply.headers["location"]),
        (StatusCode::SEE_OTHER, &"/login".parse().expect("a value"))
    );
    assert_eq!(visitor.get("/new").await.body, true);
}
