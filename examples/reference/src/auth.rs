//! Logging in and out, and what somebody sees and changes of their own account.

use velox_rpc::http::Method;
use velox_rpc::{Call, Error, Mutation, Query, procedure, router, schema};
use velox_session::SessionUser;

use crate::accounts::{Account, Credentials};
use crate::sessions::MainSession;
use crate::{AppState, Success};

/// What has to do with who somebody is.
pub struct Auth {
    /// The main sessions.
    pub session: MainSession,
}

/// Who has logged in.
#[schema]
pub struct LoggedIn {
    /// The account.
    pub user: Account,
}

/// The home page of a visitor.
#[schema]
pub struct HomePage {
    /// Who is logged in, or null.
    #[schema(nullable)]
    pub user: Option<Account>,
}

/// What can be changed of an account.
#[schema]
pub struct Profile {
    /// The name.
    #[validate(length(min = 1))]
    pub name: String,
}

#[router("auth", state = AppState)]
impl Auth {
    /// Logs somebody in.
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

    /// Who is logged in.
    pub fn get_profile(&self) -> Query<(), Account> {
        procedure()
            .use_(self.session.required())
            .rest(Method::GET, "/auth/profile")
            .query(|Call { ctx, .. }| Ok(ctx.user))
    }

    /// Who is logged in, if anybody is.
    pub fn home_page(&self) -> Query<(), HomePage> {
        procedure()
            .use_(self.session.optional())
            .rest(Method::GET, "/auth/home")
            .query(|Call { ctx, .. }| Ok(HomePage { user: ctx.user }))
    }

    /// Changes the name, and leaves a message about it.
    pub fn change_profile(&self) -> Mutation<Profile, Account> {
        procedure().input::<Profile>().use_(self.session.required()).rest(Method::PUT, "/auth/profile").mutation(
            |Call { input, ctx }| {
                let account = ctx.accounts.rename(&ctx.user.id, input.name);
                ctx.session.flash("success", "Profile updated!")?;
                account.ok_or_else(|| Error::resource_not_found("Account", &ctx.user.id))
            },
        )
    }

    /// Deletes the account. Its sessions find out by themselves.
    pub fn deactivate(&self) -> Mutation<(), Success> {
        procedure().use_(self.session.required()).mutation(|Call { ctx, .. }| {
            ctx.accounts.remove(&ctx.user.id);
            Ok(Success::YES)
        })
    }
}
