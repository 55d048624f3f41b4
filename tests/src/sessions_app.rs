//! An application with two sessions, as the contract describes it: a main session with accounts,
//! and a short one under its own path.

mod slow;
mod users;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use velox_rpc::{App, Call, Ctx, Error, Result, Router, procedure, schema};
use velox_session::clock::ManualClock;
use velox_session::{Manager, SameSite, SessionBuilder, SessionMiddleware, SessionUser, session_middleware};

pub use slow::Turnstile;

use crate::{Browser, Probe};

/// The application, with the stores and the clock of its sessions.
#[derive(Debug)]
pub struct SessionsApp {
    /// The clock of both sessions, their stores and the browsers.
    pub clock: ManualClock,
    /// The store of the main session.
    pub store: Probe,
    /// The store of the short session.
    pub short_store: Probe,
    /// The accounts that can log in.
    pub accounts: Accounts,
    /// The manager of the main session.
    pub manager: Manager,
    /// Holds the calls of the router `slow`.
    pub turnstile: Turnstile,
    stranger: Browser,
}

impl SessionsApp {
    /// Makes an application with the main session of the contract: the cookie `session`, for a day,
    /// not `Secure`.
    pub fn start() -> Self {
        Self::with(|settings| settings)
    }

    /// Makes an application with other settings for the main session.
    pub fn with(change: impl FnOnce(SessionBuilder) -> SessionBuilder) -> Self {
        let clock = ManualClock::at(1_700_000_000_000);
        let store = Probe::new(&clock);
        Self::over(&store, &clock, SECRET, change)
    }

    /// Makes an application with an existing store and this secret.
    ///
    /// # Panics
    ///
    /// Panics if the settings are invalid.
    pub fn over(
        store: &Probe,
        clock: &ManualClock,
        secret: &str,
        change: impl FnOnce(SessionBuilder) -> SessionBuilder,
    ) -> Self {
        let settings = session_middleware(secret).cookie_name("session").secure(false);
        let settings = change(settings.store(store.clone()).clock(clock.clone()));
        let short_store = Probe::new(clock);
        let short = session_middleware(SECRET)
            .store(short_store.clone())
            .clock(clock.clone())
            .cookie_name("short")
            .path("/api/short")
            .secure(false)
            .same_site(SameSite::Strict)
            .max_age(Duration::from_secs(3))
            .absolute_timeout(Duration::from_secs(6));
        let accounts = Accounts::seed();
        let known = accounts.clone();
        let main = settings.build().expect("good settings").user_loader(move |user| {
            let found = known.load(&user.id);
            async move { found }
        });
        let short = short.build().expect("good settings");
        let turnstile = Turnstile::new();
        let app = App::new(accounts.clone())
            // Tests send requests for any host.
            .development(false)
            .router(health())
            .router(auth(&main))
            .router(session(&main))
            .router(users::users(&main))
            .router(slow::slow(&main, &turnstile))
            .router(short_routes(&main, &short))
            .trpc("/trpc");
        Self {
            clock: clock.clone(),
            store: store.clone(),
            short_store,
            accounts,
            manager: main.manager().clone(),
            turnstile,
            stranger: Browser::of(app, clock.clone()),
        }
    }

    /// Returns a browser without cookies.
    pub fn visitor(&self) -> Browser {
        self.stranger.clone()
    }

    /// Returns a browser in which Alice has just logged in.
    pub async fn alice(&self) -> Browser {
        self.user("alice@example.com", "wonderland-1").await
    }

    /// Returns a browser in which Bob has just logged in.
    pub async fn bob(&self) -> Browser {
        self.user("bob@example.com", "builder-22").await
    }

    async fn user(&self, email: &str, password: &str) -> Browser {
        let mut browser = self.visitor();
        let reply = browser.post("/api/auth/login", json!({"email": email, "password": password})).await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        self.store.calls();
        browser
    }

    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }
}

/// The secret of both sessions.
pub const SECRET: &str = "conformance-session-secret-0123456789";

/// An account, as clients see it.
#[schema]
#[derive(Clone)]
pub struct Account {
    /// Its id.
    pub id: String,
    /// Its e-mail address.
    pub email: String,
    /// Its owner's name.
    pub name: String,
}

/// The accounts. Clones share the same accounts.
#[derive(Clone)]
pub struct Accounts(Arc<Mutex<Known>>);

struct Known {
    accounts: Vec<(Account, &'static str)>,
    down: bool,
}

impl Accounts {
    fn seed() -> Self {
        let account = |id: &str, email: &str, name: &str| Account {
            id: id.to_owned(),
            email: email.to_owned(),
            name: name.to_owned(),
        };
        let accounts = vec![
            (account("u1", "alice@example.com", "Alice"), "wonderland-1"),
            (account("u2", "bob@example.com", "Bob"), "builder-22"),
        ];
        Self(Arc::new(Mutex::new(Known { accounts, down: false })))
    }

