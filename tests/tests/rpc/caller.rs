//! Tests direct calls: a procedure runs as in the application, with the guards and middlewares of
//! its router.

use futures_util::stream::{self, StreamExt};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::Value;
use velox_rpc::caller::{Caller, Message};
use velox_rpc::procedure::{Guard, Outcome, Tracked, guard, tracked};
use velox_rpc::router::IntoRouter;
use velox_rpc::{
    App, Call, Context, Ctx, Error, Middleware, Mutation, Next, Query, Result, Router, Subscription, procedure, router,
    schema,
};

#[schema]
struct Greet {
    short: bool,
}

/// A router with a setting: the word that it greets with.
struct Greeter {
    word: &'static str,
}

#[router("greeter")]
impl Greeter {
    /// Returns the router's word.
    fn get_word(&self) -> Query<(), String> {
        let word = self.word;
        procedure().query(move |_| Ok(word.to_owned()))
    }

    /// Returns another procedure if the word is short.
    fn greet(&self) -> Query<Greet, String> {
        let word = self.word;
        if word.len() < 3 {
            return procedure()
                .input::<Greet>()
                .query(move |Call { input, .. }| Ok(format!("{word}, {}", input.short)));
        }
        procedure().input::<Greet>().query(move |_| Ok(word.to_owned()))
    }

    /// Returns the name under which it runs.
    fn name(&self) -> Mutation<(), String> {
        procedure().mutation(|Call { ctx, .. }| Ok(ctx.procedure().to_string()))
    }

    /// Returns the procedure of another method.
    fn same_word(&self) -> Query<(), String> {
        self.get_word()
    }

    #[cfg(not(test))]
    fn switched(&self) -> Query<(), String> {
        procedure().query(|_| Ok(String::from("not in tests")))
    }

    #[cfg(test)]
    fn switched(&self) -> Query<(), u8> {
        procedure().query(|_| Ok(1))
    }

    #[deprecated(note = "use getWord")]
    fn old_word(&self) -> Query<(), String> {
        procedure().query(|_| Ok(String::from("hail")))
    }
}

const HI: Greeter = Greeter { word: "hi" };

fn keyed() -> impl Guard<Context<()>> {
    guard("key", |request| request.header("x-key").is_some())
}

fn guarded() -> App<()> {
    App::new(()).router(HI.into_router().guard(keyed()))
}

fn with_key<S: Send + Sync + 'static>(caller: Caller<S>) -> Caller<S> {
    caller.header(HeaderName::from_static("x-key"), HeaderValue::from_static("1"))
}

/// A middleware that sets a header on the reply.
struct Marked;

impl<C: Ctx> Middleware<C> for Marked {
    type Context = C;

    async fn call(&self, ctx: C, next: Next<C>) -> Result<Outcome> {
        ctx.reply().header(HeaderName::from_static("x-marked"), HeaderValue::from_static("1"));
        next.run(ctx).await
    }
}

#[tokio::test]
async fn a_guard_of_the_router_refuses_the_caller() {
    let app = guarded();
    let refused = app.caller().call(HI.get_word(), &()).await.expect_err("the key is missing");
    assert_eq!((refused.status().as_u16(), refused.code()), (403, "GUARD_FAILED"));
    assert_eq!(with_key(app.caller()).call(HI.get_word(), &()).await.expect("the key is present"), "hi");
}

#[tokio::test]
async fn a_middleware_of_the_router_runs_for_the_caller() {
    let app = App::new(()).router(HI.into_router().use_(Marked));
    let reply = app.caller().call_with_headers(HI.get_word(), &()).await;
    assert_eq!(
        (reply.result.expect("no guard").as_str(), &reply.headers["x-marked"]),
        ("hi", &"1".parse().expect("text"))
    );
}

