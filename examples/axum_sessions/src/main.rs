//! Sessions in an axum application without procedures: login and logout, a counter, a flash message
//! and a profile.
//!
//! `cargo run --bin axum_sessions` from the root, and then, for example:
//!
//! ```sh
//! curl -c jar -b jar localhost:3000/login --json '{"email": "alice@example.com", "password": "wonderland-1"}'
//! curl -c jar -b jar localhost:3000/profile
//! ```

#![forbid(unsafe_code)]

mod accounts;

use std::convert::Infallible;
use std::error::Error;
use std::net::Ipv4Addr;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;
use tokio::net::TcpListener;
use velox_session::layer::User;
use velox_session::{ConfigError, MemoryStore, Session, SessionError, SessionUser, session_middleware};

use crate::accounts::{Account, Accounts, Credentials};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let port = std::env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    axum::serve(listener, app(Accounts::seed())?).await?;
    Ok(())
}

/// Builds the application. The layer wraps all routes, so every handler can take the session as an
/// argument.
fn app(accounts: Accounts) -> Result<Router, ConfigError> {
    let sessions = session_middleware("a development secret of 32 bytes or more") // std::env::var("SESSION_SECRET")?
        .store(MemoryStore::new())
        // Without these two lines, browsers accept the cookie over HTTPS only.
        .cookie_name("session")
        .secure(false)
        .build_manager()?;
    let known = accounts.clone();
    let sessions = sessions.layer().user_loader(move |user: SessionUser| {
        let known = known.clone();
        async move { Ok::<_, Infallible>(known.find(&user.id)) }
    });

    Ok(Router::new()
        .route("/", get(home))
        .route("/login", post(login))
        .route("/logout", post(logout))
        .route("/count", post(count))
        .route("/profile", get(profile))
        .layer(sessions)
        .with_state(accounts))
}

/// The data of the home page.
#[derive(Serialize)]
struct Home {
    user: Option<Account>,
    message: Option<String>,
}

/// Returns the home page, which is open to everybody. It shows the flash message once.
async fn home(session: Session, user: Option<User<Account>>) -> Result<Json<Home>, SessionError> {
    Ok(Json(Home { user: user.map(|User(account)| account), message: session.take_flash("message").await? }))
}

/// Logs a user in, with a new session id.
async fn login(
    State(accounts): State<Accounts>,
    session: Session,
    Json(credentials): Json<Credentials>,
) -> Result<Response, SessionError> {
    let Some(account) = accounts.verify(&credentials) else {
        return Ok((StatusCode::UNAUTHORIZED, "Invalid credentials").into_response());
    };
    session.login(SessionUser::new(&account.id, &account.email)).await?;
    session.flash("message", format!("Welcome, {}!", account.name))?;
    Ok(Json(account).into_response())
}

/// Logs the user out.
async fn logout(session: Session) -> Result<StatusCode, SessionError> {
    session.logout().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Counts correctly, even if many requests come at the same time.
async fn count(session: Session) -> Result<Json<u64>, SessionError> {
    Ok(Json(session.update("count", |count: Option<u64>| count.unwrap_or(0) + 1).await?))
}

/// Returns the user's account. Visitors who are not logged in get 401.
async fn profile(User(account): User<Account>) -> Json<Account> {
    Json(account)
}

#[cfg(test)]
mod tests;
