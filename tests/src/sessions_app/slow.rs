//! Calls that a test can hold, before or after they write to the session.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use velox_rpc::{Call, Result, Router, procedure, schema};
use velox_session::{Session, SessionMiddleware, SessionUser};

use super::{Account, Accounts};

/// Holds calls until a test lets them continue.
#[derive(Debug, Clone)]
pub struct Turnstile(Arc<(Semaphore, Semaphore)>);

impl Turnstile {
    pub(super) fn new() -> Self {
        Self(Arc::new((Semaphore::new(0), Semaphore::new(0))))
    }

    /// Waits until a call is held here.
    ///
    /// # Panics
    ///
    /// Panics if no call comes.
    pub async fn reached(&self) {
        let permit = timeout(HANG, self.0.0.acquire()).await.expect("a call comes");
        permit.expect("it is never closed").forget();
    }

    /// Lets one call continue.
    pub fn open(&self) {
        self.0.1.add_permits(1);
    }

    async fn pass(&self) {
        self.0.0.add_permits(1);
        self.0.1.acquire().await.expect("it is never closed").forget();
    }
}

/// The name of what a slow call does to its session.
#[schema]
struct Deed {
    deed: String,
}

pub(super) fn slow(main: &SessionMiddleware<Account>, turnstile: &Turnstile) -> Router<Accounts> {
    let (before, after) = (turnstile.clone(), turnstile.clone());
    Router::new("slow")
        .procedure(
            "doAndWait",
            procedure::<Accounts>().use_(main.optional()).input::<Deed>().mutation(move |Call { input, ctx }| {
                let turnstile = after.clone();
                async move {
                    let answer = act(&ctx.session, &input.deed).await?;
                    turnstile.pass().await;
                    Ok(answer)
                }
            }),
        )
        .procedure(
            "waitAndDo",
            procedure::<Accounts>().use_(main.optional()).input::<Deed>().mutation(move |Call { input, ctx }| {
                let turnstile = before.clone();
                async move {
                    turnstile.pass().await;
                    act(&ctx.session, &input.deed).await
                }
            }),
        )
}

async fn act(session: &Session, deed: &str) -> Result<Value> {
    match deed {
        "set" => session.set("slow", true)?,
        "flash" => session.flash("slow", true)?,
        "remove" => drop(session.remove("there")?),
        "update" => return Ok(json!(session.update("count", |count: Option<u64>| count.unwrap_or(0) + 1).await?)),
        "login" => session.login(SessionUser::new("u1", "alice@example.com")).await?,
        "regenerate" => session.regenerate().await?,
        "logout" => session.logout().await?,
        _ => {}
    }
    Ok(Value::Null)
}

/// The time after which a test fails instead of hanging.
const HANG: Duration = Duration::from_secs(30);
