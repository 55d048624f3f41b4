//! Tests sessions in batches that are streamed line by line: when they are saved, and which cookies
//! are sent.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderValue, Method, Request, StatusCode, header};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use velox_rpc::procedure::{Credential, Demands, Outcome};
use velox_rpc::service::{AppService, Body};
use velox_rpc::{App, Call, Ctx, Middleware, Next, Result, Router, procedure};
use velox_session::clock::ManualClock;
use velox_session::rpc::PlainSession;
use velox_session::{MemoryStore, SessionMiddleware, SessionUser, session_middleware};
use velox_tests::{Kind, Probe, SECRET};

use super::streams::{Lines, streamed};
use super::{get, post};

struct Site {
    service: AppService,
    store: Probe,
    clock: ManualClock,
    /// Lets the waiting calls go on, in the order in which they began.
    waiting: Arc<Mutex<Vec<oneshot::Sender<()>>>>,
}

impl Site {
    fn new() -> Self {
        let clock = ManualClock::at(1_000_000_000);
        let store = Probe::over(MemoryStore::new().with_clock(clock.clone()));
        let settings = session_middleware(SECRET).store(store.clone()).clock(clock.clone()).cookie_name("session");
        let session = settings.secure(false).build().expect("good settings");
        let waiting = Arc::<Mutex<Vec<_>>>::default();
        let begun = Arc::clone(&waiting);
        let wait = move || {
            let (go, gone) = oneshot::channel();
            begun.lock().expect("no panic").push(go);
            async move { gone.await.expect("the test lets it go on") }
        };
        let router = queries(Router::new("t"), &session, wait.clone());
        let service = App::new(()).router(mutations(router, &session, wait)).trpc("/trpc").into_service();
        Self { service: service.expect("good routes"), store, clock, waiting }
    }

    /// Logs in and returns the cookie.
    async fn log_in(&self) -> HeaderValue {
        let reply = post(&self.service, "/trpc/t.login", "").await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
        self.store.calls();
        let line = reply.header("set-cookie").expect("a cookie");
        line.split(';').next().expect("a pair").parse().expect("a header's value")
    }

    /// Starts a streamed batch of queries.
    async fn queries(&self, cookie: Option<&HeaderValue>, paths: &str) -> Lines {
        self.begin(Method::GET, cookie, paths).await
    }

    /// Starts a streamed batch of mutations for a new visitor.
    async fn mutations(&self, paths: &str) -> Lines {
        self.begin(Method::POST, None, paths).await
    }

    async fn begin(&self, method: Method, cookie: Option<&HeaderValue>, paths: &str) -> Lines {
        let mut request = streamed(method, &format!("/trpc/{paths}?batch=1"));
        request.headers_mut().extend(cookie.map(|cookie| (header::COOKIE, cookie.clone())));
        let mut lines = Lines::of(&self.service, request).await;
        lines.next().await.expect("the first line");
        lines
    }

    /// Reads the session by a separate request.
    async fn seen(&self, cookie: &HeaderValue) -> Value {
        let request = Request::get("/trpc/t.read").header(header::COOKIE, cookie.clone());
        super::send(&self.service, request.body(Body::empty()).expect("a request")).await.body["result"]["data"].take()
    }

    fn let_go(&self) {
        self.waiting.lock().expect("no panic").remove(0).send(()).expect("it waits");
    }
}

