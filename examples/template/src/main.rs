//! A service with login and accounts, and a page to try it: <http://localhost:3000/docs>.

#![forbid(unsafe_code)]

mod auth;

use std::env;

use velox_rpc::export::OpenApi;
use velox_rpc::{App, Result};
use velox_session::{MemoryStore, Secret, SessionMiddleware, session_middleware};

use crate::auth::Auth;

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt().init();
    let host = env::var("HOST").unwrap_or_else(|_| "127.0.0.1".to_owned());
    let port = env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    app(session()?)
        .docs("/docs", OpenApi::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")))
        .health("/health")
        .serve((host.as_str(), port))
        .await?;
    Ok(())
}

/// Builds the application. Add your routers here.
fn app(session: SessionMiddleware) -> App<()> {
    App::new(()).router(Auth { session })
}

fn session() -> Result<SessionMiddleware> {
    let session = match env::var_os("SESSION_SECRET") {
        Some(secret) => session_middleware(Secret::new(secret.into_encoded_bytes())?),
        None => {
            tracing::warn!(
                "SESSION_SECRET is not set: sessions end with this process, and cookies are sent over plain HTTP"
            );
            session_middleware(Secret::generate()?).cookie_name("session").secure(false)
        }
    };
    // To run several processes, or to keep sessions across restarts, use
    // `velox_session::store::RedisStore`.
    Ok(session.store(MemoryStore::new()).build()?)
}
