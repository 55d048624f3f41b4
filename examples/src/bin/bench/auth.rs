//! Login and logout, and the profile of the logged-in user.

use velox_rpc::http::{Method, StatusCode};
use velox_rpc::{Call, Error, Mutation, Query, procedure, router, schema};
use velox_session::SessionUser;

use crate::app::{AppState, Sessions};
use crate::users::User;

pub struct Auth {
    pub session: Sessions,
}

#[schema]
pub struct LoginInput {
    pub email: String,
    pub password: String,
}

#[schema]
pub struct Home {
    /// The logged-in user, or null.
    #[schema(nullable)]
    pub user: Option<User>,
}

#[router("auth", state = AppState)]
impl Auth {
    /// Logs a user in.
    fn login(&self) -> Mutation<LoginInput, User> {
        procedure().use_(self.session.optional()).input::<LoginInput>().mutation(async |Call { input, ctx }| {
            let user = ctx.users.verify(&input.email, &input.password);
            let user = user.ok_or_else(|| Error::unauthorized("Invalid credentials"))?.clone();
            ctx.session.login(SessionUser::new(&user.id, &user.email)).await?;
            Ok(user)
        })
    }

    /// Returns the logged-in user.
    fn profile(&self) -> Query<(), User> {
        procedure().use_(self.session.required()).query(|Call { ctx, .. }| Ok(ctx.user))
    }

    /// Returns the logged-in user, or null.
    fn home(&self) -> Query<(), Home> {
        procedure().use_(self.session.optional()).query(|Call { ctx, .. }| Ok(Home { user: ctx.user }))
    }

    /// Ends the session.
    fn logout(&self) -> Mutation<(), ()> {
        procedure().use_(self.session.optional()).rest(Method::POST, "/auth/logout").mutation(
            async |Call { ctx, .. }| {
                ctx.session.logout().await?;
                ctx.reply().status(StatusCode::NO_CONTENT);
                Ok(())
            },
        )
    }
}
