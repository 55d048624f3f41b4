//! The application, put together.

use std::error::Error;
use std::sync::Arc;

use velox_rpc::App;
use velox_rpc::export::OpenApi;
use velox_session::{MemoryStore, Secret, SessionMiddleware, SessionUser, session_middleware};

use crate::accounts::{Account, Accounts};
use crate::auth::Auth;
use crate::items::Items;
use crate::list::List;
use crate::state::AppState;
use crate::{auth, front_end};

/// The sessions of this application: `ctx.user` is an account.
pub type UserSession = SessionMiddleware<Account>;

/// The procedures, with the front end beside them.
///
/// # Errors
///
/// As for [`app`], and when the routes make no sense.
pub fn site(secret: Option<Secret>) -> Result<axum::Router, Box<dyn Error>> {
    let procedures = app(secret)?.into_service()?;
    if procedures.is_development() {
        // The server knows of the router around it, and not of the procedures.
        tracing::info!("procedures:\n{}", procedures.manifest());
    }
    Ok(front_end::router().fallback_service(procedures))
}

/// The procedures.
///
/// # Errors
///
/// When the settings of the sessions make no sense.
pub fn app(secret: Option<Secret>) -> Result<App<AppState>, Box<dyn Error>> {
    let accounts = Arc::new(Accounts::empty());
    let session = session(secret, &accounts)?;

    let app = App::new(AppState { accounts, list: Arc::new(List::empty()) })
        .trpc("/trpc")
        // A page to read and to try: http://localhost:3000/docs
        .docs("/docs", OpenApi::new("A shared list", env!("CARGO_PKG_VERSION")))
        .router(Auth { session: session.clone(), attempts: auth::attempts() })
        .router(Items { session });
    Ok(app)
}

/// With a secret it is production: browsers then take the cookie over HTTPS alone, and from `http://localhost`.
fn session(secret: Option<Secret>, accounts: &Arc<Accounts>) -> Result<UserSession, Box<dyn Error>> {
    let production = secret.is_some();
    let secret = match secret {
        Some(secret) => secret,
        None => {
            tracing::warn!(
                "SESSION_SECRET is not set: sessions end with this run, and their cookie goes over plain HTTP"
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
