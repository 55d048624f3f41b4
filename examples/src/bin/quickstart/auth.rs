//! The procedures of the seed page.

use velox_rpc::{Call, Mutation, Query, procedure, router, schema};
use velox_session::{SessionMiddleware, SessionUser};

use crate::AppState;
use crate::accounts::Account;

/// Logging in and out, and what a visitor sees of it.
pub struct Auth {
    /// The sessions that the procedures below share.
    pub session: SessionMiddleware,
}

/// E-mail address and password.
#[schema]
pub struct LoginInput {
    /// The e-mail address.
    #[validate(email)]
    pub email: String,
    /// The password.
    #[validate(length(min = 1))]
    pub password: String,
}

/// Who has logged in.
#[schema]
pub struct LoginOutput {
    /// The account.
    pub user: Account,
}

/// That it worked.
#[schema]
pub struct Success {
    /// Always true.
    pub success: bool,
}

/// The home page of a visitor.
#[schema]
pub struct HomePage {
    /// Who is logged in, or null.
    #[schema(nullable)]
    pub user: Option<SessionUser>,
}

/// A flash message.
#[schema]
pub struct Flash {
    /// The message, or null.
    #[schema(nullable)]
    pub message: Option<String>,
}

#[router("auth", state = AppState)]
impl Auth {
    /// Logs a user in.
    fn login(&self) -> Mutation<LoginInput, LoginOutput> {
        procedure().use_(self.session.optional()).input::<LoginInput>().mutation(async |Call { input, ctx }| {
            let user = ctx.accounts.verify(&input).await?;

            // Create session (regenerates the session's id to prevent fixation)
            ctx.session.login(SessionUser::new(&user.id, &user.email)).await?;

            Ok(LoginOutput { user })
        })
    }

    /// Logs the user out.
    fn logout(&self) -> Mutation<(), Success> {
        procedure().use_(self.session.required()).mutation(async |Call { ctx, .. }| {
            ctx.session.logout().await?;
            Ok(Success { success: true })
        })
    }

    /// Who is logged in.
    fn get_profile(&self) -> Query<(), SessionUser> {
        procedure().use_(self.session.required()).query(|Call { ctx, .. }| Ok(ctx.user))
    }

    /// Optional auth (the user may or may not be logged in).
    fn home_page(&self) -> Query<(), HomePage> {
        procedure().use_(self.session.optional()).query(|Call { ctx, .. }| Ok(HomePage { user: ctx.user }))
    }

    /// Sets a flash message.
    fn update_profile(&self) -> Mutation<(), Success> {
        procedure().use_(self.session.required()).mutation(|Call { ctx, .. }| {
            ctx.session.flash("success", "Profile updated!")?;
            Ok(Success { success: true })
        })
    }

    /// Reads the flash message (one-time).
    fn get_flash(&self) -> Query<(), Flash> {
        procedure()
            .use_(self.session.optional())
            .query(async |Call { ctx, .. }| Ok(Flash { message: ctx.session.take_flash("success").await? }))
    }
}
