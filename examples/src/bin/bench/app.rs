//! The application of the measurements.

use std::sync::Arc;

use velox_rpc::{App, Result};
use velox_session::{SessionMiddleware, SessionUser};

use crate::auth::Auth;
use crate::counter::Counter;
use crate::extra;
use crate::flash::Flash;
use crate::plain::Plain;
use crate::settings::Settings;
use crate::users::{User, Users};

/// The application state. Handlers read its fields through `ctx`.
pub struct AppState {
    pub users: Arc<Users>,
}

/// A session middleware that looks up the user of each request.
pub type Sessions = SessionMiddleware<User>;

/// Builds the application from these settings.
///
/// # Errors
///
/// Returns an error if the settings contradict each other.
pub fn app(settings: &Settings) -> Result<App<AppState>> {
    let users = Arc::new(Users::ada());
    let session = settings.session()?;
    let with_user = sessions(session.clone(), Arc::clone(&users));
    Ok(App::new(AppState { users })
        .router(extra::routes(settings.extra_routes))
        .router(Plain)
        .router(Auth { session: with_user })
        .router(Flash { session: session.clone() })
        .router(Counter { session })
        .trpc("/trpc"))
}

fn sessions(session: SessionMiddleware, users: Arc<Users>) -> Sessions {
    session.user_loader(move |user: SessionUser| {
        let found = users.by_id(&user.id).cloned();
        async move { Ok(found) }
    })
}
