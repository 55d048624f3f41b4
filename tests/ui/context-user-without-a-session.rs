use velox_rpc::{Call, Query, procedure, router};
use velox_session::{SessionMiddleware, SessionUser};

struct Users {
    session: SessionMiddleware,
}

#[router("users")]
impl Users {
    fn get_profile(&self) -> Query<(), SessionUser> {
        procedure().query(|Call { ctx, .. }| Ok(ctx.user))
    }

    fn get_profile_later(&self) -> Query<(), SessionUser> {
        procedure().query(async |Call { ctx, .. }| Ok(ctx.user))
    }

    fn get_other_profile(&self) -> Query<(), SessionUser> {
        procedure().use_(self.session.middleware()).query(|Call { ctx, .. }| Ok(ctx.user))
    }
}

fn main() {}
// mistakes: 3
