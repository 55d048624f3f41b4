//! All of VeloxTS's page "Session Authentication": login, logout, profile, home page and flash
//! messages.
//!
//! Run `cargo run --bin quickstart` from the root; nothing else has to be running. With `REDIS_URL`
//! set, sessions are stored in Redis and outlive the process; set a `SESSION_SECRET` too.
//! `ALLOWED_ORIGINS` is a comma-separated list of front ends on other origins. `HOST` is the
//! address to listen on. It is `127.0.0.1` by default; in a container, set it to `0.0.0.0`.

#![forbid(unsafe_code)]

mod accounts;
mod auth;

use std::time::Duration;

use velox_examples::{mistake, number, variable};
use velox_rpc::export::OpenApi;
use velox_rpc::{App, Result, cors};
use velox_session::store::RedisStore;
use velox_session::{MemoryStore, SameSite, Secret, SessionMiddleware, session_middleware};

use crate::accounts::Accounts;
use crate::auth::Auth;

/// The application state. Handlers read its fields through `ctx`.
pub struct AppState {
    pub accounts: Accounts,
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt().init();
    let host = variable("HOST")?.unwrap_or_else(|| "127.0.0.1".to_owned());
    let port = number("PORT")?.unwrap_or(3000);
    let origins = origins()?;

    let mut app = App::new(AppState { accounts: Accounts::seed() });
    if !origins.is_empty() {
        app = app.layer(cors(&origins).map_err(|error| mistake("ALLOWED_ORIGINS", &error))?);
    }
    app.router(Auth { session: session(&origins)? })
        // A page to read the API and try it: http://localhost:3000/docs
        .docs("/docs", OpenApi::new("Quickstart", env!("CARGO_PKG_VERSION")).current_user("auth.getProfile"))
        .health("/health")
        .serve((host.as_str(), port))
        .await?;
    Ok(())
}

/// Returns the origins of front ends other than the API's own.
fn origins() -> Result<Vec<String>> {
    let list = variable("ALLOWED_ORIGINS")?.unwrap_or_default();
    Ok(list.split_terminator(',').map(|origin| origin.trim().to_owned()).collect())
}

fn session(origins: &[String]) -> Result<SessionMiddleware> {
    let secret = variable("SESSION_SECRET")?;
    let production = secret.is_some();
    let secret = match secret {
        Some(text) => Secret::new(text).map_err(|error| mistake("SESSION_SECRET", &error))?,
        None => development_secret()?,
    };
    let session = session_middleware(secret);
    let session = match variable("REDIS_URL")? {
        Some(url) => session.store(RedisStore::connect(&url).map_err(|error| mistake("REDIS_URL", &error))?),
        None => session.store(MemoryStore::new()),
    };
    let session = session
        // Browsers accept a `__Host-` cookie only over HTTPS.
        .cookie_name(if production { "__Host-session" } else { "session" })
        .secure(production)
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(Duration::from_secs(86_400)) // 24 hours
        .trusted_origins(origins)
        .build()?;
    Ok(session)
}

fn development_secret() -> Result<Secret> {
    tracing::warn!("SESSION_SECRET is not set: sessions end with this run, and their cookie is sent over plain HTTP");
    Ok(Secret::generate()?)
}
