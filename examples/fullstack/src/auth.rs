//! Sign-up, login and logout.

use std::time::Duration;

use velox_rpc::{Call, Mutation, Query, procedure, router, schema};
use velox_session::SessionUser;
use velox_session::rate::{RateLimit, rate_limit};

use crate::accounts::Account;
use crate::app::UserSession;
use crate::state::AppState;

/// The router for sign-up, login and logout.
pub struct Auth {
    pub session: UserSession,
    pub attempts: RateLimit,
}

/// Limits login and sign-up to 20 attempts a minute, against password guessing.
pub fn attempts() -> RateLimit {
    rate_limit("attempts", 20, Duration::from_secs(60))
}

/// A new account.
#[schema]
pub struct SignUp {
    #[validate(length(min = 1, max = 40, message = "Enter your name (up to 40 characters)"))]
    pub name: String,
    #[validate(email(message = "Enter a valid email address"))]
    pub email: String,
    #[validate(length(min = 8, max = 200, message = "Use 8 to 200 characters"))]
    pub password: String,
}

/// The data of a login.
#[schema]
pub struct Credentials {
    #[validate(email(message = "Enter a valid email address"))]
    pub email: String,
    #[validate(length(min = 1, max = 200, message = "Enter your password"))]
    pub password: String,
}

/// The visitor of the page.
#[schema]
pub struct Visitor {
    /// The current user, or null.
    #[schema(nullable)]
    pub user: Option<Account>,
}

#[router("auth", state = AppState)]
impl Auth {
    /// Creates an account and logs its owner in.
    pub fn sign_up(&self) -> Mutation<SignUp, Account> {
        procedure().guard(self.attempts.clone()).use_(self.session.optional()).input::<SignUp>().mutation(
            async |Call { input: SignUp { name, email, password }, ctx }| {
                let account = ctx.accounts.open(name, &email, password).await?;
                ctx.session.login(SessionUser::new(&account.id, &account.email)).await?;
                Ok(account)
            },
        )
    }

    /// Logs a user in.
    pub fn log_in(&self) -> Mutation<Credentials, Account> {
        procedure().guard(self.attempts.clone()).use_(self.session.optional()).input::<Credentials>().mutation(
            async |Call { input: Credentials { email, password }, ctx }| {
                let account = ctx.accounts.verify(&email, password).await?;
                ctx.session.login(SessionUser::new(&account.id, &account.email)).await?;
                Ok(account)
            },
        )
    }

    /// Logs the user out in this browser.
    pub fn log_out(&self) -> Mutation<(), ()> {
        procedure().use_(self.session.required()).mutation(async |Call { ctx, .. }| Ok(ctx.session.logout().await?))
    }

    /// Ends this and all other sessions of the user.
    pub fn log_out_everywhere(&self) -> Mutation<(), ()> {
        procedure()
            .use_(self.session.required())
            .mutation(async |Call { ctx, .. }| Ok(ctx.session.logout_all().await?))
    }

    /// Returns the current user, or null.
    pub fn who_am_i(&self) -> Query<(), Visitor> {
        procedure().use_(self.session.optional()).query(|Call { ctx, .. }| Ok(Visitor { user: ctx.user }))
    }
}
