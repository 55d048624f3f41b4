//! Tests guards that check the caller, with any steps between them and the session, and guards that
//! combine others.

use std::borrow::Cow;
use std::sync::Arc;

use http::{HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use velox_rpc::context::{IsAuthenticated, Roles};
use velox_rpc::procedure::{Guard, Procedure, Refusal, all_of, any_of, authenticated, guard, has_role, not};
use velox_rpc::{App, Call, Context, Ctx, Error, Result, Router, middleware, procedure};
use velox_session::clock::ManualClock;
use velox_session::{Authenticatable, MemoryStore, SessionMiddleware, SessionUser, session_middleware};
use velox_tests::{Browser, Client, SECRET, get};

// ---- Users and roles ----

#[derive(Clone)]
struct Account {
    id: String,
    roles: &'static [&'static str],
}

impl Roles for Account {
    fn has_role(&self, role: &str) -> bool {
        self.roles.contains(&role)
    }
}

impl IsAuthenticated for Account {
    fn is_authenticated(&self) -> bool {
        true
    }
}

/// Sessions in which only the user `u3` is an administrator.
fn session() -> SessionMiddleware<Account> {
    let settings = session_middleware(SECRET).store(MemoryStore::new()).cookie_name("session").secure(false);
    settings.build().expect("good settings").user_loader(async |user: SessionUser| {
        let roles: &[_] = if user.id == "u3" { &["user", "admin"] } else { &["user"] };
        Ok(Some(Account { id: user.id, roles }))
    })
}

#[middleware]
async fn tenant(ctx: &impl Ctx) -> Result<String> {
    Ok(ctx.request().header("x-tenant").unwrap_or("default").to_owned())
}

fn login(session: &SessionMiddleware<Account>, id: &'static str) -> Procedure<()> {
    let login = procedure::<()>().use_(session.optional()).mutation(move |Call { ctx, .. }| async move {
        ctx.session.login(SessionUser::new(id, "somebody@example.com")).await?;
        Ok(())
    });
    login.into()
}

/// A visitor of an application with this procedure and two logins.
fn visitor(session: &SessionMiddleware<Account>, procedure: impl Into<Procedure<()>>) -> Browser {
    let router = Router::new("test")
        .procedure("u1", login(session, "u1"))
        .procedure("u3", login(session, "u3"))
        .procedure("run", procedure);
    Browser::of(App::new(()).router(router), ManualClock::at(1_700_000_000_000))
}

/// The replies to a visitor, a user and an administrator.
async fn answers(session: &SessionMiddleware<Account>, procedure: impl Into<Procedure<()>>) -> [(u16, Value); 3] {
    let mut nobody = visitor(session, procedure);
    let (mut user, mut admin) = (nobody.another(), nobody.another());
    user.post("/api/test/u1", json!({})).await.outcome();
    admin.post("/api/test/u3", json!({})).await.outcome();
    let target = "/api/test/run";
    [nobody.get(target).await.outcome(), user.get(target).await.outcome(), admin.get(target).await.outcome()]
}

fn refusal(status: u16, message: &str, name: &str) -> (u16, Value) {
    let body = json!({
        "error": "GuardError", "message": message, "statusCode": status, "code": "GUARD_FAILED", "guardName": name
    });
    (status, body)
}

fn not_an_admin() -> (u16, Value) {
    refusal(403, "Required role: admin", "hasRole:admin")
}

#[tokio::test]
async fn a_role_is_required_of_the_user_of_a_required_session() {
    let session = session();
    let procedure =
        procedure::<()>().use_(session.required()).guard(has_role("admin")).query(|Call { ctx, .. }| Ok(ctx.user.id));
    let [nobody, user, admin] = answers(&session, procedure).await;
    assert_eq!((nobody.0, &nobody.1["code"]), (401, &json!("SESSION_UNAUTHORIZED")));
    assert_eq!(user, not_an_admin());
    assert_eq!(admin, (200, json!("u3")));
}

#[tokio::test]
async fn visitors_of_an_optional_session_have_no_role() {
    let session = session();
    let procedure = procedure::<()>().use_(session.optional()).guard(has_role("admin")).query(|_| Ok(1));
    assert_eq!(answers(&session, procedure).await, [not_an_admin(), not_an_admin(), (200, json!(1))]);
}

#[tokio::test]
async fn guards_find_the_user_through_all_layers_above_the_session() {
    let session = session();
    let procedure = procedure::<()>()
        .use_(session.required())
        .use_(tenant)
        .use_(session.middleware())
        .guards((has_role("admin"), authenticated()))
        .query(|Call { ctx, .. }| Ok(ctx.tenant.clone()));
    let [_, user, admin] = answers(&session, procedure).await;
    assert_eq!((user, admin), (not_an_admin(), (200, json!("default"))));
}

