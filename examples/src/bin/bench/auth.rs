//! Logging in and out, and who is logged in.

use velox_rpc::http::{Method, StatusCode};
use velox_rpc::{Call, Error, Mutation, Query, procedure, router, schema};
use velox_session::SessionUser;

use crate::app::{AppState, Sessions};
use crate::users::User;

/// The routes that have to do with who somebody is.
pub struct Auth {
    /// The sessions, with their users.
    pub session: Sessions,
}

/// E-mail address and password.
#[schema]
pub struct LoginInput {
    /// The e-mail address.
    pub email: String,
    /// The password.
    pub password: String,
}

/// The home page of a visitor.
#[schema]
pub struct Home {
    /// Who is logged in.
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

    /// Who is logged in.
    fn profile(&self) -> Query<(), User> {
        procedure().use_(self.session.required()).query(|Call { ctx, .. }| Ok(ctx.user))
    }

    /// Who is logged in, if somebody is.
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
