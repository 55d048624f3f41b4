//! Sessions of a few seconds, on some of the paths.

use velox_rpc::http::Method;
use velox_rpc::{Call, Mutation, Query, procedure, router, schema};
use velox_session::{Key, SessionMiddleware, SessionUser};

use crate::AppState;
use crate::accounts::Credentials;
use crate::auth::LoggedIn;

pub struct Short {
    pub session: SessionMiddleware,
}

/// The result of touching the session.
#[schema]
pub struct Touched {
    /// How often the session was touched.
    pub count: u32,
}

const COUNT: Key<u32> = Key::new("count");

#[router("short", state = AppState)]
impl Short {
    /// Logs a user in.
    pub fn login(&self) -> Mutation<Credentials, LoggedIn> {
        procedure().input::<Credentials>().use_(self.session.optional()).mutation(async |Call { input, ctx }| {
            let user = ctx.accounts.verify(&input)?;
            ctx.session.login(SessionUser::new(&user.id, &user.email)).await?;
            Ok(LoggedIn { user })
        })
    }

    /// Returns the logged-in user.
    pub fn get_profile(&self) -> Query<(), SessionUser> {
        procedure()
            .use_(self.session.required())
            .rest(Method::GET, "/short/profile")
            .query(|Call { ctx, .. }| Ok(ctx.user))
    }

    /// Counts one more touch.
    pub fn touch(&self) -> Mutation<(), Touched> {
        procedure().use_(self.session.optional()).mutation(async |Call { ctx, .. }| {
            let count = ctx.session.update(COUNT, |count| count.unwrap_or(0) + 1).await?;
            Ok(Touched { count })
        })
    }
}