#[tokio::test]
async fn logged_in_lets_users_of_an_optional_session_pass() {
    let session = session();
    let procedure = procedure::<()>().use_(session.optional()).use_(tenant).guard(authenticated()).query(|_| Ok(1));
    let unknown = refusal(401, "Authentication required", "authenticated");
    assert_eq!(answers(&session, procedure).await, [unknown, (200, json!(1)), (200, json!(1))]);
}

#[tokio::test]
async fn user_guards_can_set_their_message_and_status() {
    let session = session();
    let admin = has_role("admin").message("Nothing to see here").status(StatusCode::NOT_FOUND);
    let procedure = procedure::<()>().use_(session.optional()).guard(admin).query(|_| Ok(1));
    assert_eq!(answers(&session, procedure).await[1], refusal(404, "Nothing to see here", "hasRole:admin"));
}

/// A user as the session stores it, including the roles.
#[derive(Clone, Serialize, Deserialize)]
struct Member {
    id: u32,
    roles: Vec<String>,
}

impl Authenticatable for Member {
    fn id(&self) -> Cow<'_, str> {
        Cow::Owned(self.id.to_string())
    }
}

impl Roles for Member {
    fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own == role)
    }
}

#[tokio::test]
async fn roles_stored_in_the_session_need_no_loader() {
    let settings = session_middleware(SECRET).store(MemoryStore::new()).cookie_name("session").secure(false);
    let session = settings.build().expect("good settings");
    let login = |roles: &'static [&'static str]| {
        let member = Member { id: 7, roles: roles.iter().map(|role| (*role).to_owned()).collect() };
        procedure::<()>().use_(session.middleware()).mutation(move |Call { ctx, .. }| {
            let member = member.clone();
            async move { Ok(ctx.session.login(&member).await?) }
        })
    };
    let plain = procedure::<()>()
        .use_(session.middleware())
        .mutation(async |Call { ctx, .. }| Ok(ctx.session.login(SessionUser::new("7", "ada@example.com")).await?));
    let members = session.clone().user_type::<Member>();
    let admin =
        procedure::<()>().use_(members.required()).guard(has_role("admin")).query(|Call { ctx, .. }| Ok(ctx.user.id));
    let home = procedure::<()>()
        .use_(members.optional())
        .query(|Call { ctx, .. }| Ok((ctx.user.map(|member| member.roles), ctx.session.user_id())));
    let router = Router::new("test")
        .procedure("admin", login(&["user", "admin"]))
        .procedure("user", login(&["user"]))
        .procedure("plain", plain)
        .procedure("run", admin)
        .procedure("home", home);
    let mut browser = Browser::of(App::new(()).router(router), ManualClock::at(1_700_000_000_000));

    browser.post("/api/test/admin", json!({})).await.outcome();
    assert_eq!(browser.get("/api/test/run").await.outcome(), (200, json!(7)));
    browser.post("/api/test/user", json!({})).await.outcome();
    assert_eq!(browser.get("/api/test/run").await.outcome(), not_an_admin());
    assert_eq!(browser.get("/api/test/home").await.outcome(), (200, json!([["user"], "7"])));

    // If the session holds another type of user, nobody counts as logged in, and the session stays.
    browser.post("/api/test/plain", json!({})).await.outcome();
    for _ in 0..2 {
        assert_eq!(browser.get("/api/test/home").await.outcome(), (200, json!([null, "7"])));
        let (status, body) = browser.get("/api/test/run").await.outcome();
        assert_eq!((status, &body["code"]), (401, &json!("SESSION_UNAUTHORIZED")));
    }
}

/// A middleware that finds the user by a token.
mod token {
    use super::*;

    type Perhaps = Option<Account>;

    #[middleware]
    pub(super) async fn user(ctx: &impl Ctx) -> Result<Perhaps> {
        let roles: &[_] = if ctx.request().header("x-key") == Some("2") { &["admin"] } else { &[] };
        Ok(ctx.request().header("x-key").map(|_| Account { id: "t".into(), roles }))
    }
}

mod strict_token {
    use super::*;

    #[middleware]
    pub(super) async fn user(ctx: &impl Ctx) -> Result<Account> {
        ctx.request()
            .header("x-key")
            .map_or(Err(Error::unauthorized("Which key?")), |_| Ok(Account { id: "t".into(), roles: &["admin"] }))
    }
}

