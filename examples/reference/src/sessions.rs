//! The settings of both kinds of sessions.

use std::sync::Arc;
use std::time::Duration;

use velox_rpc::Result;
use velox_session::{SameSite, Secret, SessionMiddleware, SessionUser, session_middleware};

use crate::accounts::{Account, Accounts};
use crate::stores::Store;

/// The main sessions, where `ctx.user` is an account.
pub type MainSession = SessionMiddleware<Account>;

/// Makes the main sessions, which end after a day without a request.
///
/// # Errors
///
/// Returns an error if a setting is invalid, or the address of the store.
pub fn main(secret: &Secret, store: &Store, accounts: &Arc<Accounts>) -> Result<MainSession> {
    let accounts = Arc::clone(accounts);
    let session = store
        .given_to(session_middleware(secret.clone()))?
        .cookie_name("session")
        .secure(false) // plain HTTP
        .same_site(SameSite::Lax)
        .max_age(Duration::from_secs(86_400))
        .build()?
        .user_loader(move |user: SessionUser| {
            let account = accounts.by_id(&user.id);
            async move { Ok(account) }
        });
    Ok(session)
}

/// Makes the short sessions, which end after three seconds without a request and after six seconds
/// at the latest. Here `ctx.user` is the user stored in the session.
///
/// # Errors
///
/// Returns an error if a setting is invalid, or the address of the store.
pub fn short(secret: &Secret, store: &Store) -> Result<SessionMiddleware> {
    let session = store
        .given_to(session_middleware(secret.clone()))?
        .cookie_name("short")
        .path("/api/short")
        .secure(false) // plain HTTP
        .same_site(SameSite::Strict)
        .max_age(Duration::from_secs(3))
        .absolute_timeout(Duration::from_secs(6))
        .build()?;
    Ok(session)
}
