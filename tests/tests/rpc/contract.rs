//! Tests the rows of the conformance app about middlewares, outputs and errors, in the style of an
//! application.

use std::sync::{Arc, Mutex};

use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::Empty;
use serde_json::{Value, json};
use velox_rpc::procedure::{Outcome, guard};
use velox_rpc::{
    App, Call, Context, Ctx, Error, Middleware, Next, Query, Result, Router, middleware, procedure, router, schema,
};
use velox_tests::{Client, Reply};

/// Appends `<name>:before` to the trace, and sets `x-after-<name>` after the inner steps.
struct Traced(&'static str, HeaderName);

fn traced(name: &'static str, header: &'static str) -> Traced {
    Traced(name, HeaderName::from_static(header))
}

/// A context with a list.
struct TraceContext<C> {
    trace: Vec<String>,
    inner: C,
}

impl<C> std::ops::Deref for TraceContext<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.inner
    }
}

impl<C: Ctx> Ctx for TraceContext<C> {
    type State = C::State;

    fn base(&self) -> &Context<C::State> {
        self.inner.base()
    }
}

/// A middleware that starts the list.
struct StartTrace;

impl<C: Ctx> Middleware<C> for StartTrace {
    type Context = TraceContext<C>;

    async fn call(&self, ctx: C, next: Next<Self::Context>) -> Result<Outcome> {
        next.run(TraceContext { trace: Vec::new(), inner: ctx }).await
    }
}

impl<C: Ctx> Middleware<TraceContext<C>> for Traced {
    type Context = TraceContext<C>;

    async fn call(&self, mut ctx: Self::Context, next: Next<Self::Context>) -> Result<Outcome> {
        ctx.trace.push(format!("{}:before", self.0));
        let scope = ctx.scope().clone();
        let result = next.run(ctx).await;
        scope.reply().header(self.1.clone(), HeaderValue::from_static("1"));
        result
    }
}

#[middleware]
async fn tenant(ctx: &impl Ctx) -> Result<String> {
    Ok(ctx.request().header("x-tenant").unwrap_or("default").to_owned())
}

#[schema]
struct Public {
    id: String,
    name: String,
}

#[schema]
struct OnlyId {
    id: String,
}

struct Mw;

#[router("mw")]
impl Mw {
    fn get_context(&self) -> Query<(), Value> {
        procedure()
            .use_(StartTrace)
            .use_(traced("one", "x-after-one"))
            .use_(traced("two", "x-after-two"))
            .use_(tenant)
            .rest(Method::GET, "/mw/context")
            .query(|Call { ctx, .. }| Ok(json!({"tenant": ctx.tenant, "trace": ctx.trace})))
    }

    fn short_circuit(&self) -> Query<(), Value> {
        procedure()
            .use_fn(async |_: Context<()>, _: Next<Context<()>>| Outcome::json(&json!({"from": "middleware"})))
            .rest(Method::GET, "/mw/short-circuit")
            .query(|_| Ok(json!({"from": "handler"})))
    }

    fn strip_output(&self) -> Query<(), Public> {
        procedure()
            .rest(Method::GET, "/mw/output")
            .output::<Public>()
            .query(|_| Ok(json!({"id": "1", "name": "shown", "secret": "hidden"})))
    }

    fn bad_output(&self) -> Query<(), OnlyId> {
        procedure().rest(Method::GET, "/mw/bad-output").output::<OnlyId>().query(|_| Ok(json!({"id": 42})))
    }
}

struct Errors;

#[router("errors")]
impl Errors {
    fn throw_plain(&self) -> Query<(), ()> {
        procedure()
            .rest(Method::GET, "/errors/plain")
            .query(|_| Err(std::io::Error::other("database password is hunter2").into()))
    }

    fn throw_not_found(&self) -> Query<(), ()> {
        procedure().rest(Method::GET, "/errors/not-found").query(|_| Err(Error::resource_not_found("Widget", 42)))
    }

    fn throw_validation(&self) -> Query<(), ()> {
        procedure()
            .rest(Method::GET, "/errors/validation")
            .query(|_| Err(Error::validation("Bad thing", [("field", "reason")])))
    }

    fn throw_velox(&self) -> Query<(), ()> {
        procedure()
            .rest(Method::GET, "/errors/custom")
            .query(|_| Err(Error::custom(StatusCode::PAYMENT_REQUIRED, "PAYMENT_REQUIRED", "Pay first")))
    }
}

fn app() -> Client {
    let api_key = guard("apiKey", |request| request.header("x-api-key") == Some("key-123"))
        .message("API key required")
        .status(StatusCode::UNAUTHORIZED);
    let open = guard("openHours", |request| request.header("x-closed") != Some("1")).message("Closed");
    let admin = Router::new("admin").procedure(
        "createReport",
        procedure::<()>().guards((api_key, open)).input::<OnlyId>().mutation(|Call { input, .. }| Ok(input)),
    );
    let client = Client::of(App::new(()).router(Mw).router(Errors).router(admin));
    client.expecting("x-after-one").expecting("x-after-two")
}

