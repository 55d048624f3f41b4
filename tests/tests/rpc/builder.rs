//! Tests the procedure builder: what each method does, the order of the steps, and the errors of
//! failed steps.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use http::{HeaderName, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::Empty;
use serde_json::{Value, json};
use velox_rpc::call::Kind;
use velox_rpc::context::{Reply as Head, RequestScope};
use velox_rpc::procedure::{Guard, Outcome, Procedure, guard};
use velox_rpc::{
    App, Call, Context, Ctx, Error, Middleware, Mutation, Next, ProcedureBuilder, Query, Result, Router, ServeError,
    middleware, procedure, router, schema,
};
use velox_tests::{Client, Log, Reply, get};

#[schema]
#[derive(Clone)]
struct Note {
    #[validate(length(min = 1, max = 5))]
    text: String,
}

/// The notes of the state and the tests.
#[derive(Clone, Default)]
struct Trace(Arc<Mutex<Vec<String>>>);

impl Trace {
    fn note(&self, text: impl Into<String>) {
        self.0.lock().expect("no test panics here").push(text.into());
    }

    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("no test panics here"))
    }
}

struct AppState {
    motto: &'static str,
    trace: Trace,
}

fn app(router: Router<AppState>) -> (Client, Trace) {
    let trace = Trace::default();
    let state = AppState { motto: "make haste slowly", trace: trace.clone() };
    (Client::of(App::new(state).router(router)), trace)
}

fn keyed(name: &'static str, key: &'static str) -> impl Guard<Context<()>> + Clone {
    guard(name, move |request| request.header(key).is_some())
}

fn with_header(target: &str, name: &str, value: &str) -> Request<Empty<&'static [u8]>> {
    Request::get(target).header(name, value).body(Empty::new()).expect("a request")
}

// ---- Order ----

#[tokio::test]
async fn a_guard_before_the_input_answers_before_the_input_is_read() {
    let api = Client::of_one(procedure().guard(keyed("key", "x-key")).input::<Note>().mutation(|_| Ok(1)));
    assert_eq!(api.post("/api/test/run", "{}").await.failure(), (403, "GUARD_FAILED".into()));
}

