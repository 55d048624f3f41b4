use velox_rpc::{Call, Query, procedure, router};
use velox_session::{SessionMiddleware, SessionUser};

struct Users {
    session: SessionMiddleware,
}

#[router("users")]
impl Users {
    fn get_profile(&self) -> Query<(), SessionUser> {
        procedure().use_(self.session.optional()).query(|Call { ctx, .. }| Ok(ctx.user))
    }

    fn get_email(&self) -> Query<(), String> {
        procedure().use_(self.session.optional()).query(|Call { ctx, .. }| Ok(ctx.user.email))
    }
}

fn main() {}
// mistakes: 2