#[tokio::test]
async fn a_method_that_returns_early_is_guarded_too() {
    let app = guarded();
    let refused = app.caller().call(HI.greet(), &Greet { short: true }).await.expect_err("the key is missing");
    assert_eq!(refused.status(), 403);
    let text = with_key(app.caller()).call(HI.greet(), &Greet { short: true }).await;
    assert_eq!(text.expect("the key is present"), "hi, true");
}

#[tokio::test]
async fn a_method_that_returns_another_ones_procedure_runs_under_its_own_name() {
    let app = App::new(()).router(
        Router::new("greeter").procedure("getWord", HI.get_word()).guard(keyed()).procedure("sameWord", HI.same_word()),
    );
    assert!(app.caller().call(HI.same_word(), &()).await.is_err());
}

#[tokio::test]
async fn a_method_behind_a_cfg_and_a_deprecated_one_are_guarded_too() {
    let app = guarded();
    let keyed = with_key(app.caller());
    assert_eq!(app.caller().call(HI.switched(), &()).await.expect_err("the key is missing").status(), 403);
    assert_eq!(keyed.call(HI.switched(), &()).await.expect("the key is present"), 1);
    #[expect(deprecated, reason = "it is still served")]
    let old_word = || HI.old_word();
    assert_eq!(app.caller().call(old_word(), &()).await.expect_err("the key is missing").status(), 403);
    assert_eq!(keyed.call(old_word(), &()).await.expect("the key is present"), "hail");
}

#[tokio::test]
async fn a_served_procedure_runs_under_its_name() {
    assert_eq!(App::new(()).router(HI).caller().call(HI.name(), &()).await.expect("no guard"), "greeter.name");
    assert_eq!(App::new(()).caller().call(HI.name(), &()).await.expect("no guard"), "caller.call");
}

#[tokio::test]
async fn the_procedure_of_the_application_runs_instead_of_the_given_value() {
    let app = App::new(()).router(HI);
    let other = Greeter { word: "good day" };
    assert_eq!(app.caller().call(other.get_word(), &()).await.expect("no guard"), "hi");
}

#[tokio::test]
async fn a_procedure_that_is_not_served_runs_without_a_router() {
    let app = App::new(()).router(Router::new("other").guard(keyed()).procedure("name", procedure().query(|_| Ok(1))));
    assert_eq!(app.caller().call(HI.get_word(), &()).await.expect("no guard"), "hi");
}

#[tokio::test]
async fn a_method_is_found_under_the_name_that_a_router_gave_it() {
    let app = App::new(()).router(Router::new("words").guard(keyed()).procedure("first", HI.get_word()));
    let refused = app.caller().call(HI.get_word(), &()).await.expect_err("the key is missing");
    assert_eq!(refused.status(), 403);
}

#[tokio::test]
async fn its_own_name_wins_over_other_names() {
    let open = Router::new("open").procedure("word", HI.get_word());
    let app = App::new(()).router(open).router(HI.into_router().guard(keyed()));
    assert_eq!(app.caller().call(HI.get_word(), &()).await.expect_err("the key is missing").status(), 403);
}

#[tokio::test]
async fn a_hand_built_procedure_is_guarded_once_it_has_its_name() {
    fn plain() -> Query<(), u8> {
        procedure().query(|_| Ok(1))
    }
    let named = || plain().served_as("numbers", "one");
    let app = App::new(()).router(Router::new("numbers").guard(keyed()).procedure("one", named()));
    assert_eq!(app.caller().call(plain(), &()).await.expect("it does not have its name"), 1);
    assert_eq!(app.caller().call(named(), &()).await.expect_err("the key is missing").status(), 403);
    assert_eq!(with_key(app.caller()).call(named(), &()).await.expect("the key is present"), 1);
}

#[tokio::test]
async fn the_caller_does_not_know_routers_that_are_added_later() {
    let app = App::new(());
    let before = app.caller();
    let app = app.router(HI.into_router().guard(keyed()));
    assert!(before.call(HI.get_word(), &()).await.is_ok());
    assert!(app.caller().call(HI.get_word(), &()).await.is_err());
}