#[tokio::test]
async fn a_guard_after_the_input_answers_after_the_input_is_read() {
    let api = Client::of_one(procedure().input::<Note>().guard(keyed("key", "x-key")).mutation(|_| Ok(1)));
    assert_eq!(api.post("/api/test/run", "{}").await.failure(), (400, "VALIDATION_ERROR".into()));
    assert_eq!(api.post("/api/test/run", r#"{"text":"hi"}"#).await.failure(), (403, "GUARD_FAILED".into()));
}

#[middleware]
async fn nobody(_ctx: &impl Ctx) -> Result<()> {
    Err(Error::unauthorized("Authentication required"))
}

#[tokio::test]
async fn a_middleware_before_the_input_answers_before_the_input_is_read() {
    let api = Client::of_one(procedure().use_(nobody).input::<Note>().mutation(|_| Ok(1)));
    assert_eq!(api.post("/api/test/run", "{}").await.failure(), (401, "UNAUTHORIZED".into()));
}

#[tokio::test]
async fn a_middleware_after_the_input_answers_after_the_input_is_read() {
    let api = Client::of_one(procedure().input::<Note>().use_(nobody).mutation(|_| Ok(1)));
    assert_eq!(api.post("/api/test/run", "{}").await.failure(), (400, "VALIDATION_ERROR".into()));
    assert_eq!(api.post("/api/test/run", r#"{"text":"hi"}"#).await.failure(), (401, "UNAUTHORIZED".into()));
}

#[tokio::test]
async fn steps_run_in_source_order() {
    let steps = procedure::<AppState>()
        .guard_fn("first", |ctx, _| {
            ctx.trace.note("guard");
            true
        })
        .use_fn(async |ctx: Context<AppState>, next: Next<Context<AppState>>| {
            ctx.trace.note("middleware");
            next.run(ctx).await
        })
        .guard_fn("before", |ctx, ()| {
            ctx.trace.note("guard before the input");
            true
        })
        .input::<Note>()
        .guard_fn("after", |ctx, _| {
            ctx.trace.note("guard after the input");
            true
        })
        .guard_fn("last", |ctx, _| {
            ctx.trace.note("last guard");
            true
        })
        .mutation(|Call { ctx, .. }| {
            ctx.trace.note("handler");
            Ok(())
        });
    let (api, trace) = app(Router::new("test").procedure("run", steps));

    api.post("/api/test/run", r#"{"text":"hi"}"#).await.result();
    let all = ["guard", "middleware", "guard before the input", "guard after the input", "last guard", "handler"];
    assert_eq!(trace.taken(), all);

    api.post("/api/test/run", "{}").await.issues();
    assert_eq!(trace.taken(), all[..3], "only the steps before the input ran");
}

// ---- Middlewares ----

fn layer(name: &'static str) -> impl Fn(Context<AppState>, Next<Context<AppState>>) -> Traced + Send + Sync + 'static {
    move |ctx, next| {
        Box::pin(async move {
            let trace = ctx.trace.clone();
            trace.note(format!("{name}: before"));
            let result = next.run(ctx).await;
            trace.note(format!("{name}: after"));
            result
        })
    }
}

type Traced = std::pin::Pin<Box<dyn Future<Output = Result<Outcome>> + Send>>;

#[tokio::test]
async fn middlewares_nest() {
    let nested = procedure().use_fn(layer("one")).use_fn(layer("two")).query(|Call { ctx, .. }| {
        ctx.trace.note("handler");
        Ok(())
    });
    let (api, trace) = app(Router::new("test").procedure("run", nested));
    api.get("/api/test/run").await.result();
    assert_eq!(trace.taken(), ["one: before", "two: before", "handler", "two: after", "one: after"]);
}

#[tokio::test]
async fn the_code_after_next_runs_after_an_error_too() {
    let failing = procedure()
        .use_fn(layer("one"))
        .query(|_: Call<Context<AppState>, ()>| -> Result<()> { Err(Error::conflict("Taken")) });
    let (api, trace) = app(Router::new("test").procedure("run", failing));
    assert_eq!(api.get("/api/test/run").await.failure(), (409, "CONFLICT".into()));
    assert_eq!(trace.taken(), ["one: before", "one: after"]);
}

#[tokio::test]
async fn a_middleware_can_answer_without_calling_next() {
    let short = procedure::<AppState>()
        .use_fn(async |_ctx: Context<AppState>, _next: Next<Context<AppState>>| {
            Outcome::json(&json!({"from": "middleware"}))
        })
        .query(|Call { ctx, .. }| {
            ctx.trace.note("handler");
            Ok(json!({"from": "handler"}))
        });
    let (api, trace) = app(Router::new("test").procedure("run", short));
    assert_eq!(api.get("/api/test/run").await.result(), json!({"from": "middleware"}));
    assert!(trace.taken().is_empty());
}

#[tokio::test]
async fn a_middleware_can_replace_an_error_of_the_inner_steps() {
    let mended = procedure()
        .use_fn(async |ctx: Context<()>, next: Next<Context<()>>| match next.run(ctx).await {
            Err(error) if error.status() == StatusCode::NOT_FOUND => Outcome::json("none"),
            other => other,
        })
        .query(|_| -> Result<()> { Err(Error::resource_not_found("User", 1)) });
    assert_eq!(Client::of_one(mended).get("/api/test/run").await.result(), "none");
}

#[tokio::test]
async fn a_closure_as_a_middleware_sets_headers_before_and_after() {
    let traced = procedure()
        .use_fn(async |ctx: Context<()>, next: Next<_>| {
            let scope = ctx.scope().clone();
            scope.reply().header(HeaderName::from_static("x-before"), HeaderValue::from_static("1"));
            let output = next.run(ctx).await?;
            scope.reply().header(HeaderName::from_static("x-after"), HeaderValue::from_static("1"));
            Ok(output)
        })
        .query(|_: Call<Context<()>, ()>| Ok("hello"));
    let reply = Client::of_one(traced).expecting("x-before").expecting("x-after").get("/api/test/run").await;
    assert_eq!((reply.header("x-before"), reply.header("x-after")), (Some("1"), Some("1")));
}

struct Counted(HeaderName);

impl<C: Ctx> Middleware<C> for Counted {
    type Context = C;

    async fn call(&self, ctx: C, next: Next<C>) -> Result<Outcome> {
        let scope = ctx.scope().clone();
        let output = next.run(ctx).await?;
        scope.reply().append(self.0.clone(), HeaderValue::from_static("1"));
        Ok(output)
    }
}

#[tokio::test]
async fn a_hand_written_middleware_can_have_fields() {
    let name = HeaderName::from_static("x-count");
    let counted = procedure().use_(Counted(name.clone())).use_(Counted(name)).query(|_| Ok(1));
    let reply = Client::of_one(counted).expecting("x-count").get("/api/test/run").await;
    assert_eq!(reply.headers.get_all("x-count").iter().count(), 2);
}

// ---- Context ----

#[middleware]
async fn tenant(ctx: &impl Ctx) -> Result<String> {
    Ok(ctx.request().header("x-tenant").unwrap_or("default").to_owned())
}

/// A middleware may be a plain function.
#[middleware]
fn locale(ctx: &impl Ctx) -> Result<Locale> {
    match ctx.request().header("accept-language") {
        None => Ok(Locale { tag: "en".into() }),
        Some(tag) if tag.len() == 2 => Ok(Locale { tag: tag.into() }),
        Some(_) => Err(Error::bad_request("What language?")),
    }
}

struct Locale {
    tag: String,
}

/// This middleware needs the context of another one.
#[middleware]
async fn greeting(ctx: &LocaleContext<TenantContext<Context<AppState>>>) -> Result<String> {
    Ok(format!("{}, {}, {}", ctx.tenant, ctx.locale.tag, ctx.motto))
}

fn three_layers() -> Client {
    let who = procedure::<AppState>().use_(tenant).use_(locale).use_(greeting).query(|Call { ctx, .. }| {
        Ok(json!([ctx.tenant, ctx.locale.tag, ctx.greeting, ctx.motto, ctx.base().procedure().to_string()]))
    });
    app(Router::new("test").procedure("run", who)).0
}

#[tokio::test]
async fn a_handler_reads_the_fields_of_all_layers() {
    let reply = three_layers().send(with_header("/api/test/run", "x-tenant", "acme")).await;
    let expected = ["acme", "en", "acme, en, make haste slowly", "make haste slowly", "test.run"];
    assert_eq!(reply.result(), json!(expected));
}

#[tokio::test]
async fn an_error_of_a_middleware_ends_the_call() {
    let reply = three_layers().send(with_header("/api/test/run", "accept-language", "klingon")).await;
    assert_eq!(reply.failure(), (400, "BAD_REQUEST".into()));
}

#[tokio::test]
async fn a_field_is_moved_out_of_the_outermost_layer() {
    let who = procedure::<()>().use_(tenant).query(|Call { ctx, .. }| Ok(ctx.tenant));
    assert_eq!(Client::of_one(who).get("/api/test/run").await.result(), "default");
}

#[tokio::test]
async fn guards_see_the_fields_of_the_middlewares_before_them() {
    let seen = procedure::<()>()
        .use_(tenant)
        .guard_fn("acme", |ctx, _| ctx.tenant == "acme")
        .guard_fn("short", |ctx, ()| if ctx.tenant.len() == 4 { Ok(()) } else { Err(Error::bad_request("no")) })
        .query(|_| Ok(1));
    let api = Client::of_one(seen);
    assert_eq!(api.get("/api/test/run").await.failure(), (403, "GUARD_FAILED".into()));
    assert_eq!(api.send(with_header("/api/test/run", "x-tenant", "acme")).await.result(), 1);
}

// ---- Guards ----

#[tokio::test]
async fn a_guard_refuses_with_its_name_and_the_defaults() {
    let api = Client::of_one(procedure().guard(keyed("apiKey", "x-api-key")).query(|_| Ok(1)));
    let refusal = json!({
        "error": "GuardError", "message": "Access denied", "statusCode": 403, "code": "GUARD_FAILED", "guardName": "apiKey"
    });
    assert_eq!(api.get("/api/test/run").await.outcome(), (403, refusal));
    assert_eq!(api.send(with_header("/api/test/run", "x-api-key", "any")).await.result(), 1);
}

#[tokio::test]
async fn a_guard_can_set_its_message_and_status() {
    let api_key = guard("apiKey", |_| false).message("API key required").status(StatusCode::UNAUTHORIZED);
    let api = Client::of_one(procedure().guard(api_key).query(|_| Ok(1)));
    let refusal = json!({
        "error": "GuardError", "message": "API key required", "statusCode": 401, "code": "GUARD_FAILED", "guardName": "apiKey"
    });
    assert_eq!(api.get("/api/test/run").await.outcome(), (401, refusal));
}

#[tokio::test]
async fn a_guard_with_the_status_of_a_success_refuses_with_500() {
    let mistaken = guard("odd", |_| false).status(StatusCode::OK);
    let api = Client::of_one(procedure().guard(mistaken).query(|_| Ok(1)));
    assert_eq!(api.get("/api/test/run").await.status, 500);
}

#[tokio::test]
async fn a_closure_as_a_guard_sees_the_context() {
    let open = procedure::<AppState>().guard_fn("motto", |ctx, _| ctx.motto.is_empty()).query(|_| Ok(1));
    let reply = app(Router::new("test").procedure("run", open)).0.get("/api/test/run").await;
    assert_eq!(reply.json()["guardName"], "motto");
}

struct Denying;

impl<C: Ctx> Guard<C> for Denying {
    fn name(&self) -> &str {
        "denying"
    }

    async fn check(&self, _: &C) -> Result<()> {
        tokio::task::yield_now().await;
        Err(Error::custom(StatusCode::PAYMENT_REQUIRED, "PAYMENT_REQUIRED", "Pay first"))
    }
}

#[tokio::test]
async fn a_hand_written_guard_can_wait_and_return_any_error() {
    let api = Client::of_one(procedure().guard(Denying).query(|_| Ok(1)));
    assert_eq!(api.get("/api/test/run").await.failure(), (402, "PAYMENT_REQUIRED".into()));
}

/// The name of the guard that refuses a request with these headers.
async fn refusing(api: &Client, headers: &[&'static str]) -> Value {
    let mut request = get("/api/test/run");
    for name in headers {
        request.headers_mut().insert(*name, HeaderValue::from_static("1"));
    }
    api.send(request).await.json()["guardName"].clone()
}

#[tokio::test]
async fn a_tuple_of_guards_is_asked_in_order() {
    let both = (keyed("one", "x-one"), guard("two", |request| request.header("x-two").is_some()));
    let api = Client::of_one(procedure().guards(both).query(|_| Ok(json!({"guardName": "none"}))));
    assert_eq!(refusing(&api, &[]).await, "one");
    assert_eq!(refusing(&api, &["x-two"]).await, "one");
    assert_eq!(refusing(&api, &["x-one"]).await, "two");
    assert_eq!(refusing(&api, &["x-one", "x-two"]).await, "none");
}

#[tokio::test]
async fn an_array_of_guards_is_asked_in_order() {
    let both = [keyed("one", "x-one"), keyed("two", "x-two")];
    let api = Client::of_one(procedure().guards(both).query(|_| Ok(json!({"guardName": "none"}))));
    assert_eq!(refusing(&api, &["x-two"]).await, "one");
    assert_eq!(refusing(&api, &["x-one"]).await, "two");
    assert_eq!(refusing(&api, &["x-one", "x-two"]).await, "none");
}

#[tokio::test]
async fn the_steps_of_a_router_run_around_all_its_procedures() {
    let run = || procedure::<AppState>().use_fn(layer("own")).guard_fn("last", |_, _| true).query(|_| Ok(1));
    let refused = guard("first", |request| request.header("x-first").is_some());
    let router = Router::new("test")
        .procedure("before", run())
        .use_(RouterLayer("outer"))
        .guard(refused)
        .use_(RouterLayer("inner"))
        .procedure("after", run());
    let (api, trace) = app(router);
    for target in ["/api/test/before", "/api/test/after"] {
        assert_eq!(api.get(target).await.failure(), (403, "GUARD_FAILED".into()));
        assert_eq!(trace.taken(), ["outer"]);
        assert_eq!(api.send(with_header(target, "x-first", "1")).await.result(), 1);
        assert_eq!(trace.taken(), ["outer", "inner", "own: before", "own: after"]);
    }
    for entry in api.service().manifest().entries() {
        assert_eq!(entry.guards(), ["first", "last"]);
    }
}

#[tokio::test]
async fn a_closure_around_a_router_runs_before_and_after_all_its_procedures() {
    let run = || procedure::<AppState>().use_fn(layer("own"));
    let router = Router::new("test")
        .procedure("well", run().query(|_| Ok(1)))
        .use_fn(async |ctx, next| {
            let (scope, name) = (ctx.scope().clone(), ctx.procedure().to_string());
            ctx.trace.note(format!("outer: {name}"));
            let result = next.run(ctx).await;
            scope.reply().header(HeaderName::from_static("x-outer"), HeaderValue::from_static("1"));
            result.map_err(|error| error.with_code("SEEN"))
        })
        .use_(RouterLayer("inner"))
        .procedure("badly", run().query(|_| -> Result<()> { Err(Error::conflict("Taken")) }));
    let (api, trace) = app(router);
    let api = api.expecting("x-outer");
    let reply = api.get("/api/test/well").await;
    assert_eq!((reply.header("x-outer"), reply.result()), (Some("1"), json!(1)));
    assert_eq!(trace.taken(), ["outer: test.well", "inner", "own: before", "own: after"]);
    assert_eq!(api.get("/api/test/badly").await.failure(), (409, "SEEN".into()));
    assert_eq!(trace.taken(), ["outer: test.badly", "inner", "own: before", "own: after"]);
}

/// A middleware that notes its name.
struct RouterLayer(&'static str);

impl Middleware<Context<AppState>> for RouterLayer {
    type Context = Context<AppState>;

    async fn call(&self, ctx: Self::Context, next: Next<Self::Context>) -> Result<Outcome> {
        ctx.trace.note(self.0);
        next.run(ctx).await
    }
}

#[tokio::test]
async fn a_guard_closure_sees_context_and_input() {
    let checked = procedure::<AppState>()
        .input::<Note>()
        .guard_fn("motto", |ctx, input| {
            if ctx.motto.contains(&input.text) { Ok(()) } else { Err(Error::bad_request("Not of the motto")) }
        })
        .mutation(|_| Ok("fine"));
    let (api, _) = app(Router::new("test").procedure("run", checked));
    assert_eq!(api.post("/api/test/run", r#"{"text":"haste"}"#).await.result(), "fine");
    let refused = api.post("/api/test/run", r#"{"text":"speed"}"#).await;
    assert_eq!(refused.json()["message"], "Not of the motto");
}

// ---- Output ----

#[schema]
struct Public {
    id: String,
    #[validate(length(max = 5))]
    display_name: Option<String>,
}

fn shown(value: Value) -> Client {
    Client::of_one(procedure().output::<Public>().query(move |_| Ok(value.clone())))
}

#[tokio::test]
async fn an_output_type_drops_unknown_fields() {
    let reply = shown(json!({"id": "1", "displayName": "shown", "secret": "hidden"})).get("/api/test/run").await;
    assert_eq!(reply.text(), r#"{"id":"1","displayName":"shown"}"#);
}

#[tokio::test]
async fn an_invalid_output_is_a_500_without_details() {
    let internal = json!("Internal server error");
    for wrong in [json!({"id": 42}), json!({"id": "1", "displayName": "too long"}), json!("hidden")] {
        let reply = shown(wrong.clone()).get("/api/test/run").await;
        assert_eq!((reply.status.as_u16(), &reply.json()["message"]), (500, &internal), "{wrong}");
    }
}

#[tokio::test]
async fn an_output_type_works_for_mutations_and_futures() {
    let api = Client::of_one(procedure().output::<Public>().mutation(async |_| Ok(json!({"id": "1", "x": 1}))));
    assert_eq!(api.post("/api/test/run", "").await.text(), r#"{"id":"1"}"#);
}

#[tokio::test]
async fn an_array_is_not_a_valid_output_for_a_struct() {
    let reply = shown(json!(["1", "shown"])).get("/api/test/run").await;
    assert_eq!(reply.status, 500);
}

// ---- The description of a procedure ----

/// `METHOD path` of the only procedure.
fn route(procedure: impl Into<Procedure<()>>) -> String {
    let app = App::new(()).router(Router::new("comments").procedure("getComment", procedure));
    let service = app.into_service().expect("a good route");
    let (method, path) = service.manifest().entries()[0].route().expect("a route");
    format!("{method} {path}")
}

#[schema]
struct CommentOf {
    post_id: String,
    org_id: Option<String>,
    id: String,
}

#[test]
fn a_parent_comes_before_the_resource_in_the_path() {
    let route = route(procedure().parent("posts").input::<CommentOf>().query(|_| Ok(1)));
    assert_eq!(route, "GET /api/posts/:postId/comments/:id");
}

#[test]
fn a_parent_names_its_parameter() {
    let route = route(procedure().parent(("organizations", "orgId")).input::<CommentOf>().query(|_| Ok(1)));
    assert_eq!(route, "GET /api/organizations/:orgId/comments/:id");
}

#[test]
fn parents_come_in_source_order() {
    let named = [("organizations", "orgId"), ("posts", "postId")];
    let chained = procedure().parents(named).input::<CommentOf>().query(|_| Ok(1));
    assert_eq!(route(chained), "GET /api/organizations/:orgId/posts/:postId/comments/:id");
}

#[tokio::test]
async fn the_parameters_of_parents_are_part_of_the_input() {
    let found = procedure().parent("posts").input::<CommentOf>().query(|Call { input, .. }| Ok(input));
    let api = Client::of(App::new(()).router(Router::new("comments").procedure("getComment", found)));
    assert_eq!(api.get("/api/posts/p1/comments/c1").await.result(), json!({"postId": "p1", "id": "c1"}));
}

#[test]
fn the_manifest_has_the_descriptions_of_a_procedure() {
    let said = procedure()
        .describe("Counts.")
        .deprecated("use `count`")
        .guards((keyed("one", "x-one"), keyed("two", "x-two")))
        .guard_fn("three", |_, _| true)
        .input::<Note>()
        .query(|_| Ok(1));
    let service = App::new(()).router(Router::new("test").procedure("run", said)).into_service().expect("good routes");
    let entry = &service.manifest().entries()[0];
    assert_eq!(entry.description(), Some("Counts."));
    assert_eq!(entry.deprecated(), Some("use `count`"));
    assert_eq!(entry.guards(), ["one", "two", "three"]);
    assert_eq!((entry.name().to_string(), entry.name().kind()), ("test.run".to_owned(), Kind::Query));
    let schema = entry.input_schema().expect("it takes input");
    assert_eq!(schema.as_value()["properties"]["text"]["maxLength"], 5);
}

#[tokio::test]
async fn a_deprecated_procedure_still_answers() {
    let api = Client::of_one(procedure().deprecated("use another").query(|_| Ok(1)));
    assert_eq!(api.get("/api/test/run").await.result(), 1);
}

// ---- Reusable bases, and routers made by the macro ----

struct Notes {
    prefix: &'static str,
}

#[router("notes", state = AppState)]
impl Notes {
    /// The first steps of the procedures below.
    fn keyed(&self) -> ProcedureBuilder<AppState, TenantContext<Context<AppState>>> {
        procedure().guard(guard("apiKey", |request| request.header("x-api-key").is_some())).use_(tenant)
    }

    /// Lists
    /// the notes.
    fn list_notes(&self) -> Query<(), Vec<String>> {
        let prefix = self.prefix;
        self.keyed().query(move |Call { ctx, .. }| {
            let renter = ctx.tenant.clone();
            async move { Ok(vec![format!("{prefix}{renter}")]) }
        })
    }

    /// Adds a note.
    #[deprecated(note = "notes are read only")]
    fn add_note(&self) -> Mutation<Note, String> {
        self.keyed().input::<Note>().mutation(|Call { ctx, input }| Ok(format!("{}: {}", ctx.tenant, input.text)))
    }

    fn get_motto(&self) -> Query<(), String> {
        procedure().rest(Method::GET, "/motto").query(|Call { ctx, .. }| Ok(ctx.motto.to_owned()))
    }
}

fn notes() -> App<AppState> {
    App::new(AppState { motto: "make haste slowly", trace: Trace::default() }).router(Notes { prefix: "of " })
}

#[tokio::test]
async fn a_base_with_a_written_type_is_used_by_several_procedures() {
    let api = Client::of(notes());
    assert_eq!(api.get("/api/notes").await.failure(), (403, "GUARD_FAILED".into()));
    assert_eq!(api.send(with_header("/api/notes", "x-api-key", "1")).await.result(), json!(["of default"]));
    assert_eq!(api.post("/api/notes", r#"{"text":"hi"}"#).await.failure(), (403, "GUARD_FAILED".into()));
    assert_eq!(api.get("/api/motto").await.result(), "make haste slowly");
}

#[test]
fn the_router_macro_reads_doc_comments_and_deprecations() {
    let service = notes().into_service().expect("good routes");
    let said: Vec<_> =
        service.manifest().entries().iter().map(|entry| (entry.description(), entry.deprecated())).collect();
    let expected =
        [(Some("Lists\nthe notes."), None), (Some("Adds a note."), Some("notes are read only")), (None, None)];
    assert_eq!(said, expected);
}

#[test]
fn the_manifest_prints_the_table_of_routes() {
    let service = notes().into_service().expect("good routes");
    let expected = "\
GET   /api/notes  notes.listNotes  guards: apiKey
POST  /api/notes  notes.addNote    guards: apiKey; deprecated: notes are read only
GET   /api/motto  notes.getMotto
";
    assert_eq!(service.manifest().to_string(), expected);
}

// ---- Handlers ----

#[tokio::test]
async fn a_handler_is_a_closure_that_returns_a_result() {
    let api = Client::of_one(procedure().input::<Note>().mutation(|Call { input, .. }| Ok(input.text)));
    assert_eq!(api.post("/api/test/run", r#"{"text":"hi"}"#).await.result(), "hi");
}

#[tokio::test]
async fn a_handler_is_an_async_closure() {
    let api = Client::of_one(procedure().input::<Note>().mutation(async |Call { input, .. }| {
        tokio::task::yield_now().await;
        Ok(input.text)
    }));
    assert_eq!(api.post("/api/test/run", r#"{"text":"hi"}"#).await.result(), "hi");
}

/// A value of a middleware that tells when it is dropped.
struct Permit;

static IS_BACK: AtomicBool = AtomicBool::new(false);

impl Drop for Permit {
    fn drop(&mut self) {
        IS_BACK.store(true, Ordering::SeqCst);
    }
}

#[middleware]
async fn permit(_ctx: &impl Ctx) -> Result<Permit> {
    IS_BACK.store(false, Ordering::SeqCst);
    Ok(Permit)
}

struct Permits;

#[router("permits")]
impl Permits {
    fn unnamed(&self) -> Query<(), bool> {
        procedure().use_(permit).query(async |_| {
            tokio::task::yield_now().await;
            Ok(IS_BACK.load(Ordering::SeqCst))
        })
    }

    fn in_part(&self) -> Query<Note, bool> {
        procedure().use_(permit).input::<Note>().query(async |Call { input, .. }| {
            tokio::task::yield_now().await;
            Ok(IS_BACK.load(Ordering::SeqCst) || input.text.is_empty())
        })
    }

    fn with_attribute(&self) -> Query<(), bool> {
        procedure().use_(permit).query(async |#[expect(unused_variables)] Call { ctx, .. }| {
            tokio::task::yield_now().await;
            Ok(IS_BACK.load(Ordering::SeqCst))
        })
    }

    fn typed(&self) -> Query<(), bool> {
        procedure().use_(permit).query(async move |_call: Call<PermitContext<Context<()>>, ()>| {
            tokio::task::yield_now().await;
            Ok(IS_BACK.load(Ordering::SeqCst))
        })
    }
}

#[tokio::test]
async fn what_an_async_handler_does_not_name_lives_until_it_ends() {
    let api = Client::of(App::new(()).router(Permits));
    for target in ["unnamed", "inPart?text=hi", "withAttribute", "typed"] {
        assert_eq!(api.get(&format!("/api/permits/{target}")).await.result(), false, "{target}");
        assert!(IS_BACK.load(Ordering::SeqCst), "{target}");
    }
}

#[tokio::test]
async fn a_handler_captures_by_a_closure_that_returns_a_future() {
    let trace = Trace::default();
    let kept = trace.clone();
    let api = Client::of_one(procedure::<()>().query(move |call| {
        let trace = kept.clone();
        async move {
            tokio::task::yield_now().await;
            trace.note(call.ctx.base().procedure().name());
            Ok(())
        }
    }));
    api.get("/api/test/run").await.result();
    assert_eq!(trace.taken(), ["run"]);
}

#[tokio::test]
async fn a_handler_is_a_function() {
    async fn shout(call: Call<Context<()>, Note>) -> Result<String> {
        Ok(call.input.text.to_uppercase())
    }
    let api = Client::of_one(procedure().input::<Note>().mutation(shout));
    assert_eq!(api.post("/api/test/run", r#"{"text":"hi"}"#).await.result(), "HI");
}

#[tokio::test]
async fn a_handler_sets_status_and_headers() {
    let api = Client::of_one(procedure::<()>().query(|Call { ctx, .. }| {
        ctx.reply()
            .status(StatusCode::ACCEPTED)
            .header(HeaderName::from_static("x-one"), HeaderValue::from_static("1"));
        Ok("later")
    }));
    let reply = api.expecting("x-one").get("/api/test/run").await;
    assert_eq!((reply.status.as_u16(), reply.header("x-one")), (202, Some("1")));
}

#[tokio::test]
async fn a_failed_call_never_has_a_success_status() {
    let api = Client::of_one(procedure::<()>().query(|Call { ctx, .. }| -> Result<()> {
        ctx.reply().status(StatusCode::OK);
        Err(Error::custom(StatusCode::OK, "ODD", "Not so"))
    }));
    assert_eq!(api.get("/api/test/run").await.failure(), (500, "ODD".into()));
}

// ---- Headers and statuses that cannot be sent ----

/// Sets something on the reply that cannot be sent.
type Says = fn(Head<'_>) -> Head<'_>;

const UNSENDABLE: [(Says, &str); 8] = [
    (
        |reply| reply.header(header::CONTENT_TYPE, HeaderValue::from_static("text/csv")),
        "the header `content-type` cannot be sent: every reply is JSON, so do not set it",
    ),
    (
        |reply| reply.append(header::CONTENT_LENGTH, HeaderValue::from_static("1")),
        "the header `content-length` cannot be sent: the server counts the bytes, so do not set it",
    ),
    (
        |reply| {
            reply.edit_headers(|headers| headers.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("gzip")));
            reply
        },
        "the header `transfer-encoding` cannot be sent: the server manages its connections, so do not set it",
    ),
    (
        |reply| reply.header(header::CONNECTION, HeaderValue::from_static("close")),
        "the header `connection` cannot be sent: the server manages its connections, so do not set it",
    ),
    (
        |reply| reply.header(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("sniff")),
        "the header `x-content-type-options` cannot be sent: every reply has `nosniff`, so do not set it",
    ),
    (
        |reply| reply.status(StatusCode::NOT_FOUND),
        "the status 404 cannot be sent: a successful call needs a 2xx or a 3xx, so return an `Error` for another status",
    ),
    (
        |reply| reply.status(StatusCode::NO_CONTENT),
        "the status 204 cannot be sent: its reply has no body, so return `Ok(())` or do not set the status",
    ),
    (
        |reply| reply.status(StatusCode::NOT_MODIFIED),
        "the status 304 cannot be sent: its reply has no body, so return `Ok(())` or do not set the status",
    ),
];

/// Checks that the procedure fails because it sets something that cannot be sent.
async fn assert_unsendable(procedure: impl Into<Procedure<()>>, what: &str) {
    let log = Log::listen();
    let reply = Client::of_one(procedure).get("/api/test/run").await;
    assert_eq!(reply.failure(), (500, "INTERNAL_SERVER_ERROR".into()), "{what}");
    assert_eq!(reply.json()["message"], "Internal server error");
    let lines = log.lines();
    let errors: Vec<_> = lines.iter().filter(|line| line.starts_with("ERROR")).collect();
    assert!(matches!(errors[..], [line] if line.contains(what)), "`{what}` in {errors:?}");
}

#[tokio::test]
async fn a_handlers_status_and_headers_are_sent_or_the_log_explains_the_error() {
    for (says, what) in UNSENDABLE {
        let now = procedure::<()>().query(move |Call { ctx, .. }| {
            says(ctx.reply());
            Ok("sent")
        });
        assert_unsendable(now, what).await;
        let later = procedure::<()>().query(move |Call { ctx, .. }| async move {
            says(ctx.reply());
            Ok("sent")
        });
        assert_unsendable(later, what).await;
    }
}

#[tokio::test]
async fn status_and_headers_of_middlewares_and_end_hooks_are_checked_too() {
    for (says, what) in UNSENDABLE {
        let after = procedure::<()>()
            .use_fn(move |ctx, next: Next<_>| async move {
                let scope: RequestScope = Ctx::scope(&ctx).clone();
                let output = next.run(ctx).await;
                says(scope.reply());
                output
            })
            .query(|_| Ok("sent"));
        assert_unsendable(after, what).await;
        let at_the_end = procedure::<()>().query(move |Call { ctx, .. }| {
            ctx.scope().on_end(async move |scope| {
                says(scope.reply());
                Ok(())
            });
            Ok("sent")
        });
        assert_unsendable(at_the_end, what).await;
    }
}

/// In a thread, because a lock that is taken twice would block this one forever.
#[tokio::test]
async fn a_slot_may_use_the_slots_of_its_request_while_it_is_made() {
    struct Opened;
    impl velox_rpc::context::Slot for Opened {}

    let nested = procedure::<()>().query(|Call { ctx, .. }| {
        let scope = ctx.scope().clone();
        let (done, is_done) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            scope.slot(1, || {
                scope.on_end(async |_| Ok(()));
                Opened
            });
            done.send(())
        });
        Ok(is_done.recv_timeout(std::time::Duration::from_secs(20)).is_ok())
    });
    let router = Router::new("slots").procedure("getNested", nested);
    let app = App::new(()).router(router).into_service().expect("good routes");
    let reply = app.call(http::Request::get("/api/slots/getNested").body(String::new()).expect("a request")).await;
    assert_eq!(http_body_util::BodyExt::collect(reply.into_body()).await.expect("a body").to_bytes(), "true");
}

#[tokio::test]
async fn a_middleware_sees_the_error_of_a_reply_that_cannot_be_sent() {
    let seen = Trace::default();
    let kept = seen.clone();
    let typed = procedure::<()>()
        .use_fn(move |ctx, next: Next<_>| {
            let seen = kept.clone();
            async move {
                let result = next.run(ctx).await;
                seen.note(result.as_ref().map_or_else(|error| error.status().to_string(), |_| "fine".to_owned()));
                result
            }
        })
        .query(|Call { ctx, .. }| {
            Ctx::reply(&ctx).header(header::CONTENT_TYPE, HeaderValue::from_static("text/csv"));
            Ok("a,b")
        });
    assert_unsendable(typed, "`content-type`").await;
    assert_eq!(seen.taken(), ["500 Internal Server Error"]);
}

#[tokio::test]
async fn the_log_has_both_errors_of_a_failed_call_that_cannot_be_sent() {
    let failing = procedure::<()>().query(|Call { ctx, .. }| -> Result<u8> {
        ctx.reply().header(header::CONTENT_LENGTH, HeaderValue::from_static("1"));
        Ok("seven".parse()?)
    });
    assert_unsendable(failing, "the server counts the bytes, so do not set it: invalid digit found in string").await;
}

#[tokio::test]
async fn a_status_set_by_a_handler_does_not_apply_to_an_error() {
    let missing = procedure::<()>().query(|Call { ctx, .. }| -> Result<()> {
        ctx.reply().status(StatusCode::NOT_FOUND);
        Err(Error::conflict("Taken"))
    });
    assert_eq!(Client::of_one(missing).get("/api/test/run").await.failure(), (409, "CONFLICT".into()));
}

#[tokio::test]
async fn a_status_without_a_body_is_sent_without_one() {
    for status in [StatusCode::NO_CONTENT, StatusCode::RESET_CONTENT, StatusCode::NOT_MODIFIED] {
        let api = Client::of_one(procedure::<()>().query(move |Call { ctx, .. }| {
            ctx.reply().status(status);
            Ok(())
        }));
        let reply = api.get("/api/test/run").await;
        assert_eq!((reply.status, reply.text(), reply.header("content-type")), (status, "", None));
    }
}

#[tokio::test]
async fn the_direct_caller_gets_the_same_error_for_an_invalid_header() {
    let typed = procedure::<()>().query(|Call { ctx, .. }| {
        ctx.reply().header(header::CONTENT_TYPE, HeaderValue::from_static("text/csv"));
        Ok(vec![1, 2])
    });
    let reply = App::new(()).caller().call_with_headers(typed, &()).await;
    assert_eq!(reply.result.expect_err("it cannot be sent").status(), 500);
    assert!(reply.headers.is_empty());
}

// ---- Panics and other errors ----

/// A type that panics when it is serialized.
#[derive(schemars::JsonSchema)]
struct Unwritable;

impl serde::Serialize for Unwritable {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("the password is hunter2")
    }
}

struct Refusing;

impl<C: Ctx> Guard<C> for Refusing {
    fn name(&self) -> &str {
        "panicking"
    }

    async fn check(&self, _: &C) -> Result<()> {
        panic!("the password is hunter2")
    }
}

fn panicking() -> Client {
    let boom = || -> Result<()> { panic!("the password is hunter2") };
    let router = Router::new("test")
        .procedure("handler", procedure().query(move |_| boom()))
        .procedure("asyncHandler", procedure().query(async |_| -> Result<()> { panic!("the password is hunter2") }))
        .procedure(
            "later",
            procedure().query(async |_| -> Result<()> {
                tokio::task::yield_now().await;
                panic!("the password is {}", "hunter2")
            }),
        )
        .procedure(
            "middleware",
            procedure()
                .use_fn(|_: Context<()>, _: Next<Context<()>>| -> Traced { panic!("the password is hunter2") })
                .query(|_| Ok(1)),
        )
        .procedure(
            "insideMiddleware",
            procedure()
                .use_fn(async |ctx: Context<()>, next: Next<_>| next.run(ctx).await)
                .query(move |_: Call<Context<()>, ()>| boom()),
        )
        .procedure("guard", procedure().guard(Refusing).query(|_| Ok(1)))
        .procedure("namedGuard", procedure().guard(guard("g", |_| panic!("the password is hunter2"))).query(|_| Ok(1)))
        .procedure(
            "guardFn",
            procedure().guard_fn("g", |_, ()| -> bool { panic!("the password is hunter2") }).query(|_| Ok(1)),
        )
        .procedure("serialize", procedure().query(|_| Ok(Unwritable)))
        .procedure("serializeLater", procedure().query(async |_| Ok(Unwritable)))
        .procedure(
            "end",
            procedure::<()>().query(|Call { ctx, .. }| {
                ctx.scope().on_end(|_: RequestScope| async { panic!("the password is hunter2") });
                Ok(1)
            }),
        )
        .procedure("fine", procedure().query(|_| Ok(1)));
    Client::of(App::new(()).router(router))
}

#[tokio::test]
async fn a_panic_in_a_call_is_a_500_without_details_and_the_service_survives() {
    let api = panicking();
    for place in [
        "handler",
        "asyncHandler",
        "later",
        "middleware",
        "insideMiddleware",
        "guard",
        "namedGuard",
        "guardFn",
        "serialize",
        "serializeLater",
        "end",
    ] {
        let log = Log::listen();
        let reply = api.get(&format!("/api/test/{place}")).await;
        assert_eq!(reply.failure(), (500, "INTERNAL_SERVER_ERROR".into()), "{place}");
        assert!(!reply.text().contains("hunter2"), "{place}");
        assert!(log.lines().iter().any(|line| line.contains("the password is hunter2")), "{place}: {:?}", log.lines());
        assert_eq!(api.get("/api/test/fine").await.result(), 1, "after {place}");
    }
}

#[derive(Debug)]
struct Outer(std::num::ParseIntError);

impl fmt::Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the row cannot be read")
    }
}

impl std::error::Error for Outer {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

fn failing() -> Client {
    Client::of_one(procedure().query(|_| Ok("seven".parse::<u32>().map_err(Outer)?)))
}

#[tokio::test]
async fn an_error_of_std_is_a_500_with_a_fixed_text() {
    let mut body = failing().get("/api/test/run").await.json();
    body.as_object_mut().expect("an object").remove("requestId").expect("an id");
    let fixed = json!({
        "error": "InternalServerError",
        "message": "Internal server error",
        "statusCode": 500,
        "code": "INTERNAL_SERVER_ERROR",
    });
    assert_eq!(body, fixed);
}

#[tokio::test]
async fn an_error_of_std_is_logged_once_with_its_sources_the_procedure_and_the_id_of_the_reply() {
    let log = Log::listen();
    let reply = failing().get("/api/test/run").await;
    let lines = log.lines();
    let [line] = &lines[..] else { panic!("one line: {lines:?}") };
    let id = format!("request_id={}", reply.header("x-request-id").expect("an id"));
    for part in ["ERROR", "the row cannot be read: invalid digit found in string", "test.run", &id, "status=500"] {
        assert!(line.contains(part), "`{part}` in {line}");
    }
}

/// `main` and `unwrap` print it.
#[test]
fn the_debug_text_of_an_error_begins_with_its_causes() {
    let number = || "seven".parse::<u32>().map_err(Outer).expect_err("no number");
    let address = "127.0.0.1:3000".parse().expect("an address");
    let taken = ServeError::Listen { address, error: std::io::ErrorKind::AddrInUse.into() };
    for (error, expected) in [
        (Error::from(taken), "cannot listen on 127.0.0.1:3000: address already in use"),
        (Error::from(number()), "the row cannot be read: invalid digit found in string"),
        (
            Error::unavailable("Try again").with_source(number()),
            "the row cannot be read: invalid digit found in string (503 SERVICE_UNAVAILABLE: Try again)",
        ),
        (Error::conflict("Taken").with_code("TAKEN"), "409 TAKEN: Taken"),
        // What a client sent begins no line of its own.
        (Error::not_found("User 7\n2026-11-30 INFO admin"), "404 NOT_FOUND: User 7 2026-11-30 INFO admin"),
    ] {
        assert_eq!(format!("{error:?}"), expected);
    }
}

/// Some errors, such as those of sqlx, contain the text of their source.
#[derive(Debug)]
struct Repeating(std::num::ParseIntError);

impl fmt::Display for Repeating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error returned from database: {}", self.0)
    }
}

impl std::error::Error for Repeating {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[tokio::test]
async fn a_source_that_the_error_repeats_is_logged_once() {
    let log = Log::listen();
    let api = Client::of_one(procedure().query(|_| Ok("seven".parse::<u32>().map_err(Repeating)?)));
    api.get("/api/test/run").await;
    let lines = log.lines();
    assert!(lines[0].contains("error returned from database: invalid digit found in string"), "{lines:?}");
    assert_eq!(lines[0].matches("invalid digit").count(), 1, "{lines:?}");
}

#[tokio::test]
async fn client_errors_are_not_logged_as_errors() {
    let log = Log::listen();
    let api = Client::of_one(procedure().input::<Note>().mutation(|_| Ok(1)));
    api.post("/api/test/run", "{}").await.issues();
    assert!(!log.lines().iter().any(|line| line.starts_with("ERROR")), "{:?}", log.lines());
}

#[tokio::test]
async fn an_error_can_set_its_name_code_and_members_but_not_those_of_the_envelope() {
    let api = Client::of_one(procedure().query(|_| -> Result<()> {
        Err(Error::conflict("Taken")
            .with_name("Clash")
            .with_code("TAKEN")
            .with_member("by", "u2")
            .with_member("statusCode", 200))
    }));
    let body = json!({"error": "Clash", "message": "Taken", "statusCode": 409, "code": "TAKEN", "by": "u2"});
    assert_eq!(api.get("/api/test/run").await.outcome(), (409, body));
}

#[tokio::test]
async fn the_error_of_an_end_hook_replaces_the_reply() {
    let api = Client::of_one(procedure::<()>().query(|Call { ctx, .. }| {
        ctx.reply().header(HeaderName::from_static("x-one"), HeaderValue::from_static("1"));
        ctx.scope().on_end(|_| async { Err(Error::unavailable("Not saved")) });
        Ok(1)
    }));
    let reply = api.get("/api/test/run").await;
    assert_eq!(reply.failure(), (503, "SERVICE_UNAVAILABLE".into()));
}

#[tokio::test]
async fn a_replaced_reply_keeps_its_headers_against_caching() {
    let lines = [
        (header::CACHE_CONTROL, "max-age=60"),
        (header::CACHE_CONTROL, "private"),
        (header::VARY, "accept-language"),
        (header::VARY, "cookie"),
        (header::SET_COOKIE, "a=b"),
    ];
    let api = Client::of_one(procedure::<()>().query(move |Call { ctx, .. }| {
        for (name, value) in lines.clone() {
            ctx.reply().append(name, HeaderValue::from_static(value));
        }
        ctx.scope().on_end(|_| async { Err(Error::unavailable("Not saved")) });
        Ok(1)
    }));
    let reply = api.expecting("cache-control").expecting("vary").get("/api/test/run").await;
    let all = |name: &str| reply.headers.get_all(name).iter().cloned().collect::<Vec<_>>();
    assert_eq!(all("cache-control"), ["max-age=60", "private"]);
    assert_eq!(all("vary"), ["accept-language", "cookie"]);
    assert_eq!(reply.header("set-cookie"), None);
}

/// A query that sets this `Cache-Control` and then returns the result of `gives()`.
fn cached(said: &'static str, gives: fn() -> Result<u8>) -> Query<(), u8> {
    procedure::<()>().query(move |Call { ctx, .. }| {
        ctx.reply().header(header::CACHE_CONTROL, HeaderValue::from_static(said));
        gives()
    })
}

#[tokio::test]
async fn a_handler_allows_shared_caches_only_for_its_result() {
    let sent = async |said, gives| {
        let api = Client::of_one(cached(said, gives)).expecting("cache-control");
        let header = api.get("/api/test/run").await.header("cache-control").map(str::to_owned);
        let direct = App::new(()).caller().call_with_headers(cached(said, gives), &()).await.headers;
        assert_eq!(header.as_deref(), direct["cache-control"].to_str().ok(), "the direct caller gets another header");
        header
    };
    let errors: [fn() -> Result<u8>; 4] = [
        || Err(Error::resource_not_found("Page", 1)),
        || Err(Error::unauthorized("Who are you?")),
        || Err(Error::internal("broken")),
        || panic!("broken"),
    ];
    for said in ["public, max-age=60", "max-age=60", "s-maxage=60", "private, immutable"] {
        assert_eq!(sent(said, || Ok(1)).await.as_deref(), Some(said));
        for error in errors {
            assert_eq!(sent(said, error).await.as_deref(), Some("no-store"), "{said}");
        }
    }
    for error in errors {
        assert_eq!(sent("private, max-age=60", error).await.as_deref(), Some("private, max-age=60"));
    }
}

#[tokio::test]
async fn an_error_before_the_handler_has_no_cache_control() {
    // The test client fails on a header that nobody expected.
    let api = Client::of(App::new(()).body_limit(8).router(Router::new("test").procedure(
        "run",
        procedure::<()>().input::<Note>().mutation(|Call { ctx, .. }| {
            ctx.reply().header(header::CACHE_CONTROL, HeaderValue::from_static("public"));
            Ok(())
        }),
    )));
    let statuses = [
        api.get("/api/nothing").await.status,
        api.get("/api/test/run").await.status,
        api.post("/api/test/run", r#"{"text":"more than eight bytes"}"#).await.status,
        api.post("/api/test/run", "{}").await.status,
    ];
    assert_eq!(statuses.map(|status| status.as_u16()), [404, 405, 413, 400]);
}

// ---- The direct caller ----

#[tokio::test]
async fn the_direct_caller_has_typed_inputs_and_results() {
    let app = App::new(());
    let shout = procedure().input::<Note>().mutation(|Call { input, .. }| Ok(Note { text: input.text.to_uppercase() }));
    let note: Note = app.caller().call(shout, &Note { text: "hi".into() }).await.expect("good input");
    assert_eq!(note.text, "HI");
}

#[tokio::test]
async fn the_caller_finds_a_procedure_by_its_name() {
    let shout = procedure().input::<Note>().query(|Call { input, .. }| Ok(Note { text: input.text.to_uppercase() }));
    let app = App::new(()).router(Router::new("notes").procedure("shout", shout));
    let named = async |name: &str, input: Value| app.caller().call_named(name, &input).await.result;
    assert_eq!(named("notes.shout", json!({"text": "hi"})).await.expect("good input"), json!({"text": "HI"}));
    let missing = named("notes.shout", Value::Null).await.expect_err("no input");
    assert_eq!(missing.members()["details"], json!([{"field": "", "message": "Required"}]));
    for name in ["notes.whisper", "notes", "shout", "", "notes.shout.x"] {
        let unknown = named(name, Value::Null).await.expect_err("no such procedure");
        assert_eq!((unknown.status().as_u16(), unknown.code()), (404, "NOT_FOUND"));
        assert_eq!(unknown.message(), format!("No procedure found on path \"{name}\""));
    }
}

#[tokio::test]
async fn the_caller_reaches_the_state() {
    let motto = notes().caller().call(Notes { prefix: "" }.get_motto(), &()).await;
    assert!(motto.is_ok_and(|motto| motto == "make haste slowly"));
}

#[tokio::test]
async fn the_caller_returns_the_headers_that_the_call_set() {
    let counted = procedure().use_(Counted(HeaderName::from_static("x-count"))).query(|_| Ok(1));
    let reply = App::new(()).caller().call_with_headers(counted, &()).await;
    assert_eq!(reply.headers["x-count"], "1");
}

#[tokio::test]
async fn each_direct_call_is_a_separate_request() {
    let ids = Trace::default();
    let kept = ids.clone();
    let app = App::new(());
    let caller = app.caller();
    for _ in 0..2 {
        let ids = kept.clone();
        let call = procedure::<()>().query(move |Call { ctx, .. }| {
            ids.note(ctx.scope().id().to_string());
            Ok(())
        });
        caller.call(call, &()).await.expect("it never fails");
    }
    let ids = ids.taken();
    assert_ne!(ids[0], ids[1]);
}

/// Returns the outcome of a call with `text` over REST and by the direct caller.
async fn both_ways(procedure: Make, text: &str, key: bool) -> (Ending, Ending) {
    let app = App::new(());
    let mut caller = app.caller();
    let mut request = velox_tests::json(Method::POST, "/api/test/run", json!({"text": text}).to_string());
    if key {
        let (name, value) = (HeaderName::from_static("x-key"), HeaderValue::from_static("1"));
        request.headers_mut().insert(name.clone(), value.clone());
        caller = caller.header(name, value);
    }
    let direct = match caller.call(procedure(), &Note { text: text.to_owned() }).await {
        Ok(value) => Ok(value),
        Err(error) => {
            Err((error.status().as_u16(), error.name().to_owned(), error.code().to_owned(), error.message().to_owned()))
        }
    };
    (ending(&Client::of_one(procedure()).send(request).await), direct)
}

/// A procedure cannot be used twice, so each run makes its own.
type Make = fn() -> Mutation<Note, Value>;

/// The outcome of a call: its result, or the status, name, code and message of its error.
type Ending = Result<Value, (u16, String, String, String)>;

fn ending(reply: &Reply) -> Ending {
    let body = reply.json();
    if reply.status.is_success() {
        return Ok(body);
    }
    let text = |key: &str| body[key].as_str().expect("a text").to_owned();
    Err((reply.status.as_u16(), text("error"), text("code"), text("message")))
}

#[tokio::test]
async fn the_direct_caller_and_rest_give_the_same_result_or_error() {
    let procedures: [(&str, Make); 9] = [
        ("plain", || procedure().input::<Note>().mutation(|Call { input, .. }| Ok(json!(input.text)))),
        ("async", || procedure().input::<Note>().mutation(async |Call { input, .. }| Ok(json!([input.text])))),
        ("guarded", || procedure().guard(keyed("key", "x-key")).input::<Note>().mutation(|_| Ok(json!(1)))),
        ("guarded late", || procedure().input::<Note>().guard(keyed("key", "x-key")).mutation(|_| Ok(json!(1)))),
        ("refused", || procedure().use_(nobody).input::<Note>().mutation(|_| Ok(json!(1)))),
        ("checked", || {
            let check = |_: &Context<()>, input: &Note| {
                if input.text == "[" { Err(Error::conflict("No bracket")) } else { Ok(()) }
            };
            procedure().input::<Note>().guard_fn("bracket", check).mutation(|_| Ok(Value::Null))
        }),
        ("failing", || procedure().input::<Note>().mutation(|Call { input, .. }| Ok(json!(input.text.parse::<u8>()?)))),
        ("panicking", || procedure().input::<Note>().mutation(|_| -> Result<Value> { panic!("on purpose") })),
        ("missing", || {
            procedure()
                .input::<Note>()
                .mutation(|Call { input, .. }| Err(Error::resource_not_found("Note", input.text)))
        }),
    ];
    for (name, procedure) in procedures {
        for text in ["", "hi", "[", "7", "too long", "\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}"] {
            for key in [false, true] {
                let (rest, direct) = both_ways(procedure, text, key).await;
                assert_eq!(rest, direct, "{name}, {text:?}, key: {key}");
            }
        }
    }
}
