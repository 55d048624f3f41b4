//! Login and logout, and the profile of the logged-in user.

use velox_rpc::http::Method;
use velox_rpc::{Call, Error, Mutation, Query, procedure, router, schema};
use velox_session::SessionUser;

use crate::accounts::{Account, Credentials};
use crate::sessions::MainSession;
use crate::{AppState, Success};

pub struct Auth {
    pub session: MainSession,
}

#[schema]
pub struct LoggedIn {
    pub user: Account,
}

#[schema]
pub struct HomePage {
    /// The logged-in user, or null.
    #[schema(nullable)]
    pub user: Option<Account>,
}

#[schema]
pub struct Profile {
    #[validate(length(min = 1))]
    pub name: String,
}

#[router("auth", state = AppState)]
impl Auth {
    /// Logs a user in.
    pub fn login(&self) -> Mutation<Credentials, LoggedIn> {
        procedure().input::<Credentials>().use_(self.session.optional()).mutation(async |Call { input, ctx }| {
            let user = ctx.accounts.verify(&input)?;
            ctx.session.login(SessionUser::new(&user.id, &user.email)).await?;
            Ok(LoggedIn { user })
        })
    }

    /// Logs the user out.
    pub fn logout(&self) -> Mutation<(), Success> {
        procedure().use_(self.session.required()).mutation(async |Call { ctx, .. }| {
            ctx.session.logout().await?;
            Ok(Success::YES)
        })
    }

    /// Ends this and all other sessions of the user.
    pub fn logout_all(&self) -> Mutation<(), Success> {
        procedure().use_(self.session.required()).rest(Method::POST, "/auth/logout-all").mutation(
            async |Call { ctx, .. }| {
                ctx.session.logout_all().await?;
                Ok(Success::YES)
            },
        )
    }

    /// Returns the logged-in user.
    pub fn get_profile(&self) -> Query<(), Account> {
        procedure()
            .use_(self.session.required())
            .rest(Method::GET, "/auth/profile")
            .query(|Call { ctx, .. }| Ok(ctx.user))
    }

    /// Returns the logged-in user, or null.
    pub fn home_page(&self) -> Query<(), HomePage> {
        procedure()
            .use_(self.session.optional())
            .rest(Method::GET, "/auth/home")
            .query(|Call { ctx, .. }| Ok(HomePage { user: ctx.user }))
    }

    /// Changes the user's name and stores a flash message about it.
    pub fn change_profile(&self) -> Mutation<Profile, Account> {
        procedure().input::<Profile>().use_(self.session.required()).rest(Method::PUT, "/auth/profile").mutation(
            |Call { input, ctx }| {
                let account = ctx.accounts.rename(&ctx.user.id, input.name);
                ctx.session.flash("success", "Profile updated!")?;
                account.ok_or_else(|| Error::resource_not_found("Account", &ctx.user.id))
            },
        )
    }

    /// Deletes the account. Its sessions end by themselves.
    pub fn deactivate(&self) -> Mutation<(), Success> {
        procedure().use_(self.session.required()).mutation(|Call { ctx, .. }| {
            ctx.accounts.remove(&ctx.user.id);
            Ok(Success::YES)
        })
    }
}
