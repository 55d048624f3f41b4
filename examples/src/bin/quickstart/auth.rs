//! The procedures of VeloxTS's page "Session Authentication".

use velox_rpc::{Call, Mutation, Query, procedure, router, schema};
use velox_session::{SessionMiddleware, SessionUser};

use crate::AppState;
use crate::accounts::Account;

pub struct Auth {
    /// The sessions that the procedures below share.
    pub session: SessionMiddleware,
}

#[schema]
pub struct LoginInput {
    #[validate(email)]
    pub email: String,
    #[validate(length(min = 1))]
    pub password: String,
}

#[schema]
pub struct LoginOutput {
    pub user: Account,
}

#[schema]
pub struct Success {
    /// Always true.
    pub success: bool,
}

#[schema]
pub struct HomePage {
    /// The logged-in user, or null.
    #[schema(nullable)]
    pub user: Option<SessionUser>,
}

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

    /// Returns the logged-in user.
    fn get_profile(&self) -> Query<(), SessionUser> {
        procedure().use_(self.session.required()).query(|Call { ctx, .. }| Ok(ctx.user))
    }

    /// Returns the home page. Login is optional.
    fn home_page(&self) -> Query<(), HomePage> {
        procedure().use_(self.session.optional()).query(|Call { ctx, .. }| Ok(HomePage { user: ctx.user }))
    }

    /// Stores a flash message.
    fn update_profile(&self) -> Mutation<(), Success> {
        procedure().use_(self.session.required()).mutation(|Call { ctx, .. }| {
            ctx.session.flash("success", "Profile updated!")?;
            Ok(Success { success: true })
        })
    }

    /// Reads the flash message, which removes it.
    fn get_flash(&self) -> Query<(), Flash> {
        procedure()
            .use_(self.session.optional())
            .query(async |Call { ctx, .. }| Ok(Flash { message: ctx.session.take_flash("success").await? }))
    }
}
