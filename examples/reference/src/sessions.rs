//! Both kinds of sessions, as they are set up.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use velox_session::{SameSite, Secret, SessionMiddleware, SessionUser, session_middleware};

use crate::accounts::{Account, Accounts};
use crate::stores::Store;

/// The main sessions: `ctx.user` is an account.
pub type MainSession = SessionMiddleware<Account>;

/// The main sessions, which last for a day without a request.
///
/// # Errors
///
/// When a setting is wrong, or the address of the store.
pub fn main(secret: &Secret, store: &Store, accounts: &Arc<Accounts>) -> Result<MainSession, Box<dyn Error>> {
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

/// The short sessions, which last for three seconds without a request, and for six at most: `ctx.user` is what the session holds.
///
/// # Errors
///
/// When a setting is wrong, or the address of the store.
pub fn short(secret: &Secret, store: &Store) -> Result<SessionMiddleware, Box<dyn Error>> {
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
