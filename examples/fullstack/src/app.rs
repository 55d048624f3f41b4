//! Puts the application together: state, sessions, routers and front end.

use std::sync::Arc;

use velox_rpc::export::OpenApi;
use velox_rpc::{App, Result};
use velox_session::{MemoryStore, Secret, SessionMiddleware, SessionUser, session_middleware};

use crate::accounts::{Account, Accounts};
use crate::auth::Auth;
use crate::items::Items;
use crate::list::List;
use crate::state::AppState;
use crate::{auth, front_end};

/// The session middleware of this application. `ctx.user` is an [`Account`].
pub type UserSession = SessionMiddleware<Account>;

/// Returns the whole site: the procedures and the front end.
///
/// # Errors
///
/// Returns the errors of [`app`], and an error if the routes are invalid.
pub fn site(secret: Option<Secret>) -> Result<axum::Router> {
    let procedures = app(secret)?.into_service()?;
    if procedures.is_development() {
        // The server only sees the axum router around the procedures, so it cannot list them.
        tracing::info!("procedures:\n{}", procedures.manifest());
    }
    Ok(front_end::router().fallback_service(procedures))
}

/// Returns the application with all procedures.
///
/// # Errors
///
/// Returns an error if the session settings are invalid.
pub fn app(secret: Option<Secret>) -> Result<App<AppState>> {
    let accounts = Arc::new(Accounts::empty());
    let session = session(secret, &accounts)?;

    let app = App::new(AppState { accounts, list: Arc::new(List::empty()) })
        .trpc("/trpc")
        // An API page to read and try: http://localhost:3000/docs
        .docs("/docs", OpenApi::new("A shared list", env!("CARGO_PKG_VERSION")))
        .router(Auth { session: session.clone(), attempts: auth::attempts() })
        .router(Items { session });
    Ok(app)
}

/// Makes the session middleware. A secret means production: the cookie is then `Secure`, so
/// browsers accept it only over HTTPS and from `http://localhost`.
fn session(secret: Option<Secret>, accounts: &Arc<Accounts>) -> Result<UserSession> {
    let production = secret.is_some();
    let secret = match secret {
        Some(secret) => secret,
        None => {
            tracing::warn!(
                "SESSION_SECRET is not set: sessions end with this run, and their cookie is sent over plain HTTP"
            );
            Secret::generate()?
        }
    };
    let session = session_middleware(secret)
        .store(MemoryStore::new())
        .cookie_name(if production { "__Host-session" } else { "session" })
        .secure(production)
        .build()?;
    let accounts = Arc::clone(accounts);
    Ok(session.user_loader(move |user: SessionUser| {
        let account = accounts.find(&user.id);
        async move { Ok(account) }
    }))
}
