//! Shows what the macros generate, written by hand: a router, an input and a middleware without
//! `#[router]`, `#[schema]` and `#[middleware]`. Run `cargo run --bin without_macros`, then
//! `curl 'localhost:3000/api/users/7' -H 'x-tenant: acme'`.

#![forbid(unsafe_code)]

use std::ops::Deref;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::Validate;
use velox_rpc::procedure::{Examine, Outcome};
use velox_rpc::{App, Call, Context, Ctx, Middleware, Next, Query, Result, Router, procedure};

/// The application state. Handlers read its fields through `ctx`.
struct AppState {
    domain: String,
}

// `#[schema]`
#[derive(Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct GetUser {
    #[validate(length(min = 1, max = 10))]
    id: String,
}

// The macro would report everything that is wrong with an input. This implementation reports only
// the first problem.
impl Examine for GetUser {}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct User {
    id: String,
    email_address: String,
}

// `#[middleware] fn tenant(ctx: &impl Ctx) -> Result<String>`
struct Tenant;

struct TenantContext<C> {
    tenant: String,
    inner: C,
}

impl<C> Deref for TenantContext<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.inner
    }
}

impl<C: Ctx> Ctx for TenantContext<C> {
    type State = C::State;

    fn base(&self) -> &Context<C::State> {
        self.inner.base()
    }
}

impl<C: Ctx> Middleware<C> for Tenant {
    type Context = TenantContext<C>;

    async fn call(&self, ctx: C, next: Next<TenantContext<C>>) -> Result<Outcome> {
        let tenant = ctx.request().header("x-tenant").unwrap_or("default").to_owned();
        next.run(TenantContext { tenant, inner: ctx }).await
    }
}

// `#[router("users", state = AppState)]`
fn users() -> Router<AppState> {
    Router::new("users").procedure("getUser", get_user().describe("One user."))
}

fn get_user() -> Query<GetUser, User, AppState> {
    let get_user = procedure::<AppState>().use_(Tenant).input::<GetUser>().query(async |Call { input, ctx }| {
        let email_address = format!("{}@{}.{}", input.id, ctx.tenant, ctx.domain);
        Ok(User { id: input.id, email_address })
    });
    get_user.served_as("users", "getUser")
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt().init();
    let port = velox_examples::number("PORT")?.unwrap_or(3000);
    App::new(AppState { domain: "example.com".to_owned() }).router(users()).serve(("127.0.0.1", port)).await?;
    Ok(())
}
