//! A small server that is measured: the same routes as the servers that it is compared with, and no more work than they ask for.
//!
//! `cargo run --release --bin bench`; the variables that set it up are in `settings.rs`. Measured by `tests/measure/instructions`.

#![forbid(unsafe_code)]

mod auth;
mod counter;
mod extra;
mod flash;
mod plain;
mod settings;
mod users;

use std::error::Error;
use std::sync::Arc;

use velox_rpc::App;
use velox_session::{SessionMiddleware, SessionUser};

use crate::auth::Auth;
use crate::counter::Counter;
use crate::flash::Flash;
use crate::plain::Plain;
use crate::settings::Settings;
use crate::users::Users;

/// What every handler reaches through `ctx`.
pub struct AppState {
    users: Arc<Users>,
}

/// A session middleware that looks the user of each request up.
type Sessions = SessionMiddleware<users::User>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::read()?;
    let users = Arc::new(Users::ada());
    let session = settings.session()?;
    let with_user = sessions(session.clone(), Arc::clone(&users));

    App::new(AppState { users })
        .router(extra::routes(settings.extra_routes))
        .router(Plain)
        .router(Auth { session: with_user })
        .router(Flash { session: session.clone() })
        .router(Counter { session })
        .trpc("/trpc")
        .serve(("127.0.0.1", settings.port))
        .await?;
    Ok(())
}

fn sessions(session: SessionMiddleware, users: Arc<Users>) -> Sessions {
    session.user_loader(move |user: SessionUser| {
        let found = users.by_id(&user.id).cloned();
        async move { Ok(found) }
    })
}
