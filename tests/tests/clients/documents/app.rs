//! An application with one example of everything that the generated documents describe.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use velox_rpc::export::OpenApi;
use velox_rpc::procedure::{Credential, Demands, Guard, Procedure, guard};
use velox_rpc::{App, Call, Ctx, Error, Mutation, Query, Result, Router, procedure, router, schema};
use velox_session::rate::rate_limit;
use velox_session::{MemoryStore, SameSite, SessionMiddleware, SessionUser, session_middleware};

/// A user.
#[schema]
pub(crate) struct User {
    /// The id.
    id: String,
    name: String,
    #[validate(email)]
    email: String,
    age: Option<u8>,
    role: Role,
    address: Option<Address>,
}

/// The role of a user.
#[schema]
enum Role {
    User,
    Admin,
}

/// Where a user lives.
#[schema]
struct Address {
    #[validate(length(min = 1))]
    city: String,
    #[validate(regex(path = *ZIP, message = "Invalid zip"))]
    zip: String,
    /// The default is the home country.
    #[serde(default)]
    country: Country,
}

#[schema]
#[derive(Default)]
enum Country {
    #[default]
    Home,
    Abroad,
}

static ZIP: std::sync::LazyLock<regex::Regex> =
    std::sync::LazyLock::new(|| regex::Regex::new(r"^\d{5}$").expect("good"));

/// The changes to a user.
#[schema]
struct UpdateUser {
    /// The user's id.
    id: String,
    #[validate(length(min = 1, max = 100))]
    name: String,
    #[validate(email)]
    email: String,
    #[validate(range(min = 0, max = 150))]
    age: Option<u8>,
    address: Option<Address>,
}

#[schema]
struct CreateUser {
    #[validate(length(min = 1, max = 100))]
    name: String,
    #[validate(email)]
    email: String,
}

#[schema]
struct ById {
    id: String,
}

/// A page of a list.
#[schema]
struct ListUsers {
    /// The number of the page, starting at 1.
    #[serde(default = "one")]
    #[validate(range(min = 1))]
    page: u32,
    #[serde(default = "twenty")]
    #[validate(range(min = 1, max = 100))]
    limit: u32,
    /// A part of the name.
    search: Option<String>,
    roles: Option<Vec<Role>>,
    active: Option<bool>,
}

fn one() -> u32 {
    1
}

fn twenty() -> u32 {
    20
}

/// One page.
#[schema]
struct Page<T> {
    items: Vec<T>,
    total: u64,
}

/// One of several shapes.
#[derive(Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum Shape {
    /// A round shape.
    Circle {
        radius: f64,
    },
    Box {
        width: f64,
        height: f64,
    },
    Group {
        parts: Vec<Shape>,
    },
}

#[schema]
struct Drawing {
    shapes: Vec<Shape>,
    labels: BTreeMap<String, String>,
    origin: (f64, f64),
    #[schema(nullable)]
    owner: Option<User>,
    #[serde(rename = "made-by")]
    made_by: Option<String>,
    anything: Value,
}

#[schema]
struct Comment {
    post_id: String,
    #[validate(length(min = 1))]
    text: String,
}

#[schema]
struct Publish {
    slug: String,
}

pub(crate) struct Users;

/// People.
#[router("users")]
impl Users {
    /// The users.
    ///
    /// In the order of their creation.
    fn list_users(&self) -> Query<ListUsers, Page<User>> {
        procedure().input::<ListUsers>().query(|_| Ok(Page { items: Vec::new(), total: 0 }))
    }

    /// Returns a user.
    fn get_user(&self) -> Query<ById, User> {
        procedure()
            .input::<ById>()
            .fails_with(StatusCode::NOT_FOUND, "No user has this id")
            .query(|Call { input, .. }| Err(Error::resource_not_found("User", input.id)))
    }

    /// Creates a user.
    fn create_user(&self) -> Mutation<CreateUser, User> {
        let taken = (StatusCode::CONFLICT, "The e-mail address is taken");
        procedure().input::<CreateUser>().fails_with(taken.0, taken.1).mutation(|Call { input, .. }| {
            let (id, role) = ("1".to_owned(), Role::User);
            Ok(User { id, name: input.name, email: input.email, age: None, role, address: None })
        })
    }

    fn update_user(&self) -> Mutation<UpdateUser, User> {
        procedure()
            .input::<UpdateUser>()
            .mutation(|Call { input, .. }| Err(Error::resource_not_found("User", input.id)))
    }

