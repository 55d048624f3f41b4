//! Sessions of a few seconds, on a part of the paths.

use velox_rpc::http::Method;
use velox_rpc::{Call, Mutation, Query, procedure, router, schema};
use velox_session::{Key, SessionMiddleware, SessionUser};

use crate::AppState;
use crate::accounts::Credentials;
use crate::auth::LoggedIn;

/// What needs a short session.
pub struct Short {
    /// The short sessions.
    pub session: SessionMiddleware,
}

/// How often the session was touched.
#[schema]
pub struct Touched {
    /// So often.
    pub count: u32,
}

const COUNT: Key<u32> = Key::new("count");

#[router("short", state = AppState)]
impl Short {
    /// Logs somebody in.
    pub fn login(&self) -> Mutation<Credentials, LoggedIn> {
        procedure().input::<Credentials>().use_(self.session.optional()).mutation(async |Call { input, ctx }| {
            let user = ctx.accounts.verify(&input)?;
            ctx.session.login(SessionUser::new(&user.id, &user.email)).await?;
            Ok(LoggedIn { user })
        })
    }

    /// Who is logged in.
    pub fn get_profile(&self) -> Query<(), SessionUser> {
        procedure()
            .use_(self.session.required())
            .rest(Method::GET, "/short/profile")
            .query(|Call { ctx, .. }| Ok(ctx.user))
    }

    /// Counts.
    pub fn touch(&self) -> Mutation<(), Touched> {
        procedure().use_(self.session.optional()).mutation(async |Call { ctx, .. }| {
            let count = ctx.session.update(COUNT, |count| count.unwrap_or(0) + 1).await?;
            Ok(Touched { count })
        })
    }
}