fn queries<F>(
    router: Router<()>,
    session: &SessionMiddleware,
    wait: impl Fn() -> F + Clone + Send + Sync + 'static,
) -> Router<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let wait_with_session = wait.clone();
    router
        .procedure(
            "wait",
            procedure().query(move |_| {
                let gone = wait();
                async move {
                    gone.await;
                    Ok(())
                }
            }),
        )
        .procedure(
            "waitWithSession",
            procedure().use_(session.required()).query(move |Call { ctx, .. }| {
                let gone = wait_with_session();
                async move {
                    gone.await;
                    Ok(ctx.user.id)
                }
            }),
        )
        .procedure("profile", procedure().use_(session.required()).query(|Call { ctx, .. }| Ok(ctx.user.id)))
        .procedure(
            "read",
            procedure()
                .use_(session.optional())
                .query(|Call { ctx, .. }| Ok([ctx.session.get::<u32>("a")?, ctx.session.get::<u32>("b")?])),
        )
        .procedure("setA", procedure().use_(session.optional()).query(|Call { ctx, .. }| Ok(ctx.session.set("a", 1)?)))
        .procedure("setB", procedure().use_(session.optional()).query(|Call { ctx, .. }| Ok(ctx.session.set("b", 2)?)))
        .procedure(
            "updateA",
            procedure().use_(session.optional()).query(async |Call { ctx, .. }| {
                Ok(ctx.session.update("a", |a: Option<u32>| a.unwrap_or_default() + 1).await?)
            }),
        )
        .procedure(
            "logoutByQuery",
            procedure().use_(session.required()).query(async |Call { ctx, .. }| Ok(ctx.session.logout().await?)),
        )
        .procedure(
            "loginByQuery",
            procedure().use_(session.optional()).query(async |Call { ctx, .. }| {
                Ok(ctx.session.login(SessionUser::new("u2", "grace@example.com")).await?)
            }),
        )
        .procedure(
            "twice",
            procedure()
                .use_(session.optional())
                .use_(session.required())
                .query(|Call { ctx, .. }| Ok(ctx.session.set("a", 5)?)),
        )
        .procedure("hidden", procedure().use_(Hidden(session.middleware())).query(|_| Ok(())))
        .procedure("theme", procedure().use_(Theme).query(|_| Ok(())))
}

fn mutations<F>(
    router: Router<()>,
    session: &SessionMiddleware,
    wait: impl Fn() -> F + Send + Sync + 'static,
) -> Router<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    router
        .procedure(
            "login",
            procedure().use_(session.optional()).mutation(async |Call { ctx, .. }| {
                Ok(ctx.session.login(SessionUser::new("u1", "ada@example.com")).await?)
            }),
        )
        .procedure(
            "putA",
            procedure().use_(session.optional()).mutation(|Call { ctx, .. }| Ok(ctx.session.set("a", 1)?)),
        )
        .procedure(
            "putB",
            procedure().use_(session.optional()).mutation(|Call { ctx, .. }| Ok(ctx.session.set("b", 2)?)),
        )
        .procedure(
            "work",
            procedure().mutation(move |_| {
                let gone = wait();
                async move {
                    gone.await;
                    Ok(())
                }
            }),
        )
}

/// A middleware around a session middleware. It does not pass on that a cookie may be set.
struct Hidden(PlainSession);

impl<C: Ctx> Middleware<C> for Hidden {
    type Context = <PlainSession as Middleware<C>>::Context;

    async fn call(&self, ctx: C, next: Next<Self::Context>) -> Result<Outcome> {
        self.0.call(ctx, next).await
    }
}

/// A middleware that sets an unrelated cookie after the handler.
struct Theme;

impl<C: Ctx + Clone> Middleware<C> for Theme {
    type Context = C;

    async fn call(&self, ctx: C, next: Next<C>) -> Result<Outcome> {
        let result = next.run(ctx.clone()).await;
        ctx.reply().append(header::SET_COOKIE, HeaderValue::from_static("theme=dark"));
        result
    }

    fn describe(&self, demands: &mut Demands) {
        demands.accept(Credential::Cookie("theme".into()));
    }
}

/// The number of a call, and its data or the tag of its error.
fn outcome(line: Option<Value>) -> (u64, Value) {
    let line = line.expect("a line");
    let (call, reply) = (line[0].as_u64().expect("a number"), &line[2][0][0]);
    let data = &reply["error"]["data"];
    let told = if data.is_null() {
        &reply["result"]["data"]
    } else if data["tag"].is_null() {
        &data["code"]
    } else {
        &data["tag"]
    };
    (call, told.clone())
}