    fn delete_user(&self) -> Mutation<ById, ()> {
        procedure().input::<ById>().mutation(|_| Ok(()))
    }

    /// Removes a user and returns it, or null if there was none.
    fn remove_user(&self) -> Mutation<ById, Option<User>> {
        procedure().input::<ById>().rest(Method::DELETE, "/people/:id").mutation(|_| Ok(None))
    }

    #[deprecated(note = "ask for the list")]
    fn count(&self) -> Query<(), u64> {
        procedure().query(|_| Ok(0))
    }

    /// Not available over REST.
    fn internal(&self) -> Query<(), String> {
        procedure().no_rest().query(|_| Ok(String::new()))
    }
}

struct ApiKey;

impl<C: Ctx> Guard<C> for ApiKey {
    fn name(&self) -> &str {
        "apiKey"
    }

    async fn check(&self, ctx: &C) -> Result<()> {
        match ctx.request().header("x-api-key") {
            Some("key-123") => Ok(()),
            _ => Err(Error::unauthorized("API key required")),
        }
    }

    fn describe(&self, demands: &mut Demands) {
        demands.require(Credential::Header("x-api-key".into()));
        demands.refuse(StatusCode::UNAUTHORIZED, "API key required");
    }
}

fn other() -> Router<()> {
    let open_hours = guard("openHours", |request| request.header("x-closed") != Some("1")).message("Closed");
    Router::new("other")
        .describe("Everything else.")
        .procedure("draw", procedure().input::<Drawing>().mutation(|Call { input, .. }| Ok(input)))
        .procedure("report", procedure().guard(ApiKey).guard(open_hours).query(|_| Ok("report")))
        .procedure("nothing", procedure().mutation(|_| Ok(())))
        .procedure("anyKeys", procedure().input::<Anything>().query(|Call { input, .. }| Ok(input.0)))
        .procedure("publish", at_slug(Method::PUT))
        .procedure("unpublish", procedure().input::<Comment>().rest(Method::GET, "/other/:postId").query(|_| Ok(1)))
}

/// A route whose path holds the whole input has no body.
fn at_slug(method: Method) -> Procedure<()> {
    procedure().input::<Publish>().rest(method, "/other/:slug").mutation(|_| Ok(true)).into()
}

#[derive(Deserialize, schemars::JsonSchema)]
struct Anything(HashMap<String, String>);

impl velox_rpc::procedure::Examine for Anything {}

impl validator::Validate for Anything {
    fn validate(&self) -> Result<(), validator::ValidationErrors> {
        Ok(())
    }
}

fn auth(session: &SessionMiddleware, short: &SessionMiddleware) -> Router<()> {
    #[schema]
    struct Login {
        #[validate(email)]
        email: String,
    }
    let csrf = session.csrf().build().expect("good settings");
    let limit = rate_limit("login", 5, Duration::from_secs(60));
    Router::new("auth")
        .guard(csrf.guard())
        .describe("The current user.")
        .procedure(
            "login",
            procedure().guard(limit).use_(session.optional()).input::<Login>().mutation(async |Call { input, ctx }| {
                ctx.session.login(SessionUser::new("u1", &input.email)).await?;
                Ok(json!({"ok": true}))
            }),
        )
        .procedure("profile", procedure().use_(session.required()).query(|Call { ctx, .. }| Ok(ctx.user)))
        .procedure("both", procedure().use_(session.required()).use_(short.optional()).query(|_| Ok(1)))
        .procedure("plain", procedure().use_(short.middleware()).query(|_| Ok(1)))
}

fn session(cookie: &'static str, secure: bool) -> SessionMiddleware {
    session_middleware("conformance-session-secret-0123456789")
        .store(MemoryStore::new())
        .cookie_name(cookie)
        .secure(secure)
        .same_site(SameSite::Lax)
        .build()
        .expect("good settings")
}

/// The settings of the document.
pub(crate) fn open_api() -> OpenApi {
    OpenApi::new("Everything", "1.2.3").description("A bit of everything.").current_user("auth.profile")
}

/// The application, with its document at `/docs`.
pub(crate) fn app() -> App<()> {
    App::new(())
        .router(Users)
        .router(other())
        .router(auth(&session("session", false), &session("__Host-short", true)))
        .docs("/docs", open_api())
}