async fn get(target: &str, header: Option<(&str, &str)>) -> Reply {
    let request = Request::get(target);
    let request = header.into_iter().fold(request, |request, (name, value)| request.header(name, value));
    app().send(request.body(Empty::<&[u8]>::new()).expect("a request")).await
}

#[tokio::test]
async fn middlewares_extend_the_context_and_set_headers_afterwards() {
    for (header, tenant) in [(None, "default"), (Some(("x-tenant", "acme")), "acme")] {
        let reply = get("/api/mw/context", header).await;
        assert_eq!(reply.result(), json!({"tenant": tenant, "trace": ["one:before", "two:before"]}));
        assert_eq!((reply.header("x-after-one"), reply.header("x-after-two")), (Some("1"), Some("1")));
    }
}

#[tokio::test]
async fn a_middleware_can_answer_instead_of_the_handler() {
    assert_eq!(get("/api/mw/short-circuit", None).await.outcome(), (200, json!({"from": "middleware"})));
}

#[tokio::test]
async fn an_output_type_drops_unknown_fields_and_fails_without_details() {
    assert_eq!(get("/api/mw/output", None).await.outcome(), (200, json!({"id": "1", "name": "shown"})));
    let reply = get("/api/mw/bad-output", None).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["message"]), (500, &json!("Internal server error")));
    // The request id is random, so it may contain these by chance.
    let mut body = reply.json();
    body["requestId"].take();
    assert!(!body.to_string().contains("42") && !body.to_string().contains("string"), "{reply:?}");
}

#[tokio::test]
async fn errors_have_the_bodies_of_the_contract() {
    let plain = get("/api/errors/plain", None).await;
    assert_eq!((plain.status.as_u16(), &plain.json()["message"]), (500, &json!("Internal server error")));
    assert!(!plain.text().contains("hunter2"), "{plain:?}");
    let rows = [
        (
            "not-found",
            json!({"error": "NotFoundError", "message": "Widget with id 42 not found", "statusCode": 404,
                   "code": "NOT_FOUND", "resource": "Widget", "resourceId": "42"}),
        ),
        (
            "validation",
            json!({"error": "ValidationError", "message": "Bad thing", "statusCode": 400, "code": "VALIDATION_ERROR",
                   "fields": {"field": "reason"}, "details": [{"field": "field", "message": "reason"}]}),
        ),
        (
            "custom",
            json!({"error": "VeloxError", "message": "Pay first", "statusCode": 402, "code": "PAYMENT_REQUIRED"}),
        ),
    ];
    for (path, body) in rows {
        let reply = get(&format!("/api/errors/{path}"), None).await;
        assert_eq!((json!(reply.status.as_u16()), reply.json()), (body["statusCode"].clone(), body));
    }
}

#[tokio::test]
async fn guards_are_asked_in_order_before_the_input_is_read() {
    let post = async |headers: &[(&str, &str)]| {
        let request = Request::post("/api/admin").header("content-type", "application/json");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        app().send(request.body(Empty::<&[u8]>::new()).expect("a request")).await.outcome()
    };
    let refusal = |status: u16, message: &str, name: &str| {
        let body = json!({"error": "GuardError", "message": message, "statusCode": status, "code": "GUARD_FAILED",
                          "guardName": name});
        (status, body)
    };
    assert_eq!(post(&[("x-closed", "1")]).await, refusal(401, "API key required", "apiKey"));
    assert_eq!(post(&[("x-api-key", "key-123"), ("x-closed", "1")]).await, refusal(403, "Closed", "openHours"));
    assert_eq!(post(&[("x-api-key", "key-123")]).await.1["error"], "ValidationError");
}

/// A middleware gets the raw input, before and after the input step, and `None` if there is no
/// input.
#[tokio::test]
async fn a_middleware_can_come_before_or_after_the_input() {
    #[derive(Clone, Default)]
    struct Seen(Arc<Mutex<Vec<Option<String>>>>);

    impl<C: Ctx> Middleware<C> for Seen {
        type Context = C;

        async fn call(&self, ctx: C, next: Next<C>) -> Result<Outcome> {
            let input = ctx.base().input_json().await?.map(str::to_owned);
            self.0.lock().expect("no test panics here").push(input);
            next.run(ctx).await
        }
    }

    let seen = Seen::default();
    let with = procedure::<()>().use_(seen.clone()).input::<OnlyId>().use_(seen.clone()).mutation(|_| Ok(1));
    let without = procedure::<()>().use_(seen.clone()).mutation(|_| Ok(1));
    let router = Router::new("test").procedure("with", with).procedure("without", without);
    let client = Client::of(App::new(()).router(router));
    client.post("/api/test/with", r#"{"id":"1","more":2}"#).await.result();
    client.post("/api/test/without", "").await.result();
    let text = Some(r#"{"id":"1","more":2}"#.to_owned());
    assert_eq!(*seen.0.lock().expect("no test panics here"), [text.clone(), text, None]);
}