#[tokio::test]
async fn queries_of_a_session_do_not_wait_for_each_other() {
    let site = Site::new();
    let cookie = site.log_in().await;
    let mut lines = site.queries(Some(&cookie), "t.waitWithSession,t.profile,t.wait").await;
    assert_eq!(
        (&lines.head.headers["cache-control"], &lines.head.headers["vary"]),
        (&"no-store".parse().expect("a value"), &"Cookie".parse().expect("a value"))
    );
    assert_eq!(outcome(lines.next().await), (1, json!("u1")));
    site.let_go();
    assert_eq!(outcome(lines.next().await), (0, json!("u1")));
    site.let_go();
    assert_eq!(outcome(lines.next().await).0, 2);
    assert_eq!(lines.next().await, None);
    assert_eq!(site.store.calls(), [Kind::Get], "one session, loaded once");
}

#[tokio::test]
async fn the_head_has_the_cookie_of_a_renewed_session_once() {
    let site = Site::new();
    let cookie = site.log_in().await;
    site.clock.advance(Duration::from_secs(3_600));
    let mut lines = site.queries(Some(&cookie), "t.waitWithSession,t.profile,t.read").await;
    let cookies: Vec<_> = lines.head.headers.get_all("set-cookie").iter().collect();
    assert!(cookies.len() == 1 && cookies[0].as_bytes().starts_with(cookie.as_bytes()), "{cookies:?}");
    // Too much time has passed to be sure that the session still exists, but the cookie is already
    // sent.
    site.clock.advance(Duration::from_secs(1));
    site.let_go();
    while lines.next().await.is_some() {}
    assert_eq!(site.store.calls(), [Kind::Get, Kind::Touch]);
    let again = site.queries(Some(&cookie), "t.profile").await;
    assert!(!again.head.headers.contains_key("set-cookie"), "it was renewed a moment ago");
}

/// The head has already left, so the life of the cookie could not be prolonged with the session's.
#[tokio::test]
async fn a_write_of_a_streamed_query_does_not_prolong_the_session() {
    let site = Site::new();
    let cookie = site.log_in().await;
    let whole = site.store.last_ttl().expect("it was saved");
    site.clock.advance(Duration::from_secs(20));
    for query in ["t.setA", "t.updateA"] {
        let mut lines = site.queries(Some(&cookie), query).await;
        assert!(!lines.head.headers.contains_key("set-cookie"), "too early for a renewal");
        lines.next().await.expect("its line");
        assert_eq!(site.store.last_ttl(), Some(whole - Duration::from_secs(20)), "{query}");
    }
}

#[tokio::test]
async fn a_write_of_a_query_is_saved_before_its_line_is_sent() {
    let site = Site::new();
    let cookie = site.log_in().await;
    let mut lines = site.queries(Some(&cookie), "t.setA,t.waitWithSession,t.setB").await;
    let mut first = [outcome(lines.next().await).0, outcome(lines.next().await).0];
    first.sort_unstable();
    assert_eq!(first, [0, 2]);
    assert_eq!(site.seen(&cookie).await, json!([1, 2]), "both are saved while the third runs");
    site.let_go();
    assert_eq!(outcome(lines.next().await), (1, json!("u1")));
}

#[tokio::test]
async fn a_failed_save_is_an_error_of_its_call_only() {
    let site = Site::new();
    let cookie = site.log_in().await;
    site.store.fail(&[Kind::Set]);
    let mut lines = site.queries(Some(&cookie), "t.setA,t.profile").await;
    let mut outcomes = [outcome(lines.next().await), outcome(lines.next().await)];
    outcomes.sort_by_key(|(call, _)| *call);
    assert_eq!(outcomes, [(0, json!("SESSION_UNAVAILABLE")), (1, json!("u1"))]);
}