    /// Deletes an account. Its sessions stay.
    pub fn delete(&self, id: &str) {
        self.known().accounts.retain(|(account, _)| account.id != id);
    }

    /// Sets whether loading an account fails.
    pub fn set_down(&self, down: bool) {
        self.known().down = down;
    }

    fn load(&self, id: &str) -> Result<Option<Account>> {
        let known = self.known();
        if known.down {
            return Err(Error::internal("postgres://app:hunter2@10.0.0.8: connection refused"));
        }
        Ok(known.accounts.iter().find(|(account, _)| account.id == id).map(|(account, _)| account.clone()))
    }

    fn verify(&self, login: &Login) -> Result<Account> {
        let known = self.known();
        let found =
            known.accounts.iter().find(|(account, word)| account.email == login.email && *word == login.password);
        let refusal = || Error::unauthorized("Invalid credentials").with_code("INVALID_CREDENTIALS");
        found.map(|(account, _)| account.clone()).ok_or_else(refusal)
    }

    fn rename(&self, id: &str, name: &str) -> Option<Account> {
        let mut known = self.known();
        let (account, _) = known.accounts.iter_mut().find(|(account, _)| account.id == id)?;
        name.clone_into(&mut account.name);
        Some(account.clone())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Accounts(..)")
    }
}

/// The input of a login.
#[schema]
struct Login {
    #[validate(email)]
    email: String,
    #[validate(length(min = 1))]
    password: String,
}

/// The input of a login that also has a key.
#[schema]
struct LoginAndKey {
    email: String,
    password: String,
    key: String,
}

/// A new name.
#[schema]
struct Rename {
    #[validate(length(min = 1))]
    name: String,
}

/// A key and its value.
#[schema]
struct Entry {
    #[validate(length(min = 1))]
    key: String,
    value: Value,
}

/// A key.
#[schema]
struct Key {
    #[validate(length(min = 1))]
    key: String,
}

/// The `Cache-Control` lines that a handler sends, separated by `|`, and the act that follows them.
#[schema]
struct Said {
    said: String,
    does: String,
}

fn health() -> Router<Accounts> {
    Router::new("health").procedure("check", procedure::<Accounts>().query(|_| Ok("ok")))
}

fn auth(main: &SessionMiddleware<Account>) -> Router<Accounts> {
    Router::new("auth")
        .procedure(
            "login",
            procedure::<Accounts>().use_(main.optional()).input::<Login>().mutation(async |Call { input, ctx }| {
                let account = ctx.state_of().verify(&input)?;
                ctx.session.login(SessionUser::new(&account.id, &account.email)).await?;
                Ok(json!({"user": account}))
            }),
        )
        .procedure(
            "logout",
            procedure::<Accounts>().use_(main.required()).mutation(async |Call { ctx, .. }| {
                ctx.session.logout().await?;
                Ok(json!({"success": true}))
            }),
        )
        .procedure(
            "leave",
            procedure::<Accounts>().use_(main.optional()).mutation(async |Call { ctx, .. }| {
                ctx.session.logout().await?;
                Ok(json!({"success": true}))
            }),
        )
        .procedure("profile", procedure::<Accounts>().use_(main.required()).query(|Call { ctx, .. }| Ok(ctx.user)))
        .procedure("home", procedure::<Accounts>().use_(main.optional()).query(|Call { ctx, .. }| Ok(ctx.user)))
        .procedure(
            "changeProfile",
            procedure::<Accounts>().use_(main.required()).input::<Rename>().mutation(|Call { input, ctx }| {
                let account = ctx.state_of().rename(&ctx.user.id, &input.name);
                ctx.session.flash("success", "Profile updated!")?;
                Ok(account)
            }),
        )
        .procedure(
            "loginThenBreak",
            procedure::<Accounts>().use_(main.optional()).input::<Login>().mutation(
                async |Call { input, ctx }| -> Result<()> {
                    let account = ctx.state_of().verify(&input)?;
                    ctx.session.login(SessionUser::new(&account.id, &account.email)).await?;
                    ctx.session.set("written", "after the login")?;
                    Err(Error::internal("broken"))
                },
            ),
        )
        .procedure(
            "loginThenPanic",
            procedure::<Accounts>().use_(main.optional()).input::<Login>().mutation(
                async |Call { input, ctx }| -> Result<()> {
                    let account = ctx.state_of().verify(&input)?;
                    ctx.session.login(SessionUser::new(&account.id, &account.email)).await?;
                    panic!("broken")
                },
            ),
        )
        .procedure(
            "logoutThenBreak",
            procedure::<Accounts>().use_(main.required()).mutation(async |Call { ctx, .. }| -> Result<()> {
                ctx.session.logout().await?;
                Err(Error::internal("broken"))
            }),
        )
}

fn session(main: &SessionMiddleware<Account>) -> Router<Accounts> {
    Router::new("session")
        .procedure(
            "info",
            procedure::<Accounts>().use_(main.optional()).query(|Call { ctx, .. }| {
                let session = &ctx.session;
                Ok(json!({
                    "isNew": session.is_new(), "authenticated": session.is_logged_in(), "userId": session.user_id(),
                }))
            }),
        )
        .procedure(
            "data",
            procedure::<Accounts>()
                .use_(main.optional())
                .query(|Call { ctx, .. }| Ok(Value::Object(ctx.session.data()?))),
        )
        .procedure(
            "set",
            procedure::<Accounts>()
                .use_(main.optional())
                .input::<Entry>()
                .mutation(|Call { input, ctx }| Ok(ctx.session.set(&input.key, &input.value)?)),
        )
        .procedure(
            "remove",
            procedure::<Accounts>()
                .use_(main.optional())
                .input::<Key>()
                .mutation(|Call { input, ctx }| Ok(ctx.session.remove(&input.key)?)),
        )
        .procedure(
            "count",
            procedure::<Accounts>().use_(main.optional()).mutation(async |Call { ctx, .. }| {
                Ok(ctx.session.update("count", |count: Option<u64>| count.unwrap_or(0) + 1).await?)
            }),
        )
        .procedure(
            "countThenBreak",
            procedure::<Accounts>().use_(main.optional()).mutation(async |Call { ctx, .. }| -> Result<()> {
                ctx.session.set("pending", 1)?;
                ctx.session.update("count", |count: Option<u64>| count.unwrap_or(0) + 1).await?;
                Err(Error::internal("broken"))
            }),
        )
        .procedure(
            "countByQuery",
            procedure::<Accounts>().use_(main.optional()).query(async |Call { ctx, .. }| {
                Ok(ctx.session.update("count", |count: Option<u64>| count.unwrap_or(0) + 1).await?)
            }),
        )
        .procedure(
            "loginByQuery",
            procedure::<Accounts>().use_(main.optional()).query(async |Call { ctx, .. }| {
                Ok(ctx.session.login(SessionUser::new("u2", "bob@example.com")).await?)
            }),
        )
        .procedure(
            "setThenFail",
            procedure::<Accounts>().use_(main.optional()).input::<Entry>().mutation(
                |Call { input, ctx }| -> Result<()> {
                    ctx.session.set(&input.key, &input.value)?;
                    Err(Error::custom(StatusCode::UNPROCESSABLE_ENTITY, "DELIBERATE", "Deliberate failure"))
                },
            ),
        )
        .procedure(
            "setThenSendText",
            procedure::<Accounts>().use_(main.optional()).input::<Entry>().mutation(async |Call { input, ctx }| {
                ctx.session.set(&input.key, &input.value)?;
                ctx.reply().header(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
                Ok("JSON all the same")
            }),
        )
        .procedure(
            "setThenBreak",
            procedure::<Accounts>().use_(main.optional()).input::<Entry>().mutation(
                |Call { input, ctx }| -> Result<()> {
                    ctx.session.set(&input.key, &input.value)?;
                    Err(Error::internal("broken"))
                },
            ),
        )
        .procedure(
            "setThenPanic",
            procedure::<Accounts>().use_(main.optional()).input::<Entry>().mutation(
                |Call { input, ctx }| -> Result<()> {
                    ctx.session.set(&input.key, &input.value)?;
                    panic!("broken")
                },
            ),
        )
        .procedure(
            "regenerate",
            procedure::<Accounts>()
                .use_(main.optional())
                .mutation(async |Call { ctx, .. }| Ok(ctx.session.regenerate().await?)),
        )
        .procedure(
            "regenerateThenBreak",
            procedure::<Accounts>().use_(main.optional()).mutation(async |Call { ctx, .. }| -> Result<()> {
                ctx.session.regenerate().await?;
                Err(Error::internal("broken"))
            }),
        )
        .procedure(
            "flash",
            procedure::<Accounts>()
                .use_(main.optional())
                .input::<Entry>()
                .mutation(|Call { input, ctx }| Ok(ctx.session.flash(&input.key, &input.value)?)),
        )
        .procedure(
            "flashThenRead",
            procedure::<Accounts>().use_(main.optional()).input::<Entry>().mutation(async |Call { input, ctx }| {
                ctx.session.flash(&input.key, &input.value)?;
                Ok(ctx.session.take_flash::<Value>(&input.key).await?)
            }),
        )
        .procedure(
            "message",
            procedure::<Accounts>()
                .use_(main.optional())
                .input::<Key>()
                .query(async |Call { input, ctx }| Ok(ctx.session.take_flash::<Value>(&input.key).await?)),
        )
        .procedure(
            "messageThenBreak",
            procedure::<Accounts>().use_(main.optional()).input::<Key>().query(async |Call { input, ctx }| {
                ctx.session.take_flash::<Value>(&input.key).await?;
                Err::<(), _>(Error::internal("broken"))
            }),
        )
        .procedure(
            "loginThenReadFlash",
            procedure::<Accounts>().use_(main.optional()).input::<LoginAndKey>().mutation(
                async |Call { input, ctx }| {
                    let LoginAndKey { email, password, key } = input;
                    let account = ctx.state_of().verify(&Login { email, password })?;
                    ctx.session.login(SessionUser::new(&account.id, &account.email)).await?;
                    Ok(ctx.session.take_flash::<Value>(&key).await?)
                },
            ),
        )
        .procedure(
            "everything",
            procedure::<Accounts>().use_(main.optional()).mutation(async |Call { ctx, .. }| {
                let session = &ctx.session;
                session.set("before", 1)?;
                session.login(SessionUser::new("u1", "alice@example.com")).await?;
                session.regenerate().await?;
                session.flash("said", "once")?;
                session.logout().await?;
                session.login(SessionUser::new("u2", "bob@example.com")).await?;
                Ok(session.set("after", 2)?)
            }),
        )
        .procedure("peek", procedure::<Accounts>().use_(main.middleware()).query(|_| Ok("untouched")))
        .procedure(
            "plainData",
            procedure::<Accounts>()
                .use_(main.middleware())
                .query(|Call { ctx, .. }| Ok(Value::Object(ctx.session.data()?))),
        )
        .procedure(
            "cached",
            procedure::<Accounts>().use_(main.optional()).query(|Call { ctx, .. }| {
                ctx.reply()
                    .header(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=5"))
                    .header(header::VARY, HeaderValue::from_static("accept-language"));
                Ok("the same for this visitor for a while")
            }),
        )
        .procedure(
            "says",
            procedure::<Accounts>().use_(main.middleware()).input::<Said>().query(|Call { input, ctx }| {
                for line in input.said.split('|') {
                    ctx.reply().append(header::CACHE_CONTROL, HeaderValue::from_str(line)?);
                }
                match &*input.does {
                    "read" => drop(ctx.session.data()?),
                    "write" => ctx.session.set("n", 1)?,
                    "fail" => return Err(Error::resource_not_found("Page", 1)),
                    "break" => return Err(Error::internal("broken")),
                    _ => {}
                }
                Ok(())
            }),
        )
        .procedure(
            "layered",
            procedure::<Accounts>().use_(main.middleware()).use_(main.optional()).use_(main.required()).mutation(
                |Call { ctx, .. }| {
                    ctx.session.set("layered", true)?;
                    Ok(ctx.user.id.clone())
                },
            ),
        )
        .procedure(
            "readAsNumber",
            procedure::<Accounts>()
                .use_(main.optional())
                .input::<Key>()
                .query(|Call { input, ctx }| Ok(ctx.session.get::<u32>(&input.key)?)),
        )
        .procedure(
            "requiredThenBreak",
            procedure::<Accounts>().use_(main.required()).query(|_| -> Result<()> { panic!("broken") }),
        )
}

fn short_routes(main: &SessionMiddleware<Account>, short: &SessionMiddleware) -> Router<Accounts> {
    Router::new("short")
        .procedure(
            "login",
            procedure::<Accounts>().use_(short.optional()).input::<Login>().mutation(async |Call { input, ctx }| {
                let account = ctx.state_of().verify(&input)?;
                ctx.session.login(SessionUser::new(&account.id, &account.email)).await?;
                Ok(json!({"user": account}))
            }),
        )
        .procedure("profile", procedure::<Accounts>().use_(short.required()).query(|Call { ctx, .. }| Ok(ctx.user)))
        .procedure(
            "touch",
            procedure::<Accounts>().use_(short.optional()).mutation(async |Call { ctx, .. }| {
                Ok(ctx.session.update("count", |count: Option<u64>| count.unwrap_or(0) + 1).await?)
            }),
        )
        .procedure(
            "both",
            procedure::<Accounts>()
                .use_(main.middleware())
                .use_fn(async |ctx, next| {
                    ctx.session.set("of", "main")?;
                    next.run(ctx).await
                })
                .use_(short.optional())
                .mutation(|Call { ctx, .. }| Ok(ctx.session.set("of", "short")?)),
        )
}

/// Gives access to the state under a name that no context has as a field.
trait StateOf: Ctx<State = Accounts> {
    fn state_of(&self) -> &Accounts {
        self.base().state()
    }
}

impl<C: Ctx<State = Accounts>> StateOf for C {}