fn counting() -> Subscription<(), Tracked<u32>> {
    let numbers = || stream::iter([Ok(tracked("a", 1)), Ok(tracked("b", 2)), Err(Error::conflict("Enough"))]);
    procedure().subscription(move |_| numbers()).served_as("live", "count")
}

/// A middleware that ends subscriptions at once, so that their clients reconnect.
struct Away;

impl<C: Ctx> Middleware<C> for Away {
    type Context = C;

    async fn call(&self, ctx: C, next: Next<C>) -> Result<Outcome> {
        Ok(next.run(ctx).await?.end_with(async { Ok(()) }))
    }
}

#[tokio::test]
async fn a_subscription_is_read_event_by_event() {
    let caller = App::new(()).router(Router::new("live").procedure("count", counting())).caller();
    let by_type = caller.subscribe(counting(), &()).await.result.expect("it begins");
    let by_name = caller.subscribe_named("live.count", &Value::Null).await.result.expect("it begins");
    let of_type: Vec<_> = by_type.collect().await;
    let of_name: Vec<_> = by_name.collect().await;
    let seen = |message: &Result<Message<u32>>| message.as_ref().ok().map(|message| (message.id.clone(), message.data));
    let [a, b] = [("a", 1), ("b", 2)].map(|(id, data)| Some((Some(id.to_owned()), data)));
    assert_eq!(of_type.iter().map(seen).collect::<Vec<_>>(), [a, b, None]);
    assert_eq!(of_type[2].as_ref().expect_err("it fails").status(), StatusCode::CONFLICT);
    assert_eq!(of_name.len(), 3);
    assert_eq!(of_name[1].as_ref().expect("an event").data, 2);
}

#[tokio::test]
async fn a_subscription_that_is_cut_off_ends_in_an_error() {
    let router = Router::new("live").use_(Away).procedure("count", counting());
    let mut cut = App::new(()).router(router).caller().subscribe(counting(), &()).await.result.expect("it begins");
    let error = cut.next().await.expect("it says so").expect_err("it was cut off");
    assert_eq!(error.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(cut.next().await.is_none());
}

#[tokio::test]
async fn each_kind_of_procedure_has_its_own_way_to_be_called() {
    let ask = procedure().query(|_| Ok(1));
    let caller = App::new(()).router(Router::new("live").procedure("count", counting()).procedure("ask", ask)).caller();
    let called = caller.call_named("live.count", &Value::Null).await.result.expect_err("a subscription");
    let subscribed = caller.subscribe_named("live.ask", &Value::Null).await.result.expect_err("a query");
    assert_eq!(called.message(), "`live.count` is a subscription: subscribe to it");
    assert_eq!(subscribed.message(), "`live.ask` is a query: call it");
    assert_eq!(
        (called.status(), subscribed.status()),
        (StatusCode::METHOD_NOT_ALLOWED, StatusCode::METHOD_NOT_ALLOWED)
    );
}

struct Bookings;

#[router("viewer.bookings")]
impl Bookings {
    fn list_bookings(&self) -> Query<(), String> {
        procedure().query(|Call { ctx, .. }| Ok(ctx.procedure().to_string()))
    }
}

#[tokio::test]
async fn a_router_inside_another_is_called_by_its_method_and_by_its_name() {
    let app = App::new(()).router(Bookings);
    let caller = app.caller();
    let name = "viewer.bookings.listBookings";
    assert_eq!(caller.call(Bookings.list_bookings(), &()).await.expect("it succeeds"), name);
    assert_eq!(caller.call_named(name, &Value::Null).await.result.expect("it succeeds"), name);
    let service = app.into_service().expect("good routes");
    assert_eq!(service.manifest().to_string(), format!("GET  /api/viewer/bookings  {name}\n"));
}