#[tokio::test]
async fn a_query_that_needs_a_new_cookie_is_a_conflict_and_saves_nothing() {
    let site = Site::new();
    for query in ["t.setA", "t.updateA", "t.loginByQuery"] {
        let mut lines = site.queries(None, query).await;
        assert_eq!(outcome(lines.next().await), (0, json!("COOKIE_AFTER_HEAD")), "{query}");
        assert!(!lines.head.headers.contains_key("set-cookie"));
    }
    assert_eq!(site.store.calls(), []);
    assert_eq!(get(&site.service, "/trpc/t.setA").await.status, StatusCode::OK, "without a batch it may");

    let cookie = site.log_in().await;
    let mut lines = site.queries(Some(&cookie), "t.loginByQuery").await;
    assert_eq!(outcome(lines.next().await), (0, json!("COOKIE_AFTER_HEAD")));
    let mut lines = site.queries(Some(&cookie), "t.profile").await;
    assert_eq!(outcome(lines.next().await), (0, json!("u1")), "the session goes on as it was");
}

#[tokio::test]
async fn a_logout_by_a_query_ends_the_session_and_leaves_the_cookie() {
    let site = Site::new();
    let cookie = site.log_in().await;
    let mut lines = site.queries(Some(&cookie), "t.logoutByQuery,t.wait").await;
    assert!(!lines.head.headers.contains_key("set-cookie"));
    assert_eq!(outcome(lines.next().await), (0, Value::Null));
    let mut after = site.queries(Some(&cookie), "t.profile").await;
    assert_eq!(outcome(after.next().await), (0, json!("SESSION_UNAUTHORIZED")));
}

#[tokio::test]
async fn a_chain_with_two_session_steps_saves_what_it_wrote() {
    let site = Site::new();
    let cookie = site.log_in().await;
    let mut lines = site.queries(Some(&cookie), "t.twice").await;
    assert_eq!(outcome(lines.next().await), (0, Value::Null));
    assert_eq!(site.seen(&cookie).await, json!([5, null]));
}

#[tokio::test]
async fn mutations_with_a_session_delay_the_head_and_share_the_session() {
    let site = Site::new();
    let mut lines = site.mutations("t.putA,t.work,t.login,t.putB").await;
    let cookies: Vec<_> = lines.head.headers.get_all("set-cookie").iter().cloned().collect();
    assert_eq!(cookies.len(), 1, "{cookies:?}");
    let mut ended = vec![];
    for _ in 0..3 {
        ended.push(outcome(lines.next().await).0);
    }
    ended.sort_unstable();
    assert_eq!(ended, [0, 2, 3], "calls without a session continue while the head is sent");
    let cookie = cookies[0].to_str().expect("ASCII").split(';').next().expect("a pair").parse().expect("a value");
    assert_eq!(site.seen(&cookie).await, json!([1, 2]), "everything is saved by now");
    site.let_go();
    assert_eq!(outcome(lines.next().await).0, 1);
    assert_eq!(lines.next().await, None);
}

#[tokio::test]
async fn mutations_fail_if_their_session_cannot_be_saved() {
    let site = Site::new();
    site.store.fail(&[Kind::Set]);
    let mut lines = site.mutations("t.putA,t.putB").await;
    assert!(!lines.head.headers.contains_key("set-cookie"));
    for call in [0, 1] {
        assert_eq!(outcome(lines.next().await), (call, json!("SESSION_UNAVAILABLE")));
    }
}

/// Otherwise the head would leave without the cookie of a renewed session.
#[tokio::test]
async fn a_session_step_that_does_not_declare_its_cookie_is_a_server_error() {
    let site = Site::new();
    let mut lines = site.queries(None, "t.hidden").await;
    assert_eq!(outcome(lines.next().await), (0, json!("INTERNAL_SERVER_ERROR")));
    assert_eq!(get(&site.service, "/trpc/t.hidden").await.status, StatusCode::OK, "elsewhere it works");
}

#[tokio::test]
async fn another_cookie_of_a_middleware_also_delays_the_head() {
    let site = Site::new();
    let mut lines = site.queries(None, "t.theme,t.wait").await;
    assert_eq!(lines.head.headers["set-cookie"], "theme=dark");
    assert_eq!(outcome(lines.next().await).0, 0);
    site.let_go();
    assert_eq!(outcome(lines.next().await).0, 1);
}