async fn with_key(client: &Client, key: Option<&'static str>) -> u16 {
    let mut request = get("/api/test/run");
    if let Some(key) = key {
        request.headers_mut().insert("x-key", HeaderValue::from_static(key));
    }
    client.send(request).await.status.as_u16()
}

#[tokio::test]
async fn a_middleware_named_user_provides_the_user() {
    let admins = procedure::<()>().use_(token::user).use_(tenant).guard(has_role("admin")).query(|_| Ok(1));
    let admins = Client::of_one(admins);
    assert_eq!(
        [with_key(&admins, None).await, with_key(&admins, Some("1")).await, with_key(&admins, Some("2")).await],
        [403, 403, 200]
    );
    let known = Client::of_one(procedure::<()>().use_(token::user).guard(authenticated()).query(|_| Ok(1)));
    assert_eq!([with_key(&known, None).await, with_key(&known, Some("1")).await], [401, 200]);
    let strict = Client::of_one(
        procedure::<()>().use_(strict_token::user).guards((authenticated(), has_role("admin"))).query(|_| Ok(1)),
    );
    assert_eq!([with_key(&strict, None).await, with_key(&strict, Some("1")).await], [401, 200]);
}

/// A middleware whose guests are an enum variant instead of `None`.
mod visitor {
    use super::*;

    pub(super) enum Visitor {
        Guest,
        Known,
    }

    impl IsAuthenticated for Visitor {
        fn is_authenticated(&self) -> bool {
            matches!(self, Self::Known)
        }
    }

    #[middleware]
    pub(super) async fn user(ctx: &impl Ctx) -> Result<Visitor> {
        Ok(if ctx.request().header("x-key").is_some() { Visitor::Known } else { Visitor::Guest })
    }
}

mod shared {
    use super::*;

    #[middleware]
    pub(super) async fn user(ctx: &impl Ctx) -> Result<Arc<Option<String>>> {
        Ok(Arc::new(ctx.request().header("x-key").map(str::to_owned)))
    }
}

#[tokio::test]
async fn guests_of_any_type_are_refused() {
    let visitor = procedure::<()>().use_(visitor::user).guard(authenticated()).query(|_| Ok(1));
    let shared = procedure::<()>().use_(shared::user).guard(authenticated()).query(|_| Ok(1));
    for client in [Client::of_one(visitor), Client::of_one(shared)] {
        assert_eq!([with_key(&client, None).await, with_key(&client, Some("1")).await], [401, 200]);
    }
}

// ---- Guards made of others ----

fn keyed(name: &'static str, header: &'static str) -> impl Guard<Context<()>> + Clone {
    guard(name, move |request| request.header(header).is_some())
}

/// A guard that fails.
#[derive(Clone)]
struct Broken;

impl<C: Ctx> Guard<C> for Broken {
    fn name(&self) -> &str {
        "broken"
    }

    async fn check(&self, _: &C) -> Result<()> {
        Err(Error::unavailable("The directory could not be asked"))
    }
}

