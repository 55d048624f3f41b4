use std::io::Error;

use velox_session::{SessionMiddleware, SessionUser};

pub struct Account;

async fn find(_: &str) -> Result<Option<Account>, Error> {
    Ok(None)
}

pub fn with_accounts(session: SessionMiddleware) -> SessionMiddleware<Account> {
    session.user_loader(|user: SessionUser| async move { find(&user.id).await })
}

pub fn with_accounts_by_an_async_closure(session: SessionMiddleware) -> SessionMiddleware<Account> {
    session.user_loader(async |user: SessionUser| find(&user.id).await)
}

pub fn with_accounts_at_once(session: SessionMiddleware) -> SessionMiddleware<Account> {
    session.user_loader(|_: SessionUser| Ok(Some(Account)))
}

fn main() {}
// mistakes: 3
