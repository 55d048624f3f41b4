//! The seed page, complete: log in, log out, profile, home page, flash messages.
//!
//! `cargo run --bin quickstart` from the root; nothing else has to be there. With `REDIS_URL` set, sessions are kept in Redis and outlive
//! the process; give it a `SESSION_SECRET` too.

#![forbid(unsafe_code)]

mod accounts;
mod auth;

use std::error::Error;
use std::time::Duration;

use velox_examples::{mistake, number, variable};
use velox_rpc::App;
use velox_rpc::export::OpenApi;
use velox_session::store::RedisStore;
use velox_session::{MemoryStore, SameSite, Secret, SessionMiddleware, session_middleware};

use crate::accounts::Accounts;
use crate::auth::Auth;

/// What every handler reaches through `ctx`.
pub struct AppState {
    /// Who may log in.
    pub accounts: Accounts,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let port = number("PORT")?.unwrap_or(3000);

    App::new(AppState { accounts: Accounts::seed() })
        .router(Auth { session: session()? })
        // A page to read and to try: http://localhost:3000/docs
        .docs("/docs", OpenApi::new("Quickstart", env!("CARGO_PKG_VERSION")))
        .serve(("127.0.0.1", port))
        .await?;
    Ok(())
}

fn session() -> Result<SessionMiddleware, Box<dyn Error>> {
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
        // Browsers take a `__Host-` cookie only over HTTPS.
        .cookie_name(if production { "__Host-session" } else { "session" })
        .secure(production)
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(Duration::from_secs(86_400)) // 24 hours
        .build()?;
    Ok(session)
}

fn development_secret() -> Result<Secret, Box<dyn Error>> {
    tracing::warn!(
        "SESSION_SECRET is not set: sessions are signed by a secret that ends with this run, and their cookie goes over plain HTTP"
    );
    Ok(Secret::generate()?)
}