/// The outcome of a guard for these headers: 200, or the status and the name of the guard that
/// refused.
async fn said(guard: impl Guard<Context<()>>, headers: &[&'static str]) -> (u16, Value) {
    let client = Client::of_one(procedure().guard(guard).query(|_| Ok(json!({"guardName": "none"}))));
    let mut request = get("/api/test/run");
    for name in headers {
        request.headers_mut().insert(*name, HeaderValue::from_static("1"));
    }
    let (status, body) = client.send(request).await.outcome();
    (status, body["guardName"].clone())
}

#[tokio::test]
async fn all_of_passes_if_every_guard_passes_and_fails_with_the_first_refusal() {
    let both = || all_of((keyed("one", "x-one"), keyed("two", "x-two")));
    assert_eq!(said(both(), &["x-two"]).await, (403, json!("one")));
    assert_eq!(said(both(), &["x-one"]).await, (403, json!("two")));
    assert_eq!(said(both(), &["x-one", "x-two"]).await, (200, json!("none")));
    assert_eq!(said(all_of([keyed("one", "x-one"), keyed("two", "x-two")]), &["x-one"]).await, (403, json!("two")));
}

#[tokio::test]
async fn any_of_passes_if_one_guard_passes() {
    let either = || any_of((keyed("one", "x-one"), keyed("two", "x-two")));
    for headers in [&["x-one"][..], &["x-two"], &["x-one", "x-two"]] {
        assert_eq!(said(either(), headers).await, (200, json!("none")));
        assert_eq!(said(any_of([keyed("one", "x-one"), keyed("two", "x-two")]), headers).await.0, 200);
    }
    assert_eq!(said(either(), &[]).await, (403, json!("anyOf(one, two)")));
    let worded = any_of([keyed("one", "x-one")]).message("Members only").status(StatusCode::UNAUTHORIZED);
    assert_eq!(said(worded, &[]).await, (401, json!("anyOf(one)")));
}

#[tokio::test]
async fn not_passes_if_the_guard_refuses() {
    assert_eq!(said(not(keyed("one", "x-one")), &[]).await, (200, json!("none")));
    assert_eq!(said(not(keyed("one", "x-one")), &["x-one"]).await, (403, json!("not(one)")));
}

#[tokio::test]
async fn combined_guards_can_be_combined_again() {
    let nested = || any_of((all_of((keyed("one", "x-one"), not(keyed("two", "x-two")))), keyed("three", "x-three")));
    assert_eq!(said(nested(), &["x-one"]).await.0, 200);
    assert_eq!(said(nested(), &["x-one", "x-two", "x-three"]).await.0, 200);
    assert_eq!(said(nested(), &["x-one", "x-two"]).await, (403, json!("anyOf(allOf(one, not(two)), three)")));
}

/// A guard that fails has neither passed nor refused the call.
#[tokio::test]
async fn a_guard_error_refuses_the_call_unless_another_guard_passes() {
    assert_eq!(said(not(Broken), &[]).await.0, 503);
    assert_eq!(said(all_of((Broken, keyed("one", "x-one"))), &["x-one"]).await.0, 503);
    assert_eq!(said(any_of((Broken, keyed("one", "x-one"))), &[]).await.0, 503);
    assert_eq!(said(any_of((keyed("one", "x-one"), Broken)), &[]).await.0, 503);
    assert_eq!(said(any_of([Broken, Broken]), &[]).await.0, 503);
    assert_eq!(said(any_of((Broken, keyed("one", "x-one"))), &["x-one"]).await.0, 200);
}

#[tokio::test]
async fn a_closure_can_set_its_message_and_status() {
    let paid = |ctx: &Context<()>, (): &()| match ctx.request().header("x-paid") {
        Some(_) => Ok(()),
        None => Err(Refusal::new("Pay first").status(StatusCode::PAYMENT_REQUIRED)),
    };
    let client = Client::of_one(procedure().guard_fn("paid", paid).query(|_| Ok(1)));
    assert_eq!(client.get("/api/test/run").await.outcome(), refusal(402, "Pay first", "paid"));
}

#[test]
fn the_route_table_shows_guard_names() {
    let session = session();
    let procedure = procedure::<()>()
        .guard(any_of((keyed("one", "x-one"), keyed("two", "x-two"))))
        .use_(session.required())
        .guard(has_role("admin"))
        .query(|_| Ok(1));
    let service = App::new(()).router(Router::new("test").procedure("run", procedure)).into_service();
    let service = service.expect("good routes");
    assert_eq!(service.manifest().entries()[0].guards(), ["anyOf(one, two)", "hasRole:admin"]);
}

#[test]
fn the_route_table_shows_required_and_optional_sessions() {
    let session = session();
    let router = Router::<()>::new("test")
        .procedure("open", procedure().query(|_| Ok(1)))
        .procedure("home", procedure().use_(session.optional()).query(|_| Ok(1)))
        .procedure("accounts", procedure().use_(session.required()).guard(has_role("admin")).query(|_| Ok(1)));
    let service = App::new(()).router(router).into_service().expect("good routes");
    let expected = "\
GET  /api/test/open      test.open
GET  /api/test/home      test.home      accepts session cookie
GET  /api/test/accounts  test.accounts  requires session cookie; guards: hasRole:admin
";
    assert_eq!(service.manifest().to_string(), expected);
}

#[test]
fn guards_describe_their_refusals() {
    let session = session();
    let procedure = procedure::<()>()
        .guard(any_of((keyed("one", "x-one"), keyed("two", "x-two"))).message("Members only"))
        .use_(session.optional())
        .guards((authenticated(), has_role("admin")))
        .query(|_| Ok(1));
    let service = App::new(()).router(Router::new("test").procedure("run", procedure)).into_service();
    let service = service.expect("good routes");
    let told: Vec<_> = service.manifest().entries()[0].demands().refusals().map(|(_, message)| message).collect();
    let expected = [
        "Members only",
        "The session was changed by another request",
        "The session could not be loaded",
        "The session could not be saved",
        "Authentication required",
        "Required role: admin",
    ];
    assert_eq!(told, expected);
}
